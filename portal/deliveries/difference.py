"""Approved, sent, and in payroll now: what differs per person and code, and the one thing to do about it (G6). Pure.

Ours in payroll is what stands under an id that payroll gave us. Everything else is somebody else's: it is shown as
theirs and left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.deliveries.difference_types import (
    ZERO,
    Approved,
    Finding,
    Mismatch,
    Other,
    Person,
    Row,
    Seen,
    Sent,
    effect,
    mark,
)
from portal.deliveries.protocol import Action, Booked, LineState
from portal.hours.rounding import hours as as_hours

QUIETER = (Finding.NOT_SENT, Finding.NOT_EXPORTED, Finding.TAKEN_BACK, Finding.UNREAD, Finding.EQUAL)


@dataclass(frozen=True)
class Ledger:
    """How our accepted lines should stand in payroll: by id, and those without (a person said that they are there)."""

    by_ref: Mapping[str, tuple[str, Decimal]]
    nameless: Sequence[tuple[str, Decimal]]


def rows(people: Iterable[Person], *, reads: bool) -> list[Row]:
    """All rows, by name and code. `reads`: this target can be read back per person."""
    found = [row for person in people for row in _rows(person, reads=reads)]
    return sorted(found, key=lambda row: (row.name.casefold(), row.member_id, len(row.code), row.code))


def standing(sent: Iterable[Sent]) -> Ledger:
    """What should be there in this period after all accepted lines, oldest first."""
    by_ref: dict[str, tuple[str, Decimal]] = {}
    nameless: list[tuple[str, Decimal]] = []
    for line in sent:
        if line.state is not LineState.ACCEPTED or not line.here:
            continue
        if line.action is Action.DELETE:
            by_ref.pop(line.ref, None)
        elif line.ref:
            by_ref[line.ref] = (line.code, line.hours)
        else:
            nameless.append((line.code, line.hours))
    return Ledger(by_ref, nameless)


def _rows(person: Person, *, reads: bool) -> list[Row]:
    ledger = standing(person.sent)
    shown = _shown(person)
    adopted, missing = _adopt(ledger, shown, person.strangers)
    others: dict[str, list[Other]] = defaultdict(list)
    for ref, row in shown.items():
        if ref not in ledger.by_ref and ref not in adopted:
            marked = mark(ref, row.code, row.hours)
            others[row.code].append(Other(row.code, row.hours, ref in person.strangers, marked))
    broken: dict[str, list[Mismatch]] = defaultdict(list)
    for one in _mismatches(ledger, shown, missing):
        for code in {one.code, one.found.code if one.found else one.code}:
            broken[code].append(one)
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for ref in (*ledger.by_ref, *adopted):
        if ref in shown:
            held[shown[ref].code] += shown[ref].hours
    codes = {*person.approved, *person.promised, *others, *held, *(line.code for line in person.sent)}
    return [
        _row(person, code, held[code], tuple(others[code]), tuple(broken[code]), reads=reads) for code in codes
    ]  # fmt: skip


def _shown(person: Person) -> dict[str, Booked]:
    return {row.ref: row for row in person.seen.components} if person.seen else {}


def _mismatches(
    ledger: Ledger, shown: Mapping[str, Booked], missing: Iterable[tuple[str, Decimal]]
) -> list[Mismatch]:  # fmt: skip
    found = [
        Mismatch(ref, code, hours, shown.get(ref))
        for ref, (code, hours) in ledger.by_ref.items()
        if (there := shown.get(ref)) is None or (there.code, there.hours) != (code, hours)
    ]
    return found + [Mismatch("", code, hours, None) for code, hours in missing]


def strayed(person: Person) -> list[Mismatch]:
    """Our components that somebody changed or removed in payroll, as far as the last reading can tell."""
    if _later(person.seen, (line for line in person.sent if line.state is LineState.ACCEPTED)):
        return []
    ledger, shown = standing(person.sent), _shown(person)
    return _mismatches(ledger, shown, _adopt(ledger, shown, person.strangers)[1])


def _adopt(
    ledger: Ledger, shown: Mapping[str, Booked], strangers: frozenset[str]
) -> tuple[dict[str, str], list[tuple[str, Decimal]]]:
    """A line that a person said is there has no id: an equal row that nobody owns is the one they saw."""
    adopted: dict[str, str] = {}
    missing = []
    for code, hours in ledger.nameless:
        taken = {*ledger.by_ref, *adopted, *strangers}
        free = (r for r, row in shown.items() if r not in taken and (row.code, row.hours) == (code, hours))
        ref = next(free, None)
        if ref is None:
            missing.append((code, hours))
        else:
            adopted[ref] = code
    return adopted, missing


def _row(
    person: Person, code: str, held: Decimal, others: tuple[Other, ...], broken: tuple[Mismatch, ...], *, reads: bool
) -> Row:
    lines = [line for line in person.sent if line.code == code]
    done = [line for line in lines if line.state is LineState.ACCEPTED]
    minutes = person.approved.get(code, Approved())
    known = reads and person.seen is not None and person.seen.read_at is not None
    fresh = known and not _later(person.seen, done)
    settled = fresh and bool(broken) and _as_approved(person, code, held, done)
    wrong = broken if fresh and not settled else ()
    finding, target, looking = _judge(person, code, lines, wrong, reads=reads, fresh=fresh, settled=settled)
    involved = bool(done or minutes.open or minutes.exported)
    if finding is Finding.EQUAL and others and not involved:
        finding = Finding.THEIRS
    double, looked = _double(person, code, others) if involved else (ZERO, ZERO)
    hides = None
    if double and finding in QUIETER:
        finding, hides = Finding.DOUBLE, finding
    refused = next((line for line in lines if line.state is LineState.REFUSED and not line.released), None)
    return Row(
        member_id=person.member_id, name=person.name, code=code, kind=person.kinds.get(code, ""),
        approved=as_hours(minutes.open + minutes.exported + minutes.leaving),
        sent=_sum(line for line in done if line.here),
        elsewhere=_sum(line for line in done if line.for_this and not line.here),
        guest=_sum(line for line in done if line.here and not line.for_this),
        payroll=held if known else None, others=others, seen=person.seen, finding=finding, target_id=target,
        looking=looking, mismatches=broken if finding in (Finding.CHANGED, Finding.GONE) else (),
        receipt=next((line.receipt for line in reversed(done) if line.receipt), ""), double=double,
        looked=looked, hides=hides, kept=refused is not None and refused.kept,
        refused_id=refused.delivery_id if refused else 0,
    )  # fmt: skip


def _double(person: Person, code: str, others: Iterable[Other]) -> tuple[Decimal, Decimal]:
    """Hours of somebody outside the portal under our code: what may be double, and what a person said is not.

    It must be said with each export of these hours: what is not the same as the first may be the same as the second.
    """
    asked = {promise.export_id for promise in person.promised.get(code, ()) if promise.hours > 0}
    asked |= {line.export_id for line in person.sent if line.code == code and line.guest and _sum([line]) > 0}
    said = [person.said.get(export_id, frozenset()) for export_id in asked]
    cleared = frozenset.intersection(*said) if said else frozenset()
    strange = [other for other in others if not other.ours]
    looked = sum((other.hours for other in strange if other.mark in cleared), ZERO)
    return sum((other.hours for other in strange), ZERO) - looked, looked


def _later(seen: Seen | None, done: Iterable[Sent]) -> bool:
    """Whether payroll took something after it was read: that reading says nothing about it."""
    moments = [line.settled_at for line in done if line.here and line.settled_at is not None]
    return seen is None or seen.read_at is None or any(moment > seen.read_at for moment in moments)


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


def _as_approved(person: Person, code: str, held: Decimal, done: Sequence[Sent]) -> bool:
    """Whether our components hold what was approved, whoever made them so: then nothing is to be done."""
    if any(promise.idle for promise in person.promised.get(code, ())):
        return False
    guest = _sum(line for line in done if line.here and not line.for_this)
    elsewhere = _sum(line for line in done if line.for_this and not line.here)
    minutes = person.approved.get(code, Approved())
    return held - guest + elsewhere == as_hours(minutes.exported + minutes.leaving)


def _owed(person: Person, code: str, lines: Sequence[Sent]) -> tuple[Finding, int]:
    """What the portal still has to do: nothing is on its way any more."""
    minutes, promised = person.approved.get(code, Approved()), person.promised.get(code, ())
    frozen = sum((promise.hours for promise in promised), ZERO)
    idle = next((promise.export_id for promise in promised if promise.idle), 0)
    done = [line for line in lines if line.state is LineState.ACCEPTED]
    untouched = next((promise.export_id for promise in promised if promise.idle and not promise.loaded), 0)
    if as_hours(minutes.exported) != frozen and not done and untouched:
        return Finding.STALE, untouched
    if as_hours(minutes.exported) != frozen:
        return Finding.NOT_SAME, 0
    if idle:
        return Finding.NOT_SENT, idle
    if minutes.open:
        back = bool(done) and not minutes.exported and not _sum(line for line in done if line.for_this)
        return (Finding.TAKEN_BACK if back else Finding.NOT_EXPORTED), 0
    told = sum((promise.hours for promise in promised if promise.told), ZERO)
    if promised and _sum(line for line in done if line.for_this) + told != frozen:
        return Finding.NOT_SAME, 0
    return Finding.EQUAL, 0


def _sum(lines: Iterable[Sent]) -> Decimal:
    return sum((effect(line.action, line.hours, line.hours_before) for line in lines), ZERO)
