"""D3, D4: cells, columns and rows of an upload, through the reader's own door."""

from __future__ import annotations

import json
from datetime import date

import pytest

from portal.hours.sources.sheet.template import template_csv, template_xlsx
from tests.hours.sheets import GOOD, HEADING, csv_bytes, only_error, read, refusal, row


def test_d3_a_good_row_becomes_a_shift():
    (shift,) = read(csv_bytes([row()]))
    assert (shift.row, shift.name, shift.email, shift.personnel_number) == (
        2,
        "Noor Bakker",
        "noor@example.com",
        "00101",
    )
    assert (shift.workday, shift.break_minutes, shift.minutes) == (date(2026, 10, 1), 30, 450)
    assert (shift.kind, shift.approved, shift.bsn.reveal()) == ("gewerkt", True, "123456782")


@pytest.mark.parametrize(
    ("column", "text", "attribute", "value"),
    [
        ("Teamlid", "=cmd()|' /C calc'!A0", "name", "=cmd()|' /C calc'!A0"),
        ("Teamlid", "<script>alert(1)</script>", "name", "<script>alert(1)</script>"),
        ("Teamlid", "../../etc/passwd", "name", "../../etc/passwd"),
        ("Teamlid", "\u200fنور\u200f", "name", "\u200fنور\u200f"),
        ("Teamlid", "Zoe\u0308", "name", "Zoë"),
        ("Personeelsnummer", " 007 ", "personnel_number", "007"),
        ("Datum", "1-10-2026", "workday", date(2026, 10, 1)),
        ("Datum", "01/10/2026", "workday", date(2026, 10, 1)),
        ("Datum", "2026-10-01", "workday", date(2026, 10, 1)),
        ("Datum", "23-12-2026", "workday", date(2026, 12, 23)),
        ("Datum", "18-10-2025", "workday", date(2025, 10, 18)),
        ("Start", "9:00", "minutes", 450),
        ("Start", "09.00", "minutes", 450),
        ("Start", "09:00:00", "minutes", 450),
        ("Eind", "24:00", "minutes", 870),
        ("Pauze", "", "break_minutes", 0),
        ("Pauze", "0:30", "break_minutes", 30),
        ("Soort uren", "", "kind", "gewerkt"),
        ("Soort uren", "  Bijzonder   VERLOF ", "kind", "bijzonder verlof"),
        ("Goedgekeurd", "", "approved", False),
        ("Goedgekeurd", "X", "approved", True),
        ("Goedgekeurd", "WAAR", "approved", True),
        ("Goedgekeurd", "onwaar", "approved", False),
        ("Goedgekeurd", "0", "approved", False),
    ],
)
def test_d3_d4_what_is_understood(column, text, attribute, value):
    (shift,) = read(csv_bytes([row(**{column: text})]))
    assert getattr(shift, attribute) == value


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("Teamlid", "", "De naam ontbreekt"),
        ("Teamlid", "n" * 101, "langer dan 100"),
        ("Teamlid", "Noor\x07", "onzichtbare tekens"),
        ("Teamlid", "Noor\nBakker", "regeleinde"),
        ("Teamlid", "Noor\u202erekkaB", "onzichtbare tekens"),
        ("Teamlid", "#VERW!", "fout van Excel"),
        ("E-mail", "noor@", "geen e-mailadres"),
        ("E-mail", "noor@example.com\tBcc: x", "onzichtbare tekens"),
        ("Personeelsnummer", "1" * 21, "langer dan 20"),
        ("Personeelsnummer", "1,23E+08", "afgekort"),
        ("BSN", "123456789", "geen geldig BSN"),
        ("BSN", "000000000", "geen geldig BSN"),
        ("BSN", "12345678", "geen geldig BSN"),
        ("Datum", "", "De datum ontbreekt"),
        ("Datum", "1-10-26", "geen vier cijfers"),
        ("Datum", "31-11-2026", "geen bestaande datum"),
        ("Datum", "10 oktober", "geen datum"),
        ("Datum", "24-12-2026", "31 dagen in de toekomst"),
        ("Datum", "17-10-2025", "400 dagen geleden"),
        ("Start", "", "De tijd ontbreekt"),
        ("Start", "25:00", "25:00 is geen tijd."),
        ("Start", "NaN", "NaN is geen tijd."),
        ("Eind", "08:00", "zou 23 uur zijn"),
        ("Eind", "9,5", "9,5 is geen tijd"),
        ("Pauze", "0,5", "0,5 is geen pauze"),
        ("Pauze", "0,5 uur", "geen pauze"),
        ("Pauze", "NaN", "geen pauze"),
        ("Pauze", "-10", "negatief"),
        ("Pauze", "481", "langer dan 8 uur"),
        ("Pauze", "480", "niet korter dan de dienst"),
        ("Soort uren", "x" * 41, "langer dan 40"),
        ("Goedgekeurd", "misschien", "geen ja of nee"),
    ],
)
def test_d3_d4_what_is_refused_with_row_column_and_remedy(column, text, words):
    error = only_error(csv_bytes([row(Datum="02-10-2026"), row(**{column: text})]))
    assert (error.row, error.column) == (3, column)
    assert words in error.message
    assert error.remedy.endswith(".")


