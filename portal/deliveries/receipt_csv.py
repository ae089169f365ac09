"""A receipt as CSV, for a spreadsheet: semicolons, decimal commas, CRLF, UTF-8 with BOM. Same receipt, same bytes."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from decimal import Decimal

from portal.deliveries.receipt_body import Line, change
from portal.deliveries.receipt_words import ACTIONS, STATES, Sheet, remark
from portal.kernel.filters import AMSTERDAM

# a spreadsheet takes a text that starts with one of these for a formula (also the full-width ones)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COLUMNS = (
    "Ontvangstbewijs", "Werkgever", "Vestiging", "Salarispakket", "Referentie", "Periode", "Personeelsnummer",
    "Teamlid", "Soort uren", "Code", "Actie", "Uren", "Was", "Verschil", "Stand", "Kenmerk", "Reden", "Verstuurd op",
    "Antwoord op", "Gestart door", "Controleer op", "Vingerafdruk",
)  # fmt: skip


def to_csv(sheet: Sheet) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in sheet.body.lines:
        writer.writerow([_cell(value) for value in _values(sheet, line)])
    return "\N{BYTE ORDER MARK}".encode() + text.getvalue().encode()


def _values(sheet: Sheet, line: Line) -> list[str | Decimal | datetime | None]:
    body = sheet.body
    return [
        body.code, body.organisation, body.venue, sheet.provider, body.reference, sheet.period, line.personnel_number,
        line.name, line.kind, line.code, ACTIONS[line.action], line.hours, line.hours_before, change(line),
        STATES[line.state], remark(line), line.reason, line.started_at, line.settled_at, body.started_by,
        sheet.check_url, sheet.sha256,
    ]  # fmt: skip


def _cell(value: str | Decimal | datetime | None) -> str:
    """Numbers are numbers, also below zero; a text is never a formula."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:.2f}".replace(".", ",")
    if isinstance(value, datetime):
        return f"{value.astimezone(AMSTERDAM):%d-%m-%Y %H:%M:%S}"
    return f"'{value}" if value.startswith(FORMULA_STARTS) else value
