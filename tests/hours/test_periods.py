"""D3: the calendar of periods."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.hours import periods
from portal.hours.types import Period, PeriodKind
from portal.kernel.errors import InvalidInput

FIRST, LAST = date(2020, 1, 1), date(2035, 12, 31)
DAYS = [FIRST + timedelta(days=number) for number in range((LAST - FIRST).days + 1)]
MONTH, FOUR, WEEK = PeriodKind.MONTH, PeriodKind.FOUR_WEEKS, PeriodKind.WEEK


@pytest.mark.parametrize("kind", PeriodKind)
def test_d3_every_day_is_in_exactly_one_period_and_periods_touch(kind):
    found = list(dict.fromkeys(periods.period_of(day, kind) for day in DAYS))
    for day in DAYS:
        first, last = periods.bounds(periods.period_of(day, kind))
        assert first <= day <= last
    for one, other in pairwise(found):
        assert periods.bounds(one)[1] + timedelta(days=1) == periods.bounds(other)[0]
        assert periods.following(one) == other
        assert periods.previous(other) == one


def test_d3_weeks_agree_with_an_independent_count_of_mondays():
    monday, year, week = date(2019, 12, 30), 2020, 1
    while monday < LAST:
        assert periods.bounds(Period(WEEK, year, week)) == (monday, monday + timedelta(days=6))
        monday += timedelta(days=7)
        starts_a_year = (monday + timedelta(days=3)).year != year  # the Thursday decides
        year, week = (year + 1, 1) if starts_a_year else (year, week + 1)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period(MONTH, 2026, 12), date(2026, 12, 1), date(2026, 12, 31)),
        (Period(MONTH, 2028, 2), date(2028, 2, 1), date(2028, 2, 29)),
        (Period(WEEK, 2026, 1), date(2025, 12, 29), date(2026, 1, 4)),
        (Period(WEEK, 2026, 53), date(2026, 12, 28), date(2027, 1, 3)),
        (Period(FOUR, 2021, 1), date(2021, 1, 4), date(2021, 1, 31)),
        (Period(FOUR, 2026, 1), date(2025, 12, 29), date(2026, 1, 25)),
        (Period(FOUR, 2026, 12), date(2026, 11, 2), date(2026, 11, 29)),
        (Period(FOUR, 2026, 13), date(2026, 11, 30), date(2027, 1, 3)),
        (Period(FOUR, 2027, 1), date(2027, 1, 4), date(2027, 1, 31)),
        (Period(FOUR, 2027, 13), date(2027, 12, 6), date(2028, 1, 2)),
    ],
)
def test_d3_bounds_as_in_the_reference(period, first, last):
    assert periods.bounds(period) == (first, last)


def test_d3_53_week_years():
    assert [year for year in range(2020, 2036) if periods.is_valid(Period(WEEK, year, 53))] == [
        2020,
        2026,
        2032,
    ]


@pytest.mark.parametrize(
    "period",
    [
        Period(WEEK, 2027, 53),
        Period(FOUR, 2026, 14),
        Period(MONTH, 2026, 13),
        Period(MONTH, 2026, 0),
        Period(WEEK, 1, 1),
    ],
)
def test_d3_a_period_that_does_not_exist_has_no_bounds(period):
    with pytest.raises(ValueError, match="no such period"):
        periods.bounds(period)


@given(st.dates(FIRST, LAST), st.sampled_from(PeriodKind))
def test_d3_slug_round_trip(day, kind):
    period = periods.period_of(day, kind)
    assert periods.parse(periods.slug(period)) == period


@pytest.mark.parametrize("text", ["", "2026-53-M", "2027-53-W", "2026-1-M", "2026-10-M\n", "٢٠٢٦-10-M", "2026-10-m"])
def test_d3_other_text_is_no_period(text):
    with pytest.raises(InvalidInput) as caught:
        periods.parse(text)
    assert caught.value.field == "period"


def test_labels_are_dutch_and_tell_of_the_fifth_week():
    assert periods.label(Period(MONTH, 2026, 10)) == "oktober 2026"
    assert periods.label(Period(FOUR, 2026, 11)) == "periode 11 van 2026 (4 weken)"
    assert periods.label(Period(FOUR, 2026, 13)) == "periode 13 van 2026 (5 weken)"
    assert periods.label(Period(WEEK, 2026, 47)) == "week 47 van 2026"
