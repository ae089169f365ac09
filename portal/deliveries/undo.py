"""Which of our own components a correction changes, and how. Pure: no database, no network.

Only components that payroll gave us an id for, and that are of this person, code and period, are ever named: what
others entered is not ours to touch, and a line that a person found there by eye has no id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.deliveries.protocol import Action

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Accepted:
    """A line that payroll accepted. `hours` is what the component held afterwards."""

    action: Action
    ref: str
    employee_ref: str
    hours: Decimal


@dataclass(frozen=True)
class Own:
    """A component of ours, with what it must hold now."""

    ref: str
    employee_ref: str
    hours: Decimal


@dataclass(frozen=True)
class Step:
    """One call. `hours` is what the component holds afterwards; an insert names no component."""

    action: Action
    hours: Decimal
    employee_ref: str
    target_ref: str = ""
    hours_before: Decimal | None = None


def own(accepted: Iterable[Accepted]) -> list[Own]:
    """What we hold in payroll after these lines, in the order in which payroll took them; oldest first."""
    held: dict[str, Own] = {}
    for line in accepted:
        if not line.ref:
            continue
        if line.action is Action.DELETE:
            held.pop(line.ref, None)
        else:
            held[line.ref] = Own(line.ref, line.employee_ref, line.hours)
    return list(held.values())


def steps(mine: Sequence[Own], change: Decimal, employee_ref: str, *, deletes: bool = True) -> list[Step]:
    """Return the calls that change the sum of our components by `change`.

    What our components cannot give becomes a line of its own for `employee_ref`, with the signed rest. Without
    `deletes` (a closed period: taking away knows no UnprotectedMode) a component ends at zero hours.
    """
    if change > 0:
        return [_raise(mine, change, employee_ref)]
    found, left = [], -change
    for component in _order(mine, left):
        if left == 0:
            break
        taken = min(left, component.hours)
        found.append(_lower(component, component.hours - taken, deletes=deletes))
        left -= taken
    return found + ([Step(Action.INSERT, -left, employee_ref)] if left else [])


def _raise(mine: Sequence[Own], change: Decimal, employee_ref: str) -> Step:
    """The newest component grows; one with hours goes before one without, or with a negative difference."""
    best = max(enumerate(mine), key=lambda pair: (pair[1].hours > 0, pair[0]), default=None)
    if best is None:
        return Step(Action.INSERT, change, employee_ref)
    return _update(best[1], best[1].hours + change)


def _order(mine: Sequence[Own], wanted: Decimal) -> list[Own]:
    """The one that is exactly it goes first (a whole booking is taken back), then the newest."""
    newest_first = [component for component in mine if component.hours > 0][::-1]
    return sorted(newest_first, key=lambda component: component.hours != wanted)


def _lower(component: Own, hours: Decimal, *, deletes: bool) -> Step:
    if hours > 0 or not deletes:
        return _update(component, hours)
    return Step(Action.DELETE, ZERO, component.employee_ref, component.ref, component.hours)


def _update(component: Own, hours: Decimal) -> Step:
    return Step(Action.UPDATE, hours, component.employee_ref, component.ref, component.hours)
