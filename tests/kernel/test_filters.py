"""Dutch forms of dates, hours and numbers."""

from __future__ import annotations

import doctest
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel import access, filters
from portal.kernel.filters import FILTERS, NO_BREAK, datum, datumtijd, meervoud, minuten, tijd, uren


def test_the_examples_hold() -> None:
    for module in (filters, access):
        outcome = doctest.testmod(module)
        assert outcome.attempted
        assert not outcome.failed


def test_moments_are_shown_in_amsterdam() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert datum(late) == NO_BREAK.join(("1", "januari", "2027"))
    assert tijd(late) == "00:30"
    assert tijd(datetime(2026, 7, 1, 12, tzinfo=UTC)) == "14:00"
    assert datumtijd(late).endswith(", 00:30")
    assert datum(date(2026, 3, 29)).startswith("29")


def test_nothing_is_shown_for_nothing() -> None:
    assert [FILTERS[name](None) for name in ("datum", "tijd", "datumtijd", "uren", "minuten")] == [""] * 5  # type: ignore[operator]


@pytest.mark.parametrize(
    ("value", "shown"), [("0", "0,00"), ("-1234.5", "-1.234,50"), ("1000000.25", "1.000.000,25"), ("7.5", "7,50")]
)
def test_hours_have_a_comma_and_points(value: str, shown: str) -> None:
    assert uren(Decimal(value)) == shown


@given(st.integers(-100_000, 100_000))
def test_minutes_lose_nothing(value: int) -> None:
    shown = minuten(value)
    hours, rest = shown.lstrip("-").split(":")
    assert (-1 if shown.startswith("-") else 1) * (int(hours) * 60 + int(rest)) == value
    assert len(rest) == 2


def test_one_or_more() -> None:
    assert [meervoud(count, "dienst", "diensten") for count in (0, 1, 2)] == ["0 diensten", "1 dienst", "2 diensten"]
