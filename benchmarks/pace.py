"""Two worker processes at the limit of 150 calls a second: how much of it they use, and that no second has more.

The stand-in notes when each call came. Counted in every window of one second that begins with a call; the rate is
that of the middle of the run (without the first and last three seconds).
Usage: python benchmarks/pace.py [lines] [calls a second]
"""

from __future__ import annotations

import sys
import time
from bisect import bisect_left
from contextlib import ExitStack

from benchmarks.parts.place import CODES, databases, place, plan, worker
from portal.deliveries.models import LineState

EDGE_SECONDS = 3.0
WORKERS = 2


def main(lines: int, limit: int) -> None:
    people = max(1, lines // len(CODES))
    for kind in databases():
        with place(kind, people, limit=limit) as found, ExitStack() as stack:
            found.forget()
            plan(found, len(CODES))
            before = len(found.state()["moments"])
            for _ in range(WORKERS):
                stack.enter_context(worker(found))
            while not found.done():
                time.sleep(0.5)
            moments = sorted(found.state()["moments"][before:])
            accepted = found.count(LineState.ACCEPTED)
        print(
            f"{kind}: {accepted} of {people * len(CODES)} lines in {moments[-1] - moments[0]:.0f} s, "
            f"{WORKERS} workers, limit {limit}/s: {rate(moments):.1f} calls/s = {rate(moments) / limit:.3f} of it, "
            f"most in any second {most(moments)}",
            flush=True,
        )


def rate(moments: list[float]) -> float:
    """Calls a second between the edges."""
    start, end = moments[0] + EDGE_SECONDS, moments[-1] - EDGE_SECONDS
    inside = [moment for moment in moments if start <= moment < end]
    return len(inside) / (end - start) if end > start else 0.0


def most(moments: list[float]) -> int:
    return max(bisect_left(moments, moment + 1.0) - number for number, moment in enumerate(moments))


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 2000, int(given[1]) if given[1:] else 150)
