"""Files for the sheet tests: rows as words, written as a person's spreadsheet would write them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import xlsxwriter

from portal.hours.sources.sheet.reader import read_sheet
from portal.hours.sources.sheet.refusal import ImportRefused

TODAY = date(2026, 11, 22)
HEADING = (
    "Teamlid", "E-mail", "Personeelsnummer", "BSN", "Datum", "Start", "Eind", "Pauze",
    "Soort uren", "Goedgekeurd",
)  # fmt: skip
GOOD = {
    "Teamlid": "Noor Bakker", "E-mail": "noor@example.com", "Personeelsnummer": "00101", "BSN": "123456782",
    "Datum": "01-10-2026", "Start": "09:00", "Eind": "17:00", "Pauze": "30", "Soort uren": "gewerkt",
    "Goedgekeurd": "ja",
}  # fmt: skip


def row(**changes):
    """Return a good row with changes; `_` in a keyword stands for a space, "E_mail" for "E-mail"."""
    named = {key.replace("E_mail", "E-mail").replace("_", " "): value for key, value in changes.items()}
    return [{**GOOD, **named}[heading] for heading in HEADING]


def lately(days: int = 7) -> str:
    """A day so many days ago."""
    return f"{datetime.now(UTC).date() - timedelta(days=days):%d-%m-%Y}"


def recent_row(**changes):
    """A good row that can be read in whatever day it is today."""
    return row(**{"Datum": lately(), **changes})


def csv_bytes(rows: Sequence[Sequence[str]], heading=HEADING, delimiter=";", encoding="utf-8", newline="\r\n"):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=newline).writerows([heading, *rows])
    return buffer.getvalue().encode(encoding)


def xlsx_bytes(rows, heading=HEADING, sheets=None, write=None) -> bytes:
    """Return a workbook; `write(book, sheet)` may add what plain rows cannot say."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        for name, content in (sheets or {"Uren": [heading, *rows]}).items():
            sheet = book.add_worksheet(name)
            for number, cells in enumerate(content):
                sheet.write_row(number, 0, cells)
            if write is not None:
                write(book, sheet)
    return buffer.getvalue()


def rezip(content: bytes, changes: Mapping[str, bytes] = {}, compression=zipfile.ZIP_DEFLATED) -> bytes:
    """Return the zip with parts changed or added."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        parts = {name: old.read(name) for name in old.namelist()} | dict(changes)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return buffer.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def read(content: bytes, filename="uren.csv"):
    return read_sheet(filename, content, TODAY)


def refusal(content: bytes, filename="uren.csv") -> ImportRefused:
    """Return how the file is refused; fails when it is taken."""
    try:
        taken = read(content, filename)
    except ImportRefused as refused:
        return refused
    raise AssertionError(f"taken: {len(taken)} rows")


def only_error(content: bytes):
    errors = refusal(content).errors
    assert len(errors) == 1, errors
    return errors[0]
