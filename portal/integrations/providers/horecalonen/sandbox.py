"""How the Horecalonen stand-in tells people apart: by BSN. The server itself is in portal.sandbox.payroll.

The rule is written here once more, on its own, so that a mistake in our client shows.
"""

from __future__ import annotations

from dataclasses import dataclass

WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)


@dataclass(frozen=True)
class HorecalonenRules:
    """`token` empty: no Authorization header is asked for."""

    name: str = "horecalonen"
    employee_key: str = "bsn"
    token: str = ""

    def problem(self, value: str) -> str:
        """Why this is not a BSN, or "". Nine digits that pass the 11-test, leading zero kept."""
        if len(value) != 9 or not (value.isascii() and value.isdigit()):
            return "a BSN is a text of nine digits"
        total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, value, strict=True))
        if value == "000000000" or total % 11:
            return "this BSN fails the 11-test"
        return ""

    def shown(self, value: str) -> str:
        """How it may stand in state and logs."""
        return "*****" + value[-4:]
