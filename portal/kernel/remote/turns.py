"""Permits for calls: so many in any second, whatever the jitter. No database, no network; `pace.py` shares them out.

A permit that was used is free again one second after the ANSWER of its call: the other side got the call before it
answered, so two calls on one permit reach it at least a second apart. Counting from the moment of sending would let a
thread that was late bunch its call with the next one.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable
from time import monotonic

SECOND = 1.0
SLICE = 0.25
BURST = 20


class Turns:
    """The permits of one process. Safe for threads; times are monotonic seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._free: list[float] = []
        self._cooling: list[float] = []
        self._flying = 0
        self._strays = 0
        self._target = 0
        self.waiting = 0
        self.used = 0
        self.cleared = 0
        self._last = self._cold = float("-inf")  # the last answer; before this moment no new permit may be used
        self.short = False  # somebody had to wait for a permit

    @property
    def size(self) -> int:
        """Permits that exist: at rest, in flight, or cooling down before they are given away."""
        with self._changed:
            return self._size()

    def _size(self) -> int:
        return len(self._free) + len(self._cooling) + self._flying

    def grant(self, count: int) -> None:
        """Add permits. Many are spread over a second: a burst makes the other side slow, and so itself."""
        with self._changed:
            now = max(self._clock(), self._cold)
            for number in range(count):
                heapq.heappush(self._free, now + (number * SECOND / count if count > BURST else 0.0))
            self._target = self._size()
            self._changed.notify_all()

    def aim(self, target: int) -> int:
        """Use `target` permits at most from now on; return how many exist until the others are cold."""
        with self._changed:
            now = self._clock()
            self._target = target
            self._cooling = sorted(moment for moment in self._cooling if moment > now)
            while self._cooling and self._size() <= target:
                heapq.heappush(self._free, self._cooling.pop())
            while self._free and self._size() > target and self._free[0] <= now:
                heapq.heappop(self._free)
            while self._free and self._size() - len(self._cooling) > target:
                self._cooling.append(heapq.heappop(self._free))
            return self._size()

    def clear(self) -> None:
        """The share is gone: permits at rest end here, those in flight when they come back."""
        with self._changed:
            self.cleared += 1
            # what was called a moment ago counts in the second that begins now, whoever has the permits then
            self._cold = (self._clock() if self._flying else self._last) + SECOND
            self._strays, self._flying = self._strays + self._flying, 0
            self._free, self._cooling, self._target = [], [], 0

    def take(self, until: float) -> float | None:
        """Reserve the permit that is free first; return the moment at which it may be used, None when every permit
        is in flight or the moment would be after `until`."""
        with self._changed:
            self.short = self.short or not self._free or self._free[0] > self._clock()
            if not self._free or self._free[0] > until:
                return None
            self._flying += 1
            return heapq.heappop(self._free)

    def sooner(self, moment: float) -> float:
        """Swap a reserved permit for one that is free before it, when there is one: more were granted meanwhile."""
        with self._changed:
            if not self._free or self._free[0] >= moment:
                return moment
            return heapq.heapreplace(self._free, moment)

    def give(self, moment: float | None = None) -> None:
        """Bring a permit back: used just now, or (`moment`) not used and free at that moment."""
        with self._changed:
            if moment is None:
                self._last = self._clock()
            at = self._clock() + SECOND if moment is None else moment
            self.used += moment is None
            if self._strays:
                self._strays -= 1
                return
            self._flying -= 1
            if self._size() - len(self._cooling) < self._target:
                heapq.heappush(self._free, at)
            else:
                self._cooling.append(at)
            self._changed.notify()

    def wait(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(min(max(seconds, 0.0), SLICE))


def fair(limit: int, mine: int, others: list[int]) -> int:
    """Return what comes to a process that wants `mine` calls: small wishes are met, the rest is shared evenly.

    >>> fair(150, 150, [2]), fair(150, 2, [150, 150]), fair(150, 150, [150])
    (148, 2, 75)
    """
    left, wishes = limit, sorted([*others, mine])
    for number, wish in enumerate(wishes):
        each = left // (len(wishes) - number)
        if wish >= each:
            return min(mine, each)
        if wish >= mine:
            return mine
        left -= wish
    return min(mine, left)
