"""Memory of a worker process while it sends a delivery: 1,000 lines against many more.

The most that the process ever held (VmHWM), in megabytes, and as a ratio to the small delivery.
Usage: python benchmarks/memory.py [lines] [database]     (100000 takes about half an hour)
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.parts.place import CODES, place, plan, worker
from portal.deliveries.models import LineState

SMALL = 1000


def main(lines: int, kind: str) -> None:
    small = held(kind, SMALL)
    large = held(kind, lines)
    print(
        f"{kind}: {SMALL} lines {small[0]:.0f} MB sending, {small[1]:.0f} MB with the receipt; {lines} lines "
        f"{large[0]:.0f} MB sending, {large[1]:.0f} MB with the receipt; ratio {large[0] / small[0]:.2f}, "
        f"{large[1] / small[1]:.2f}"
    )


def held(kind: str, lines: int) -> tuple[float, float]:
    """The peak while lines are sent, and at the end."""
    sending = 0.0
    with place(kind, lines // len(CODES)) as found:
        found.forget()
        plan(found, len(CODES))
        with worker(found) as number:
            while not found.done():
                left = found.count(LineState.PLANNED)
                sending = megabytes(number) if left else sending
                time.sleep(0.25 if lines < 10 * SMALL else 2)
            end = megabytes(number)
        assert found.state()["booked"] == found.count(LineState.ACCEPTED) == lines
    return sending, end


def megabytes(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    given = sys.argv[1:]
    main(int(given[0]) if given else 5000, given[1] if given[1:] else "sqlite")
