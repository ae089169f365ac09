"""Difference lines in companies that pay by week or by four weeks; 2026 has 53 weeks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.deliveries.correction_types import Way
from portal.hours.periods import bounds
from portal.hours.types import Period, PeriodKind
from portal.integrations import setup
from tests.deliveries.fix import change, correct, diffs, entries, nmbrs_settings, seen, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import send

Deliver = Callable[[], bool]
FOUR, WEEK = PeriodKind.FOUR_WEEKS, PeriodKind.WEEK
JESSE = ("Jesse Postma", "201", "123456782")
IRIS = ("Iris Kuipers", "301", "123456782")


@pytest.mark.parametrize(
    ("company", "person", "period", "now"),
    [
        ("3302", JESSE, Period(FOUR, 2026, 10), Period(FOUR, 2026, 11)),
        ("3302", JESSE, Period(FOUR, 2025, 13), Period(FOUR, 2026, 1)),
        ("3303", IRIS, Period(WEEK, 2025, 52), Period(WEEK, 2026, 1)),
        ("3303", IRIS, Period(WEEK, 2026, 44), Period(WEEK, 2026, 53)),
    ],
    ids=["four weeks", "the year ends", "the last week", "week 53"],
)
def test_the_difference_line_goes_in_the_period_that_payroll_works_on(
    stage: Stage,
    deliver: Deliver,
    company: str,
    person: tuple[str, str, str],
    period: Period,
    now: Period,
    time_machine: Any,
) -> None:
    stage.period = period
    after = bounds(period)[1] + timedelta(days=3)  # hours of long ago are not taken in
    time_machine.move_to(min(datetime(after.year, after.month, after.day, 12, tzinfo=UTC), datetime.now(UTC)))
    nmbrs_settings(stage, current={company: [period.year, period.number]})
    stage.bring_hours(days=1, people=(person,))
    stage.connect_nmbrs()
    setup.choose_company(stage.alice, "nmbrs", stage.venue, company)
    setup.choose_codes(stage.alice, "nmbrs", stage.venue, {"gewerkt": "2100"})
    send(stage)
    deliver()
    change(stage, until(stage, person, "15:00"))
    nmbrs_settings(stage, current={company: [now.year, now.number]})
    setup.refresh(stage.alice, "nmbrs", stage.venue)
    shown = seen(stage)
    assert (shown.default, shown.book, shown.current) == (Way.NEXT, now, now)
    correct(stage, Way.NEXT)
    deliver()
    number = int(person[1])
    assert set(entries(stage)) == {(number, period.number, 2100, "7.50"), (number, now.number, 2100, "-2.00")}
    assert {row["year"] for row in stage.state()["components"]} == {period.year, now.year}
    assert diffs(stage) == []
