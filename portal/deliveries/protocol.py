"""The rules of sending, without I/O: what a line may become, what comes next, what a reading back proves.

Nmbrs has no idempotency key, and a reading gives only id, hour code and hours (reference nmbrs-soap-v3, 9.1 and
9.3). So the ids that are there before our first write are kept, a line is `bezig` on paper before its call, and a
lost answer is looked up before anything else happens.

Line:    gepland -> bezig -> geaccepteerd | geweigerd | onbekend
         bezig -> gepland only when it is certain that payroll did nothing
         gepland -> onbekend when a backup was put back: it may have been sent since
         gepland -> geweigerd by a person who gives what was not sent free: such a line never moves again
         geweigerd -> gepland by a person; onbekend -> geaccepteerd | geweigerd | gepland by reading back or by a person
Parcel:  open -> bezig (one worker, attempt + 1, a lease) -> open | klaar
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from portal.deliveries import codes
from portal.kernel.codes import Reason


class LineState(StrEnum):
    PLANNED = "gepland"
    BUSY = "bezig"
    ACCEPTED = "geaccepteerd"
    REFUSED = "geweigerd"
    UNCLEAR = "onbekend"


class ParcelState(StrEnum):
    OPEN = "open"
    BUSY = "bezig"
    DONE = "klaar"


class Action(StrEnum):
    """What a line asks of payroll; the last two are about exactly our own component."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Event(StrEnum):
    START = "we gaan versturen"
    ACCEPT = "geboekt"
    REFUSE = "geweigerd"
    NOT_SENT = "zeker niet aangekomen"
    LOSE = "het antwoord is kwijt"
    FOUND = "staat er"
    ABSENT = "staat er niet"
    TURNED_AWAY = "blijkt geweigerd"
    AGAIN = "nog een keer"
    RESTORE = "een back-up is teruggezet"
    FREE = "niet verstuurd, vrijgegeven"


TRANSITIONS: Mapping[tuple[LineState, Event], LineState] = {
    (LineState.PLANNED, Event.START): LineState.BUSY,
    (LineState.BUSY, Event.ACCEPT): LineState.ACCEPTED,
    (LineState.BUSY, Event.REFUSE): LineState.REFUSED,
    (LineState.BUSY, Event.NOT_SENT): LineState.PLANNED,
    (LineState.BUSY, Event.LOSE): LineState.UNCLEAR,
    (LineState.UNCLEAR, Event.FOUND): LineState.ACCEPTED,
    (LineState.UNCLEAR, Event.ABSENT): LineState.PLANNED,
    (LineState.UNCLEAR, Event.TURNED_AWAY): LineState.REFUSED,
    (LineState.REFUSED, Event.AGAIN): LineState.PLANNED,
    (LineState.PLANNED, Event.RESTORE): LineState.UNCLEAR,
    (LineState.PLANNED, Event.FREE): LineState.REFUSED,
}


class Impossible(Exception):
    """This cannot happen to a line in this state: whoever says so is late."""


def after(state: LineState, event: Event) -> LineState:
    """Return the next state. Raises Impossible."""
    if (state, event) not in TRANSITIONS:
        raise Impossible(f"{event.name} in state {state.name}")
    return TRANSITIONS[(state, event)]


def source(event: Event) -> LineState:
    """The one state in which an event can happen."""
    return next(state for state, happened in TRANSITIONS if happened is event)


@dataclass(frozen=True)
class Lease:
    """What the ledger says of a parcel: who worked on it last (`attempt`) and until when that may last."""

    state: ParcelState
    attempt: int
    until: datetime | None

    def held_by(self, attempt: int) -> bool:
        """Whether the word of this attempt counts. After a sweep or another claim it never does again."""
        return self.state is ParcelState.BUSY and self.attempt == attempt

    def ended(self, now: datetime) -> bool:
        """Whether a sweep may take the parcel back."""
        return self.state is ParcelState.BUSY and self.until is not None and self.until < now


def quiet(lease_seconds: int, remote_seconds: int) -> timedelta:
    """How long after a line was started its call can still be under way.

    No byte leaves after the lease; whoever received the last byte gets as long as a call may take. Only then does
    "it is not there" prove anything. Measured: looking at once after the lease gave doubles (design/dependencies.md).
    """
    return timedelta(seconds=lease_seconds + remote_seconds)


class Step(StrEnum):
    """What a worker that holds a parcel does next."""

    STOP = "stop"
    LOOK = "nalezen"
    READ = "vooraf lezen"
    SEND = "versturen"
    COMPARE = "vergelijken"


