"""One row to one shift, or to every error it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from portal.hours import codes
from portal.hours.checks import Unusable
from portal.hours.clock import Span, WallTime, span
from portal.hours.sources.sheet import cells
from portal.hours.sources.sheet.columns import Column, Columns, letter
from portal.hours.sources.sheet.grid import Cell, Row, is_empty
from portal.hours.types import ImportedShift, RowError
from portal.kernel.codes import Code
from portal.secret import Secret

EXAMPLE = "voorbeeld teamlid"
COLUMN_CODES = {
    Column.NAME: codes.NAME, Column.EMAIL: codes.EMAIL, Column.NUMBER: codes.NUMBER, Column.BSN: codes.BSN,
    Column.DAY: codes.DAY, Column.START: codes.TIME, Column.END: codes.TIME, Column.BREAK: codes.BREAK,
    Column.KIND: codes.KIND, Column.APPROVED: codes.APPROVED,
}  # fmt: skip
Value = TypeVar("Value")


@dataclass
class RowReader:
    """Reads the rows of one file; remembers checked e-mail addresses, for a file repeats them."""

    columns: Columns
    today: date
    exact_width: bool = False
    emails: dict[Cell, str] = field(default_factory=dict)

    def read(self, row: Row) -> ImportedShift | list[RowError]:
        """Return the shift, or all errors of this row."""
        if self._is_example(row):
            remedy = "Haal de voorbeeldregel weg."
            return [RowError(row.number, Column.NAME.value, "Dit is een voorbeeldregel.", remedy, codes.EXAMPLE)]
        draft = _Draft(row, self.columns)
        draft.errors += self._width_errors(row)
        shift = self._shift(draft)
        return draft.errors if draft.errors or shift is None else shift

    def _is_example(self, row: Row) -> bool:
        cell = self.columns.get(row, Column.NAME)
        return isinstance(cell, str) and " ".join(cell.casefold().split()).startswith(EXAMPLE)

    def _width_errors(self, row: Row) -> list[RowError]:
        if self.exact_width and len(row.cells) < self.columns.width:
            return [_width_error(row, self.columns.width)]
        known = set(self.columns.places.values())
        loose = [place for place, cell in enumerate(row.cells) if place not in known and not is_empty(cell)]
        if self.exact_width and loose and loose[-1] >= self.columns.width:
            return [_width_error(row, self.columns.width)]
        return [_loose_error(row, place) for place in loose]

    def _shift(self, draft: _Draft) -> ImportedShift | None:
        name = draft.take(Column.NAME, cells.name)
        email = draft.take(Column.EMAIL, self._email)
        number = draft.take(Column.NUMBER, cells.personnel_number)
        bsn = draft.take(Column.BSN, cells.bsn)
        draft.check_identity(number, email, bsn)
        day = draft.take(Column.DAY, lambda cell: cells.day(cell, self.today))
        start = draft.take(Column.START, cells.clock_time)
        end = draft.take(Column.END, cells.clock_time)
        pause = draft.take(Column.BREAK, cells.break_minutes)
        worked = draft.span(day, start, end)
        kind = draft.take(Column.KIND, cells.kind)
        approved = draft.take(Column.APPROVED, cells.approved)
        if worked is not None and pause is not None:
            draft.check_break(worked.minutes, pause)
        if draft.errors or name is None or email is None or number is None or bsn is None:
            return None
        if day is None or worked is None or pause is None or kind is None or approved is None:
            return None
        return ImportedShift(
            row=draft.row.number, name=name, email=email, personnel_number=number, bsn=bsn, workday=day,
            starts_at=worked.starts_at, ends_at=worked.ends_at, break_minutes=pause,
            minutes=worked.minutes - pause, kind=kind, approved=approved,
        )  # fmt: skip

    def _email(self, cell: Cell) -> str:
        if cell not in self.emails:
            self.emails[cell] = cells.email(cell)
        return self.emails[cell]


@dataclass
class _Draft:
    """A row being read, with the errors found so far."""

    row: Row
    columns: Columns
    errors: list[RowError] = field(default_factory=list)

    def take(self, column: Column, read: Callable[[Cell], Value]) -> Value | None:
        try:
            return read(self.columns.get(self.row, column))
        except Unusable as error:
            self._unusable(column, error)
            return None

    def span(self, day: date | None, start: WallTime | None, end: WallTime | None) -> Span | None:
        if day is None or start is None or end is None:
            return None
        try:
            return span(day, start, end)
        except Unusable as error:
            self._unusable(Column.START if error.field == "start" else Column.END, error)
            return None

    def check_identity(self, number: str | None, email: str | None, bsn: Secret | None) -> None:
        if number == "" and email == "" and bsn == Secret(""):
            message = "Deze rij heeft geen personeelsnummer, e-mailadres of BSN."
            remedy = "Vul minstens een van de drie in, dan weten we van wie deze uren zijn."
            self._add("", message, remedy, codes.NOBODY)

    def check_break(self, worked: int, pause: int) -> None:
        if pause >= worked:
            message = f"De pauze ({pause} minuten) is niet korter dan de dienst ({worked} minuten)."
            self._add(Column.BREAK, message, "Controleer de tijden en de pauze.", codes.BREAK)

    def _unusable(self, column: Column, error: Unusable) -> None:
        self._add(column, error.message, error.remedy, error.special or COLUMN_CODES[column])

    def _add(self, column: str, message: str, remedy: str, code: Code) -> None:
        self.errors.append(RowError(self.row.number, str(column), message, remedy, code))


def _width_error(row: Row, width: int) -> RowError:
    message = f"Deze rij heeft {len(row.cells)} kolommen, de kopregel heeft er {width}."
    remedy = "Staat er een scheidingsteken in een tekst? Zet die tekst tussen dubbele aanhalingstekens."
    return RowError(row.number, "", message, remedy, codes.WIDTH)


def _loose_error(row: Row, place: int) -> RowError:
    message = f"Kolom {letter(place)} heeft hier een waarde, maar geen kop."
    return RowError(row.number, "", message, "Geef de kolom een kop of maak de cel leeg.", codes.WIDTH)
