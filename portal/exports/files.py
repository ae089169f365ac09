"""The files of an export: a CSV for payroll and an XLSX for people. Same input, same bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

import xlsxwriter

from portal.hours.periods import slug
from portal.hours.types import Batch, BatchLine
from portal.integrations.contract import Provider

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - a fixed date keeps the bytes the same
HEADINGS: dict[str, Callable[[Batch, BatchLine], str | Decimal]] = {
    "Personeelsnummer": lambda _batch, line: line.person.personnel_number,
    "BSN": lambda _batch, line: line.person.bsn.reveal(),
    "Naam": lambda _batch, line: line.person.name,
    "E-mail": lambda _batch, line: line.person.email,
    "Periode": lambda batch, _line: slug(batch.period),
    "Van": lambda batch, _line: f"{batch.first_day:%d-%m-%Y}",
    "Tot en met": lambda batch, _line: f"{batch.last_day:%d-%m-%Y}",
    "Soort uren": lambda _batch, line: line.kind,
    "Urencode": lambda _batch, line: line.code,
    "Code": lambda _batch, line: line.code,
    "Uren": lambda _batch, line: line.hours,
}  # fmt: skip


def cells(batch: Batch, line: BatchLine, columns: Sequence[str]) -> list[str | Decimal]:
    return [HEADINGS[column](batch, line) for column in columns]


def formula_texts(batch: Batch, provider: Provider) -> list[str]:
    """Texts in this file that a spreadsheet would take for a formula: a CSV is refused then (E3)."""
    found = {value for line in batch.lines for value in cells(batch, line, provider.file_columns)}
    return sorted(text for text in found if isinstance(text, str) and text.startswith(FORMULA_STARTS))


def to_csv(batch: Batch, provider: Provider) -> bytes:
    """Semicolons, decimal commas, CRLF, UTF-8 with BOM. The caller has refused formula texts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(provider.file_columns)
    for line in batch.lines:
        writer.writerow([_dutch(value) for value in cells(batch, line, provider.file_columns)])
    return "\N{BYTE ORDER MARK}".encode() + text.getvalue().encode()


def _dutch(value: str | Decimal) -> str:
    return f"{value:.2f}".replace(".", ",") if isinstance(value, Decimal) else value


def to_xlsx(batch: Batch, provider: Provider) -> bytes:
    """Texts stay texts (a name like `=cmd()` too), numbers are numbers."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    book = xlsxwriter.Workbook(buffer, options)
    book.set_properties({"created": MADE, "title": f"Uren {provider.name} {slug(batch.period)}"})
    sheet = book.add_worksheet("Uren")
    bold, text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
    number = book.add_format({"num_format": "0.00"})
    sheet.freeze_panes(1, 0)
    for column, heading in enumerate(provider.file_columns):
        sheet.write_string(0, column, heading, bold)
        sheet.set_column(column, column, max(14, len(heading) + 4))
    for row, line in enumerate(batch.lines, start=1):
        for column, value in enumerate(cells(batch, line, provider.file_columns)):
            if isinstance(value, Decimal):
                sheet.write_number(row, column, float(value), number)
            else:
                sheet.write_string(row, column, value, text)
    book.close()
    return buffer.getvalue()
