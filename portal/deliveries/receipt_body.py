"""What a receipt says: the lines with their people, as canonical JSON, and the code to check it by."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

# Crockford's base 32: without I, L, O and U, which are misread
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})
SIGNS, GROUP, PREFIX = 16, 4, "KP"
VERSION = 2  # 2: `unprotected`


@dataclass(frozen=True)
class Line:
    """`hours`: what payroll was asked to hold after `action`; `hours_before`: what it held, for update and delete.

    Times are aware; `started_at` is None when the line was never sent.
    """

    id: int
    name: str
    personnel_number: str
    kind: str
    code: str
    action: str
    hours: Decimal
    hours_before: Decimal | None
    state: str
    remote_ref: str
    target_ref: str
    reason: str
    started_at: datetime | None
    settled_at: datetime | None


@dataclass(frozen=True)
class Body:
    """Everything a receipt states. `salt` keeps its digest from being guessed by who knows the people.

    `unprotected`: a person chose to write in a closed period; receipts of version 1 do not say.
    """

    version: int
    salt: str
    code: str
    replaces: str
    sealed_at: datetime
    state: str
    organisation: str
    venue: str
    company_ref: str
    provider: str
    provider_receipt: str
    export_id: int
    export_kind: str
    revision: int
    reference: str
    period_kind: str
    year: int
    number: int
    book_year: int
    book_number: int
    first_day: str
    last_day: str
    delivery_id: int
    started_by: str
    created_at: datetime
    finished_at: datetime | None
    lines: tuple[Line, ...]
    unprotected: bool = False

    def count(self, *states: str) -> int:
        return sum(line.state in states for line in self.lines)

    @property
    def accepted_hours(self) -> Decimal:
        """The change in payroll, in hours: a correction may be negative."""
        return sum((change(line) for line in self.lines if line.state == "geaccepteerd"), Decimal(0))


def change(line: Line) -> Decimal:
    """By how many hours this line changes what payroll holds.

    A delete takes away what was there; an update goes from what was there to what there must be.
    """
    if line.action == "delete":
        return -(line.hours_before or Decimal(0))
    return line.hours - (line.hours_before or Decimal(0))


def canonical(body: Body) -> bytes:
    """The same body gives the same bytes for ever: sorted names, no spaces, UTF-8, times in UTC, hours as text."""
    found = {**vars(body), "lines": [vars(line) for line in body.lines]}
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_plain).encode()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def parse(content: bytes) -> Body:
    """Read canonical JSON back. Raises ValueError, KeyError or TypeError for anything else."""
    found: dict[str, Any] = json.loads(content)
    _revive(found, "sealed_at", "created_at", "finished_at")
    return Body(**{**found, "lines": tuple(_line(row) for row in found["lines"])})


def _line(row: dict[str, Any]) -> Line:
    _revive(row, "started_at", "settled_at")
    before = row["hours_before"]
    return Line(**{**row, "hours": Decimal(row["hours"]), "hours_before": None if before is None else Decimal(before)})


def _revive(row: dict[str, Any], *names: str) -> None:
    for name in names:
        row[name] = None if row[name] is None else datetime.fromisoformat(row[name])


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def new_code() -> str:
    """80 random bits: nobody guesses one, so asking needs no limit of its own."""
    return written("".join(secrets.choice(ALPHABET) for _ in range(SIGNS)))


def written(signs: str) -> str:
    """
    >>> written("0123456789ABCDEF")
    'KP-0123-4567-89AB-CDEF'
    """
    return "-".join([PREFIX, *(signs[start : start + GROUP] for start in range(0, SIGNS, GROUP))])


def understood(typed: str) -> str | None:
    """The code that somebody meant, or None when it cannot be one: forgives case, spaces, dashes, O for 0, I for 1.

    >>> understood(" kp 0i23 4567 89ab-cdef ")
    'KP-0123-4567-89AB-CDEF'
    >>> understood("KP-0123") is None
    True
    """
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    if len(signs) == SIGNS + len(PREFIX):
        signs = signs.removeprefix(PREFIX)
    signs = signs.translate(MISREAD)
    return written(signs) if len(signs) == SIGNS and set(signs) <= set(ALPHABET) else None
