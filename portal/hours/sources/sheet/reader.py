"""The door of the sheet reader: a file in, checked shifts or every error out."""

from __future__ import annotations

from datetime import date
from pathlib import PurePosixPath
from typing import BinaryIO

from portal.hours.checks import check_together
from portal.hours.codes import EMPTY, TOO_BIG
from portal.hours.sources.sheet.columns import find_columns
from portal.hours.sources.sheet.csv_file import read_csv
from portal.hours.sources.sheet.grid import Grid
from portal.hours.sources.sheet.refusal import ImportRefused, file_refused
from portal.hours.sources.sheet.rows import RowReader
from portal.hours.sources.sheet.signatures import foreign, is_zip
from portal.hours.sources.sheet.xlsx_file import read_xlsx
from portal.hours.types import ImportedShift, RowError

__all__ = ["ImportRefused", "read_sheet"]

MAX_BYTES = 5 * 1024 * 1024
SUFFIXES = {".csv", ".txt", ".xlsx", ".xlsm", ".xls", ".ods"}


def read_sheet(filename: str, content: bytes | BinaryIO, today: date) -> tuple[ImportedShift, ...]:
    """Return every row of a CSV or XLSX file as a shift, in the order of the file.

    What the file is follows from its bytes; the name is data and only its ending lands in the
    facts of a refusal. `today` is the day in Amsterdam. Safe to call twice.
    Raises ImportRefused with every error of every row; then nothing of the file may be used.
    """
    try:
        return _shifts(_grid(_limited(content)), today)
    except ImportRefused as refusal:
        suffix = PurePosixPath(filename[-10:]).suffix.lower()
        refusal.facts["suffix"] = suffix if suffix in SUFFIXES else "other"
        raise


def _limited(content: bytes | BinaryIO) -> bytes:
    taken = content if isinstance(content, bytes) else content.read(MAX_BYTES + 1)
    if len(taken) > MAX_BYTES:
        raise file_refused("Het bestand is groter dan 5 MB.", "Splits het bestand, bijvoorbeeld per periode.", TOO_BIG)
    return taken


def _grid(content: bytes) -> Grid:
    if is_zip(content):
        return read_xlsx(content)
    refusal = foreign(content)
    if refusal is not None:
        raise refusal
    return read_csv(content)


def _shifts(grid: Grid, today: date) -> tuple[ImportedShift, ...]:
    columns, errors = find_columns(grid.heading)
    if errors:
        raise ImportRefused(errors)
    if not grid.rows:
        remedy = "Vul onder de kopregel minstens één rij in."
        raise file_refused("Er staan geen uren in het bestand.", remedy, EMPTY)
    reader = RowReader(columns, today, grid.exact_width)
    shifts: list[ImportedShift] = []
    for row in grid.rows:
        read = reader.read(row)
        if isinstance(read, ImportedShift):
            shifts.append(read)
        else:
            errors += read
    return _all_or_nothing(shifts, errors)


def _all_or_nothing(shifts: list[ImportedShift], errors: list[RowError]) -> tuple[ImportedShift, ...]:
    found = errors + check_together(shifts)
    if found:
        raise ImportRefused(found)
    return tuple(shifts)
