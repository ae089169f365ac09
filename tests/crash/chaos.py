"""What can go wrong while hours are sent, by the dice of a seed: processes die, stand still, or Nmbrs acts up."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryState, Parcel, ParcelState
from portal.kernel.errors import Conflict
from tests.crash.nursery import Process, start_worker
from tests.crash.world import LEASE_SECONDS, REMOTE_SECONDS, Place

INSERT, GET = "HourComponentVar_Insert", "HourComponentVar_Get"
HANG_SECONDS = REMOTE_SECONDS + 0.8
FAULTS: tuple[dict[str, object], ...] = (
    {"kind": "drop_after_booking"},
    {"kind": "drop_before"},
    {"kind": "hang", "when": "before", "seconds": HANG_SECONDS},
    {"kind": "hang", "when": "after", "seconds": HANG_SECONDS},
    {"kind": "slow", "seconds": 0.7},
    {"kind": "status_500", "when": "before"},
    {"kind": "status_500", "when": "after"},
    {"kind": "status_502", "when": "after"},
    {"kind": "html", "when": "after"},
    {"kind": "endless", "when": "after"},
    {"kind": "fault:9999", "when": "before"},
    {"kind": "fault:9999", "when": "after"},
    {"kind": "fault_text:Er ging iets mis, code onbekend", "when": "before"},
    {"kind": "fault_text:Er ging iets mis, code onbekend", "when": "after"},
    {"kind": "redirect_302", "when": "after"},
    {"kind": "moved_elements"},
)
KILL, STOP, TERMINATE = 0.45, 0.50, 0.56  # up to here on a die of 0 to 1; above it Nmbrs acts up
TICK_SECONDS = (0.05, 0.45)
MOST_ARMED = 2  # faults that nobody met yet: with many in wait the last lines would meet nothing else
STOP_SECONDS = (LEASE_SECONDS + 0.5, LEASE_SECONDS + REMOTE_SECONDS + 4.0)
GET_SHARE = 0.25  # a read that fails lets its whole delivery wait
LEAVE_SECONDS = 30.0
STARTED = "worker started"  # in its log; before that a process does nothing worth killing yet


@dataclass
class Tally:
    """What happened, for the report."""

    kills: int = 0
    stops: int = 0
    terminations: int = 0
    resumed: int = 0


@dataclass
class Chaos:
    """The workers of one installation and what happens to them. `wrongs`: what a worker may never do."""

    place: Place
    dice: random.Random
    tally: Tally
    wrongs: list[str]
    born: dict[Process, Path] = field(default_factory=dict)
    still: dict[Process, float] = field(default_factory=dict)
    leaving: dict[Process, float] = field(default_factory=dict)
    count: int = 0
    ending: bool = False

    def begin(self, count: int) -> None:
        self.ending = False
        for _ in range(count):
            self._start()

    def _start(self) -> None:
        self.count += 1
        log = self.place.folder / f"worker-{self.count}.log"
        worker = start_worker(self.place.environment, log)
        worker.name = str(self.count)
        self.born[worker] = log

    def storm(self, seconds: float, enough_kills: int) -> None:
        """Let things go wrong until everything is settled, or there were enough kills, or for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.tally.kills < enough_kills and not self.settled():
            time.sleep(self.dice.uniform(*TICK_SECONDS))
            self._mind()
            self._act(self.dice.random())

    def calm(self, seconds: float) -> bool:
        """Nothing goes wrong any more; whether everything is settled within so long."""
        self.place.control("faults", {})
        for worker in list(self.still):
            self._go_on(worker)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.settled():
            time.sleep(0.3)
            self._mind()
        return self.settled()

    def end(self) -> None:
        """Stop every worker as a person would; it must leave in peace."""
        self.ending = True
        while self.born or self.leaving:
            for worker in [one for one, log in self.born.items() if _started(log)]:
                self._send_away(worker)
            time.sleep(0.05)
            self._mind()

    def kill_all(self) -> None:
        for worker in [*self.born, *self.leaving]:
            worker.kill()
            worker.join()

    def settled(self) -> bool:
        """Nothing moves any more. A paused delivery goes on first, as a person would let it."""
        with self.place.acting.read() as work:
            open_parcels = select(func.count()).where(Parcel.state != ParcelState.DONE)
            open_deliveries = select(func.count()).where(Delivery.state != DeliveryState.DONE)
            left = (work.session.scalar(open_parcels) or 0) + (work.session.scalar(open_deliveries) or 0)
            paused = work.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.PAUSED)).all()
        for delivery_id in paused:
            self._resume(delivery_id)
        return left == 0

    def _resume(self, delivery_id: int) -> None:
        try:
            service.resume(self.place.alice, delivery_id)
            self.tally.resumed += 1
        except Conflict as error:
            self.wrongs.append(f"delivery {delivery_id} cannot be resumed: {error.message}")

    def _act(self, die: float) -> None:
        ready = [one for one, log in self.born.items() if one not in self.still and _started(log)]
        if die >= TERMINATE:
            self._arm()
        elif not ready:
            return
        elif die < KILL:
            self._kill(self.dice.choice(ready))
        elif die < STOP and not self.still:
            self._stand_still(self.dice.choice(ready))
        elif STOP <= die < TERMINATE:
            self._send_away(self.dice.choice(ready))
            self.tally.terminations += 1
            self._start()

    def _arm(self) -> None:
        operation = GET if self.dice.random() < GET_SHARE else INSERT
        armed = self.place.control("faults", {**self.dice.choice(FAULTS), "operation": operation, "times": 1})
        if len(armed["armed"]) > MOST_ARMED:
            self.place.control("faults", {})

    def _kill(self, worker: Process) -> None:
        worker.kill()
        worker.join()
        del self.born[worker]
        self.tally.kills += 1
        self._start()

    def _stand_still(self, worker: Process) -> None:
        os.kill(_pid(worker), signal.SIGSTOP)
        self.still[worker] = time.monotonic() + self.dice.uniform(*STOP_SECONDS)
        self.tally.stops += 1

    def _go_on(self, worker: Process) -> None:
        del self.still[worker]
        os.kill(_pid(worker), signal.SIGCONT)

    def _send_away(self, worker: Process) -> None:
        del self.born[worker]
        worker.terminate()
        self.leaving[worker] = time.monotonic() + LEAVE_SECONDS

    def _mind(self) -> None:
        """Wake who stood still long enough; look who left, and how."""
        now = time.monotonic()
        for worker in [one for one, until in self.still.items() if until < now]:
            self._go_on(worker)
        for worker in [one for one in self.born if one.exitcode is not None]:
            self.wrongs.append(f"worker {worker.name} ended by itself, with code {worker.exitcode}")
            del self.born[worker]
            self.still.pop(worker, None)
            if not self.ending:
                self._start()
        for worker, until in list(self.leaving.items()):
            if worker.exitcode is not None:
                self._gone(worker)
            elif until < now:
                self._hangs(worker)

    def _gone(self, worker: Process) -> None:
        if worker.exitcode:
            self.wrongs.append(f"worker {worker.name} ended with code {worker.exitcode} after SIGTERM")
        del self.leaving[worker]

    def _hangs(self, worker: Process) -> None:
        self.wrongs.append(f"worker {worker.name} was still there {LEAVE_SECONDS:.0f} seconds after SIGTERM")
        os.kill(_pid(worker), signal.SIGUSR1)  # what every thread does goes into its log
        time.sleep(0.5)
        worker.kill()
        worker.join()
        del self.leaving[worker]


def _started(log: Path) -> bool:
    return log.exists() and STARTED in log.read_text(encoding="utf-8")


def _pid(worker: Process) -> int:
    assert worker.pid is not None
    return worker.pid
