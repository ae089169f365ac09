"""What time it is, for whoever works together on one database.

Leases and waits only hold when all machines read one clock; machines' own clocks differ and jump. On PostgreSQL that
is the clock of the database; SQLite has one machine, so its own clock does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

MEASURE_SECONDS = 5.0


def machine_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class DatabaseClock:
    """Asks the database every `MEASURE_SECONDS`, and counts on with the monotonic clock, which never jumps.

    Safe for threads. Raises what the database raises. The answer is late by at most the time of one question.
    """

    engine: Engine
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _asked: float = float("-inf")
    _told: datetime | None = None

    def now(self) -> datetime:
        with self._lock:
            if self._told is None or time.monotonic() - self._asked > MEASURE_SECONDS:
                self._told = self._ask()
            return self._told + timedelta(seconds=time.monotonic() - self._asked)

    def _ask(self) -> datetime:
        before = time.monotonic()
        with self.engine.connect() as connection:
            told: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        self._asked = before
        return told.astimezone(UTC)


def clock_of(engine: Engine) -> Callable[[], datetime]:
    """The clock for leases and waits on this database."""
    return DatabaseClock(engine).now if engine.dialect.name == "postgresql" else machine_now