def next_step(states: Sequence[LineState], *, look_up: bool, halted: bool, has_baseline: bool) -> tuple[Step, int]:
    """Return the step and the position of its line (-1 when it is about all).

    The lines of a person go in order; what is unknown is looked up before anything new is written.
    """
    if look_up and LineState.UNCLEAR in states:
        return Step.LOOK, -1
    if halted:
        return Step.STOP, -1
    if LineState.PLANNED not in states:
        return Step.COMPARE, -1
    if not has_baseline:
        return Step.READ, -1
    return Step.SEND, states.index(LineState.PLANNED)


@dataclass(frozen=True)
class Booked:
    """A component as payroll shows it."""

    ref: str
    code: str
    hours: Decimal


@dataclass(frozen=True)
class Sought:
    """A line whose answer was lost."""

    line_id: int
    action: Action
    code: str
    hours: Decimal
    target_ref: str = ""
    hours_before: Decimal | None = None


@dataclass(frozen=True)
class Verdict:
    """`event` is FOUND (with payroll's id), ABSENT, or None: it stays unknown, for this reason."""

    event: Event | None
    ref: str = ""
    reason: Reason | None = None


MORE = Reason(
    "Er staat meer dan één regel die van ons kan zijn. Kijk in je salarispakket welke klopt.", codes.MORE_ROWS
)
OTHER_HOURS = Reason(
    "Er staat een nieuwe regel met dezelfde code maar andere uren. Kijk in je salarispakket of die van ons is.",
    codes.OTHER_HOURS,
)
CHANGED = Reason(
    "De regel die wij wilden verbeteren of weghalen, staat er nu anders dan verwacht. "
    "Kijk in je salarispakket wat er klopt.",
    codes.NOT_AS_EXPECTED,
)


def read_back(
    sought: Sequence[Sought],
    found: Sequence[Booked],
    *,
    baseline: Collection[str],
    ours: Collection[str],
    rivals: Collection[tuple[str, Decimal]] = (),
) -> dict[int, Verdict]:
    """Say of each lost line what a reading of its person and period proves.

    `baseline`: ids that stood there before our first write; `ours`: ids that other lines of ours own; `rivals`:
    code and hours of lost lines in other deliveries, which may own a candidate just as well.
    """
    taken = {*baseline, *ours}
    fresh = [row for row in found if row.ref not in taken]
    verdicts = {line.line_id: own_verdict(line, found) for line in sought if line.action is not Action.INSERT}
    inserts = [line for line in sought if line.action is Action.INSERT]
    for code, hours in dict.fromkeys((line.code, line.hours) for line in inserts):
        lines = [line for line in inserts if (line.code, line.hours) == (code, hours)]
        verdicts |= _inserts(lines, fresh, contested=(code, hours) in rivals)
    return verdicts


def _inserts(lines: Sequence[Sought], fresh: Sequence[Booked], *, contested: bool) -> dict[int, Verdict]:
    """Lines of one person with equal code and hours are interchangeable; too many candidates prove nothing."""
    same_code = [row for row in fresh if row.code == lines[0].code]
    candidates = sorted(
        (row for row in same_code if row.hours == lines[0].hours), key=lambda row: (len(row.ref), row.ref)
    )
    if len(candidates) > len(lines) or (candidates and contested):
        return {line.line_id: Verdict(None, reason=MORE) for line in lines}
    verdicts = {line.line_id: Verdict(Event.FOUND, row.ref) for line, row in zip(lines, candidates, strict=False)}
    # payroll may have rounded what we sent: a new row of this code is too much of a coincidence to send again
    absent = Verdict(None, reason=OTHER_HOURS) if len(same_code) > len(candidates) else Verdict(Event.ABSENT)
    return verdicts | {line.line_id: absent for line in lines[len(candidates) :]}


def own_verdict(line: Sought, found: Sequence[Booked]) -> Verdict:
    """What became of an update or delete of our own component; also what a reading tells of the word of a person."""
    row = next((row for row in found if row.ref == line.target_ref), None)
    if line.action is Action.DELETE and row is None:
        return Verdict(Event.FOUND, line.target_ref)
    if line.action is Action.UPDATE and row is not None and (row.code, row.hours) == (line.code, line.hours):
        return Verdict(Event.FOUND, line.target_ref)
    if row is not None and (row.code, row.hours) == (line.code, line.hours_before):
        return Verdict(Event.ABSENT)
    return Verdict(None, reason=CHANGED)


def still_ours(line: Sought, found: Sequence[Booked]) -> bool:
    """Whether our component still holds what we wrote: only then may it be changed or taken away."""
    return any((row.ref, row.code, row.hours) == (line.target_ref, line.code, line.hours_before) for row in found)
