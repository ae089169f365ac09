"""D3, D4: CSV in every dialect people have, and what is not CSV."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.hours.sources.sheet.reader import read_sheet
from portal.hours.sources.sheet.refusal import ImportRefused
from tests.hours.generated import expected_minutes, shift_rows
from tests.hours.sheets import HEADING, TODAY, csv_bytes, only_error, read, refusal, row

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "cp1252"]


@given(shift_rows(), st.sampled_from(";,\t"), st.sampled_from(ENCODINGS), st.sampled_from(["\r\n", "\n", "\r"]))
def test_d3_round_trip_in_every_dialect(rows, delimiter, encoding, newline):
    shifts = read(csv_bytes(rows, delimiter=delimiter, encoding=encoding, newline=newline))
    assert [shift.name for shift in shifts] == [cells[0] for cells in rows]
    assert [shift.personnel_number for shift in shifts] == [cells[2] for cells in rows]
    assert [shift.minutes for shift in shifts] == [expected_minutes(cells) for cells in rows]


@given(st.binary(max_size=400))
def test_d3_any_bytes_are_refused_and_nothing_else_happens(content):
    refusal(content)


@given(st.lists(st.lists(st.text(max_size=12), max_size=11), max_size=4))
def test_d3_any_text_under_our_heading_is_refused_or_empty(rows):
    refusal(csv_bytes(rows, encoding="utf-8"))


@given(st.integers(0, 9), st.text(max_size=40))
def test_d3_any_text_in_any_cell_raises_nothing_else(place, text):
    cells = row()
    cells[place] = text
    with contextlib.suppress(ImportRefused):
        assert len(read(csv_bytes([cells]))) == 1


def test_d3_cp1252_and_utf8_names_come_out_the_same():
    for encoding in ENCODINGS:
        assert read(csv_bytes([row(Teamlid="Zoë Çelik €")], encoding=encoding))[0].name == "Zoë Çelik €"


def test_d3_a_row_with_a_column_too_many_or_too_few():
    many, few = [*row(), "extra"], row()[:-1]
    errors = refusal(csv_bytes([row(), many, few])).errors
    assert errors[0].message == "Deze rij heeft 11 kolommen, de kopregel heeft er 10."
    assert errors[1].message == "Deze rij heeft 9 kolommen, de kopregel heeft er 10."
    assert [error.row for error in errors] == [3, 4]


def test_d3_trailing_separators_are_no_column():
    assert len(read(csv_bytes([[*row(), "", ""]]))) == 1


def test_d3_empty_rows_are_skipped_and_still_counted():
    content = csv_bytes([[], row(), ["", " "] + [""] * 8, row(Datum="x")])
    assert only_error(content).row == 5


def test_d3_row_numbers_are_those_of_a_spreadsheet_despite_quoted_newlines():
    errors = refusal(csv_bytes([row(Teamlid="Noor\nBakker"), row(Datum="x")])).errors
    assert [error.row for error in errors] == [2, 3]


def test_d3_separators_inside_quotes_stay():
    (shift,) = read(csv_bytes([row(Teamlid='Bakker; "Noor", jr.')]))
    assert shift.name == 'Bakker; "Noor", jr.'


@pytest.mark.parametrize("start", ['"Noor', '"Noor"x'])
def test_d3_unbalanced_quotes_name_the_row(start):
    content = csv_bytes([row()]) + (start + ";" + ";".join(row()[1:])).encode()
    assert "aanhalingstekens kloppen niet vanaf rij 3" in refusal(content).message


def test_d3_an_endless_field_is_refused():
    refusal(csv_bytes([row(Teamlid="n" * 200_000)]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "leeg"),
        (b"\xef\xbb\xbf", "leeg"),
        (b"\r\n\r\n;;;\r\n", "leeg"),
        (csv_bytes([]), "geen uren"),
        (csv_bytes([row(Teamlid="No\0or")]), "NUL"),
        (csv_bytes([row()], encoding="utf-32"), "NUL"),
        (csv_bytes([row()]) + b"\x81", "tekens in dit bestand"),
        (b"\xef\xbb\xbf\xff", "tekens in dit bestand"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "oud Excel-bestand (.xls)"),
        (b"  <HTML><table>", "webpagina"),
        (b"<?xml version='1.0'?><Workbook/>", "XML-bestand"),
    ],
)
def test_d3_what_is_no_sheet(content, words):
    assert words in refusal(content).message


def test_d2_five_megabytes_and_one_byte():
    room = 5 * 1024 * 1024
    content = csv_bytes([row()])
    assert len(read(content + b"\n" * (room - len(content)))) == 1
    assert "groter dan 5 MB" in refusal(content + b"\n" * (room - len(content) + 1)).message
    with pytest.raises(ImportRefused, match="groter dan 5 MB"):
        read_sheet("uren.csv", io.BytesIO(b"\n" * (room + 1)), TODAY)


def test_d2_fifty_thousand_rows_and_one():
    text = ";".join(HEADING) + "\n" + "x\n" * 50_000
    assert refusal(text.encode()).total > 50_000
    assert "meer dan 50.000 rijen" in refusal((text + "x\n").encode()).message


@pytest.mark.parametrize("name", ["../../etc/passwd", "\u202efsv.exe", "n" * 4096, "a\0b.csv", "", "uren.xlsx", ".csv"])
def test_d4_the_name_of_the_file_is_data_only(name):
    assert len(read(csv_bytes([row()]), name)) == 1
    refused = refusal(b"", name)
    assert refused.facts["suffix"] in {".csv", ".xlsx", "other"}
    assert not name or name not in refused.message
