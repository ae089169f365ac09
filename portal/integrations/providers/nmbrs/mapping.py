"""Texts of Nmbrs become our values, strictly. Pure.

Every function raises BadValueError when a text is not what it must be: a number that cannot be
read must never become 0 (reference nmbrs-soap-v3, sections 6 to 10).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from portal.hours.periods import is_valid
from portal.hours.types import Period, PeriodKind
from portal.integrations.contract import Company, Component, Employee, HourCode

WHOLE = re.compile(r"[+-]?\d{1,10}", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d{1,12}(\.\d{0,30})?|\.\d{1,30})", re.ASCII)  # .NET writes up to 28 decimals
PERIOD = re.compile(r"(\d{4})\s*-\s*(\d{1,2})\s*-\s*(M|4W|W4|W1|1W|W)", re.ASCII | re.IGNORECASE)
KINDS = {"M": PeriodKind.MONTH, "4W": PeriodKind.FOUR_WEEKS, "W4": PeriodKind.FOUR_WEEKS}
LAST = {PeriodKind.MONTH: 12, PeriodKind.FOUR_WEEKS: 13, PeriodKind.WEEK: 53}
TRUTH = {"true": True, "1": True, "false": False, "0": False}
PAYROLL = 2  # section 8.4: employees on the payroll, in service
LARGEST_INT = 2**31 - 1


class BadValueError(ValueError):
    """The answer holds a value that cannot be read; names the field, never the value."""


@dataclass(frozen=True)
class Run:
    """A payroll run. `run_at` has no zone: Nmbrs gives none."""

    ref: str
    number: int
    year: int
    first_period: int
    last_period: int
    description: str
    run_at: datetime | None
    locked: bool


def text(row: Any, field: str) -> str:
    """Return the text of a field without outer blanks; empty when it is absent."""
    value = getattr(row, field, None)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadValueError(field)
    return value.strip()


def whole(value: object, field: str) -> int:
    found = value.strip() if isinstance(value, str) else ""
    if not WHOLE.fullmatch(found):
        raise BadValueError(field)
    return int(found)


def identifier(value: object, field: str) -> int:
    """Read an id of Nmbrs: a whole number above zero."""
    number = whole(value, field)
    if not 0 < number <= LARGEST_INT:
        raise BadValueError(field)
    return number


def code(value: object, field: str) -> int:
    """Read an hour code. Others may use 0; one odd code must not hide everything else of a person."""
    number = whole(value, field)
    if not 0 <= number <= LARGEST_INT:
        raise BadValueError(field)
    return number


def decimal(value: object, field: str) -> Decimal:
    found = value.strip() if isinstance(value, str) else ""
    if not DECIMAL.fullmatch(found):
        raise BadValueError(field)
    return Decimal(found)


def flag(value: object, field: str) -> bool:
    found = value.strip().lower() if isinstance(value, str) else ""
    if found not in TRUTH:
        raise BadValueError(field)
    return TRUTH[found]


def moment(value: str, field: str) -> datetime | None:
    """Read a dateTime; absent and `0001-01-01` both mean "none" (section 5)."""
    if not value or value.startswith("0001-01-01"):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise BadValueError(field) from None


def period(value: object) -> Period:
    """Read `2026-10-M`, `2026-11-4W` or `W4`, `2026-47-W`, `W1` or `1W` (section 10)."""
    found = PERIOD.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise BadValueError("period")
    kind = KINDS.get(found[3].upper(), PeriodKind.WEEK)
    read = Period(kind, int(found[1]), int(found[2]))
    if not 1 <= read.number <= LAST[kind] or not is_valid(read):
        raise BadValueError("period")
    return read


def debtor(row: Any) -> tuple[int, str]:
    """Return id and name; the number stands in for a missing name."""
    number = identifier(text(row, "Id"), "Id")
    return number, text(row, "Name") or text(row, "Number") or str(number)


def company(row: Any, debtor_name: str = "") -> Company:
    ref = identifier(text(row, "ID"), "ID")
    number = whole(text(row, "Number"), "Number")
    return Company(str(ref), str(number), text(row, "Name") or str(number), debtor_name)


def hour_code(row: Any, model: int) -> HourCode:
    return HourCode(str(code(text(row, "Code"), "Code")), text(row, "Description"), model)


def employee(row: Any) -> Employee:
    ref = identifier(text(row, "Id"), "Id")
    return Employee(str(ref), str(whole(text(row, "Number"), "Number")), text(row, "DisplayName"))


def employee_type(row: Any) -> tuple[int, str]:
    return whole(text(row, "Id"), "Id"), text(row, "Description")


def payroll_type(types: tuple[tuple[int, str], ...]) -> int:
    """Return the id of the type for people on the payroll, 2 when the list does not say."""
    named = [number for number, name in types if name.casefold() == "payroll"]
    return named[0] if len(named) == 1 else PAYROLL


def component(row: Any) -> Component:
    ref = identifier(text(row, "Id"), "Id")
    used = code(text(row, "HourCode"), "HourCode")
    return Component(str(ref), str(used), decimal(text(row, "Hours"), "Hours"))


def run(row: Any) -> Run:
    return Run(
        ref=str(identifier(text(row, "ID"), "ID")),
        number=whole(text(row, "Number"), "Number"),
        year=whole(text(row, "Year"), "Year"),
        first_period=whole(text(row, "PeriodStart"), "PeriodStart"),
        last_period=whole(text(row, "PeriodEnd"), "PeriodEnd"),
        description=text(row, "Description"),
        run_at=moment(text(row, "RunAt"), "RunAt"),
        locked=flag(text(row, "IsLocked"), "IsLocked"),
    )


def sub_domain(row: Any) -> str:
    """Return the sub-domain of the environment, empty when there is none.

    What `Domain` holds is not documented (section 14.2); its first label is the fall-back.
    """
    given = text(row, "SubDomain") or text(row, "Domain")
    label = given.rpartition("//")[2].partition("/")[0].partition(".")[0]
    return label if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", label) else ""
