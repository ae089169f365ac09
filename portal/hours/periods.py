"""The calendar of wage periods: months, four weeks and weeks. Pure, no clock, no I/O.

Weeks are ISO weeks (Monday to Sunday, week 1 holds 4 January) and carry the ISO year, so
2025-12-29 is in week 1 of 2026. A four-week period is the ISO weeks 4n-3 to 4n; in a year with
53 weeks period 13 also holds week 53, as Nmbrs does (reference connexie-horecalonen.md, c3).
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from portal.hours.types import Period, PeriodKind
from portal.kernel.errors import InvalidInput

FIRST_YEAR, LAST_YEAR = 2000, 2199
LETTERS = {PeriodKind.MONTH: "M", PeriodKind.FOUR_WEEKS: "4W", PeriodKind.WEEK: "W"}
MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
SLUG = re.compile(r"([0-9]{4})-([0-9]{2})-(M|4W|W)")
ONE_DAY = timedelta(days=1)


def is_valid(period: Period) -> bool:
    """Tell whether this period exists: week 53 only in a year that has one."""
    if not FIRST_YEAR <= period.year <= LAST_YEAR:
        return False
    return 1 <= period.number <= _count(period.kind, period.year)


def bounds(period: Period) -> tuple[date, date]:
    """Return the first and the last day, both in the period.

    Raises ValueError for a period that does not exist.
    """
    if not is_valid(period):
        raise ValueError(f"no such period: {period}")
    if period.kind is PeriodKind.MONTH:
        return _month(period.year, period.number)
    if period.kind is PeriodKind.WEEK:
        return _weeks(period.year, period.number, period.number)
    last = weeks_in(period.year) if period.number == 13 else 4 * period.number
    return _weeks(period.year, 4 * period.number - 3, last)


def period_of(day: date, kind: PeriodKind) -> Period:
    """Return the one period of this kind that holds `day`."""
    if kind is PeriodKind.MONTH:
        return Period(kind, day.year, day.month)
    year, week, _ = day.isocalendar()
    if kind is PeriodKind.WEEK:
        return Period(kind, year, week)
    return Period(kind, year, min(13, (week + 3) // 4))


def previous(period: Period) -> Period:
    return period_of(bounds(period)[0] - ONE_DAY, period.kind)


def following(period: Period) -> Period:
    return period_of(bounds(period)[1] + ONE_DAY, period.kind)


def label(period: Period) -> str:
    """Return the Dutch name; period 13 with week 53 is honestly "(5 weken)".

    >>> label(Period(PeriodKind.MONTH, 2026, 10))
    'oktober 2026'
    >>> label(Period(PeriodKind.FOUR_WEEKS, 2026, 11))
    'periode 11 van 2026 (4 weken)'
    >>> label(Period(PeriodKind.WEEK, 2026, 47))
    'week 47 van 2026'
    """
    first, last = bounds(period)
    if period.kind is PeriodKind.MONTH:
        return f"{MONTHS[period.number - 1]} {period.year}"
    if period.kind is PeriodKind.WEEK:
        return f"week {period.number} van {period.year}"
    weeks = ((last - first).days + 1) // 7
    return f"periode {period.number} van {period.year} ({weeks} weken)"


def slug(period: Period) -> str:
    """Return the short form for forms and file names; `parse` reads it back.

    >>> slug(Period(PeriodKind.FOUR_WEEKS, 2026, 11))
    '2026-11-4W'
    """
    return f"{period.year}-{period.number:02d}-{LETTERS[period.kind]}"


def parse(text: str) -> Period:
    """Read a slug. Raises InvalidInput (field "period") when it is none or does not exist."""
    match = SLUG.fullmatch(text)
    kinds = {letter: kind for kind, letter in LETTERS.items()}
    if match is not None:
        period = Period(kinds[match[3]], int(match[1]), int(match[2]))
        if is_valid(period):
            return period
    raise InvalidInput("Deze periode bestaat niet. Kies een periode uit de lijst.", field="period")


def weeks_in(year: int) -> int:
    """Return 52 or 53, the number of ISO weeks: 28 December is always in the last one."""
    return date(year, 12, 28).isocalendar().week


def _count(kind: PeriodKind, year: int) -> int:
    if kind is PeriodKind.MONTH:
        return 12
    return 13 if kind is PeriodKind.FOUR_WEEKS else weeks_in(year)


def _month(year: int, number: int) -> tuple[date, date]:
    after = date(year + number // 12, number % 12 + 1, 1)
    return date(year, number, 1), after - ONE_DAY


def _weeks(year: int, first: int, last: int) -> tuple[date, date]:
    return date.fromisocalendar(year, first, 1), date.fromisocalendar(year, last, 7)
