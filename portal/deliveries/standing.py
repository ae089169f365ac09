"""What our ledger says that payroll holds, beside what was read: ours, theirs, what somebody changed or removed, and
what somebody put right by hand. Pure.

Ours in payroll is what stands under an id that payroll gave us. Everything else is somebody else's, also when it
stands in for a line of ours that is gone: nothing of ours is ever built on it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.deliveries.difference_types import ZERO, Approved, Mismatch, Other, Person, Sent, effect, mark
from portal.deliveries.protocol import Action, Booked, LineState
from portal.hours.rounding import hours as as_hours

Id = tuple[str, str]
"""An employee in payroll, and the id of a component."""


@dataclass(frozen=True)
class Ledger:
    """How our accepted lines should stand in payroll: by id, and those without (a person said that they are there):
    employee, code and hours."""

    by_ref: Mapping[Id, tuple[str, Decimal]]
    nameless: Sequence[tuple[str, str, Decimal]]

    @property
    def employees(self) -> set[str]:
        return {employee for employee, _ref in self.by_ref} | {employee for employee, _code, _hours in self.nameless}


@dataclass(frozen=True)
class Stand:
    """By code: hours of ours that are there, what others entered, and ours that is not as we booked it."""

    held: Mapping[str, Decimal]
    others: Mapping[str, Sequence[Other]]
    broken: Mapping[str, Sequence[Mismatch]]


@dataclass(frozen=True)
class ByHand:
    """A code of which payroll is not as we booked it, and need not be. `rows`: what others entered for what of ours is
    gone. `done`: payroll holds what was approved, so that there is nothing to do."""

    rows: tuple[Other, ...] = ()
    done: bool = False

    @property
    def hours(self) -> Decimal:
        return sum((row.hours for row in self.rows), ZERO)


def standing(sent: Iterable[Sent]) -> Ledger:
    """What should be there in this period after all accepted lines, oldest first."""
    by_ref: dict[Id, tuple[str, Decimal]] = {}
    nameless: list[tuple[str, str, Decimal]] = []
    for line in sent:
        if line.state is not LineState.ACCEPTED or not line.here:
            continue
        if line.action is Action.DELETE:
            by_ref.pop((line.employee_ref, line.ref), None)
        elif line.ref:
            by_ref[(line.employee_ref, line.ref)] = (line.code, line.hours)
        else:
            nameless.append((line.employee_ref, line.code, line.hours))
    return Ledger(by_ref, nameless)


def stand(person: Person) -> Stand:
    """The ledger of a person beside the last reading."""
    ledger, shown = standing(person.sent), _shown(person)
    adopted, missing = _adopt(ledger, shown, person.strangers)
    held: dict[str, Decimal] = defaultdict(lambda: ZERO)
    others: dict[str, list[Other]] = defaultdict(list)
    for key, row in shown.items():
        if key in ledger.by_ref or key in adopted:
            held[row.code] += row.hours
        else:
            marked = mark(row.ref, row.code, row.hours)
            others[row.code].append(Other(row.code, row.hours, key in person.strangers, marked, row.ref, key[0]))
    broken: dict[str, list[Mismatch]] = defaultdict(list)
    fresh = _just_booked(person)
    for one in _mismatches(ledger, shown, missing, fresh):
        for code in one.codes:
            broken[code].append(one)
    return Stand(held, others, broken)


def goal(person: Person, code: str) -> Decimal | None:
    """What payroll should hold here under a code of what was sent; None when hours are still to be sent."""
    return _lacking(person, code, ZERO)


def by_hand(person: Person, code: str, there: Stand) -> ByHand | None:
    """Whether somebody put this code right in payroll after they changed or removed a line of ours there."""
    broken = there.broken.get(code, ())
    if not broken:
        return None
    held = there.held.get(code, ZERO)
    if _lacking(person, code, held) == ZERO:
        return ByHand(done=True)
    rows = _stand_ins(person, code, there)
    if not rows:
        return None
    return ByHand(rows, done=_lacking(person, code, held) == sum((row.hours for row in rows), ZERO))


def strayed(person: Person) -> list[Mismatch]:
    """Our components that somebody changed or removed in payroll, as far as the last reading can tell; not what was put
    right by hand."""
    if not is_fresh(person):
        return []
    there = stand(person)
    wrong = {code for code in there.broken if by_hand(person, code, there) is None}
    found = [one for code in wrong for one in there.broken[code]]
    return list(dict.fromkeys(found))


def set_right(person: Person) -> dict[str, ByHand]:
    """The codes that somebody put right by hand, as far as the last reading can tell."""
    if not is_fresh(person):
        return {}
    there = stand(person)
    found = {code: by_hand(person, code, there) for code in there.broken}
    return {code: one for code, one in found.items() if one is not None}


def gone(person: Person) -> list[str]:
    """Payroll's ids of ours that were not there any more when it was read after them."""
    lines = (line for line in person.sent if line.state is LineState.ACCEPTED and not later(person, [line]))
    read = {line.ref for line in lines}
    missing = (one for some in stand(person).broken.values() for one in some if one.found is None) if read else ()
    return [one.ref for one in missing if one.ref and one.ref in read]


