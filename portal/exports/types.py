"""What an export looks like before it exists: lines, problems, totals."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.hours.types import BatchLine, Period
from portal.kernel.codes import Code


class Mend(StrEnum):
    """Where a problem is mended; the page turns it into a link."""

    TEAM = "team"
    LINKS = "koppeling van teamleden"
    CODES = "urencodes"
    COMPANY = "bedrijf"
    HOURS = "uren"
    EXPORT = "export"
    NOWHERE = ""


@dataclass(frozen=True)
class Problem:
    """Why hours do not go along. `stops` means nothing can be exported until it is mended;
    without it the hours can be left out, by choice. `target_id` is a member or export id."""

    title: str
    detail: str
    mend: Mend
    code: Code
    minutes: int = 0
    shifts: int = 0
    stops: bool = False
    target_id: int = 0
    leave_out: bool = True


@dataclass(frozen=True)
class Totals:
    people: int
    minutes: int
    hours: Decimal
    by_code: tuple[tuple[str, str, int, Decimal], ...]


@dataclass(frozen=True)
class Preview:
    """`fingerprint` changes when anything on the screen that would be exported changes."""

    venue_id: int
    provider: str
    period: Period
    company_ref: str
    lines: tuple[BatchLine, ...]
    shift_ids: tuple[int, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    totals: Totals
    fingerprint: str

    @property
    def stopped(self) -> bool:
        return any(problem.stops for problem in self.problems) or not self.lines

    @property
    def left_out(self) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.leave_out and not problem.stops)


@dataclass(frozen=True)
class Correction:
    """What a correction will hold: signed differences. It takes no shifts: those stay with their own export."""

    venue_id: int
    provider: str
    period: Period
    company_ref: str
    lines: tuple[BatchLine, ...]
    hours: Decimal
    shift_ids: tuple[int, ...] = ()
