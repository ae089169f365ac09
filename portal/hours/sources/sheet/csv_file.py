"""Text with separators to a grid: the separator and the encoding are found, not asked."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from portal.hours import codes
from portal.hours.sources.sheet.columns import recognise
from portal.hours.sources.sheet.grid import MAX_ROWS, Grid, Row
from portal.hours.sources.sheet.refusal import ImportRefused, file_refused

SEPARATORS = (";", ",", "\t")
EMPTY = ' ;,"\t\r\n'
AS_CSV = "Bewaar het bestand opnieuw als CSV (UTF-8) of als .xlsx."


def read_csv(content: bytes) -> Grid:
    """Return the rows. Row numbers are those a spreadsheet shows: a quoted line break is no new row.

    Raises ImportRefused for NUL bytes, an unknown encoding, unbalanced quotes, no or too many rows.
    """
    text = _decode(content)
    if not text.strip(EMPTY):
        raise _nothing()
    separator = max(SEPARATORS, key=lambda one: _fit(text, one))
    rows: list[Row] = []
    for row in _rows(text, separator):
        rows.append(row)
        if len(rows) > MAX_ROWS + 1:
            raise file_refused(
                "Het bestand heeft meer dan 50.000 rijen.", "Splits het bestand per periode.", codes.TOO_BIG
            )
    if not rows:
        raise _nothing()
    return Grid(rows[0], rows[1:], exact_width=True)


def _nothing() -> ImportRefused:
    return file_refused("Het bestand is leeg.", "Upload een bestand met een kopregel en uren.", codes.EMPTY)


def _decode(content: bytes) -> str:
    for encoding in _encodings(content):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise file_refused("Dit is geen tekstbestand: er staan NUL-tekens in.", AS_CSV, codes.CHARACTERS)
        return text
    raise file_refused("We kunnen de tekens in dit bestand niet lezen.", AS_CSV, codes.CHARACTERS)


def _encodings(content: bytes) -> tuple[str, ...]:
    if content.startswith(codecs.BOM_UTF8):
        return ("utf-8-sig",)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ("utf-16",)
    return ("utf-8", "cp1252")


def _fit(text: str, separator: str) -> tuple[int, int]:
    """Score a separator on the heading: known headings first, then the number of cells."""
    try:
        first = next(_rows(text, separator))
    except (StopIteration, ImportRefused):
        return (0, 0)
    return (sum(recognise(cell) is not None for cell in first.cells), len(first.cells))


def _rows(text: str, separator: str) -> Iterator[Row]:
    """Yield the rows that are not empty. Raises ImportRefused where the quotes do not match."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            message = f"De dubbele aanhalingstekens kloppen niet vanaf rij {number}."
            remedy = "Zet om een tekst twee aanhalingstekens, of geen."
            raise file_refused(message, remedy, codes.CHARACTERS) from None
        if any(cell.strip() for cell in cells):
            yield Row(number, cells)
