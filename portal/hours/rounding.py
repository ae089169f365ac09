"""Minutes to payroll hours: exact until the end, rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def hours(minutes: int) -> Decimal:
    """Return decimal hours with two places, half up. Give it the sum, never sum its answers.

    >>> hours(450)
    Decimal('7.50')
    >>> hours(75)
    Decimal('1.25')
    >>> hours(20), hours(40), hours(20 + 40)
    (Decimal('0.33'), Decimal('0.67'), Decimal('1.00'))
    >>> hours(0)
    Decimal('0.00')
    """
    return (Decimal(minutes) / 60).quantize(CENT, rounding=ROUND_HALF_UP)


def supplement(previous_minutes: int, previous_hours: Decimal, new_minutes: int) -> Decimal:
    """Return the hours still to book when `new_minutes` come after a booked `previous_hours`.

    The two bookings together are the rounded total, so no cent of an hour is lost or doubled.

    >>> supplement(20, hours(20), 20)
    Decimal('0.34')
    >>> supplement(0, Decimal("0.00"), 450)
    Decimal('7.50')
    """
    return hours(previous_minutes + new_minutes) - previous_hours
