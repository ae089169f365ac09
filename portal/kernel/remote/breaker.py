"""Stop knocking on a door that does not open (F3)."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock


class Breaker:
    """Opens after `limit` failures in a row; after `rest` seconds one probe may pass.

    Every `admit()` that answers True is followed by exactly one of `worked()`, `failed()`
    or `released()` (the call was never made). Safe for threads; `clock` is monotonic, in seconds.
    """

    def __init__(self, limit: int = 5, rest: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rest = rest
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is remembered."""
        with self._lock:
            return self._failures == 0 and not self._probing

    def admit(self) -> bool:
        """Say whether a call may be made now."""
        with self._lock:
            if self._open_until is None:
                return True
            if self._probing or self._clock() < self._open_until:
                return False
            self._probing = True
            return True

    def worked(self) -> None:
        with self._lock:
            self._failures, self._open_until, self._probing = 0, None, False

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            self._probing = False
            if self._failures >= self._limit:
                self._open_until = self._clock() + self._rest

    def released(self) -> None:
        with self._lock:
            self._probing = False


class Breakers:
    """One breaker a key (an organisation). `only`: the same one for every key."""

    MOST = 1000

    def __init__(self, only: Breaker | None = None) -> None:
        self._only = only
        self._lock = Lock()
        self._by_key: dict[object, Breaker] = {}

    def of(self, key: object) -> Breaker:
        if self._only is not None:
            return self._only
        with self._lock:
            if key not in self._by_key and len(self._by_key) >= self.MOST:
                self._by_key = {known: breaker for known, breaker in self._by_key.items() if not breaker.quiet}
            return self._by_key.setdefault(key, Breaker())
