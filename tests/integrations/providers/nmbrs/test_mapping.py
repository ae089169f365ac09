"""G4: texts of Nmbrs become values strictly (reference nmbrs-soap-v3, sections 5 and 10)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from portal.hours.types import Period, PeriodKind
from portal.integrations.contract import Component
from portal.integrations.providers.nmbrs import mapping
from portal.integrations.providers.nmbrs.mapping import BadValueError

MONTH, FOUR, WEEK = PeriodKind.MONTH, PeriodKind.FOUR_WEEKS, PeriodKind.WEEK


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026-10-M", Period(MONTH, 2026, 10)),
        ("2026-2-M", Period(MONTH, 2026, 2)),
        ("2026-02-m", Period(MONTH, 2026, 2)),
        (" 2026 - 10 - M\n", Period(MONTH, 2026, 10)),
        ("2026-11-4W", Period(FOUR, 2026, 11)),
        ("2026-11-W4", Period(FOUR, 2026, 11)),
        ("2026-13-4w", Period(FOUR, 2026, 13)),
        ("2026-47-W", Period(WEEK, 2026, 47)),
        ("2026-47-W1", Period(WEEK, 2026, 47)),
        ("2026-53-1w", Period(WEEK, 2026, 53)),
    ],
)
def test_a_period(text, period):
    assert mapping.period(text) == period


@pytest.mark.parametrize(
    "text",
    ["", None, "2026-10", "2026-0-M", "2026-13-M", "2026-14-4W", "2026-54-W", "2026-10-Y", "26-10-M", "x2026-10-M",
     "2026-10-M x", "٢٠٢٦-10-M", 7],
)  # fmt: skip
def test_no_period(text):
    with pytest.raises(BadValueError):
        mapping.period(text)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("1", True), (" FALSE ", False), ("0", False)])
def test_a_flag(text, value):
    assert mapping.flag(text, "x") is value


@pytest.mark.parametrize("text", ["", None, "yes", "waar", "2", "falsch"])
def test_a_bad_flag_is_not_false(text):
    with pytest.raises(BadValueError):
        mapping.flag(text, "x")


@pytest.mark.parametrize("text", ["", "0001-01-01", "0001-01-01T00:00:00"])
def test_no_moment(text):
    assert mapping.moment(text, "x") is None


def test_a_moment():
    assert mapping.moment("2026-10-25T13:00:00", "x") == datetime(2026, 10, 25, 13)
    with pytest.raises(BadValueError):
        mapping.moment("25-10-2026", "x")


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ({"SubDomain": "acme", "Domain": "acme.nmbrs.nl"}, "acme"),
        ({"SubDomain": None, "Domain": "acme.nmbrs.nl"}, "acme"),
        ({"SubDomain": " ", "Domain": "https://acme.nmbrs.nl/x"}, "acme"),
        ({"Domain": "acme"}, "acme"),
        ({"SubDomain": "brasserie-zon"}, "brasserie-zon"),
        ({}, ""),
        ({"SubDomain": "a b"}, ""),
        ({"SubDomain": "<x>"}, ""),
    ],
)
def test_the_sub_domain(given, domain):
    assert mapping.sub_domain(SimpleNamespace(**given)) == domain


@pytest.mark.parametrize(
    ("types", "chosen"),
    [
        (((0, "Applicant"), (5, "Payroll"), (3, "Former Payroll")), 5),
        (((3, "Former Payroll"),), 2),
        (((4, "payroll"), (5, "PAYROLL")), 2),
        ((), 2),
    ],
)
def test_people_on_the_payroll(types, chosen):
    assert mapping.payroll_type(types) == chosen


def test_the_error_names_the_field_and_not_the_value():
    with pytest.raises(BadValueError) as caught:
        mapping.identifier("geheim", "Id")
    assert str(caught.value) == "Id"


@pytest.mark.parametrize(
    ("hours", "code", "found"),
    [
        ("8", "2100", Component("7", "2100", Decimal(8))),
        ("0.3333333333333333333333333333", "0", Component("7", "0", Decimal("0.3333333333333333333333333333"))),
        ("-12.50000000000000000000", "3041", Component("7", "3041", Decimal("-12.5"))),
    ],
)
def test_what_others_entered_is_read_however_odd(hours, code, found):
    assert mapping.component(SimpleNamespace(Id="7", HourCode=code, Hours=hours)) == found


@pytest.mark.parametrize(
    ("hours", "code"),
    [("", "1"), ("8,5", "1"), ("1e3", "1"), ("NaN", "1"), ("8", "-1"), ("8", "x"), ("8", "4294967296")],
)
def test_hours_or_a_code_that_cannot_be_read_are_never_zero(hours, code):
    with pytest.raises(BadValueError):
        mapping.component(SimpleNamespace(Id="7", HourCode=code, Hours=hours))
