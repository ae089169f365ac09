"""A receipt as CSV, for a spreadsheet: semicolons, decimal commas, CRLF, UTF-8 with BOM. Same receipt, same bytes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from portal.deliveries.receipt_body import Line, change
from portal.deliveries.receipt_words import ACTIONS, STATES, Sheet, remark
from portal.kernel import cells

COLUMNS = (
    "Ontvangstbewijs", "Werkgever", "Vestiging", "Salarispakket", "Referentie", "Periode", "Personeelsnummer",
    "Teamlid", "Soort uren", "Code", "Actie", "Uren", "Was", "Verschil", "Stand", "Kenmerk", "Reden", "Verstuurd op",
    "Antwoord op", "Gestart door", "Controleer op", "Vingerafdruk",
)  # fmt: skip


def to_csv(sheet: Sheet) -> bytes:
    return cells.BOM + cells.lines([COLUMNS, *(_values(sheet, line) for line in sheet.body.lines)])


def _values(sheet: Sheet, line: Line) -> list[str | Decimal | datetime | None]:
    body = sheet.body
    return [
        body.code, body.organisation, body.venue, sheet.provider, body.reference, sheet.period, line.personnel_number,
        line.name, line.kind, line.code, ACTIONS[line.action], line.hours, line.hours_before, change(line),
        STATES[line.state], remark(line), line.reason, line.started_at, line.settled_at, body.started_by,
        sheet.check_url, sheet.sha256,
    ]  # fmt: skip
