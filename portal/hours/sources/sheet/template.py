"""The empty sheet people start from. Its example rows cannot be imported by accident (`rows.EXAMPLE`)."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from xlsxwriter import Workbook

from portal.hours.sources.sheet.columns import Column

ROWS = (
    ("Voorbeeld Teamlid 1", "voorbeeld1@example.com", "00101", "123456782",
     "01-10-2026", "09:00", "17:00", "30", "gewerkt", "ja"),
    ("Voorbeeld Teamlid 2", "voorbeeld2@example.com", "00102", "111222333",
     "02-10-2026", "22:00", "06:00", "0:45", "gewerkt", "nee"),
)  # fmt: skip
MADE = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)  # fixed, so that the bytes never change
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
EXPLANATION = (
    ("Kolom", "Verplicht", "Wat vul je in"),
    ("Teamlid", "ja", "De naam van het teamlid. Haal de twee voorbeeldregels weg."),
    ("E-mail", "een van de drie", "Het e-mailadres van het teamlid."),
    ("Personeelsnummer", "een van de drie", "Het nummer uit je loonpakket, met nullen vooraan."),
    ("BSN", "een van de drie", "Negen cijfers. Alleen nodig voor loonpakketten die erom vragen."),
    ("Datum", "ja", "De dag waarop de dienst begint, zoals 31-10-2026."),
    ("Start", "ja", "Uren en minuten, zoals 08:30."),
    ("Eind", "ja", "Uren en minuten. Eerder dan de start betekent: de volgende dag."),
    ("Pauze", "nee", "Hele minuten (30) of uren en minuten (0:30). Leeg is geen pauze."),
    ("Soort uren", "nee", "Leeg is gewerkt."),
    ("Goedgekeurd", "ja", "Vul ja of nee in. Leeg is nee."),
    ("Wintertijd", "", "Begint die nacht de wintertijd? Dan komt 02:00 tot 03:00 twee keer voor."),
    ("", "", "Schrijf 02:30 A voor de eerste keer en 02:30 B voor de tweede keer."),
)  # fmt: skip


def template_csv() -> bytes:
    """Return the template as Dutch Excel opens it: `;`, CRLF, UTF-8 with a BOM. Always the same bytes."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([*Column])
    writer.writerows(ROWS)
    return buffer.getvalue().encode("utf-8-sig")


def template_xlsx() -> bytes:
    """Return the template with every cell as text, so no zero is lost. Always the same bytes."""
    buffer = io.BytesIO()
    with Workbook(buffer, OPTIONS) as book:
        book.set_properties({"title": "Sjabloon uren", "created": MADE})
        _hours_sheet(book)
        _explanation_sheet(book)
    return buffer.getvalue()


def _hours_sheet(book: Workbook) -> None:
    sheet = book.add_worksheet("Uren")
    text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
    sheet.set_column(0, len(Column) - 1, 18, text)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, [*Column], bold)
    for number, row in enumerate(ROWS, start=1):
        sheet.write_row(number, 0, row, text)


def _explanation_sheet(book: Workbook) -> None:
    sheet = book.add_worksheet("Uitleg")
    sheet.set_column(0, 1, 18)
    sheet.set_column(2, 2, 90)
    for number, row in enumerate(EXPLANATION):
        sheet.write_row(number, 0, row)
