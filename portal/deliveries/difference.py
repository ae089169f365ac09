"""Approved, sent, and in payroll now: what differs per person and code, and the one thing to do about it (G6). Pure.

Ours in payroll is what stands under an id that payroll gave us. Everything else is somebody else's: it is shown as
theirs and left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from portal.deliveries.difference_types import (
    ZERO,
    Approved,
    Doubt,
    Finding,
    Mismatch,
    Other,
    Person,
    Promise,
    Row,
    Sent,
)
from portal.deliveries.protocol import LineState
from portal.deliveries.standing import Stand, by_hand, gain, goal, later, stand
from portal.hours.rounding import hours as as_hours

QUIETER = (Finding.NOT_SENT, Finding.NOT_EXPORTED, Finding.TAKEN_BACK, Finding.UNREAD, Finding.EQUAL)


def rows(people: Iterable[Person], *, reads: bool) -> list[Row]:
    """All rows, by name and code. `reads`: this target can be read back per person."""
    found = [row for person in people for row in _rows(person, reads=reads)]
    return sorted(found, key=lambda row: (row.name.casefold(), row.member_id, len(row.code), row.code))


def _rows(person: Person, *, reads: bool) -> list[Row]:
    there = stand(person)
    codes = {*person.approved, *person.promised, *there.others, *there.held, *there.broken}
    codes |= {line.code for line in person.sent}
    return [_row(person, code, there, reads=reads) for code in codes]


def _row(person: Person, code: str, there: Stand, *, reads: bool) -> Row:
    lines = [line for line in person.sent if line.code == code]
    done = [line for line in lines if line.state is LineState.ACCEPTED]
    row = _numbers(person, code, there, lines, known=reads and person.seen is not None and bool(person.seen.read_at))
    fresh = row.payroll is not None and not later(person, done)
    mended = by_hand(person, code, there) if fresh else None
    broken = tuple(there.broken.get(code, ())) if fresh and mended is None else ()
    finding, target, looking = _judge(
        person, code, lines, broken, reads=reads, fresh=fresh, settled=mended is not None and mended.done
    )
    minutes = person.approved.get(code, Approved())
    involved = bool(done or minutes.open or minutes.exported)
    if finding is Finding.EQUAL and row.others and not involved:
        finding = Finding.THEIRS
    stand_ins = mended.rows if mended and not row.more else ()
    asked = [other for other in row.others if other not in stand_ins] if involved else []
    double, looked, doubt = _double(person, code, asked)
    hides = finding if double and finding in QUIETER else None
    stale = _untouched(person.promised.get(code, ())) if finding is Finding.STALE else None
    return replace(
        row, finding=Finding.DOUBLE if hides else finding, target_id=target, looking=looking, double=double,
        looked=looked, hides=hides, doubt=doubt if hides is Finding.EQUAL and doubt.exports else None,
        mismatches=broken if finding in (Finding.CHANGED, Finding.GONE) else (),
        stand_in=mended.hours if mended else ZERO, stuck_in=stale.stuck_in if stale else 0,
    )  # fmt: skip


def _numbers(person: Person, code: str, there: Stand, lines: Sequence[Sent], *, known: bool) -> Row:
    """The row without what it means."""
    minutes = person.approved.get(code, Approved())
    done = [line for line in lines if line.state is LineState.ACCEPTED]
    refused = next((line for line in lines if line.state is LineState.REFUSED and not line.released), None)
    return Row(
        member_id=person.member_id, name=person.name, code=code, kind=person.kinds.get(code, ""),
        approved=as_hours(minutes.open + minutes.exported + minutes.leaving),
        sent=gain(line for line in done if line.here),
        elsewhere=gain(line for line in done if line.for_this and not line.here),
        guest=gain(line for line in done if line.guest),
        payroll=there.held.get(code, ZERO) if known else None, others=tuple(there.others.get(code, ())),
        seen=person.seen, finding=Finding.EQUAL,
        receipt=next((line.receipt for line in reversed(done) if line.receipt), ""),
        more=bool(minutes.open) or any(promise.idle for promise in person.promised.get(code, ())),
        goal=goal(person, code), kept=refused is not None and refused.kept,
        refused_id=refused.delivery_id if refused else 0,
    )  # fmt: skip


def _double(person: Person, code: str, others: Iterable[Other]) -> tuple[Decimal, Decimal, Doubt]:
    """Hours of somebody outside the portal under our code: what may be double, and what a person said is not.

    It must be said with each export of these hours: what is not the same as the first may be the same as the second.
    """
    asked = {promise.export_id for promise in person.promised.get(code, ()) if promise.hours > 0}
    asked |= {line.export_id for line in person.sent if line.code == code and line.guest and gain([line]) > 0}
    said = [person.said.get(export_id, frozenset()) for export_id in asked]
    cleared = frozenset.intersection(*said) if said else frozenset()
    strange = [other for other in others if not other.ours]
    open_ones = [other for other in strange if other.mark not in cleared]
    doubt = Doubt(person.member_id, code, tuple(sorted(other.mark for other in open_ones)), tuple(sorted(asked)))
    hours = sum((other.hours for other in open_ones), ZERO)
    return hours, sum((other.hours for other in strange), ZERO) - hours, doubt


def _judge(
    person: Person,
    code: str,
    lines: Sequence[Sent],
    broken: Sequence[Mismatch],
    *,
    reads: bool,
    fresh: bool,
    settled: bool = False,
) -> tuple[Finding, int, bool]:
    """The finding, the delivery or export that it is about, and whether lost lines are looked up by us."""
    moving = _moving(lines)
    if moving is not None:
        return moving
    if broken:
        changed = any(one.found is not None for one in broken)
        return (Finding.CHANGED if changed else Finding.GONE), 0, False
    for line in lines:
        if line.state is LineState.REFUSED and not line.released:
            return Finding.REFUSED, line.delivery_id, False
    if settled:
        return (Finding.NOT_EXPORTED if person.approved.get(code, Approved()).open else Finding.EQUAL), 0, False
    finding, target = _owed(person, code, lines)
    if finding is not Finding.EQUAL:
        return finding, target, False
    booked = any(line.state is LineState.ACCEPTED and line.here for line in lines)
    return (Finding.UNREAD if reads and booked and not fresh else Finding.EQUAL), 0, False


def _moving(lines: Sequence[Sent]) -> tuple[Finding, int, bool] | None:
    for line in lines:
        if line.state is LineState.UNCLEAR:
            return Finding.UNCLEAR, line.delivery_id, line.looking
    for line in lines:
        if line.state is LineState.BUSY or (line.state is LineState.PLANNED and not line.frozen):
            return Finding.MOVING, line.delivery_id, False
    return None


def _untouched(promised: Iterable[Promise]) -> Promise | None:
    """Hours of which payroll certainly holds nothing, and gets nothing by itself."""
    return next((promise for promise in promised if promise.idle and not promise.loaded), None)


def _owed(person: Person, code: str, lines: Sequence[Sent]) -> tuple[Finding, int]:
    """What the portal still has to do: nothing is on its way any more."""
    minutes, promised = person.approved.get(code, Approved()), person.promised.get(code, ())
    frozen = sum((promise.hours for promise in promised), ZERO)
    idle = next((promise.export_id for promise in promised if promise.idle), 0)
    done = [line for line in lines if line.state is LineState.ACCEPTED]
    untouched = _untouched(promised)
    if as_hours(minutes.exported) != frozen and not done and untouched:
        return Finding.STALE, untouched.export_id
    if as_hours(minutes.exported) != frozen:
        return Finding.NOT_SAME, 0
    if idle:
        return Finding.NOT_SENT, idle
    if minutes.open:
        back = bool(done) and not minutes.exported and not gain(line for line in done if line.for_this)
        return (Finding.TAKEN_BACK if back else Finding.NOT_EXPORTED), 0
    told = sum((promise.hours for promise in promised if promise.told), ZERO)
    if promised and gain(line for line in done if line.for_this) + told != frozen:
        return Finding.NOT_SAME, 0
    return Finding.EQUAL, 0
