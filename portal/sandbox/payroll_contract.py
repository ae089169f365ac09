"""Whether a batch follows docs/contract-uren-json.md. Written from that text, apart from our sender."""

from __future__ import annotations

import calendar
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

SCHEMA = "koppelportaal.hours/1"
REFERENCE = re.compile(r"[A-Za-z0-9-]{8,64}")
HOURS = re.compile(r"(?!-0\.00$)-?(0|[1-9][0-9]{0,5})\.[0-9]{2}")
BATCH_KEYS = {"schema", "reference", "organisation", "venue", "period", "totals", "lines"}
PERIOD_KEYS = {"kind", "year", "number", "first_day", "last_day"}
LINE_KEYS = {"line", "employee", "code", "minutes", "hours"}
MAX_LINES = 5000
MAX_MINUTES = 100_000
CENT = Decimal("0.01")

Json = dict[str, Any]
Check = Callable[[str], str]


class Invalid(Exception):
    """The whole batch is refused. `lines` says which lines are to blame."""

    def __init__(self, message: str, lines: list[Json] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.lines = lines or []


def load(body: bytes) -> Json:
    """The JSON object in a body. Raises ValueError for no JSON, doubled keys and NaN."""
    data = json.loads(body.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constants)
    if not isinstance(data, dict):
        raise ValueError("a JSON object is expected")  # noqa: TRY004 - one error for all that is unreadable
    return data


def _no_doubles(pairs: list[tuple[str, Any]]) -> Json:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _no_constants(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def check(batch: Json, reference: str, employee_key: str, problem: Check) -> None:
    """Raises Invalid when this batch breaks the contract; nothing may be booked then."""
    _keys(batch, BATCH_KEYS, "batch")
    if batch["schema"] != SCHEMA:
        raise Invalid(f"schema must be {SCHEMA}")
    if batch["reference"] != reference:
        raise Invalid("reference differs from the address")
    for name in ("organisation", "venue"):
        if not _is_text(batch[name], 200):
            raise Invalid(f"{name} must be text of 1 to 200 characters")
    _check_period(batch["period"])
    _check_lines(batch["lines"], employee_key, problem)
    _check_totals(batch["totals"], batch["lines"])


def _keys(value: Any, wanted: set[str], name: str) -> None:
    if not isinstance(value, dict):
        raise Invalid(f"{name} must be an object")
    wrong = sorted(set(value) ^ wanted)
    if wrong:
        raise Invalid(f"{name}: unknown or missing key {', '.join(wrong)}")


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and len(value.strip()) >= 1 and len(value) <= longest


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_period(period: Any) -> None:
    _keys(period, PERIOD_KEYS, "period")
    if not (_is_int(period["year"]) and _is_int(period["number"]) and 1990 <= period["year"] <= 2100):
        raise Invalid("period: year and number must be whole numbers")
    first, last = _day(period["first_day"]), _day(period["last_day"])
    checks = {"month": _month_fits, "four_weeks": _four_weeks_fit, "week": _week_fits}
    if not isinstance(period["kind"], str) or period["kind"] not in checks:
        raise Invalid("period: kind must be month, four_weeks or week")
    if not checks[period["kind"]](period["year"], period["number"], first, last):
        raise Invalid("period: number, first_day and last_day do not fit the kind")


def _day(value: Any) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise Invalid("period: days must be yyyy-mm-dd")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise Invalid("period: no such day") from error


def _month_fits(year: int, number: int, first: date, last: date) -> bool:
    if not 1 <= number <= 12:
        return False
    length = calendar.monthrange(year, number)[1]
    return (first, last) == (date(year, number, 1), date(year, number, length))


def _week_fits(year: int, number: int, first: date, last: date) -> bool:
    return first.isocalendar() == (year, number, 1) and last == first + timedelta(days=6)


def _four_weeks_fit(year: int, number: int, first: date, last: date) -> bool:
    whole_weeks = first.isoweekday() == 1 and (last - first).days in {27, 34}
    return 1 <= number <= 13 and whole_weeks and abs(first.year - year) <= 1


def _check_lines(lines: Any, employee_key: str, problem: Check) -> None:
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAX_LINES:
        raise Invalid(f"lines must hold 1 to {MAX_LINES} lines")
    for line in lines:
        _keys(line, LINE_KEYS, "line")
        _keys(line["employee"], {employee_key}, "employee")
        if not _is_text(line["line"], 64):
            raise Invalid("line: the id must be text of 1 to 64 characters")
    doubled = [name for name, times in Counter(line["line"] for line in lines).items() if times > 1]
    if doubled:
        raise Invalid("a line id stands twice", [{"line": doubled[0], "reason": "stands twice"}])
    reasons = [{"line": line["line"], "reason": _line_problem(line, employee_key, problem)} for line in lines]
    wrong = [reason for reason in reasons if reason["reason"]]
    if wrong:
        raise Invalid(f"{len(wrong)} lines are wrong", wrong)


def _line_problem(line: Json, employee_key: str, problem: Check) -> str:
    who = line["employee"][employee_key]
    if not isinstance(who, str) or problem(who):
        return problem(who) if isinstance(who, str) else f"{employee_key} must be text"
    if not _is_text(line["code"], 50):
        return "code must be text of 1 to 50 characters"
    if not _is_int(line["minutes"]) or abs(line["minutes"]) > MAX_MINUTES:
        return "minutes must be a whole number, not above 100000"
    if not _is_hours(line["hours"]):
        return "hours must be text with a point and two decimals"
    rounded = (Decimal(line["minutes"]) / 60).quantize(CENT, ROUND_HALF_UP)
    return "hours and minutes differ too much" if abs(Decimal(line["hours"]) - rounded) > CENT else ""


def _is_hours(value: Any) -> bool:
    return isinstance(value, str) and HOURS.fullmatch(value) is not None


def _check_totals(totals: Any, lines: list[Json]) -> None:
    _keys(totals, {"lines", "minutes", "hours"}, "totals")
    if not (_is_int(totals["lines"]) and _is_int(totals["minutes"]) and _is_hours(totals["hours"])):
        raise Invalid("totals: whole numbers for lines and minutes, text for hours")
    minutes = sum(line["minutes"] for line in lines)
    hours = sum((Decimal(line["hours"]) for line in lines), Decimal(0))
    if (totals["lines"], totals["minutes"], Decimal(totals["hours"])) != (len(lines), minutes, hours):
        raise Invalid("totals do not match the lines")
