"""Dutch forms of dates, hours and numbers for templates and mails."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from portal.kernel.codes import CODES

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)  # fmt: skip
NO_BREAK = "\N{NO-BREAK SPACE}"


def datum(value: date | datetime | None) -> str:
    """
    >>> datum(date(2026, 11, 22)).replace(NO_BREAK, " ")
    '22 november 2026'
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(AMSTERDAM)
    return f"{value.day}{NO_BREAK}{MONTHS[value.month - 1]}{NO_BREAK}{value.year}"


def tijd(value: datetime | None) -> str:
    return "" if value is None else f"{value.astimezone(AMSTERDAM):%H:%M}"


def datumtijd(value: datetime | None) -> str:
    return "" if value is None else f"{datum(value)}, {tijd(value)}"


def uren(value: Decimal | None) -> str:
    """
    >>> uren(Decimal("1234.50"))
    '1.234,50'
    """
    if value is None:
        return ""
    return f"{value:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def minuten(value: int | None) -> str:
    """
    >>> minuten(450)
    '7:30'
    """
    if value is None:
        return ""
    sign = "-" if value < 0 else ""
    return f"{sign}{abs(value) // 60}:{abs(value) % 60:02d}"


def meervoud(count: int, one: str, many: str) -> str:
    """
    >>> meervoud(2, "dienst", "diensten")
    '2 diensten'
    """
    return f"{count} {one if count == 1 else many}"


def code_of(state: str, thing: str) -> str:
    """The code of a state, "" when there is none.

    >>> code_of("paars", "koppeling")
    ''
    """
    return CODES.of(thing, state)


FILTERS = {
    "code_of": code_of,
    "datum": datum,
    "tijd": tijd,
    "datumtijd": datumtijd,
    "uren": uren,
    "minuten": minuten,
    "meervoud": meervoud,
}
