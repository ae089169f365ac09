"""How much strangers may write in a minute. Counted in memory: each web process has its own."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock

CLOSED = 1_000_000


class Turnstile:
    """Lets at most so many through for each key in a minute of the clock; for all threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._through: Counter[str] = Counter()

    def lets(self, key: str, most: int) -> bool:
        """Whether one more may go through."""
        with self._lock:
            self._turn()
            self._through[key] += 1
            return self._through[key] <= most

    def close(self, key: str) -> None:
        """Nothing more of this key until the minute is over."""
        with self._lock:
            self._turn()
            self._through[key] = CLOSED

    def _turn(self) -> None:
        minute = int(time.time() // 60)
        if minute != self._minute:
            self._minute = minute
            self._through.clear()
