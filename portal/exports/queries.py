"""Reads of exports, and the material that preflight looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import func, select

from portal.audit.queries import acts
from portal.exports import settled
from portal.exports.models import Export, ExportFile, ExportKind, ExportLine, ExportState
from portal.exports.preflight import Earlier, Material, examine
from portal.exports.types import Preview
from portal.hours.models import Shift, TeamMember
from portal.hours.queries import shifts
from portal.hours.team import open_bsn
from portal.hours.types import Batch, BatchLine, Period, Person
from portal.integrations.contract import Provider
from portal.integrations.parts import Providers
from portal.integrations.queries import is_active, require_active, venue_setup
from portal.kernel.errors import NotFound
from portal.kernel.vault import Binding
from portal.kernel.work import Work
from portal.secret import Secret


@dataclass(frozen=True)
class ExportInfo:
    """`bound`: shifts that belong to it and are not being taken back. `book`: the period of a difference line, when a
    person chose that. `takes_back`: the export that this correction takes back; `leaving`: shifts of that export that
    wait for payroll's answer. `processed_at`: a person said that payroll processed the file.
    """

    id: int
    provider: str
    venue_id: int
    venue_name: str
    period: Period
    first_day: date
    last_day: date
    revision: int
    state: ExportState
    reference: str
    shifts: int
    people: int
    lines: int
    minutes: int
    hours: Decimal
    created_by: str
    created_at: datetime
    downloaded_at: datetime | None
    supplement: bool
    files: tuple[tuple[str, str], ...] = ()
    kind: ExportKind = ExportKind.HOURS
    bound: int = 0
    book: Period | None = None
    unprotected: bool = False
    takes_back: int | None = None
    leaving: int = 0
    processed_at: datetime | None = None

    @property
    def is_correction(self) -> bool:
        return self.kind is ExportKind.CORRECTION

    @property
    def called(self) -> str:
        """What people call it, with its number."""
        return f"Correctie {self.id}" if self.is_correction else f"Export {self.id}"


@dataclass(frozen=True)
class LineInfo:
    id: int
    member_id: int
    name: str
    personnel_number: str
    kind: str
    code: str
    minutes: int
    hours: Decimal


def preview(work: Work, providers: Providers, venue_id: int, key: str, period: Period) -> Preview:
    """Work out what an export would hold. Raises NotFound, Conflict when the koppeling is off."""
    provider = providers.get(key)
    require_active(work, key)
    found = shifts(work, venue_id, period)
    material = Material(
        provider=provider, period=period, people=_people(work, venue_id, with_bsn=provider.needs_bsn),
        shifts=found, setup=venue_setup(work, key, venue_id),
        earlier=_earlier(work, key, venue_id, period),
    )  # fmt: skip
    return examine(material)


def _people(work: Work, venue_id: int, *, with_bsn: bool) -> dict[int, Person]:
    own = TeamMember.organisation_id == work.organisation_id
    rows = work.session.scalars(select(TeamMember).where(own, TeamMember.venue_id == venue_id))
    return {
        row.id: Person(
            row.id, row.name, row.personnel_number or "", row.email or "",
            open_bsn(work, row) if with_bsn else Secret(""),
        )
        for row in rows
    }  # fmt: skip


def _earlier(work: Work, key: str, venue_id: int, period: Period) -> dict[tuple[int, str], Earlier]:
    query = (
        select(ExportLine.member_id, ExportLine.code, func.sum(ExportLine.minutes), func.sum(ExportLine.hours))
        .join(Export, Export.id == ExportLine.export_id)
        .where(
            Export.organisation_id == work.organisation_id, Export.provider == key, Export.venue_id == venue_id,
            Export.period_kind == period.kind, Export.year == period.year, Export.number == period.number,
            Export.state == ExportState.READY, ExportLine.released_at.is_(None),
        )
        .group_by(ExportLine.member_id, ExportLine.code)
    )  # fmt: skip
    return {(member, code): Earlier(int(m), h) for member, code, m, h in work.session.execute(query)}


def exports(work: Work, limit: int = 100) -> list[ExportInfo]:
    own = Export.organisation_id == work.organisation_id
    rows = work.session.scalars(select(Export).where(own).order_by(Export.id.desc()).limit(limit)).all()
    return _infos(work, rows)


def export(work: Work, export_id: int) -> ExportInfo:
    """Raises NotFound."""
    own = Export.organisation_id == work.organisation_id
    row = work.session.scalar(select(Export).where(Export.id == export_id, own))
    if row is None:
        raise NotFound
    return _infos(work, [row])[0]


def downloads(work: Work) -> dict[int, datetime]:
    """When the file of an export was first taken, by export id. The trail knows; a download writes nothing else."""
    return {int(facts["export"]): at for facts, at in reversed(acts(work, "export.downloaded"))}


def lines(work: Work, export_id: int) -> list[LineInfo]:
    own = ExportLine.organisation_id == work.organisation_id
    query = select(ExportLine).where(ExportLine.export_id == export_id, own).order_by(ExportLine.id)
    return [
        LineInfo(r.id, r.member_id, r.name, r.personnel_number, r.kind, r.code, r.minutes, r.hours)
        for r in work.session.scalars(query)
    ]


def _infos(work: Work, rows: Sequence[Export]) -> list[ExportInfo]:
    """The same few queries for one export as for a hundred."""
    ids = [row.id for row in rows]
    sums, files, taken = _sums(work, ids), _files(work, ids), downloads(work)
    standing, bound, leaving = _standing(work), _bound(work, ids), _leaving(work, ids)
    return [
        ExportInfo(
            row.id, row.provider, row.venue_id, row.venue_name, period_of_export(row), row.first_day, row.last_day,
            row.revision, row.state, row.reference, row.shifts, *sums[row.id], row.created_by, row.created_at,
            taken.get(row.id), standing.get(_series(row), row.revision) < row.revision, tuple(files.get(row.id, ())),
            row.kind, bound.get(row.id, 0), _book(row), row.unprotected, row.takes_back, leaving.get(row.id, 0),
            row.processed_at,
        )
        for row in rows
    ]  # fmt: skip


def _sums(work: Work, ids: Sequence[int]) -> dict[int, tuple[int, int, int, Decimal]]:
    """People, lines, minutes and hours per export."""
    query = (
        select(
            ExportLine.export_id, func.count(ExportLine.member_id.distinct()), func.count(),
            func.sum(ExportLine.minutes), func.sum(ExportLine.hours),
        )
        .where(ExportLine.export_id.in_(ids))
        .group_by(ExportLine.export_id)
    )  # fmt: skip
    return {row[0]: (row[1], row[2], int(row[3]), row[4]) for row in work.session.execute(query)}


def _bound(work: Work, ids: Sequence[int]) -> dict[int, int]:
    mine = Shift.export_id.in_(ids) & Shift.taken_back_by.is_(None)
    query = select(Shift.export_id, func.count()).where(mine).group_by(Shift.export_id)
    found = settled.counts(work, ids)
    for export_id, count in work.session.execute(query):
        found[export_id or 0] = found.get(export_id or 0, 0) + count
    return found


def _leaving(work: Work, ids: Sequence[int]) -> dict[int, int]:
    query = select(Shift.taken_back_by, func.count()).where(Shift.taken_back_by.in_(ids))
    found = work.session.execute(query.group_by(Shift.taken_back_by))
    return {correction_id or 0: count for correction_id, count in found}


def _book(row: Export) -> Period | None:
    if row.book_year is None or row.book_number is None:
        return None
    return Period(row.period_kind, row.book_year, row.book_number)


def _files(work: Work, ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
    """Extension and SHA-256 per export, in the order in which they were made."""
    query = select(ExportFile.export_id, ExportFile.extension, ExportFile.sha256)
    found: dict[int, list[tuple[str, str]]] = {}
    for export_id, extension, sha256 in work.session.execute(
        query.where(ExportFile.export_id.in_(ids)).order_by(ExportFile.id)
    ):
        found.setdefault(export_id, []).append((extension, sha256))
    return found


def _standing(work: Work) -> dict[tuple[object, ...], int]:
    """The lowest revision that was not withdrawn, per venue, target and period."""
    columns = (Export.venue_id, Export.provider, Export.period_kind, Export.year, Export.number)
    own = (Export.organisation_id == work.organisation_id) & (Export.state == ExportState.READY)
    query = select(*columns, func.min(Export.revision)).where(own).group_by(*columns)
    return {tuple(row[:-1]): row[-1] for row in work.session.execute(query)}


def _series(row: Export) -> tuple[object, ...]:
    return (row.venue_id, row.provider, row.period_kind, row.year, row.number)


def period_of_export(row: Export) -> Period:
    return Period(row.period_kind, row.year, row.number)


def batch_of(work: Work, row: Export) -> Batch:
    """The frozen batch of an export, BSNs opened. For files and senders only."""
    query = select(ExportLine).where(ExportLine.export_id == row.id).order_by(ExportLine.id)
    return Batch(
        reference=row.reference, organisation=row.organisation_name, venue=row.venue_name,
        company_ref=row.company_ref, period=period_of_export(row), first_day=row.first_day, last_day=row.last_day,
        lines=tuple(_batch_line(work, row, line) for line in work.session.scalars(query)),
    )  # fmt: skip


def _batch_line(work: Work, row: Export, line: ExportLine) -> BatchLine:
    bsn = Secret("")
    if line.bsn_sealed is not None:
        bsn = work.vault.open(line.bsn_sealed, line_binding(row, line.member_id, line.code))
    person = Person(line.member_id, line.name, line.personnel_number, line.email, bsn)
    return BatchLine(line.id, person, line.kind, line.code, line.minutes, line.hours, line.employee_ref)


def line_binding(row: Export, member_id: int, code: str) -> Binding:
    return Binding(row.organisation_id, "export_line", f"{row.reference}/{member_id}/{code}", "bsn")


def file_binding(row: Export, extension: str) -> Binding:
    return Binding(row.organisation_id, "export_file", f"{row.reference}/{extension}", "content")


def targets(work: Work, providers: Providers) -> list[Provider]:
    """The providers that can be exported to: only active koppelingen."""
    return [provider for key, provider in providers.by_key.items() if is_active(work, key)]
