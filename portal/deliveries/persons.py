"""Sends the lines of one person, in order, to a target that takes one line a call.

The network stands between transactions, never in one. A line is committed as `bezig` before its call and with its
outcome after it; the outcome of one line and the start of the next share a commit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from portal.deliveries import ledger, reconcile, suspects, writes
from portal.deliveries.crew import Crew
from portal.deliveries.parcels import Held, Job, Line
from portal.deliveries.protocol import Action, Event, LineState, Step, after, next_step
from portal.deliveries.refusals import BLIND, CHANGED, LANDED_LATE, TWIN
from portal.deliveries.scribe import Fast
from portal.deliveries.writes import Write
from portal.hours.types import Period
from portal.integrations.contract import Component, LineSender
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable, Unclear
from portal.kernel.logs import warn
from portal.kernel.remote.guard import finish_by
from portal.kernel.work import Work


class Stopped(Exception):
    """The lease is lost, a person stopped it, the token changed, or the process ends: leave it as it stands."""


class PersonRound:
    """One claim of one person, from the first reading to the comparison. Used by one thread."""

    def __init__(self, crew: Crew, sender: LineSender, taken: Held, job: Job) -> None:
        self.crew, self.sender, self.claim, self.job = crew, sender, taken.claim, job
        self.lines: Sequence[Line] = taken.lines
        self.states: list[LineState] = [line.state for line in taken.lines]
        self.look_up, self.has_baseline = taken.claim.look_up, taken.claim.has_baseline
        self.lease_end = 0.0
        self.begun = -1  # the line that is `bezig` on paper already
        self.has_looked = False

    def run(self) -> None:
        """Go on until nothing is left to do. Raises Stopped, AccessRefused, Unavailable; the parcel is released by
        the caller then."""
        while True:
            step, at = next_step(self.states, look_up=self.look_up, halted=False, has_baseline=self.has_baseline)
            if step is Step.LOOK:
                self._look()
            elif step is Step.READ or (step is Step.SEND and self._needs_a_look()):
                self._read()
            elif step is Step.SEND:
                self._send(at)
            else:
                self._compare()
                return

    def _look(self) -> None:
        found = reconcile.look(self.crew, self.sender, self.claim, self.lines, self.states, self.job)
        self.states, self.look_up = found.states, False
        if found.again_at is not None:
            self._release(found.again_at, look_up=True, looks=self.claim.looks + found.looked)
            raise Stopped from found.error

    def _needs_a_look(self) -> bool:
        """Each claim reads once: since an older reading, somebody may have entered or changed what is there."""
        return not self.has_looked

    def _booked(self, hours_period: Period) -> tuple[Sequence[Component], Sequence[Component]]:
        """What stands in the period that is written, and in that of the hours."""
        found = self.sender.booked(self.claim.employee_ref, self.claim.period, self.job.credentials)
        if hours_period == self.claim.period:
            return found, found
        # a difference line: what it builds on stands in another period
        return found, self.sender.booked(self.claim.employee_ref, hours_period, self.job.credentials)

    def _read(self) -> None:
        """Read what is there before the first write of this person; who cannot be read is not written."""
        hours_period = self.job.corrects.period if self.job.corrects else self.claim.period
        try:
            found, there = self._booked(hours_period)
        except AccessRefused:
            raise
        except Refused as error:
            self._refuse_all(words(error))
            return
        person = suspects.Person(self.crew, self.claim, self.job, self.lines, self.states)
        refused = dict.fromkeys([*suspects.changed(person, found), *suspects.built_on_sand(person, there)], CHANGED)
        twins = suspects.twins(person, found) if self.has_baseline else []
        if late := [at for at in twins if self._was_lost(at)]:
            self._look_again(late)
        refused |= dict.fromkeys(twins, TWIN)
        blind = [at for at in suspects.after_restore(person, found) if at not in twins]

        def keep(work: Work) -> tuple[bool, bool]:
            if CHANGED in refused.values():  # Verschil shows it, and no new correction is made of it
                reconcile.keep(work, replace(self.claim, period=hours_period), there)
            known = self._ask(work, found, blind) if blind else found
            return self._keep(work, known, refused), False

        first = not (refused or blind or self.claim.has_baseline or LineState.UNCLEAR in self.states)
        lease_end = self._fresh_lease()
        kept, begun = self.crew.write(self.claim, keep, self._first_baseline(found) if first else None)
        if not kept:
            raise Stopped
        self._now(refused, LineState.REFUSED)
        self._now(blind, LineState.UNCLEAR)
        self.has_baseline = self.has_looked = True
        if begun:
            self.begun, self.lease_end = self.states.index(LineState.PLANNED), lease_end

    def _first_baseline(self, found: Sequence[Component]) -> Fast:
        """What stood there, and the start of the first line, in one commit."""
        rows, line_id = writes.as_rows(found), self.lines[self.states.index(LineState.PLANNED)].id
        starts = not self.crew.must_stop()

        def fast(now: datetime) -> tuple[Write, ...]:
            kept = writes.keeping_baseline(self.claim, rows, now)
            return (self._extending(now), kept, writes.starting(self.claim, line_id, now)) if starts else (kept,)

        return Fast(fast, answer=(True, starts))

    def _keep(self, work: Work, found: Sequence[Component], refused: Mapping[int, Reason]) -> bool:
        """While a line is lost the baseline stays as it is: what is new since then may be that line."""
        lost = LineState.UNCLEAR in self.states and self.has_baseline
        kept = lost or ledger.keep_baseline(work, self.claim, found)
        return kept and all(self._refuse(work, [self.lines[at].id], reason) for at, reason in refused.items())

    def _ask(self, work: Work, found: Sequence[Component], blind: Sequence[int]) -> list[Component]:
        """A person says whether payroll has these already, and sees what is there. Returns the rows that are certainly
        not ours: only those belong to what stood there before."""
        ids, codes = [self.lines[at].id for at in blind], {self.lines[at].booking.code for at in blind}
        reconcile.keep(work, self.claim, found)
        ledger.start(work, self.claim, ids)
        ledger.settle(work, self.claim, ids, Event.LOSE, reason=BLIND)
        return [row for row in found if row.code not in codes]

    def _refuse(self, work: Work, ids: Sequence[int], reason: Reason) -> bool:
        return ledger.start(work, self.claim, ids) and ledger.settle(work, self.claim, ids, Event.REFUSE, reason=reason)

    def _was_lost(self, at: int) -> bool:
        return self.lines[at].state is LineState.UNCLEAR or self.lines[at].losses > 0

    def _look_again(self, late: Sequence[int]) -> None:
        """A line that was not there a moment ago, and now has a twin: its own call landed after all, much too late.
        The baseline stays as it was; the next look-up finds whose it is. Raises Stopped."""
        ids = [self.lines[at].id for at in late]

        def lose(work: Work) -> bool:
            return (
                ledger.start(work, self.claim, ids)
                and ledger.settle(work, self.claim, ids, Event.LOSE, reason=LANDED_LATE)
                and ledger.release(work, self.claim, work.now + self.crew.quiet, look_up=True)
            )

        warn("an answer was looked up too early", delivery=self.claim.delivery_id, lines=len(ids))
        self.crew.write(self.claim, lose)
        raise Stopped

    def _refuse_all(self, reason: Reason) -> None:
        planned = [at for at, state in enumerate(self.states) if state is LineState.PLANNED]
        ids = [self.lines[at].id for at in planned]

        def refuse(work: Work) -> bool:
            return self._may_send(work) and self._refuse(work, ids, reason)

        if not self.crew.write(self.claim, refuse):
            raise Stopped
        self._now(planned, LineState.REFUSED)

    def _now(self, lines: Iterable[int], state: LineState) -> None:
        for at in lines:
            self.states[at] = state

    def _send(self, at: int) -> None:
        if self.begun != at and (self.crew.must_stop() or not self._started(at)):
            raise Stopped
        event, ref = Event.ACCEPT, ""
        reason: Reason | None = None
        trouble: RemoteError | None = None
        lost: Unclear | None = None
        try:
            with finish_by(self.lease_end):
                ref = self._call(self.lines[at])
        except (AccessRefused, Unavailable) as error:
            event, trouble = Event.NOT_SENT, error
        except Refused as error:
            event, reason = Event.REFUSE, words(error)
        except Unclear as error:
            event, reason, lost = Event.LOSE, words(error), error
        self._settle(at, event, ref, reason)
        if trouble is not None:
            raise trouble
        if event is Event.LOSE:
            raise Stopped from lost

    def _started(self, at: int) -> bool:
        """Commit a line as `bezig`; the lease begins again and the call must be over when it ends (G5)."""
        self.lease_end = self._fresh_lease()
        line_id = self.lines[at].id
        fast = Fast(lambda now: (self._extending(now), writes.starting(self.claim, line_id, now)), answer=True)
        return self.crew.write(self.claim, lambda work: self._begin(work, at), fast)

    def _fresh_lease(self) -> float:
        return time.monotonic() + self.crew.lease_seconds

    def _extending(self, now: datetime) -> Write:
        return writes.extending(self.claim, now + timedelta(seconds=self.crew.lease_seconds), self.job.used)

    def _begin(self, work: Work, at: int) -> bool:
        return self._may_send(work) and ledger.start(work, self.claim, [self.lines[at].id])

    def _may_send(self, work: Work) -> bool:
        return ledger.extend(work, self.claim, self.crew.lease_seconds, self.job.used)

    def _call(self, line: Line) -> str:
        credentials, sender, ref = self.job.credentials, self.sender, self.claim.employee_ref
        if line.action is Action.INSERT:
            return sender.insert(line.booking, self.claim.period, credentials, unprotected=self.job.unprotected)
        component = Component(line.target_ref, line.booking.code, line.hours)
        if line.action is Action.UPDATE:
            sender.update(ref, component, credentials, unprotected=self.job.unprotected)
        else:
            sender.delete(ref, component, credentials)
        return line.target_ref

    def _settle(self, at: int, event: Event, ref: str, reason: Reason | None) -> None:
        """Commit how a line ended and, together with that, the start of the next one."""
        line_id, following = self.lines[at].id, self._following(at, event)
        lease_end = self._fresh_lease()

        def settle(work: Work) -> tuple[bool, bool]:
            settled = ledger.settle(work, self.claim, [line_id], event, remote_ref=ref, reason=reason)
            if settled and event is Event.LOSE:  # in one commit: a worker killed in between would never look it up
                ledger.release(work, self.claim, work.now + self.crew.quiet, look_up=True)
            return settled, settled and following is not None and self._begin(work, following)

        def fast(now: datetime) -> tuple[Write, ...]:
            if following is None:
                return (writes.settling(self.claim, line_id, now, event, ref, reason),)
            then = self.lines[following].id
            return self._extending(now), writes.moving_on(self.claim, line_id, now, event, ref, reason, then)

        quick = None if event is Event.LOSE else Fast(fast, answer=(True, following is not None))
        settled, begun = self.crew.write(self.claim, settle, quick)
        if not settled:
            warn("a late worker was refused", delivery=self.claim.delivery_id, line=line_id, attempt=self.claim.attempt)
            raise Stopped
        self.states[at] = after(LineState.BUSY, event)
        if begun and following is not None:
            self.begun, self.lease_end = following, lease_end
        if event is Event.ACCEPT and self.claim.tries:
            with self.crew.acting.begin() as work:  # by itself: it locks the delivery, which comes before parcels
                ledger.worked(work, self.claim.delivery_id)

    def _following(self, at: int, event: Event) -> int | None:
        """The line to start at once after this one; None when something else comes first."""
        if event not in (Event.ACCEPT, Event.REFUSE):
            return None
        states = [*self.states[:at], after(LineState.BUSY, event), *self.states[at + 1 :]]
        step, then = next_step(states, look_up=self.look_up, halted=False, has_baseline=self.has_baseline)
        if step is not Step.SEND or self._needs_a_look() or self.crew.must_stop():
            return None
        return then

    def _compare(self) -> None:
        """End with a look at what payroll holds now (G6). When that fails, it is asked for again later."""
        reading = reconcile.reading(self.sender, self.claim, self.job) if LineState.ACCEPTED in self.states else None

        def close(work: Work) -> bool:
            if reading is not None:
                writes.done(work, reading(work.now))
            return ledger.release(work, self.claim, work.now)

        def fast(now: datetime) -> tuple[Write, ...]:
            released = writes.releasing(self.claim, now)
            return (released,) if reading is None else (reading(now), released)

        if not self.crew.write(self.claim, close, Fast(fast, answer=True)):
            raise Stopped

    def _release(self, next_at: datetime, *, look_up: bool = False, looks: int = 0) -> None:
        self.crew.write(
            self.claim, lambda work: ledger.release(work, self.claim, next_at, look_up=look_up, looks=looks)
        )

    def hand_back(self) -> None:
        """Let another worker, or another time, take it; a line whose answer was lost is looked up then."""
        pending = self.look_up and LineState.UNCLEAR in self.states
        self.crew.write(self.claim, lambda work: reconcile.give_back(work, self.claim, look_up=pending))


def words(error: RemoteError) -> Reason:
    return Reason(f"{error.message} {error.remedy}".strip(), error.code)
