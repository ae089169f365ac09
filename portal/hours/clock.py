"""From the clock on the wall in Amsterdam to instants, and so to minutes. Pure.

A shift is a day, a start and an end. An end before the start is on the next day. Minutes are
counted between instants, so 22:00 to 06:00 is 7 hours in the last night of March summer time
begins, and 9 in the night of October it ends.

Two nights a year the wall clock says too little, and we do not guess, because it changes pay:

* the hour that does not exist (last Sunday of March, 02:00 to 03:00) is refused;
* the hour that comes twice (last Sunday of October, 02:00 to 03:00) needs a letter:
  `02:30 A` is the first time (summer time), `02:30 B` the second (winter time).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.hours.checks import Unusable, shown
from portal.hours.codes import CLOCK

ZONE = "Europe/Amsterdam"
DAY = 24 * 60
TOO_LONG = 16 * 60  # minutes on the wall clock; so long is a typing error, not a shift
TIME = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?:[:.]([0-9]{2}))?\s*([AaBb]?)")
ONE_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class WallTime:
    """`minutes` after midnight, 0 to 1440 (24:00, only as an end); `turn` is "", "A" or "B"."""

    minutes: int
    turn: str = ""

    def __str__(self) -> str:
        text = f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"
        return f"{text} {self.turn}" if self.turn else text


@dataclass(frozen=True)
class Span:
    """Two aware UTC instants and the whole minutes between them."""

    starts_at: datetime
    ends_at: datetime
    minutes: int


def wall_time(text: str) -> WallTime:
    """Read `8:30`, `08:30`, `08.30`, `08:30:00`, `24:00`, `02:30 A`. Raises Unusable.

    >>> str(wall_time("8.30"))
    '08:30'
    """
    match = TIME.fullmatch(text.strip())
    if match is None:
        raise Unusable(f"{shown(text)} is geen tijd.", "Schrijf de tijd als uren en minuten, zoals 08:30.")
    hour, minute = int(match[1]), int(match[2])
    if hour * 60 + minute > DAY or minute > 59:
        raise Unusable(f"{shown(text)} is geen tijd.", "Gebruik een tijd van 00:00 tot en met 23:59.")
    if int(match[3] or 0):
        raise Unusable(f"{shown(text)} heeft seconden.", "Rond af op hele minuten, zoals 08:30.")
    return WallTime(hour * 60 + minute, match[4].upper())


def span(day: date, start: WallTime, end: WallTime) -> Span:
    """Return the instants of a shift that starts on `day` (Europe/Amsterdam).

    Raises Unusable; its `field` is "start" or "end", the time that must be mended.
    """
    if start.minutes == DAY:
        raise Unusable("Een dienst kan niet om 24:00 beginnen.", "Gebruik 00:00 op de dag erna.", "start")
    if start == end:
        raise Unusable(f"Start en eind zijn allebei {start}.", "Controleer de start en het eind.", "end")
    starts_at = _instant(day, start, "start")
    ends_at = _instant(day if _same_day(start, end) else day + timedelta(days=1), end, "end")
    _refuse_odd_length(start, end, starts_at, ends_at)
    return Span(starts_at, ends_at, (ends_at - starts_at) // ONE_MINUTE)


def _same_day(start: WallTime, end: WallTime) -> bool:
    # 02:45 A to 02:15 B is half an hour in one night, though the wall clock went back
    return end.minutes > start.minutes or (start.turn, end.turn) == ("A", "B")


def _refuse_odd_length(start: WallTime, end: WallTime, starts_at: datetime, ends_at: datetime) -> None:
    if ends_at <= starts_at:
        raise Unusable(f"Het eind ({end}) ligt vóór de start ({start}).", "Controleer het eind.", "end")
    wall = end.minutes - start.minutes + (0 if _same_day(start, end) else DAY)
    if wall >= TOO_LONG:
        message = f"Van {start} tot {end} zou {_duration(wall)} zijn. Klopt de eindtijd?"
        raise Unusable(message, "Een dienst duurt korter dan 16 uur. Controleer de start en het eind.", "end")


def _duration(minutes: int) -> str:
    whole, rest = divmod(minutes, 60)
    return f"{whole} uur en {rest} minuten" if rest else f"{whole} uur"


def _instant(day: date, wall: WallTime, field: str) -> datetime:
    naive = datetime.combine(day, time()) + wall.minutes * ONE_MINUTE
    first, second = (naive.replace(tzinfo=ZoneInfo(ZONE), fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before == after:
        return _plain(first, wall, field)
    if first.astimezone(UTC).astimezone(ZoneInfo(ZONE)).replace(tzinfo=None) != naive:
        raise _missing(day, wall, field)
    if not wall.turn:
        raise _doubled(day, wall, field)
    return (first if wall.turn == "A" else second).astimezone(UTC)


def _plain(moment: datetime, wall: WallTime, field: str) -> datetime:
    if wall.turn:
        raise Unusable(
            f"Bij {wall} hoort geen letter.",
            "Een A of B hoort alleen bij het uur dat twee keer voorkomt (de nacht dat de wintertijd begint).",
            field,
            special=CLOCK,
        )
    return moment.astimezone(UTC)


def _missing(day: date, wall: WallTime, field: str) -> Unusable:
    return Unusable(
        f"{wall} bestaat niet op {day:%d-%m-%Y}: de klok gaat dan van 02:00 naar 03:00.",
        "Gebruik een tijd vóór 02:00 of vanaf 03:00.",
        field,
        special=CLOCK,
    )


def _doubled(day: date, wall: WallTime, field: str) -> Unusable:
    return Unusable(
        f"{wall} komt twee keer voor op {day:%d-%m-%Y}: de klok gaat dan van 03:00 terug naar 02:00.",
        f"Schrijf {wall} A voor de eerste keer (zomertijd) of {wall} B voor de tweede keer (wintertijd).",
        field,
        special=CLOCK,
    )
