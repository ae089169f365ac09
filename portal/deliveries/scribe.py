"""One transaction for what several persons have to write down at the same moment.

A commit waits for the disk; many persons in parallel would each wait for their own. So whoever comes first writes
for all who wait by then, and every one goes on only when his own entry is committed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from portal.deliveries.writes import Write, in_order, locking, together
from portal.kernel.remote.guard import in_transaction
from portal.kernel.work import Acting, Work

T = TypeVar("T")
MOST = 64


def _closed() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(frozen=True)
class Fast:
    """What an entry does when everything is as expected, and its answer then. Those of one statement are written
    together for all entries that have them (see `writes.in_order`)."""

    writes: Callable[[datetime], tuple[Write, ...]]
    answer: Any


@dataclass
class Entry:
    """`turn` is released when there is an answer, or when it is this entry's turn to write for all. Without an answer
    the thread that wrote was ended half-way: nothing is known to be committed."""

    write: Callable[[Work], Any]
    order: int
    fast: Fast | None
    turn: threading.Lock = field(default_factory=_closed)
    done: bool = False
    answer: Any = None
    error: Exception = field(default_factory=lambda: RuntimeError("the writing thread was ended"))
    answered: bool = False


class NotAsExpected(Exception):
    """A fast write did not change what it should: nothing is written, each entry finds out for itself."""


class Scribe:
    """Safe for threads. An entry must do the same when it is run again: after a failure each is tried alone."""

    def __init__(self, acting: Acting) -> None:
        self._acting = acting
        self._lock = threading.Lock()
        self._waiting: list[Entry] = []
        self._free = True  # the pen: two transactions at a time were not faster, on PostgreSQL either
        self._connection: Connection | None = None

    def write(self, entry: Callable[[Work], T], order: int, fast: Fast | None = None) -> T:
        """Run `entry` in a writing transaction, or `fast` that does the same, and return its answer once that is
        committed.

        `order`: the parcel that it locks; who locks several does so by id, as a person who stops a delivery does.
        Raises what the entry or the database raises; then nothing of it is written.
        """
        mine = Entry(entry, order, fast)
        if not self._takes_pen(mine):
            mine.turn.acquire()
        if not mine.done:
            self._write_for_all(mine)
        if not mine.answered:
            raise mine.error
        return cast("T", mine.answer)

    def _takes_pen(self, entry: Entry) -> bool:
        with self._lock:
            free, self._free = self._free, False
            if not free:
                self._waiting.append(entry)
            return free

    def _write_for_all(self, mine: Entry) -> None:
        """Write for who waits by now, then give the pen to the first who came meanwhile."""
        with self._lock:
            entries, self._waiting = [mine, *self._waiting[: MOST - 1]], self._waiting[MOST - 1 :]
        try:
            self._write(sorted(entries, key=lambda entry: entry.order))
        finally:
            self._pass_on(entries)

    def _pass_on(self, entries: list[Entry]) -> None:
        spare = None
        with self._lock:
            following = self._waiting[:1]
            del self._waiting[:1]
            if not following:
                spare, self._connection, self._free = self._connection, None, True
        for entry in entries:
            entry.done = True
        for entry in [*entries, *following]:
            entry.turn.release()
        if spare is not None:
            spare.close()

    def _write(self, entries: list[Entry]) -> None:
        try:
            answers = self._quickly(entries)
        except Exception as error:  # noqa: BLE001 - one broken entry must not take the others along
            if len(entries) == 1:
                entries[0].error = error
                return
            for entry in entries:
                self._write([entry])
        else:
            for entry, answer in zip(entries, answers, strict=True):
                entry.answer, entry.answered = answer, True

    def _quickly(self, entries: list[Entry]) -> list[Any]:
        fast = [entry.fast for entry in entries if entry.fast]
        try:
            if len(fast) == len(entries):
                with self._transaction() as (connection, now):
                    _all_at_once(connection, now, fast, entries)
                    return [one.answer for one in fast]
        except NotAsExpected:
            pass
        with self._acting.begin() as work:
            return [entry.write(work) for entry in entries]

    @contextmanager
    def _transaction(self) -> Iterator[tuple[Connection, datetime]]:
        """On one connection as long as somebody waits: this runs for every line of every person."""
        connection, self._connection = self._connection or self._acting.engine.connect(), None
        try:
            now = self._acting.clock()
            with in_transaction(), connection.begin():
                yield connection, now
        except NotAsExpected:
            self._connection = connection
            raise
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        self._connection = connection


def _all_at_once(connection: Connection, now: datetime, fast: Sequence[Fast], entries: Sequence[Entry]) -> None:
    """Raises NotAsExpected."""
    groups = in_order([write for one in fast for write in one.writes(now)])
    if len(entries) > 1 and connection.dialect.name == "postgresql":
        # by id, before anything else: one statement locks in an order of its own. SQLite has one writer anyway
        groups.insert(0, [locking([entry.order for entry in entries])])
    if not together(connection, groups):
        raise NotAsExpected
