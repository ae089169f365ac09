"""The files of an export (E3, E4): texts are texts, numbers are numbers, the same input the same bytes."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from portal.exports import files
from portal.hours.periods import bounds, parse
from portal.hours.types import Batch, BatchLine, Person
from portal.integrations.providers.connexie.provider import ConnexieFile
from portal.integrations.providers.horecalonen.provider import HorecalonenFile
from portal.integrations.providers.nmbrs.provider import Nmbrs
from portal.secret import Secret

OCTOBER = parse("2026-10-M")
HORECALONEN: Any = HorecalonenFile()
CONNEXIE: Any = ConnexieFile()
TARGETS = [HORECALONEN, CONNEXIE, Nmbrs("https://nmbrs.example/soap/v3", allow_private=False)]
NAMES = [
    "=cmd()|' /C calc'!A1",
    "+31",
    "-1",
    "@SUM(A1)",
    "<script>",
    'a;b"c',
    "😀 Zoë",
    "אבג مرحبا",
    "http://x.example",
]


def batch(*names: str) -> Batch:
    lines = tuple(
        BatchLine(n, Person(n, name, f"00{n}", f"p{n}@example.com", Secret("012345672")), "gewerkt", "2100", 450 + n,
                  Decimal("1234.50"), "50101")
        for n, name in enumerate(names, start=1)
    )  # fmt: skip
    first, last = bounds(OCTOBER)
    return Batch("kp-000000000000", "De Zon", "Zaal", "3301", OCTOBER, first, last, lines)


def test_the_csv_of_horecalonen() -> None:
    text = files.to_csv(batch("Noor Bakker", 'Piet "de Prins"; junior'), HORECALONEN)
    assert text.decode("utf-8") == (
        "\ufeffBSN;Naam;Periode;Soort uren;Code;Uren\r\n"
        "012345672;Noor Bakker;2026-10-M;gewerkt;2100;1234,50\r\n"
        '012345672;"Piet ""de Prins""; junior";2026-10-M;gewerkt;2100;1234,50\r\n'
    )


def test_negative_hours_stay_a_number() -> None:
    made = batch("Noor")
    line = replace(made.lines[0], hours=Decimal("-0.50"))
    less = replace(made, lines=(line,))
    assert files.formula_texts(less, HORECALONEN) == []
    assert b";-0,50\r\n" in files.to_csv(less, HORECALONEN)


@pytest.mark.parametrize("provider", TARGETS, ids=lambda p: p.key)
def test_e3_the_workbook_has_no_formula_and_numbers_are_numbers(provider: Any) -> None:
    made = batch(*NAMES)
    sheet = openpyxl.load_workbook(io.BytesIO(files.to_xlsx(made, provider))).active
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == list(provider.file_columns)
    assert {cell.data_type for row in rows for cell in row} == {"s", "n"}
    names = [row[provider.file_columns.index("Naam")].value for row in rows[1:]]
    assert names == NAMES
    hours = [row[provider.file_columns.index("Uren")] for row in rows[1:]]
    assert [(cell.data_type, cell.value) for cell in hours] == [("n", 1234.5)] * len(NAMES)
    assert [cell for row in rows[1:] for cell in row if cell.data_type == "n"] == hours
    assert not any(cell.hyperlink for row in rows for cell in row)


@pytest.mark.parametrize("provider", TARGETS, ids=lambda p: p.key)
def test_e3_a_csv_with_a_formula_is_refused(provider: Any) -> None:
    assert files.formula_texts(batch(*NAMES), provider) == ["+31", "-1", "=cmd()|' /C calc'!A1", "@SUM(A1)"]
    assert files.formula_texts(batch("Noor", "a=b"), provider) == []


def test_only_what_stands_in_the_file_counts() -> None:
    """Horecalonen gets no personnel number: a strange one is no reason to refuse its CSV."""
    made = batch("Noor")
    odd = replace(made.lines[0], person=replace(made.lines[0].person, personnel_number="=1"))
    made = replace(made, lines=(odd,))
    assert files.formula_texts(made, HORECALONEN) == []
    assert files.formula_texts(made, CONNEXIE) == ["=1"]


@pytest.mark.parametrize("provider", TARGETS, ids=lambda p: p.key)
def test_e4_the_same_batch_gives_the_same_bytes(provider: Any) -> None:
    made = batch("Noor", "Piet")
    assert files.to_csv(made, provider) == files.to_csv(made, provider)
    assert files.to_xlsx(made, provider) == files.to_xlsx(made, provider)
