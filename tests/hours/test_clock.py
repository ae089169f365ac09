"""D3: wall clock to instants, nights and the two odd nights of the year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.hours.checks import Unusable
from portal.hours.clock import WallTime, span, wall_time

MARCH, OCTOBER, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 10, 1)


def worked(day, start, end):
    return span(day, wall_time(start), wall_time(end))


def refused(day, start, end) -> Unusable:
    with pytest.raises(Unusable) as caught:
        worked(day, start, end)
    return caught.value


@pytest.mark.parametrize(
    ("day", "start", "end", "minutes"),
    [
        (PLAIN, "09:00", "17:00", 480),
        (PLAIN, "22:00", "06:00", 480),
        (PLAIN, "17:00", "24:00", 420),
        (PLAIN, "17:00", "00:00", 420),
        (PLAIN, "17:00", "08:59", 959),
        (date(2026, 3, 28), "22:00", "06:00", 420),
        (date(2026, 10, 24), "22:00", "06:00", 540),
        (MARCH, "01:00", "04:00", 120),
        (OCTOBER, "01:00", "04:00", 240),
        (date(2026, 10, 24), "22:00", "02:30 A", 270),
        (date(2026, 10, 24), "22:00", "02:30B", 330),
        (OCTOBER, "02:30 a", "08:00", 390),
        (OCTOBER, "02:30 b", "08:00", 330),
        (OCTOBER, "02:45 A", "02:15 B", 30),
        (OCTOBER, "02:15 A", "02:15 B", 60),
        (OCTOBER, "01:00", "03:00", 180),
    ],
)
def test_d3_minutes_of_a_shift(day, start, end, minutes):
    assert worked(day, start, end).minutes == minutes


@pytest.mark.parametrize(
    ("day", "start", "end", "field", "words"),
    [
        (MARCH, "02:30", "08:00", "start", "bestaat niet op 29-03-2026"),
        (date(2026, 3, 28), "22:00", "02:00", "end", "bestaat niet op 29-03-2026"),
        (date(2026, 10, 24), "22:00", "02:30", "end", "komt twee keer voor op 25-10-2026"),
        (OCTOBER, "02:00", "08:00", "start", "komt twee keer voor"),
        (OCTOBER, "02:15 B", "02:45 A", "end", "vóór de start"),
        (PLAIN, "02:30 A", "08:00", "start", "hoort geen letter"),
        (PLAIN, "17:00", "16:00", "end", "Van 17:00 tot 16:00 zou 23 uur zijn. Klopt de eindtijd?"),
        (PLAIN, "17:00", "09:30", "end", "zou 16 uur en 30 minuten zijn"),
        (PLAIN, "17:00", "09:00", "end", "zou 16 uur zijn"),
        (PLAIN, "00:00", "24:00", "end", "zou 24 uur zijn"),
        (PLAIN, "09:00", "09:00", "end", "allebei 09:00"),
        (PLAIN, "24:00", "06:00", "start", "24:00 beginnen"),
    ],
)
def test_d3_what_is_refused_and_why(day, start, end, field, words):
    error = refused(day, start, end)
    assert words in error.message
    assert error.field == field
    assert error.remedy


def test_d3_the_doubled_hour_says_how_to_write_it():
    assert "02:30 A" in refused(OCTOBER, "02:30", "08:00").remedy
    assert "02:30 B" in refused(OCTOBER, "02:30", "08:00").remedy


@pytest.mark.parametrize(
    "text", ["25:00", "24:01", "9", "09:60", "0900", "9u30", "", "08:30:30", "٠٩:٠٠", "-1:00", "09:00 C"]
)
def test_d3_no_time(text):
    with pytest.raises(Unusable):
        wall_time(text)


def test_d3_an_hour_of_25_has_the_promised_answer():
    with pytest.raises(Unusable) as caught:
        wall_time("25:00")
    told = f"{caught.value.message} {caught.value.remedy}"
    assert told == "25:00 is geen tijd. Gebruik een tijd van 00:00 tot en met 23:59."


def last_sunday(year: int, month: int) -> date:
    return max(date(year, month, number) for number in range(25, 32) if date(year, month, number).isoweekday() == 7)


def utc_of(day: date, minutes: int) -> datetime:
    """Independent of the time zone database: EU rule, both changes at 01:00 UTC."""
    naive = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    begins = datetime.combine(last_sunday(naive.year, 3), datetime.min.time(), UTC) + timedelta(hours=1)
    ends = datetime.combine(last_sunday(naive.year, 10), datetime.min.time(), UTC) + timedelta(hours=1)
    summer = naive - timedelta(hours=2)
    return summer if begins <= summer < ends else naive - timedelta(hours=1)


NEAR_CHANGES = st.sampled_from([MARCH, OCTOBER]).flatmap(
    lambda day: st.sampled_from([day - timedelta(days=1), day, day + timedelta(days=1)])
)


@given(
    st.one_of(st.dates(date(2025, 1, 1), date(2027, 12, 31)), NEAR_CHANGES),
    st.integers(0, 1439),
    st.integers(1, 959),
)
def test_d3_minutes_agree_with_an_independent_computation(day, start, length):
    end = (start + length) % 1440
    assume(end != start)
    for moment, minutes in ((day, start), (day + timedelta(days=(start + length) // 1440), end)):
        assume(not (moment == last_sunday(moment.year, 3) and 120 <= minutes < 180))
        assume(not (moment == last_sunday(moment.year, 10) and 120 <= minutes < 180))
    got = span(day, WallTime(start), WallTime(end))
    assert got.starts_at == utc_of(day, start)
    assert got.ends_at == utc_of(day, start + length)
    assert got.minutes == (got.ends_at - got.starts_at).total_seconds() / 60
    assert got.starts_at.tzinfo is UTC
