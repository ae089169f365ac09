"""What keeps a line from Horecalonen and Connexie. E3, H6."""

from __future__ import annotations

import pytest

from portal.integrations.line_codes import BSN
from portal.integrations.providers.connexie.provider import ConnexieFile
from portal.integrations.providers.horecalonen.provider import HorecalonenFile
from portal.kernel.codes import Reason
from tests.integrations.providers.examples import line, person


@pytest.mark.parametrize("bsn", ["123456782", "111222333", "249566758", "012345672", "999999990", "1234.56.782"])
def test_h6_horecalonen_takes_a_good_bsn(bsn):
    assert HorecalonenFile().preflight_line(line(person=person(bsn=bsn, personnel_number=""))) == []


@pytest.mark.parametrize("bsn", ["123456789", "000000000", "12345678", "abc", "1234567820"])
def test_h6_horecalonen_refuses_a_bad_bsn_without_showing_it(bsn):
    reasons = HorecalonenFile().preflight_line(line(person=person(bsn=bsn)))
    assert reasons == [Reason("Het BSN klopt niet (11-proef).", BSN)]


def test_h6_horecalonen_names_a_missing_bsn():
    reasons = HorecalonenFile().preflight_line(line(person=person(bsn="")))
    assert reasons == [Reason("Het BSN ontbreekt.", BSN)]


@pytest.mark.parametrize("number", ["101", "0102", "A-7/b.c"])
def test_connexie_takes_a_personnel_number_and_needs_no_bsn(number):
    assert ConnexieFile().preflight_line(line(person=person(personnel_number=number, bsn=""))) == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [("", "ontbreekt"), ("=1", "mag alleen"), ("-5", "mag alleen"), ("1 2", "mag alleen"), ("x" * 21, "mag alleen")],
)
def test_e3_connexie_refuses_other_personnel_numbers(number, reason):
    reasons = ConnexieFile().preflight_line(line(person=person(personnel_number=number)))
    assert len(reasons) == 1
    assert reason in reasons[0].text


@pytest.mark.parametrize("made", [HorecalonenFile(), ConnexieFile()])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("", "nog geen code"),
        ("  ", "nog geen code"),
        ("=1+1", "formule"),
        ("+1", "formule"),
        ("-1", "formule"),
        ("@SUM", "formule"),
        ("\t1", "formule"),
        ("\r1", "formule"),
        ("a\nb", "vreemd teken"),
        ("x" * 51, "langer dan"),
    ],
)
def test_e3_a_code_that_a_machine_may_misread_is_refused(made, code, reason):
    reasons = made.preflight_line(line(code=code))
    assert len(reasons) == 1
    assert reason in reasons[0].text


def test_all_that_is_wrong_is_named_at_once():
    assert len(HorecalonenFile().preflight_line(line(code="=1", person=person(bsn="")))) == 2
