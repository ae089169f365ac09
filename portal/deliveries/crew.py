"""What the threads of one worker process share: the parcels it holds, opened tokens, the scribe."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from portal.deliveries import claims, ledger, parcels
from portal.deliveries.claims import Claim
from portal.deliveries.parcels import Held, Job
from portal.deliveries.protocol import quiet
from portal.deliveries.scribe import Fast, Scribe
from portal.kernel.clock import clock_of
from portal.kernel.logs import warn
from portal.kernel.work import ROBOT, Acting, Actor, Work
from portal.settings import Settings

T = TypeVar("T")
REST_SECONDS = 0.4  # after nothing was found, so that idle threads do not all ask the database
CLASHES = 5
STOPPED_SECONDS = 20.0


class Crew:
    """One per process. Safe for threads."""

    def __init__(self, acting: Acting, stop: threading.Event) -> None:
        settings = acting.part(Settings)
        self.acting = replace(acting, clock=clock_of(acting.engine))  # leases: all workers read one clock
        self.stop = stop
        self.stopped = False
        self.scribe = Scribe(self.acting)
        self.lease_seconds = settings.lease_seconds
        self.quiet: timedelta = quiet(settings.lease_seconds, settings.remote_seconds)
        self.threads = settings.parallel
        self._queue: deque[tuple[Held, float]] = deque()
        self._jobs: dict[int, Job] = {}
        self._running: Counter[int] = Counter()
        self._held: set[int] = set()
        self._lock = threading.Lock()
        self._refill = threading.Lock()
        self._opening = threading.Lock()
        self._there = threading.Condition()
        self._rest_until = self._look_at_stopped = 0.0

    def robot(self, claim: Claim) -> Acting:
        return self.acting.as_actor(Actor(ROBOT, organisation_id=claim.organisation_id))

    def write(self, claim: Claim, entry: Callable[[Work], T], fast: Fast | None = None) -> T:
        """Write something down about a parcel, together with what others write at this moment."""
        return self.scribe.write(entry, claim.parcel_id, fast)

    @contextmanager
    def take(self) -> Iterator[Held | None]:
        """Give a parcel to work on, None when there is none; it counts as running until the block ends."""
        held = self._next()
        try:
            yield held
        finally:
            if held is not None:
                with self._lock:
                    self._put_down(held)

    def _put_down(self, held: Held) -> None:
        """The last parcel of a delivery in this process takes the opened token along. Under the lock."""
        delivery_id = held.claim.delivery_id
        self._held.discard(held.claim.parcel_id)
        self._running[delivery_id] -= 1
        if not self._running[delivery_id]:
            self._jobs.pop(delivery_id, None)

    def _next(self) -> Held | None:
        with self._refill:  # one thread asks the database, the others wait for what it brings
            if not self._queue and not self.stopped and monotonic() >= self._rest_until:
                self._fill()
            with self._lock:
                while self._queue:
                    held, until = self._queue.popleft()
                    if monotonic() < until:
                        return held
                    self._put_down(held)  # its lease ended while it waited: the sweep has it
        return None

    def look_for_work(self) -> bool:
        """Ask the database now, and wake the threads that wait when there is something. For one thread a process."""
        with self._refill:
            if not self._queue and not self.stopped:
                self._fill()
        if self._queue:
            with self._there:
                self._there.notify_all()
        return False

    def wait_for_work(self, seconds: float) -> None:
        with self._there:
            self._there.wait(seconds)

    def _fill(self) -> None:
        until = monotonic() + self.lease_seconds
        held = self._claim()
        if not held:
            self._rest_until = monotonic() + REST_SECONDS
        with self._lock:
            self._running.update(one.claim.delivery_id for one in held)
            self._held.update(one.claim.parcel_id for one in held)
            self._queue.extend((one, until) for one in held)

    def _claim(self) -> list[Held]:
        with self.acting.begin() as work:
            claims.open_due(work)
        for _ in range(CLASHES):
            try:
                with self.acting.begin() as work:
                    return parcels.load(work, claims.claim(work, 2 * self.threads, self.lease_seconds))
            except IntegrityError:  # another worker took the same person in another delivery at this moment
                continue
        return []

    def must_stop(self) -> bool:
        """Asked before each call: nothing new is begun, or claimed, once this process should end."""
        self.stopped = self.stopped or self.stop.is_set()
        return self.stopped

    def job(self, claim: Claim) -> Job:
        """The opened token of a delivery: once per delivery and process, not once per person. Raises NotFound."""
        with self._opening:
            known = self._jobs.get(claim.delivery_id)
            if known is None:
                known = self._jobs[claim.delivery_id] = parcels.open_job(self.robot(claim), claim)
            return known

    def forget(self, delivery_id: int) -> None:
        """The token may have changed: open it again for the next parcel."""
        self._jobs.pop(delivery_id, None)

    def looks_at_stopped(self) -> bool:
        """Now and then a stopped delivery is looked at: a worker may have died before its receipt."""
        due = monotonic() >= self._look_at_stopped
        if due:
            self._look_at_stopped = monotonic() + STOPPED_SECONDS
        return due

    def works_on(self, delivery_id: int) -> bool:
        """Whether this process holds a parcel of a delivery."""
        with self._lock:
            return self._running[delivery_id] > 0

    def hand_back(self) -> None:
        """This process ends: what was claimed and not begun is free again at once (I5). Safe to call twice."""
        with self._lock:
            self.stopped = True
            waiting = [held.claim for held, _until in self._queue]
            deliveries = list(self._running)
            for held, _until in self._queue:
                self._put_down(held)
            self._queue.clear()
        with self.acting.begin() as work:
            for claim in sorted(waiting, key=lambda claim: claim.parcel_id):
                ledger.release(work, claim, work.now, look_up=claim.look_up, looks=claim.looks)
        with self.acting.begin() as work:  # by itself: a delivery is locked before its parcels
            ledger.rest(work, deliveries)

    def sweep(self) -> int:
        """Take back what dead workers left; safe with any number of workers. What this process is working on itself is
        left to it: its clock may have jumped, its calls have not ended by that."""
        with self._lock:
            mine = frozenset(self._held)
        with self.acting.begin() as work:
            swept = ledger.sweep(work, self.quiet, spare=mine)
        if swept:
            warn("leases ended", count=swept)
        return swept
