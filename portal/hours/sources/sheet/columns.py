"""Which column is which: Dutch headings, in any order, with the aliases people use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from portal.hours import codes
from portal.hours.checks import shown
from portal.hours.sources.sheet.grid import Cell, Row, is_empty
from portal.hours.types import RowError


class Column(StrEnum):
    """The value is the heading as we write it, in the order of the template."""

    NAME = "Teamlid"
    EMAIL = "E-mail"
    NUMBER = "Personeelsnummer"
    BSN = "BSN"
    DAY = "Datum"
    START = "Start"
    END = "Eind"
    BREAK = "Pauze"
    KIND = "Soort uren"
    APPROVED = "Goedgekeurd"


ALIASES = {
    Column.NAME: "teamlid naam naamteamlid medewerker naammedewerker werknemer",
    Column.EMAIL: "email emailadres mail mailadres",
    Column.NUMBER: "personeelsnummer personeelsnr persnr medewerkernummer medewerkersnummer werknemernummer",
    Column.BSN: "bsn burgerservicenummer",
    Column.DAY: "datum dag werkdag",
    Column.START: "start starttijd begin begintijd van",
    Column.END: "eind einde eindtijd tot",
    Column.BREAK: "pauze pauzemin pauzeminuten pauzeinminuten",
    Column.KIND: "soorturen soort urensoort",
    Column.APPROVED: "goedgekeurd akkoord geaccordeerd gefiatteerd",
}
REQUIRED = (Column.NAME, Column.DAY, Column.START, Column.END, Column.APPROVED)
IDENTIFIERS = (Column.NUMBER, Column.EMAIL, Column.BSN)
MARKERS = {Column.DAY, Column.START, Column.END}
KNOWN_WORDS = ", ".join(Column)
USE_TEMPLATE = "Gebruik de kopregel uit het sjabloon."


@dataclass(frozen=True)
class Columns:
    """Where each column is, counted from 0; `width` is the number of cells of the heading."""

    places: Mapping[Column, int]
    width: int

    def get(self, row: Row, column: Column) -> Cell:
        place = self.places.get(column)
        return row.cells[place] if place is not None and place < len(row.cells) else ""


def recognise(cell: Cell) -> Column | None:
    """Return the column a heading stands for; case, spaces and punctuation do not count.

    >>> recognise("PAUZE (minuten)")
    <Column.BREAK: 'Pauze'>
    """
    if not isinstance(cell, str):
        return None
    word = "".join(char for char in cell.casefold() if char.isalnum())
    return next((column for column, names in ALIASES.items() if word in names.split()), None)


def looks_like_hours(heading: Row) -> bool:
    """Tell whether this row can only be the heading of an hours sheet."""
    return {recognise(cell) for cell in heading.cells} >= MARKERS


def find_columns(heading: Row) -> tuple[Columns, list[RowError]]:
    """Return the places of the columns and everything that is wrong with the heading."""
    places: dict[Column, int] = {}
    errors: list[RowError] = []
    for place, cell in enumerate(heading.cells):
        column = recognise(cell)
        if column is None:
            errors += _unknown(heading, cell, place)
        elif column in places:
            errors.append(_twice(heading, column))
        else:
            places[column] = place
    if not places:
        errors = [_no_heading(heading)]
    else:
        errors += _missing(heading, places)
    return Columns(places, _used_width(heading)), errors


def letter(place: int) -> str:
    """Return the letters above a column in a spreadsheet.

    >>> letter(0), letter(25), letter(26)
    ('A', 'Z', 'AA')
    """
    before, rest = divmod(place, 26)
    return (letter(before - 1) if before else "") + chr(ord("A") + rest)


def _used_width(heading: Row) -> int:
    used = [place for place, cell in enumerate(heading.cells) if not is_empty(cell)]
    return max(used, default=-1) + 1


def _unknown(heading: Row, cell: Cell, place: int) -> list[RowError]:
    if is_empty(cell):
        return []
    words = f"{shown(cell)} in kolom {letter(place)}" if isinstance(cell, str) else f"de kop van kolom {letter(place)}"
    message = f"We kennen de kolomkop niet: {words}."
    remedy = f"Haal de kolom weg of kies een bekende kop: {KNOWN_WORDS}."
    return [RowError(heading.number, "", message, remedy, codes.UNKNOWN_HEADING)]


def _twice(heading: Row, column: Column) -> RowError:
    message = f"De kolom {column} staat er twee keer."
    return RowError(heading.number, column.value, message, "Haal een van de twee kolommen weg.", codes.DOUBLE_HEADING)


def _no_heading(heading: Row) -> RowError:
    message = "De eerste rij heeft geen kolomkoppen die we kennen."
    remedy = f"{USE_TEMPLATE} De koppen zijn: {KNOWN_WORDS}."
    return RowError(heading.number, "", message, remedy, codes.MISSING_COLUMN)


def _missing(heading: Row, places: Mapping[Column, int]) -> list[RowError]:
    errors = [
        RowError(heading.number, column.value, f"De kolom {column} ontbreekt.", USE_TEMPLATE, codes.MISSING_COLUMN)
        for column in REQUIRED
        if column not in places
    ]
    if not any(column in places for column in IDENTIFIERS):
        message = "Er is geen kolom Personeelsnummer, E-mail of BSN."
        remedy = "Voeg minstens een van deze drie kolommen toe."
        errors.append(RowError(heading.number, "", message, remedy, codes.MISSING_COLUMN))
    return errors
