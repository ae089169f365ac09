"""Processes of the crash test: workers and the Nmbrs stand-in, forked from a server that has the code in memory.

A worker is the command `portal worker` with an environment of its own. Forking spares the second in which Python reads
its modules: otherwise a thousand kills would mostly hit programs that are still starting.
"""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from portal.cli import main
from portal.integrations.providers.nmbrs.sandbox import NmbrsStandIn
from portal.integrations.providers.nmbrs.sandbox_state import Booked, Memory
from portal.integrations.providers.nmbrs.sandbox_world import World
from portal.sandbox.server import running

MOTHER = multiprocessing.get_context("forkserver")
MOTHER.set_forkserver_preload(["__main__", "portal.cli", "tests.crash.nursery"])
UNLIMITED = 1_000_000  # the pace of Nmbrs is tested elsewhere
Process = ForkServerProcess


class Clocked(Memory):
    """Remembers when each component was booked, to tell what came late."""

    def add(self, fresh: Iterable[Booked]) -> list[int]:
        ids = super().add(fresh)
        moments = self.__dict__.setdefault("moments", {})
        moments.update(dict.fromkeys(ids, time.time()))
        return ids


class TimedStandIn(NmbrsStandIn):
    """Takes `pause` seconds for each call, so that most kills land in the middle of one."""

    def __init__(self, world: World, pause: float) -> None:
        super().__init__(world, calls_a_second=UNLIMITED)
        self.memory = Clocked(world)
        self.wsgi.before_request(lambda: time.sleep(pause))

    def snapshot(self) -> dict[str, object]:
        with self.memory.lock:
            moments = dict(self.memory.__dict__.get("moments", {}))
        return {**super().snapshot(), "moments": moments}


def start_stand_in(world: World, pause: float) -> tuple[Process, str]:
    """Start the Nmbrs stand-in; returns its process and the address of all stand-ins."""
    here, there = MOTHER.Pipe()
    process = MOTHER.Process(target=_serve, args=(world, pause, there), daemon=True)
    process.start()
    url: str = here.recv()
    return process, url


def _serve(world: World, pause: float, pipe: Connection) -> None:
    with running(parts=[TimedStandIn(world, pause)]) as url:
        pipe.send(url)
        _wait_for_the_end()


def start_worker(environment: dict[str, str], log: Path) -> Process:
    """Start `portal worker`; what it logs is added to `log`."""
    process = MOTHER.Process(target=_work, args=(environment, str(log)), daemon=True)
    process.start()
    return process


def _work(environment: dict[str, str], log: str) -> None:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    os.environ.clear()
    os.environ.update(ours | environment)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    faulthandler.register(signal.SIGUSR1)  # writes what every thread does into the log
    threading.Thread(target=_leave_with_the_test, daemon=True).start()
    sys.exit(main(["worker"]))


def _wait_for_the_end() -> None:
    """Until the test itself is gone, also when it was killed."""
    test = multiprocessing.parent_process()
    assert test is not None
    test.join()


def _leave_with_the_test() -> None:
    _wait_for_the_end()
    os.kill(os.getpid(), signal.SIGKILL)
