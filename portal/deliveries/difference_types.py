"""What the difference screen is made of: approved, promised and sent hours, what was read, and the rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from portal.deliveries.protocol import Action, Booked, LineState
from portal.kernel.chain import digest

ZERO = Decimal("0.00")
STEPS = tuple(Decimal(step) for step in ("0.05", "0.10", "0.25", "0.50"))


class Finding(StrEnum):
    """In order of importance: a row has one finding, the first that holds."""

    UNCLEAR = "onbekend"
    MOVING = "onderweg"
    CHANGED = "veranderd in het salarispakket"
    GONE = "weg uit het salarispakket"
    REFUSED = "geweigerd"
    STALE = "veranderd na de export"
    DOUBLE = "misschien dubbel"
    NOT_SENT = "nog niet verstuurd"
    NOT_SAME = "verstuurd is anders"
    TAKEN_BACK = "teruggedraaid"
    NOT_EXPORTED = "nog niet geëxporteerd"
    UNREAD = "nog niet gelezen"
    THEIRS = "van een ander"
    EQUAL = "klopt"


@dataclass(frozen=True)
class Approved:
    """Approved minutes of a person and code in the portal: not in an export yet, in one, and in one that is being
    taken back: a correction takes those off already."""

    open: int = 0
    exported: int = 0
    leaving: int = 0


@dataclass(frozen=True)
class Promise:
    """A line of an export that stands. `idle`: nobody sent it, or its delivery was cancelled before it. `loaded`: the
    file was downloaded, so payroll may hold it all the same. `told`: a person said that payroll processed it.
    `stuck_in`: the delivery of which something went out already, so that the export cannot be withdrawn."""

    export_id: int
    minutes: int
    hours: Decimal
    idle: bool
    loaded: bool = False
    told: bool = False
    stuck_in: int = 0


@dataclass(frozen=True)
class Sent:
    """A line of a delivery. `here`: booked in this period; `for_this`: hours of this period.

    `hours` is what payroll holds afterwards, `hours_before` what it held. `employee_ref`: of whom it is, in payroll; a
    member may have been another employee before. `frozen`: the delivery is stopped.
    `kept`: refused by our own check, payroll never saw it. `closed_at`: when the round of calls that booked it ended,
    with a reading.
    """

    delivery_id: int
    export_id: int
    action: Action
    state: LineState
    hours: Decimal
    hours_before: Decimal | None
    ref: str
    code: str
    settled_at: datetime | None
    employee_ref: str
    here: bool
    for_this: bool
    looking: bool
    frozen: bool
    released: bool
    receipt: str = ""
    kept: bool = False
    closed_at: datetime | None = None

    @property
    def guest(self) -> bool:
        """Booked here for another period."""
        return self.state is LineState.ACCEPTED and self.here and not self.for_this


@dataclass(frozen=True)
class Seen:
    """The last reading of an employee. `read_at` None: never read."""

    read_at: datetime | None
    asking: bool
    error: str
    components: tuple[Booked, ...]


@dataclass(frozen=True)
class Other:
    """A component that this venue did not book. `ours`: another venue of the organisation did. `mark`: see `mark`."""

    code: str
    hours: Decimal
    ours: bool
    mark: str = ""
    ref: str = ""
    employee_ref: str = ""


@dataclass(frozen=True)
class Mismatch:
    """Our component as it should be, and as it is (`found` None: it is gone). `at_once`: it was so when we had just
    booked it, so that payroll made it so."""

    ref: str
    code: str
    hours: Decimal
    found: Booked | None
    employee_ref: str = ""
    at_once: bool = False

    @property
    def stored(self) -> bool:
        """Payroll itself stored other hours than we booked."""
        return self.at_once and self.found is not None and self.found.code == self.code

    @property
    def rounded(self) -> bool:
        """What is there may be our hours, rounded."""
        there = self.found.hours if self.found and self.found.code == self.code else None
        return there is not None and any(_rounds(self.hours, there, step) for step in STEPS)

    @property
    def codes(self) -> set[str]:
        """Under which it should be, and under which it is."""
        return {self.code, self.found.code if self.found else self.code}


@dataclass(frozen=True)
class Person:
    """Everything of one person that a row is made of; the mappings are by code.

    `readings`: by payroll's id of the employee; a member who was hired again has more of them. `strangers`: employee
    and id of what another venue of the organisation booked for this person. `said`: by export, the marks of what
    others held when somebody said that it is not double. `before`: by an id of ours that is gone, the ids that cannot
    stand in for it: they were there first, or are of another customer; without it nothing can.
    """

    member_id: int
    name: str
    kinds: Mapping[str, str] = field(default_factory=dict)
    approved: Mapping[str, Approved] = field(default_factory=dict)
    promised: Mapping[str, Sequence[Promise]] = field(default_factory=dict)
    sent: Sequence[Sent] = ()
    readings: Mapping[str, Seen] = field(default_factory=dict)
    strangers: frozenset[tuple[str, str]] = frozenset()
    said: Mapping[int, frozenset[str]] = field(default_factory=dict)
    before: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def seen(self) -> Seen | None:
        """All readings as one, as old as the oldest; None when there is nobody to read."""
        found = list(self.readings.values())
        moments = [one.read_at for one in found if one.read_at is not None]
        oldest = min(moments) if moments and len(moments) == len(found) else None
        errors, rows = (one.error for one in found if one.error), (row for one in found for row in one.components)
        return Seen(oldest, any(one.asking for one in found), next(errors, ""), tuple(rows)) if found else None


@dataclass(frozen=True)
class Doubt:
    """Rows of others (their marks) that may be the same hours as ours of these exports."""

    member_id: int
    code: str
    marks: tuple[str, ...]
    exports: tuple[int, ...]

    @property
    def fingerprint(self) -> str:
        """Of everything that is on the screen when a person says that it is not double."""
        parts = {"member": self.member_id, "code": self.code, "marks": " ".join(self.marks)}
        return digest({**parts, "exports": " ".join(map(str, self.exports))})[:32]


@dataclass(frozen=True)
class Row:
    """`payroll` None: not read. `elsewhere`: sent for this period but booked in another; `guest`: the reverse.

    `double`: hours that somebody outside the portal entered under a code under which there are hours of ours too;
    `looked`: those of which a person said that they are not double; `doubt`: of what they can still say so. `hides`:
    what would be found without `double`.
    `stuck_in`: the delivery at which these hours must be given free first. `stand_in`: hours that others entered for
    what of ours is gone. `more`: there are hours that were not sent yet. `goal`: what payroll should hold under this
    code; None when hours are still to be sent.
    `refused_id`: the delivery in which a line is refused; `kept`: by our own check.
    """

    member_id: int
    name: str
    code: str
    kind: str
    approved: Decimal
    sent: Decimal
    elsewhere: Decimal
    guest: Decimal
    payroll: Decimal | None
    others: tuple[Other, ...]
    seen: Seen | None
    finding: Finding
    target_id: int = 0
    looking: bool = False
    mismatches: tuple[Mismatch, ...] = ()
    receipt: str = ""
    double: Decimal = ZERO
    looked: Decimal = ZERO
    hides: Finding | None = None
    doubt: Doubt | None = None
    stuck_in: int = 0
    stand_in: Decimal = ZERO
    more: bool = False
    goal: Decimal | None = None
    kept: bool = False
    refused_id: int = 0

    @property
    def differs(self) -> bool:
        return self.finding is not Finding.EQUAL

    @property
    def theirs(self) -> Decimal:
        return sum((other.hours for other in self.others), ZERO)


def _rounds(hours: Decimal, there: Decimal, step: Decimal) -> bool:
    """Whether `there` is `hours`, up or down to whole steps.

    >>> _rounds(Decimal("7.45"), Decimal("7.50"), Decimal("0.25"))
    True
    >>> _rounds(Decimal("7.50"), Decimal("8.00"), Decimal("0.25"))
    False
    """
    return not there % step and 0 < abs(there - hours) < step


def mark(ref: str, code: str, hours: Decimal) -> str:
    """A short word for a row exactly as it stands in payroll: another row, or other hours, get another word."""
    return digest({"ref": ref, "code": code, "hours": f"{hours:.2f}"})[:16]


def effect(action: Action, hours: Decimal, hours_before: Decimal | None) -> Decimal:
    """What an accepted line added to payroll, negative when it took away.

    >>> effect(Action.UPDATE, Decimal(10), Decimal(12))
    Decimal('-2')
    """
    before = hours_before or ZERO
    if action is Action.INSERT:
        return hours
    return hours - before if action is Action.UPDATE else -before
