"""Making an export: the hours that can go are frozen, once, with their files."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from decimal import Decimal

from sqlalchemy import CursorResult, func, select, update

from portal.accounts.models import Organisation
from portal.accounts.queries import venue as require_venue
from portal.audit.service import record
from portal.exports import codes, files, settled, take_back
from portal.exports.models import Export, ExportFile, ExportKind, ExportLine, ExportState
from portal.exports.queries import batch_of, file_binding, line_binding, preview
from portal.exports.types import Correction, Preview
from portal.hours.models import Shift
from portal.hours.periods import bounds
from portal.hours.types import BatchLine, Period
from portal.integrations.contract import Provider
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Work

PROCESSED = (
    "Van deze correctie is gemeld dat het bestand is ingelezen. Intrekken of versturen kan dan niet meer: "
    "de uren zouden dubbel tellen."
)

TOO_LATE = (
    "Uren van deze export zijn gewist: na 90 dagen, of op verzoek van een teamlid. Intrekken kan niet meer. Ze zouden "
    "niet nog eens geëxporteerd kunnen worden."
)
GONE = (
    "Het bestand van deze export is gewist en kan niet meer hetzelfde worden gemaakt. De bedragen staan hieronder nog."
)


def create(acting: Acting, venue_id: int, key: str, period: Period, fingerprint: str, *, leave_out: bool) -> int:
    """Freeze what the preview showed and return the id of the export.

    Of two clicks at once, one makes it: the second finds other hours and raises Conflict.
    Raises InvalidInput on `leave_out` when hours stay behind and nobody said that this is fine.
    """
    providers = acting.part(Providers)
    with acting.begin() as work:
        # one export at a time per organisation; on SQLite the transaction itself is the lock
        organisation = work.session.get_one(Organisation, work.organisation_id, with_for_update={"key_share": True})
        found = preview(work, providers, venue_id, key, period)
        _require_ready(found, fingerprint, leave_out=leave_out)
        export = _export(work, organisation.name, found)
        _freeze(work, export, found)
        _lines(work, export, found)
        _files(work, export, providers.get(key))
        record(
            work, "export.created", export=export.id, provider=key, shifts=export.shifts, hours=found.totals.hours,
            with_bsn=providers.get(key).needs_bsn,
        )  # fmt: skip
        return export.id


def _require_ready(found: Preview, fingerprint: str, *, leave_out: bool) -> None:
    if found.fingerprint != fingerprint:
        raise Conflict("De uren zijn intussen veranderd, of deze export is al gemaakt. Bekijk de controle opnieuw.")
    if found.stopped:
        raise Conflict("Er is niets om te exporteren. Los eerst de punten op die de controle noemt.")
    if found.left_out and not leave_out:
        raise InvalidInput("Vink aan dat de genoemde uren achterblijven, of los de punten eerst op.", "leave_out")


def _export(work: Work, organisation: str, found: Preview | Correction) -> Export:
    period = found.period
    first, last = bounds(period)
    same = (
        (Export.organisation_id == work.organisation_id) & (Export.provider == found.provider)
        & (Export.venue_id == found.venue_id) & (Export.period_kind == period.kind)
        & (Export.year == period.year) & (Export.number == period.number)
    )  # fmt: skip
    revision = (work.session.scalar(select(func.max(Export.revision)).where(same)) or 0) + 1
    export = Export(
        organisation_id=work.organisation_id, venue_id=found.venue_id, provider=found.provider,
        period_kind=period.kind, year=period.year, number=period.number, revision=revision,
        reference=f"kp-{secrets.token_hex(12)}", state=ExportState.READY, organisation_name=organisation,
        venue_name=require_venue(work, found.venue_id).name, company_ref=found.company_ref,
        first_day=first, last_day=last, shifts=len(found.shift_ids), created_by=work.actor.name,
        created_at=work.now,
    )  # fmt: skip
    work.session.add(export)
    work.session.flush()
    return export


def correct(
    work: Work, found: Correction, provider: Provider, *, book: Period | None, unprotected: bool
) -> Export:  # fmt: skip
    """Freeze a correction with its files. `book`: the period in which payroll gets it as a line of its own.

    The caller locked the organisation and compared what was on the screen.
    """
    organisation = work.session.get_one(Organisation, work.organisation_id)
    export = _export(work, organisation.name, found)
    export.kind, export.unprotected = ExportKind.CORRECTION, unprotected
    if book is not None:
        export.book_year, export.book_number = book.year, book.number
    _lines(work, export, found)
    _files(work, export, provider)
    record(work, "export.corrected", export=export.id, provider=provider.key, hours=found.hours)
    return export


def _freeze(work: Work, export: Export, found: Preview) -> None:
    for start in range(0, len(found.shift_ids), 500):
        ids = found.shift_ids[start : start + 500]
        done = work.session.execute(
            update(Shift)
            .where(Shift.id.in_(ids), Shift.export_id.is_(None), Shift.organisation_id == work.organisation_id)
            .values(export_id=export.id)
        )
        assert isinstance(done, CursorResult)  # noqa: S101 - an UPDATE gives one
        if done.rowcount != len(ids):
            raise Conflict("Een deel van deze uren is net geëxporteerd. Bekijk de controle opnieuw.")


def _lines(work: Work, export: Export, found: Preview | Correction) -> None:
    for line in found.lines:
        work.session.add(_line(work, export, line))
    work.session.flush()


def _line(work: Work, export: Export, line: BatchLine) -> ExportLine:
    person = line.person
    sealed = None
    if person.bsn:
        sealed = work.vault.seal(person.bsn, line_binding(export, person.member_id, line.code))
    return ExportLine(
        export_id=export.id, organisation_id=export.organisation_id, member_id=person.member_id, name=person.name,
        personnel_number=person.personnel_number, email=person.email, bsn_sealed=sealed,
        employee_ref=line.employee_ref, kind=line.kind[:200], kinds=list(line.kinds), code=line.code,
        minutes=line.minutes, hours=line.hours,
    )  # fmt: skip


def _files(work: Work, export: Export, provider: Provider) -> None:
    batch = batch_of(work, export)
    made = {"xlsx": files.to_xlsx(batch, provider)}
    if not files.formula_texts(batch, provider):
        made["csv"] = files.to_csv(batch, provider)
    for extension, content in made.items():
        work.session.add(
            ExportFile(
                export_id=export.id,
                extension=extension,
                sha256=hashlib.sha256(content).hexdigest(),
                sealed=work.vault.seal_bytes(content, file_binding(export, extension)),
            )
        )


def withdraw_in(work: Work, export_id: int) -> None:
    """Take an export back: its hours are free again; those that a correction would take back stay with theirs.

    The caller made sure that nothing was sent. Raises NotFound, Conflict; safe to call twice.
    """
    export = locked(work, export_id)
    if export.state is ExportState.WITHDRAWN:
        return
    if export.processed_at is not None:
        raise Conflict(PROCESSED, code=codes.PROCESSED)
    if settled.is_settled(work, export.id):
        raise Conflict(TOO_LATE, code=codes.TOO_LATE)
    taking = take_back.corrections_of(work, export.id)
    if taking:
        raise Conflict(
            f"Correctie {taking[-1]} draait deze export terug. Trek eerst die correctie in.", code=codes.LEAVING
        )
    export.state = ExportState.WITHDRAWN
    take_back.never_mind(work, export.id)
    work.session.execute(update(Shift).where(Shift.export_id == export.id).values(export_id=None, freed_at=work.now))
    record(work, "export.withdrawn", export=export.id)


def release_lines(work: Work, export: Export, line_ids: Collection[int], kept: Mapping[int, Decimal]) -> int:
    """Free the hours of lines that payroll refused, for a new export; returns the number of lines.

    `kept`: by line, what payroll did book of it: a line of a correction can take several steps. Such a line goes on
    with the part that was booked, so that the sum over all exports stays what was sent; the trail keeps what it was.
    The export must be locked. A line that was given free before is passed over.
    """
    own = (ExportLine.export_id == export.id) & ExportLine.id.in_(line_ids) & ExportLine.released_at.is_(None)
    found = work.session.scalars(select(ExportLine).where(own)).all()
    for line in found:
        if line.id in kept:
            _keep_part(work, line, kept[line.id])
            continue
        line.released_at = work.now
        shifts = (Shift.export_id == export.id) & (Shift.member_id == line.member_id) & Shift.kind.in_(line.kinds)
        work.session.execute(update(Shift).where(shifts).values(export_id=None, freed_at=work.now))
    record(work, "export.released", export=export.id, count=len(found))
    return len(found)


def _keep_part(work: Work, line: ExportLine, booked: Decimal) -> None:
    record(work, "export.line_cut", export=line.export_id, line=line.id, was=line.hours, booked=booked)
    line.hours, line.minutes = booked, round(booked * 60)


def locked(work: Work, export_id: int) -> Export:
    """Return an export of the own organisation, locked. Raises NotFound."""
    work.session.get_one(Organisation, work.organisation_id, with_for_update={"key_share": True})
    own = Export.organisation_id == work.organisation_id
    export = work.session.scalar(select(Export).where(Export.id == export_id, own).with_for_update())
    if export is None:
        raise NotFound
    return export


def download(acting: Acting, export_id: int, extension: str) -> tuple[str, bytes]:
    """Return name and bytes of a file, the same each time, and record that it was taken (H1).

    Raises NotFound, or Conflict when this file is refused because of a text like a formula.
    """
    with acting.begin() as work:
        own = Export.organisation_id == work.organisation_id
        export = work.session.scalar(select(Export).where(Export.id == export_id, own))
        if export is None or extension not in ("csv", "xlsx"):
            raise NotFound
        if export.state is ExportState.WITHDRAWN:
            message = "Deze export is ingetrokken. De uren kunnen in een nieuwe export zitten: gebruik die."
            raise Conflict(message, code=codes.EXPORT[ExportState.WITHDRAWN])
        stored = work.session.scalar(
            select(ExportFile).where(ExportFile.export_id == export.id, ExportFile.extension == extension)
        )
        if stored is None:
            raise Conflict(
                "Van deze export is geen CSV gemaakt: er staat een tekst in die met = + - of @ begint. "
                "Een rekenprogramma leest dat als formule. Download het Excel-bestand, of pas de tekst aan bij Team.",
                code=codes.NO_CSV,
            )
        content = _content(work, acting.part(Providers).get(export.provider), export, stored)
        with_bsn = acting.part(Providers).get(export.provider).needs_bsn
        record(work, "export.downloaded", export=export.id, file=extension, with_bsn=with_bsn)
        return file_name(export, extension), content


def _content(work: Work, provider: Provider, export: Export, stored: ExportFile) -> bytes:
    """The file as it was made; after its week it is made once more, and only the very same bytes are given (E4)."""
    if stored.sealed is not None:
        return work.vault.open_bytes(stored.sealed, file_binding(export, stored.extension))
    batch = batch_of(work, export)
    content = files.to_csv(batch, provider) if stored.extension == "csv" else files.to_xlsx(batch, provider)
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise Conflict(GONE, code=codes.FORGOTTEN)
    return content


def file_name(export: Export, extension: str) -> str:
    """A name without people: target, venue number, period, revision."""
    period = f"{export.year}-{export.number:02d}"
    what = "correctie" if export.kind is ExportKind.CORRECTION else "uren"
    return f"{what}-{export.provider}-{period}-vestiging{export.venue_id}-r{export.revision}.{extension}"
