"""Importing a file of hours: all of it or nothing, and never the same hour twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from portal.accounts.models import Venue
from portal.audit.service import record
from portal.hours.models import Shift, TeamMember, Upload
from portal.hours.sources.sheet.reader import ImportRefused, read_sheet
from portal.hours.team import Roster, lock_organisation
from portal.hours.types import ImportedShift, RowError
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.filters import AMSTERDAM, datumtijd
from portal.kernel.work import Acting, Work


@dataclass(frozen=True)
class ImportResult:
    """`upload_id` is None when the file held nothing new."""

    upload_id: int | None
    added: int
    changed: int
    unchanged: int


def import_file(acting: Acting, venue_id: int, file_name: str, content: bytes) -> ImportResult:
    """Read, check and store a file. Safe to call twice: the second time everything is unchanged.

    Raises ImportRefused with every error of every row, or NotFound for a strange venue; then
    nothing is stored.
    """
    today = datetime.now(AMSTERDAM).date()
    shifts = read_sheet(file_name, content, today)
    with acting.begin() as work:
        _lock(work, venue_id)
        plan = _Plan(work, venue_id)
        errors = [error for shift in shifts if (error := plan.add(shift))]
        errors += plan.overlaps()
        if errors:
            raise ImportRefused(tuple(errors))
        if not plan.added and not plan.changed:
            return ImportResult(None, 0, 0, plan.unchanged)
        upload = _upload(work, venue_id, file_name, content, plan)
        plan.store(upload.id)
        record(work, "hours.imported", upload=upload.id, added=len(plan.added), changed=len(plan.changed))
        return ImportResult(upload.id, len(plan.added), len(plan.changed), plan.unchanged)


def _lock(work: Work, venue_id: int) -> None:
    """Imports and exports of one organisation wait for each other. Raises NotFound."""
    lock_organisation(work)
    query = select(Venue.id).where(Venue.id == venue_id, Venue.organisation_id == work.organisation_id)
    if work.session.scalar(query) is None:
        raise NotFound


def _upload(work: Work, venue_id: int, file_name: str, content: bytes, plan: _Plan) -> Upload:
    upload = Upload(
        organisation_id=work.organisation_id, venue_id=venue_id, user_id=work.actor.user_id,
        file_name=shown_name(file_name), sha256=hashlib.sha256(content).hexdigest(), added=len(plan.added),
        changed=len(plan.changed), unchanged=plan.unchanged, created_at=work.now,
    )  # fmt: skip
    work.session.add(upload)
    work.session.flush()
    return upload


def shown_name(file_name: str) -> str:
    """The uploaded name as plain data: last part only, printable, short (D4)."""
    last = file_name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(sign for sign in last if sign.isprintable() and sign not in "\u202a\u202b\u202d\u202e")
    return plain.strip()[:100].strip() or "bestand"


class _Plan:
    """What an import would do, worked out before anything is written."""

    def __init__(self, work: Work, venue_id: int) -> None:
        self.work, self.venue_id = work, venue_id
        self.roster = Roster(work, venue_id)
        self.added: list[tuple[TeamMember, ImportedShift]] = []
        self.changed: list[tuple[Shift, ImportedShift]] = []
        self.unchanged = 0
        self.known: dict[int, dict[datetime, Shift]] = {}
        self.rows: dict[int, list[tuple[TeamMember, ImportedShift]]] = {}

    def add(self, shift: ImportedShift) -> RowError | None:
        member = self.roster.find_or_make(shift)
        if isinstance(member, RowError):
            return member
        self.rows.setdefault(id(member), []).append((member, shift))
        stored = self._stored(member).get(shift.starts_at)
        if stored is None:
            self.added.append((member, shift))
        elif _equal(stored, shift):
            self.unchanged += 1
        elif stored.export_id is not None:
            return _frozen(shift)
        else:
            self.changed.append((stored, shift))
        return None

    def _stored(self, member: TeamMember) -> dict[datetime, Shift]:
        if member.id is None:
            return {}
        if member.id not in self.known:
            query = select(Shift).where(Shift.member_id == member.id)
            self.known[member.id] = {shift.starts_at: shift for shift in self.work.session.scalars(query)}
        return self.known[member.id]

    def overlaps(self) -> list[RowError]:
        """Rows that overlap each other, or a stored shift that this file does not replace.

        The reader compared the rows that share a name or number; only here it is known that two
        rows without anything in common are of one person.
        """
        found = []
        for rows in self.rows.values():
            found += _double([row for _member, row in rows])
            replaced = {shift.starts_at for _member, shift in rows}
            stored = sorted(
                (s for s in self._stored(rows[0][0]).values() if s.starts_at not in replaced),
                key=lambda s: s.starts_at,
            )
            found += [_overlap(row, s) for _m, row in rows for s in stored if _clash(row, s)]
        return found

    def store(self, upload_id: int) -> None:
        self.work.session.flush()
        for member, row in self.added:
            shift = Shift(
                organisation_id=self.work.organisation_id, venue_id=self.venue_id, member_id=member.id,
                starts_at=row.starts_at, upload_id=upload_id,
            )  # fmt: skip
            _fill(shift, row)
            self.work.session.add(shift)
        for stored, row in self.changed:
            _fill(stored, row)
            stored.upload_id = upload_id


def _fill(shift: Shift, row: ImportedShift) -> None:
    shift.workday, shift.ends_at = row.workday, row.ends_at
    shift.break_minutes, shift.minutes = row.break_minutes, row.minutes
    shift.kind, shift.approved = row.kind, row.approved


def _equal(stored: Shift, row: ImportedShift) -> bool:
    return (stored.ends_at, stored.break_minutes, stored.kind, stored.approved) == (
        row.ends_at, row.break_minutes, row.kind, row.approved,
    )  # fmt: skip


def _clash(row: ImportedShift, stored: Shift) -> bool:
    return row.starts_at < stored.ends_at and stored.starts_at < row.ends_at


def _double(rows: list[ImportedShift]) -> list[RowError]:
    found = []
    latest: ImportedShift | None = None
    for row in sorted(rows, key=lambda one: (one.starts_at, one.row)):
        if latest is not None and row.starts_at < latest.ends_at:
            first, second = sorted((latest.row, row.row))
            cause = f"Deze dienst overlapt met rij {first}: beide rijen zijn van {row.name}."
            found.append(RowError(second, "Start", cause, "Controleer beide rijen en verbeter de fout."))
        if latest is None or row.ends_at > latest.ends_at:
            latest = row
    return found


def _overlap(row: ImportedShift, stored: Shift) -> RowError:
    cause = f"Deze dienst overlapt met een dienst van {row.name} die er al staat: {datumtijd(stored.starts_at)}."
    return RowError(row.row, "Start", cause, "Controleer de tijden. Dezelfde tijd telt anders dubbel.")


def _frozen(row: ImportedShift) -> RowError:
    cause = "Deze dienst zit al in een export en ligt vast. In dit bestand is hij anders."
    remedy = "Haal de rij uit het bestand. Verwerk het verschil als correctie in je salarispakket."
    return RowError(row.row, "Start", cause, remedy)


def remove_upload(acting: Acting, upload_id: int) -> int:
    """Take back what an upload brought; returns the number of shifts. Raises NotFound, Conflict."""
    with acting.begin() as work:
        lock_organisation(work)
        query = select(Upload).where(Upload.id == upload_id, Upload.organisation_id == work.organisation_id)
        upload = work.session.scalar(query)
        if upload is None:
            raise NotFound
        own = Shift.upload_id == upload.id
        frozen = work.session.scalar(select(func.count()).where(own, Shift.export_id.is_not(None)))
        if frozen:
            raise Conflict("Uit deze import zitten al diensten in een export. Trek eerst die export in.")
        count = work.session.scalar(select(func.count()).where(own)) or 0
        work.session.execute(delete(Shift).where(own))
        work.session.delete(upload)
        record(work, "hours.removed", upload=upload_id, count=count)
        return count
