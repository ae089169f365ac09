"""Wage periods as the Nmbrs stand-in counts them. Pure rules, no clock.

Source: reference nmbrs-soap-v3 section 10. Not known there, our choice: a four-weekly period n is
ISO weeks 4n-3 to 4n, and period 13 also takes week 53 in a year that has one.
"""

from __future__ import annotations

from datetime import date, timedelta

MONTH, FOUR_WEEKS, WEEK = "month", "four_weeks", "week"
YearPeriod = tuple[int, int]


def weeks_in(year: int) -> int:
    """52 or 53: 28 December always lies in the last ISO week."""
    return date(year, 12, 28).isocalendar().week


def last_number(kind: str, year: int) -> int:
    return {MONTH: 12, FOUR_WEEKS: 13, WEEK: weeks_in(year)}[kind]


def fits(kind: str, year: int, number: int) -> bool:
    """Whether this period exists for a company of this kind (otherwise fault 2006)."""
    return 1990 <= year <= 2100 and 1 <= number <= last_number(kind, year)


def last_ended(kind: str, today: date) -> YearPeriod:
    """The last period that ended before `today`."""
    if kind == MONTH:
        before = today.replace(day=1) - timedelta(days=1)
        return before.year, before.month
    sunday = today - timedelta(days=today.isoweekday())
    year, week, _ = sunday.isocalendar()
    return (year, week) if kind == WEEK else _four_weeks_ended(year, week)


def _four_weeks_ended(year: int, week: int) -> YearPeriod:
    number = 13 if week == weeks_in(year) else min(week // 4, 12)
    return (year, number) if number else (year - 1, 13)
