"""Which hours are free when payroll gave back lines of an export that is taken back. Pure: no database.

Hours become free only when it is certain that payroll no longer holds them, and then never more than it gave back.
Whatever is in doubt stays with its export: that pays nobody twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Outcome(Enum):
    """What came of a line that takes back. FAILED is for good: it was given free, also when only in part."""

    OPEN = auto()
    BACK = auto()
    FAILED = auto()


@dataclass(frozen=True)
class Line:
    """A line of the correction that takes back; `minutes` are signed, so below zero."""

    member_id: int
    code: str
    minutes: int
    outcome: Outcome


@dataclass(frozen=True)
class Leaving:
    """A shift that is being taken back. `code`: under which payroll knows it, "" when that is not known.
    `minutes`: those that are approved."""

    shift_id: int
    member_id: int
    code: str
    minutes: int


@dataclass(frozen=True)
class Verdict:
    """Shifts that are `free` for a new export, and shifts that are not taken back after all. The others wait."""

    free: tuple[int, ...]
    stays: tuple[int, ...]


def judge(leaving: Iterable[Leaving], lines: Iterable[Line]) -> Verdict:
    """Look at each person by themselves."""
    told: dict[int, dict[str, Line]] = defaultdict(dict)
    for line in lines:
        told[line.member_id][line.code] = line
    shifts: dict[tuple[int, str], list[Leaving]] = defaultdict(list)
    for shift in leaving:
        shifts[(shift.member_id, shift.code)].append(shift)
    free: list[int] = []
    stays: list[int] = []
    for (member_id, code), group in shifts.items():
        ids = [shift.shift_id for shift in group]
        if _is_free(group, told[member_id], code):
            free += ids
        elif _stays(told[member_id], code):
            stays += ids
    return Verdict(tuple(sorted(free)), tuple(sorted(stays)))


def _is_free(shifts: Iterable[Leaving], lines: dict[str, Line], code: str) -> bool:
    """Payroll gave back everything of this person; or all of this code, and exactly these hours.

    Hours that changed after their export may stand under another code in payroll: those wait for everything.
    """
    if lines and all(line.outcome is Outcome.BACK for line in lines.values()):
        return True
    line = lines.get(code)
    if line is None or line.outcome is not Outcome.BACK:
        return False
    return sum(shift.minutes for shift in shifts) == -line.minutes


def _stays(lines: dict[str, Line], code: str) -> bool:
    """Payroll keeps them, or nobody can tell any more what they belong to."""
    line = lines.get(code)
    if line is not None and line.outcome is not Outcome.BACK:
        return line.outcome is Outcome.FAILED
    return any(other.outcome is Outcome.FAILED for other in lines.values())
