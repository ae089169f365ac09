"""Work that would hold the interpreter of a web process for long is done in a process beside it.

While one thread reads a large file, every other page of that process waits for the interpreter at each of its
queries (docs/decisions/0023-import-beside.md). The process starts at the first work, stays, and ends with its parent.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.util import Finalize
from typing import Any, TypeVar

from portal.kernel.work import Acting, Actor

T = TypeVar("T")
AT_ONCE = 2  # for a database that takes one writer at a time; the second reads its file meanwhile
TRIES = 3
MILDER = 5  # pages go before files

_own: list[Acting] = []  # filled in the process beside


class Broken(Exception):
    """The process beside this one died with this work, and so did the next."""


class Beside:
    """Without `open` there is no process beside this one, and the work is done here: in tests and commands."""

    def __init__(self) -> None:
        self._prepare: Callable[[], Acting] | None = None
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def open(self, prepare: Callable[[], Acting]) -> None:
        """From now on work is done beside this process; `prepare`, a function of a module, wires what it needs."""
        self._prepare = prepare

    def do(self, acting: Acting, job: Callable[..., T], *args: Any) -> T:
        """Return `job(acting, *args)`, or raise what it raises. The job must be safe to call twice, because a process
        that dies may have finished it; it and its arguments are sent by pickle. Raises Broken."""
        if self._prepare is None:
            return job(acting, *args)
        for _try in range(TRIES):
            if (sent := self._send(self._prepare, _do, job, acting.actor, args)) is None:
                continue
            try:
                return sent.result()
            except BrokenProcessPool:
                continue
        raise Broken

    def warm(self) -> None:
        """Start the process, for who is about to bring work. Returns at once."""
        if self._prepare is not None:
            self._send(self._prepare, os.getpid)

    def _send(self, prepare: Callable[[], Acting], work: Callable[..., T], *args: Any) -> Future[T] | None:
        """None when the process was found dead; the next time there is a new one."""
        with self._lock:
            if self._pool is None:
                self._pool = _new_pool(prepare)
            try:
                return self._pool.submit(work, *args)
            except (RuntimeError, OSError):  # it is dead, or just dying
                self._pool = None
        return None


def _new_pool(prepare: Callable[[], Acting]) -> ProcessPoolExecutor:
    # spawn: a copy of a process with threads is not safe
    pool = ProcessPoolExecutor(AT_ONCE, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(prepare,))
    # a process that multiprocessing started waits for its own before it tells a pool to end, and closes the queue of
    # the pool (priority 10) before that
    Finalize(pool, ProcessPoolExecutor.shutdown, (pool,), exitpriority=100)
    return pool


def _begin(prepare: Callable[[], Acting]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # sent to all of a terminal or service: work is finished first
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(MILDER)
    _own.append(prepare())


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
    os._exit(0)


def _do(job: Callable[..., T], actor: Actor, args: tuple[Any, ...]) -> T:
    return job(_own[-1].as_actor(actor), *args)
