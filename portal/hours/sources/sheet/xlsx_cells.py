"""Cells over a pipe: to JSON in the child, back in the parent, without loss.

Text and yes/no travel as they are, everything else as a pair of a tag and a text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from portal.hours.sources.sheet.grid import Cell, Problem

LONGEST_TEXT = 1000  # more than any column takes, so a cut text is still refused
Packed = str | bool | list[str]
TAGS: dict[type, str] = {datetime: "dt", date: "d", time: "t"}
READERS: dict[str, Callable[[str], Cell]] = {
    "dt": datetime.fromisoformat,
    "d": date.fromisoformat,
    "t": time.fromisoformat,
}


def pack(value: object) -> Packed:
    """Return the JSON form of what calamine returns."""
    if isinstance(value, bool):
        return value
    if isinstance(value, timedelta):
        return ["td", str(value // timedelta(microseconds=1))]
    if isinstance(value, int | float):
        return ["n", repr(value)]
    if isinstance(value, date | time):
        return [TAGS[type(value)], value.isoformat()]
    return str(value)[:LONGEST_TEXT]


def unpack(packed: Packed) -> Cell:
    """Return the cell. Raises ValueError or ArithmeticError for anything `pack` did not write."""
    if isinstance(packed, str | bool):
        return packed
    tag, text = packed
    if tag == "n":
        return _number(text)
    if tag == "td":
        return timedelta(microseconds=int(text))
    if tag == "problem":
        return Problem(text)
    return READERS[tag](text)


def _number(text: str) -> Cell:
    number = Decimal(text)
    return number if number.is_finite() and abs(number) < 10**18 else Problem("error")