def is_fresh(person: Person) -> bool:
    """Whether payroll was read after it took our lines."""
    return not later(person, (line for line in person.sent if line.state is LineState.ACCEPTED))


def later(person: Person, done: Iterable[Sent]) -> bool:
    """Whether payroll took something after it was read: that reading says nothing about it. Each line counts with the
    employee that it is of; one of whom nothing is left needs no reading."""
    if person.seen is None or person.seen.read_at is None:
        return True
    moments = {employee: one.read_at for employee, one in person.readings.items() if one.read_at is not None}
    booked = ((moments.get(line.employee_ref), line.settled_at) for line in done if line.here)
    return any(read is not None and settled is not None and settled > read for read, settled in booked)


def under_way(lines: Iterable[Sent]) -> bool:
    """Whether a line may be in payroll of which we do not know it, or may get there any moment."""
    states = (LineState.UNCLEAR, LineState.BUSY)
    return any(line.state in states or (line.state is LineState.PLANNED and not line.frozen) for line in lines)


def gain(lines: Iterable[Sent]) -> Decimal:
    return sum((effect(line.action, line.hours, line.hours_before) for line in lines), ZERO)


def _lacking(person: Person, code: str, held: Decimal) -> Decimal | None:
    """What payroll lacks of what was approved; None when hours that are still to be sent count as approved too."""
    if any(promise.idle for promise in person.promised.get(code, ())):
        return None
    done = [line for line in person.sent if line.code == code and line.state is LineState.ACCEPTED]
    guest = gain(line for line in done if line.guest)
    elsewhere = gain(line for line in done if line.for_this and not line.here)
    minutes = person.approved.get(code, Approved())
    return as_hours(minutes.exported + minutes.leaving) - (held - guest + elsewhere)


def _stand_ins(person: Person, code: str, there: Stand) -> tuple[Other, ...]:
    """What others entered for lines of ours that are gone: came after ours, is of this code, and holds exactly what was
    approved, or what is gone. When more than one answer is possible there is none: then a person has to look."""
    broken = there.broken[code]
    if any(one.ref not in person.before for one in broken):
        return ()
    if under_way(line for line in person.sent if line.code == code):
        return ()
    old = frozenset[str]().union(*(person.before[one.ref] for one in broken))
    employees = {one.employee_ref for one in broken}
    theirs = (row for row in there.others.get(code, ()) if not row.ours and row.employee_ref in employees)
    new = tuple(row for row in theirs if row.ref not in old)
    for hours in (_lacking(person, code, there.held.get(code, ZERO)), sum((one.hours for one in broken), ZERO)):
        if hours is not None and hours > 0 and (rows := _exactly(new, hours)):
            return rows
    return ()


def _exactly(rows: tuple[Other, ...], hours: Decimal) -> tuple[Other, ...]:
    """All rows together, or the only one that is it."""
    if rows and sum((row.hours for row in rows), ZERO) == hours:
        return rows
    equal = tuple(row for row in rows if row.hours == hours)
    return equal if len(equal) == 1 else ()


def _just_booked(person: Person) -> set[Id]:
    """What the last reading saw right after we booked it, in the same round of calls."""
    lines = (line for line in person.sent if line.state is LineState.ACCEPTED and line.here and line.closed_at)
    read = {employee: one.read_at for employee, one in person.readings.items()}
    return {(line.employee_ref, line.ref) for line in lines if read.get(line.employee_ref) == line.closed_at}


def _shown(person: Person) -> dict[Id, Booked]:
    return {(employee, row.ref): row for employee, one in person.readings.items() for row in one.components}


def _mismatches(
    ledger: Ledger, shown: Mapping[Id, Booked], missing: Iterable[tuple[str, str, Decimal]], fresh: Collection[Id]
) -> list[Mismatch]:  # fmt: skip
    found = [
        Mismatch(key[1], code, hours, shown.get(key), key[0], key in fresh)
        for key, (code, hours) in ledger.by_ref.items()
        if (there := shown.get(key)) is None or (there.code, there.hours) != (code, hours)
    ]
    return found + [Mismatch("", code, hours, None, employee) for employee, code, hours in missing]


def _adopt(
    ledger: Ledger, shown: Mapping[Id, Booked], strangers: frozenset[Id]
) -> tuple[set[Id], list[tuple[str, str, Decimal]]]:
    """A line that a person said is there has no id: an equal row that nobody owns is the one they saw."""
    adopted: set[Id] = set()
    missing = []
    for one in ledger.nameless:
        taken = {*ledger.by_ref, *adopted, *strangers}
        free = (key for key, row in shown.items() if key not in taken and (key[0], row.code, row.hours) == one)
        key = next(free, None)
        if key is None:
            missing.append(one)
        else:
            adopted.add(key)
    return adopted, missing
