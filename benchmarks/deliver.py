"""What the ledger costs: lines a second of a delivery against a bare loop of the same zeep calls, as parallel.

A person is a read, an insert a code and a read again, both times; the Nmbrs stand-in is a process of its own and
answers after `milliseconds` (at once, and as a service on the internet does, when nothing is given). The bare loop
keeps no ledger and has no limit of calls. Each is run `rounds` times in turns; the best of each counts, and the ratio
is what matters. Ends with an error when one is below the bar.
Usage: python benchmarks/deliver.py [people] [milliseconds] [rounds]
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from benchmarks.parts.place import CODES, Place, databases, month, place, plan, refs
from portal.app import for_worker
from portal.deliveries.models import LineState
from portal.deliveries.sending import Stop, work_once
from portal.hours.types import BatchLine, Person
from portal.integrations.contract import LineSender
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.integrations.registry import build
from portal.secret import Secret

BAR = 0.85


def main(people: int, pauses: list[float], rounds: int) -> bool:
    """Whether every ratio reaches the bar."""
    missed = [1 for kind in databases() for pause in pauses if measure(kind, people, pause, rounds) < BAR]
    return not missed


def measure(kind: str, people: int, milliseconds: float, rounds: int) -> float:
    bare, ours = [], []
    for _ in range(rounds):
        with place(kind, people, pause=milliseconds / 1000) as found:
            plan(found, len(CODES))
            bare.append(bare_loop(found))
            found.forget()
            ours.append(deliver(found))
    lines, best, mine = people * len(CODES), min(bare), min(ours)
    print(
        f"{kind}: {lines} lines, answers after {milliseconds:g} ms; bare {lines / best:.1f} lines/s, "
        f"delivery {lines / mine:.1f} lines/s, ratio {best / mine:.2f} (bar {BAR})",
        flush=True,
    )
    return best / mine


def bare_loop(found: Place) -> float:
    """Seconds for the same calls without a ledger and without a pace, by as many threads as a worker has."""
    sender = build(found.settings)["nmbrs"]
    assert isinstance(sender, LineSender)
    login = {"token": Secret(DEMO_TOKEN), "email": Secret(DEMO_USER), "domain": Secret("brasserie-zon")}
    person, wanted = Person(0, "", "", "", Secret("")), month()

    def one(ref: str) -> None:
        sender.booked(ref, wanted, login)
        for kind, code in CODES.items():
            sender.insert(BatchLine(0, person, kind, code, 450, Decimal("7.50"), ref), wanted, login)
        sender.booked(ref, wanted, login)

    start = time.perf_counter()
    with ThreadPoolExecutor(found.settings.parallel) as pool:
        list(pool.map(one, refs(found.people)))
    return time.perf_counter() - start


def deliver(found: Place) -> float:
    start = time.perf_counter()
    work_once(for_worker(found.acting, stop=Stop(threading.Event())))
    seconds = time.perf_counter() - start
    assert found.count(LineState.ACCEPTED) == found.state()["booked"] == found.people * len(CODES)
    return seconds


if __name__ == "__main__":
    given = [float(one) for one in sys.argv[1:]]
    people, pauses, times = int(given[0]) if given else 200, given[1:2] or [0.0, 100.0], given[2:]
    sys.exit(not main(people, pauses, int(times[0]) if times else 3))
