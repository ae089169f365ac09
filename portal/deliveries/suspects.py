"""Lines that must not be sent as they stand, seen in the reading before the first write; as places among the lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.deliveries import reconcile
from portal.deliveries.claims import Claim
from portal.deliveries.components import held
from portal.deliveries.crew import Crew
from portal.deliveries.parcels import Job, Line
from portal.deliveries.protocol import Action, Booked, LineState, still_ours
from portal.integrations.contract import Component


@dataclass(frozen=True)
class Person:
    """A claimed person, and how the lines stand now."""

    crew: Crew
    claim: Claim
    job: Job
    lines: Sequence[Line]
    states: Sequence[LineState]

    @property
    def planned(self) -> list[int]:
        return [at for at, state in enumerate(self.states) if state is LineState.PLANNED]


def twins(person: Person, found: Sequence[Component]) -> list[int]:
    """Lines that were tried before and of which a twin, not ours, came into payroll since: sending them again may pay
    twice."""
    tried = [at for at in person.planned if person.lines[at].tried]
    if not tried or LineState.UNCLEAR in person.states:
        return []
    with person.crew.acting.read() as work:
        fresh = reconcile.fresh(work, person.claim, found)
    return [at for at in tried if _holds(fresh, person.lines[at])]


def after_restore(person: Person, found: Sequence[Component]) -> list[int]:
    """Lines of a code of which payroll holds something that we do not know, where a backup was put back since: they may
    have been sent already. Also where there is a first reading: it may be older than what was sent."""
    if not person.job.blind:
        return []
    with person.crew.acting.read() as work:
        strange = {row.code for row in reconcile.fresh(work, person.claim, found)}
    inserts = [at for at in person.planned if person.lines[at].action is Action.INSERT]
    return [at for at in inserts if person.lines[at].booking.code in strange]


def changed(person: Person, found: Sequence[Component]) -> list[int]:
    """Updates and deletes whose component no longer holds what we wrote: somebody changed it in payroll.

    The steps of one correction go together or not at all.
    """
    shown = [Booked(row.ref, row.code, row.hours) for row in found]
    gone = {
        person.lines[at].export_line_id
        for at in person.planned
        if person.lines[at].action is not Action.INSERT and not still_ours(person.lines[at].sought, shown)
    }
    return [at for at in person.planned if person.lines[at].export_line_id in gone]


def built_on_sand(person: Person, there: Sequence[Component]) -> list[int]:
    """Lines of a correction of which a component of the same person and code is not what we booked: the sum would not
    be what was approved. A line whose answer is lost may have changed it: that code waits for a person."""
    corrects = person.job.corrects
    if corrects is None:
        return []
    states = zip(person.lines, person.states, strict=True)
    lost = {line.key for line, state in states if state is LineState.UNCLEAR}
    with person.crew.robot(person.claim).read() as work:
        mine = held(work, corrects.provider, corrects.venue_id, corrects.period)
    shown, ref = {(row.ref, row.code, row.hours) for row in there}, person.claim.employee_ref
    gone = {
        key
        for key, components in mine.items()
        if any(one.employee_ref == ref and (one.ref, key[1], one.hours) not in shown for one in components)
    } - lost
    return [at for at in person.planned if person.lines[at].key in gone]


def _holds(rows: list[Component], line: Line) -> bool:
    """Whether a row is the twin of a line; each row is the twin of one."""
    twin = next((row for row in rows if (row.code, row.hours) == (line.booking.code, line.hours)), None)
    if twin is None or line.action is not Action.INSERT:
        return False
    rows.remove(twin)
    return True
