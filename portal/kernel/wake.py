"""Wakes the workers at once when work is planned (docs/decisions/0004-wake-up.md).

A wake-up is a hint only: the row is the queue, and who wakes looks in the database. So one too many costs a
look, and one that got lost costs no more than the `seconds` of `Waker.wait`.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from typing import Any

import psycopg
from sqlalchemy import Engine

from portal.kernel.logs import log, warn
from portal.kernel.work import Work

POLL_SECONDS = 0.5
STOP_SECONDS = 0.1
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
CHANNEL = "portal_work"
# The system notices a server that vanished without a word after about 25 seconds.
# https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-KEEPALIVES
KEEPALIVE = {"keepalives": 1, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}


def announce(work: Work) -> None:
    """Wake the workers of all machines when this transaction commits; a transaction that rolls back wakes nobody.

    Call it after writing rows that a worker takes: a delivery planned or resumed, a parcel given free, a mail
    queued. Safe to call many times: PostgreSQL sends equal announcements of one transaction once, and each call
    is one round trip. Transactions that announce commit one after another, so it is not for every line that is
    sent. On SQLite it does nothing: there the worker asks twice a second.
    """
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


class Waker:
    """Lets the threads of one worker process wait for announcements; make one for each process.

    On PostgreSQL one thread listens on a connection of its own, outside the pool. The server need not answer
    yet: as long as the listener has no connection, waiting is asking twice a second. Both losing and getting
    a connection count as an announcement, because one may have been missed.
    """

    def __init__(self, engine: Engine) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._listening = False
        self._seen = threading.local()
        self._closed = threading.Event()
        self._listener: threading.Thread | None = None
        if engine.dialect.name == "postgresql":
            positional, named = engine.dialect.create_connect_args(engine.url)
            # a daemon, so that a server that does not answer cannot hold up the end of the process
            self._listener = threading.Thread(target=self._run, args=(positional, named), name="wake", daemon=True)
            self._listener.start()

    def wait(self, stop: threading.Event, seconds: float) -> None:
        """Return at an announcement, when `stop` is set (within 0.2 s) or after `seconds`, whichever is first.

        An announcement made since this thread's previous wait() returned, or before its first, counts: what
        came while it was busy is not missed. Returns after 0.5 s at most on SQLite and without a connection.
        """
        if self._listener is None:
            stop.wait(min(seconds, POLL_SECONDS))
            return
        began = time.monotonic()
        with self._changed:
            while self._count == getattr(self._seen, "count", 0) and not stop.is_set():
                most = seconds if self._listening else min(seconds, POLL_SECONDS)
                left = began + most - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, STOP_SECONDS))  # nobody notifies us about `stop`
            self._seen.count = self._count

    def close(self) -> None:
        """End the listener; safe to call twice. Threads that still wait go on asking twice a second."""
        self._closed.set()
        if self._listener is not None:
            self._listener.join(timeout=1.0)

    def _run(self, positional: Any, named: dict[str, Any]) -> None:
        pause, told = FIRST_PAUSE_SECONDS, False
        while not self._closed.is_set():
            try:
                with closing(_connect(positional, named)) as connection:
                    if told:
                        log("wake-up connection is back")
                    pause, told = FIRST_PAUSE_SECONDS, False
                    self._listen(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, the workers still ask twice a second
                if not told:  # once for each loss; never the text of the error, which names the server
                    warn("wake-up connection lost", error=type(error).__name__)
                told = True
            finally:
                self._tell(listening=False)
            self._closed.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _listen(self, connection: psycopg.Connection[Any]) -> None:
        connection.execute(f"LISTEN {CHANNEL}")
        self._tell(listening=True)
        while not self._closed.is_set():
            for _ in connection.notifies(timeout=STOP_SECONDS, stop_after=1):
                self._tell(listening=True)

    def _tell(self, *, listening: bool) -> None:
        with self._changed:
            # A server that stays away is no news: the waiting threads would look at every attempt.
            if listening or self._listening:
                self._count += 1
            self._listening = listening
            self._changed.notify_all()


def _connect(positional: Any, named: dict[str, Any]) -> psycopg.Connection[Any]:
    settings = {"connect_timeout": 5, "application_name": "portal wake", **KEEPALIVE, **named}
    return psycopg.connect(*positional, **settings, autocommit=True)