def test_d3_a_row_needs_someone():
    error = only_error(csv_bytes([row(Personeelsnummer="", E_mail="", BSN="")]))
    assert "geen personeelsnummer, e-mailadres of BSN" in error.message


def test_d3_every_error_of_every_row_at_once_and_nothing_taken():
    rows = [row(), row(Datum="x", Start="25:00", Pauze="?"), row(Teamlid="", Goedgekeurd="?")]
    refused = refusal(csv_bytes(rows))
    found = [(error.row, error.column) for error in refused.errors]
    assert found == [(3, "Datum"), (3, "Start"), (3, "Pauze"), (4, "Teamlid"), (4, "Goedgekeurd")]
    assert (refused.field, refused.total) == ("file", 5)
    assert refused.message == "Er is niets ingelezen: 5 fouten in het bestand."


def test_d3_only_200_errors_are_listed_but_all_are_counted():
    refused = refusal(csv_bytes([row(Datum="x")] * 300))
    assert (len(refused.errors), refused.total) == (200, 300)


@pytest.mark.parametrize("place", range(10))
def test_d3_a_bsn_in_any_column_lands_in_no_message(place):
    cells = row()
    cells[place] = "123456782"
    refused = refusal(csv_bytes([cells, cells]))
    told = json.dumps([str(refused), repr(refused.errors), repr(refused.facts)])
    assert "123456782" not in told


def test_d3_a_file_without_heading_does_not_repeat_its_first_row():
    refused = refusal(csv_bytes([row(Datum="02-10-2026")], heading=row()))
    assert ["geen kolomkoppen" in error.message for error in refused.errors] == [True]
    assert "123456782" not in repr(refused.errors)


def test_d3_headings_in_any_order_and_writing():
    names = ["GOEDGEKEURD", "Pauze (minuten)", "e mail", "Eindtijd", "Begintijd", "datum", "Naam"]
    cells = [GOOD[name] for name in ("Goedgekeurd", "Pauze", "E-mail", "Eind", "Start", "Datum", "Teamlid")]
    (shift,) = read(csv_bytes([cells], heading=names))
    assert (shift.minutes, shift.personnel_number, shift.approved) == (450, "", True)


@pytest.mark.parametrize("missing", ["Teamlid", "Datum", "Start", "Eind", "Goedgekeurd"])
def test_d3_a_missing_column_is_named(missing):
    keep = [name for name in HEADING if name != missing]
    error = only_error(csv_bytes([[GOOD[name] for name in keep]], heading=keep))
    assert error.message == f"De kolom {missing} ontbreekt."


def test_d3_one_of_three_identifiers_is_needed():
    keep = [name for name in HEADING if name not in {"Personeelsnummer", "E-mail", "BSN"}]
    error = only_error(csv_bytes([[GOOD[name] for name in keep]], heading=keep))
    assert error.message == "Er is geen kolom Personeelsnummer, E-mail of BSN."


def test_d3_unknown_and_double_headings_are_named():
    refused = refusal(csv_bytes([[*row(), "1", "2"]], heading=[*HEADING, "Toeslag", "Begin"]))
    messages = [error.message for error in refused.errors]
    assert messages == [
        "We kennen de kolomkop niet: Toeslag in kolom K.",
        "De kolom Start staat er twee keer.",
    ]


def test_d3_an_empty_heading_is_fine_until_it_holds_something():
    heading = ["", *HEADING, ""]
    assert len(read(csv_bytes([["", *row(), ""]], heading=heading))) == 1
    assert "Kolom A heeft hier een waarde" in only_error(csv_bytes([["x", *row(), ""]], heading=heading)).message


def test_d3_the_template_is_refused_until_the_examples_are_gone():
    for template in (template_csv(), template_xlsx()):
        refused = refusal(template)
        assert [(error.row, error.remedy) for error in refused.errors] == [
            (2, "Haal de voorbeeldregel weg."),
            (3, "Haal de voorbeeldregel weg."),
        ]


def test_d3_the_examples_are_good_rows_but_for_their_name():
    mine = template_csv().replace(b"Voorbeeld Teamlid 1", b"Noor").replace(b"Voorbeeld Teamlid 2", b"Sam")
    assert [shift.minutes for shift in read(mine)] == [450, 435]
