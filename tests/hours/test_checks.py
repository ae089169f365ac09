"""D3: what shows only when rows stand side by side, and the 11-test."""

from __future__ import annotations

import pytest

from portal.hours.checks import clean_bsn, shown
from tests.hours.sheets import csv_bytes, only_error, read, refusal, row

LATER = {"Start": "18:00", "Eind": "20:00", "Pauze": ""}
BSNS = ("123456782", "111222333", "249566758", "012345672", "999999990")


@pytest.mark.parametrize("number", BSNS)
def test_d3_bsn_passes(number):
    assert clean_bsn(number) == number


def test_d3_bsn_without_its_zero_gets_it_back():
    assert clean_bsn("12345672") == "012345672"
    assert clean_bsn("1234.56.782") == "123456782"


@pytest.mark.parametrize("number", ["123456789", "000000000", "00000000", "", "2345672", "1234567820", "١٢٣٤٥٦٧٨٢"])
def test_d3_bsn_refused(number):
    assert clean_bsn(number) is None


@pytest.mark.parametrize("text", ["123456782", "x123456782", "1234-56-782", "123.456.782", "12345672", "123 456 782"])
def test_d3_a_bsn_is_never_shown(text):
    assert not any(char.isdigit() for char in shown(text))


def test_d3_the_same_row_twice_names_both():
    error = only_error(csv_bytes([row(), row()]))
    assert (error.row, error.message) == (3, "Rij 2 en rij 3 zijn dezelfde dienst van hetzelfde teamlid.")


def test_d3_overlap_names_the_other_row():
    error = only_error(csv_bytes([row(), row(Start="16:59", Eind="20:00")]))
    assert error.row == 3
    assert "rij 2" in error.message


def test_d3_overlap_is_seen_behind_a_long_shift_and_over_midnight():
    rows = [
        row(Start="20:00", Eind="06:00"),
        row(Start="21:00", Eind="22:00"),
        row(Datum="02-10-2026", Start="05:00"),
    ]
    assert [error.row for error in refusal(csv_bytes(rows)).errors] == [3, 4]


def test_d3_shifts_may_touch():
    assert len(read(csv_bytes([row(), row(Start="17:00", Eind="20:00")]))) == 2


def test_d3_a_person_is_followed_from_number_to_email_to_bsn():
    rows = [
        row(BSN=""),
        row(Personeelsnummer="", E_mail="", **LATER),
        row(Personeelsnummer="", Start="22:00", Eind="23:00"),
        row(E_mail="", BSN="", Start="16:00", Eind="16:30", Pauze=""),
        row(Personeelsnummer="", E_mail="", Start="19:00", Eind="21:00"),
    ]
    assert [error.row for error in refusal(csv_bytes(rows)).errors] == [5, 6]


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"Teamlid": "Iemand Anders"}, "Teamlid"),
        ({"E_mail": "ander@example.com"}, "E-mail"),
        ({"BSN": "111222333"}, "BSN"),
        ({"Personeelsnummer": "00102", "E_mail": ""}, "Personeelsnummer"),
        ({"Personeelsnummer": "00102", "BSN": ""}, "Personeelsnummer"),
        ({"Personeelsnummer": "", "BSN": "", "Teamlid": "Iemand Anders"}, "Teamlid"),
        ({"Personeelsnummer": "", "E_mail": "", "Teamlid": "Iemand Anders"}, "Teamlid"),
    ],
)
def test_d3_one_person_has_one_identity(changes, column):
    error = only_error(csv_bytes([row(), row(**changes, **LATER)]))
    assert (error.row, error.column) == (3, column)
    assert "Rij 2" in error.message
    assert not any(bsn in error.message + error.remedy for bsn in BSNS)


def test_d3_case_and_spaces_make_no_other_person():
    rows = [row(), row(Teamlid="NOOR  bakker", E_mail="Noor@Example.com", **LATER)]
    assert len(read(csv_bytes(rows))) == 2


def test_d3_two_people_may_work_at_the_same_time():
    other = row(Teamlid="Sam de Wit", E_mail="sam@example.com", Personeelsnummer="00102", BSN="111222333")
    assert len(read(csv_bytes([row(), other]))) == 2
