"""Cells of a CSV that people open in a spreadsheet (E3): numbers are numbers, a text is never a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from portal.kernel.filters import AMSTERDAM

BOM = "\N{BYTE ORDER MARK}".encode()
# a spreadsheet takes a text that starts with one of these for a formula (also the full-width ones)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Value = str | int | Decimal | datetime | None


def lines(rows: Iterable[Iterable[Value]]) -> bytes:
    """Semicolons, decimal commas, CRLF, UTF-8; BOM goes before the first."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=";", lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    return text.getvalue().encode()


def cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{value.astimezone(AMSTERDAM):%d-%m-%Y %H:%M:%S}"
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
