"""What an import would do, worked out before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import false, insert, select

from portal.hours.models import Shift, TeamMember
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


class Plan:
    """The rows of one file against what is stored at a venue."""

    def __init__(self, work: Work, venue_id: int, same_day: SameDay) -> None:
        self.work, self.venue_id, self.same_day = work, venue_id, same_day
        self.roster = Roster(work, venue_id)
        self.added: list[tuple[TeamMember, ImportedShift]] = []
        self.changed: list[tuple[Shift, ImportedShift]] = []
        self.removed: list[Shift] = []
        self.unchanged = 0
        self.asks = False
        self.known: dict[int, dict[datetime, Shift]] = {}
        self.rows: dict[int, list[tuple[TeamMember, ImportedShift]]] = {}

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.changed or self.removed)

    def fill(self, shifts: Sequence[ImportedShift]) -> list[RowError]:
        """Work out what the file would do; returns everything that stands in the way."""
        self._load([shift.workday for shift in shifts])
        errors = [error for shift in shifts if (error := self._add(shift))]
        for rows in self.rows.values():
            errors += self._compare(rows[0][0], [row for _member, row in rows])
        return errors

    def _add(self, shift: ImportedShift) -> RowError | None:
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
        for stored in sorted(self._stored(member).values(), key=lambda shift: shift.starts_at):
            if stored.starts_at in starts:
                continue
            if stored.workday in days and self.same_day is SameDay.REPLACE:
                errors += self._replace(days[stored.workday], stored)
                continue
            errors += self._beside(rows, days.get(stored.workday), stored)
        elsewhere = self.roster.shifts_elsewhere(member)
        return errors + [_elsewhere(row, name) for row in rows for shift, name in elsewhere if clash(row, shift)]

    def _replace(self, row: ImportedShift, stored: Shift) -> list[RowError]:
        if stored.export_id is not None:
            return [_frozen(row)]
        self.removed.append(stored)
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
            found.append(RowError(second, "Start", cause, "Controleer beide rijen en verbeter de fout."))
        if latest is None or row.ends_at > latest.ends_at:
            latest = row
    return found


def _overlap(row: ImportedShift, stored: Shift) -> RowError:
    cause = f"Deze dienst overlapt met een dienst van {row.name} die er al staat: {datumtijd(stored.starts_at)}."
    return RowError(row.row, "Start", cause, "Controleer de tijden. Dezelfde tijd telt anders dubbel.")


def _same_day(row: ImportedShift, stored: Shift) -> RowError:
    times = f"{tijd(stored.starts_at)} tot {tijd(stored.ends_at)}"
    cause = f"Op {datum(stored.workday)} staat van {row.name} al een dienst van {times}, die niet in dit bestand staat."
    return RowError(row.row, "Start", cause, "Kies bij ‘Andere dienst op dezelfde dag’ wat er moet gebeuren.")


def _elsewhere(row: ImportedShift, venue: str) -> RowError:
    cause = f"Deze tijd van {row.name} staat al bij de vestiging {venue}."
    return RowError(row.row, "Start", cause, "Kies de goede vestiging, of verwijder daar de import.")


def _frozen(row: ImportedShift) -> RowError:
    cause = "Deze dienst zit al in een export en ligt vast. In dit bestand is hij anders."
    remedy = "Haal de rij uit het bestand. Verwerk het verschil als correctie in je salarispakket."
    return RowError(row.row, "Start", cause, remedy)
