"""What hours look like between areas. No I/O, nothing mutable.

Minutes are `int`, hours in payroll form are `Decimal` with two decimals, instants are aware.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from portal.kernel.codes import Code
from portal.secret import Secret


class PeriodKind(StrEnum):
    MONTH = "month"
    FOUR_WEEKS = "four_weeks"
    WEEK = "week"


@dataclass(frozen=True, order=True)
class Period:
    """A wage period: `year` and `number` as payroll counts them (ISO year for weeks)."""

    kind: PeriodKind
    year: int
    number: int


@dataclass(frozen=True)
class ImportedShift:
    """One row of an upload, read and checked. `row` is the row number a person sees in the file.

    `starts_at` and `ends_at` are aware UTC instants; `workday` is the local day (Europe/Amsterdam)
    on which the shift starts; `minutes` are paid minutes: (end - start) - break.
    `personnel_number` keeps leading zeros; empty text means "not given".
    """

    row: int
    name: str
    email: str
    personnel_number: str
    bsn: Secret
    workday: date
    starts_at: datetime
    ends_at: datetime
    break_minutes: int
    minutes: int
    kind: str
    approved: bool


@dataclass(frozen=True)
class RowError:
    """What is wrong with one cell: `row` as shown in the spreadsheet (0 = the whole file),
    `column` the Dutch heading ("" = the whole row), `message` the cause, `remedy` how to mend it,
    `code` leads to the article about it."""

    row: int
    column: str
    message: str
    remedy: str
    code: Code


@dataclass(frozen=True)
class Person:
    """A team member as a provider may see it."""

    member_id: int
    name: str
    personnel_number: str
    email: str
    bsn: Secret


@dataclass(frozen=True)
class BatchLine:
    """Hours of one person and one kind in one period. `hours` is rounded once, half up, 2 places.

    `code` is the code at the target ("2100" at Nmbrs, a word elsewhere); `line_id` is ours and
    stable; `employee_ref` is the target's own id of the person ("" when it works with `person`);
    `kinds` are the kinds that `kind` names together.
    """

    line_id: int
    person: Person
    kind: str
    code: str
    minutes: int
    hours: Decimal
    employee_ref: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """A frozen export: everything a file or a sender needs, in stable order."""

    reference: str
    organisation: str
    venue: str
    company_ref: str
    period: Period
    first_day: date
    last_day: date
    lines: tuple[BatchLine, ...]
