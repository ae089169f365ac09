"""What an import would do, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import false, insert, select

from portal.hours import codes
from portal.hours.models import Shift, TeamMember
from portal.hours.retention import IMPORTABLE, oldest_day
from portal.hours.team import Roster
from portal.hours.types import ImportedShift, RowError
from portal.kernel.filters import datum, datumtijd, tijd
from portal.kernel.work import Work

NIGHT = timedelta(days=2)


class SameDay(StrEnum):
    """What to do with a stored shift on a day of the file that the file does not hold."""

    ASK = "vraag"
    REPLACE = "vervang"
    BOTH = "beide"


class AfterExport(StrEnum):
    """What to do with a row that differs from hours that are in an export."""

    ASK = "vraag"
    LEAVE = "laat"
    CORRECT = "correctie"


@dataclass(frozen=True)
class Choices:
    """What a person answered to the questions that a file can raise."""

    same_day: SameDay = SameDay.ASK
    after_export: AfterExport = AfterExport.ASK


class Plan:
    """The rows of one file against what is stored at a venue."""

    def __init__(self, work: Work, venue_id: int, choices: Choices) -> None:
        self.work, self.venue_id = work, venue_id
        self.same_day, self.after_export = choices.same_day, choices.after_export
        self.roster, self.oldest = Roster(work, venue_id), oldest_day(work.now)
        self.added: list[tuple[TeamMember, ImportedShift]] = []
        self.changed: list[tuple[Shift, ImportedShift]] = []
        self.removed: list[Shift] = []
        self.unchanged = 0
        self.asks = self.asks_exported = False
        self.left_alone: set[int] = set()
        self.corrected: set[int] = set()
        self.known: dict[int, dict[datetime, Shift]] = {}
        self.rows: dict[int, list[tuple[TeamMember, ImportedShift]]] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)

    @property
    def left(self) -> int:
        """Rows that were left out, because the hours they are about were exported."""
        return len(self.left_alone)

    def fill(self, shifts: Sequence[ImportedShift]) -> list[RowError]:
        """Work out what the file would do; returns everything that stands in the way."""
        self._load([shift.workday for shift in shifts])
        errors = [error for shift in shifts if (error := self._add(shift))]
        for rows in self.rows.values():
            errors += self._compare(rows[0][0], [row for _member, row in rows])
        self.added = [(member, row) for member, row in self.added if row.row not in self.left_alone]
        return errors

    def _add(self, shift: ImportedShift) -> RowError | None:
        if shift.workday < self.oldest:
            return _too_old(shift)
        member = self.roster.find_or_make(shift)
        if isinstance(member, RowError):
            return member
        self.rows.setdefault(id(member), []).append((member, shift))
        stored = self._stored(member).get(shift.starts_at)
        if stored is None:
            self.added.append((member, shift))
        elif _equal(stored, shift):
            self.unchanged += 1
        elif stored.export_id is None:
            self.changed.append((stored, shift))
        else:
            return self._exported(stored, shift)
        return None

    def _exported(self, stored: Shift, row: ImportedShift) -> RowError | None:
        """A row that differs from a shift in an export: the shift stays bound to it, the difference is a correction."""
        if self.after_export is AfterExport.CORRECT:
            self.changed.append((stored, row))
            self._note(stored)
        elif self.after_export is AfterExport.LEAVE:
            self.left_alone.add(row.row)
        else:
            self.asks_exported = True
            return _frozen(row)
        return None

    def _note(self, stored: Shift) -> None:
        if stored.export_id is not None:
            self.corrected.add(stored.export_id)

    def _load(self, days: Sequence[date]) -> None:
        """What is stored at this venue around the days of the file, in one query: a night reaches into the next day."""
        around = Shift.workday.between(min(days) - NIGHT, max(days) + NIGHT) if days else false()
        for shift in self.work.session.scalars(select(Shift).where(Shift.venue_id == self.venue_id, around)):
            self.known.setdefault(shift.member_id, {})[shift.starts_at] = shift

    def _stored(self, member: TeamMember) -> dict[datetime, Shift]:
        return self.known.get(member.id, {})

    def _compare(self, member: TeamMember, rows: list[ImportedShift]) -> list[RowError]:
        """Compare the rows of one person with each other and with what is stored, here and at other venues.

        The reader compared the rows that share a name or number; only here it is known that two
        rows without anything in common are of one person.
        """
        errors = double_rows(rows)
        starts, days = {row.starts_at for row in rows}, {row.workday: row for row in reversed(rows)}
        stored_here = sorted(self._stored(member).values(), key=lambda shift: shift.starts_at)
        replaced = [s for s in stored_here if s.starts_at not in starts and self._replaces(days.get(s.workday))]
        kept_days = {stored.workday for stored in replaced if self._is_kept(stored)}
        for stored in replaced:
            if stored.workday not in kept_days:
                errors += self._replace(days[stored.workday], stored)
        # what is new on a day that is kept stands in place of exported hours: with both, work would count twice
        known = self._stored(member)
        self.left_alone |= {r.row for r in rows if r.workday in kept_days and r.starts_at not in known}
        errors += self._neighbours(rows, stored_here, {id(s) for s in replaced if s.workday not in kept_days})
        elsewhere = self.roster.shifts_elsewhere(member)
        staying = [row for row in rows if row.row not in self.left_alone]
        return errors + [_elsewhere(row, name) for row in staying for shift, name in elsewhere if clash(row, shift)]

    def _neighbours(self, rows: list[ImportedShift], stored_here: list[Shift], settled: set[int]) -> list[RowError]:
        """What the stored shifts that stay mean for the rows that stay."""
        staying = [row for row in rows if row.row not in self.left_alone]
        starts, left = {row.starts_at for row in staying}, {r.starts_at for r in rows if r.row in self.left_alone}
        days = {row.workday: row for row in reversed(staying)}
        errors = []
        for stored in stored_here:
            if id(stored) not in settled and stored.starts_at not in starts:
                same_day = None if stored.starts_at in left else days.get(stored.workday)
                errors += self._beside(staying, same_day, stored)
        return errors

    def _replaces(self, row: ImportedShift | None) -> bool:
        return row is not None and self.same_day is SameDay.REPLACE

    def _is_kept(self, stored: Shift) -> bool:
        return stored.export_id is not None and self.after_export is AfterExport.LEAVE

    def _replace(self, row: ImportedShift, stored: Shift) -> list[RowError]:
        """A shift that the file does not hold vanishes; an exported one only as a correction."""
        if stored.export_id is not None and self.after_export is AfterExport.ASK:
            self.asks_exported = True
            return [_frozen(row)]
        self.removed.append(stored)
        self._note(stored)
        return []

    def _beside(self, rows: list[ImportedShift], same_day: ImportedShift | None, stored: Shift) -> list[RowError]:
        """What a stored shift that stays means for the rows: an overlap, or a question."""
        clashes = [_overlap(row, stored) for row in rows if clash(row, stored)]
        asks = same_day is not None and self.same_day is SameDay.ASK
        self.asks = self.asks or asks
        if clashes or not asks or same_day is None:
            return clashes
        return [_same_day(same_day, stored)]

    def store(self, upload_id: int) -> None:
        """Write it. A changed shift stays with the upload that brought it."""
        for shift in self.removed:
            self.work.session.delete(shift)
        self.work.session.flush()
        own = {"organisation_id": self.work.organisation_id, "venue_id": self.venue_id, "upload_id": upload_id}
        new = [{**own, "member_id": m.id, "starts_at": row.starts_at, **_values(row)} for m, row in self.added]
        if new:
            self.work.session.execute(insert(Shift), new)  # in bulk: others wait for this transaction
        for stored, row in self.changed:
            for name, value in _values(row).items():
                setattr(stored, name, value)


def _values(row: ImportedShift) -> dict[str, Any]:
    return {
        "workday": row.workday, "ends_at": row.ends_at, "break_minutes": row.break_minutes, "minutes": row.minutes,
        "kind": row.kind, "approved": row.approved,
    }  # fmt: skip


def _equal(stored: Shift, row: ImportedShift) -> bool:
    return (stored.ends_at, stored.break_minutes, stored.kind, stored.approved) == (
        row.ends_at, row.break_minutes, row.kind, row.approved,
    )  # fmt: skip


def clash(row: ImportedShift, stored: Shift) -> bool:
    return row.starts_at < stored.ends_at and stored.starts_at < row.ends_at


def double_rows(rows: list[ImportedShift]) -> list[RowError]:
    found = []
    latest: ImportedShift | None = None
    for row in sorted(rows, key=lambda one: (one.starts_at, one.row)):
        if latest is not None and row.starts_at < latest.ends_at:
            first, second = sorted((latest.row, row.row))
            cause = f"Deze dienst overlapt met rij {first}: beide rijen zijn van {row.name}."
            found.append(RowError(second, "Start", cause, "Controleer beide rijen en verbeter de fout.", codes.OVERLAP))
        if latest is None or row.ends_at > latest.ends_at:
            latest = row
    return found


def _overlap(row: ImportedShift, stored: Shift) -> RowError:
    cause = f"Deze dienst overlapt met een dienst van {row.name} die er al staat: {datumtijd(stored.starts_at)}."
    return RowError(row.row, "Start", cause, "Controleer de tijden. Dezelfde tijd telt anders dubbel.", codes.OVERLAP)


def _same_day(row: ImportedShift, stored: Shift) -> RowError:
    times = f"{tijd(stored.starts_at)} tot {tijd(stored.ends_at)}"
    cause = f"Op {datum(stored.workday)} staat van {row.name} al een dienst van {times}, die niet in dit bestand staat."
    remedy = "Kies bij ‘Andere dienst op dezelfde dag’ wat er moet gebeuren."
    return RowError(row.row, "Start", cause, remedy, codes.SAME_DAY)


def _too_old(row: ImportedShift) -> RowError:
    cause = f"{datum(row.workday)} is meer dan {IMPORTABLE.days} dagen geleden. Zulke uren lezen we niet meer in."
    remedy = "Haal de rij uit het bestand. Moet iemand deze uren nog krijgen? Voer ze in bij je salarispakket."
    return RowError(row.row, "Datum", cause, remedy, codes.TOO_OLD)


def _elsewhere(row: ImportedShift, venue: str) -> RowError:
    cause = f"Deze tijd van {row.name} staat al bij de vestiging {venue}."
    remedy = "Kies de goede vestiging, of verwijder daar de import."
    return RowError(row.row, "Start", cause, remedy, codes.OTHER_VENUE)


def _frozen(row: ImportedShift) -> RowError:
    cause = f"Uren van {row.name} op {datum(row.workday)} zitten al in een export. In dit bestand zijn ze anders."
    remedy = "Kies bij ‘Uren die al geëxporteerd zijn’ wat er moet gebeuren."
    return RowError(row.row, "Start", cause, remedy, codes.EXPORTED)
