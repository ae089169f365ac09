"""How the Connexie stand-in tells people apart: by personnel number (server: portal.sandbox.payroll)."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class ConnexieRules:
    """`token` empty: no Authorization header is asked for."""

    name: str = "connexie"
    employee_key: str = "personnel_number"
    token: str = ""

    def problem(self, value: str) -> str:
        """Why this is not a personnel number, or "". Text: leading zeros count."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]{0,19}", value):
            return "a personnel number has 1 to 20 letters, digits, points, slashes or hyphens"
        return ""

    def shown(self, value: str) -> str:
        """How it may stand in state and logs."""
        return value
