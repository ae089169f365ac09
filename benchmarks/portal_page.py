"""A page of the portal while twenty people work and hours are imported, against the same page alone: its p95.

The page is the hours of a month of a team. Twenty people, each signed in, open it and read it for a moment; meanwhile
somebody reads in one file of hours after another, of new people at a second venue. Alone is one of them, with nobody
else. The two
take turns; the ratio is that of the middle p95 of each. Ends with 1 when it is above the bar.
Usage: python benchmarks/portal_page.py [rounds] [seconds]
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection

import httpx

from benchmarks.parts.person import browser, open_page, send, sign_in
from benchmarks.parts.place import SPAWN, Place, databases, month, place
from benchmarks.parts.servers import web
from portal.accounts.models import User
from portal.accounts.queries import venues
from portal.accounts.service import add_venue
from portal.hours.periods import bounds, slug
from portal.kernel.work import Role
from tests.factories.people import PASSWORD
from tests.factories.setup import import_hours
from tests.hours.sheets import csv_bytes, row

BAR = 3.0
PEOPLE, TEAM, SHIFTS, ROWS = 20, 40, 20, 500
READING = (1.0, 3.0)  # seconds that somebody looks at a page
ALONE = 100  # pages


def main(rounds: int, seconds: float) -> int:
    return int(any([measure(kind, rounds, seconds) > BAR for kind in databases()]))  # noqa: C419 - all are shown


def measure(kind: str, rounds: int, seconds: float) -> float:
    with place(kind, TEAM) as found, ExitStack() as stack:
        mails, second = make_people(found), second_venue(found)
        import_hours(found.acting, found.cast, team_rows(), who="alice")
        address = stack.enter_context(web(found.environment))
        clients = [stack.enter_context(browser(address)) for _ in range(PEOPLE)]
        for client, mail in zip(clients, mails[:-1], strict=True):
            sign_in(client, mail, PASSWORD)
        path = f"/portaal/uren?vestiging={found.cast.venue('alice')}&periode={slug(month())}"
        for client in clients:
            open_page(client, path)  # the first look of each is noted in the trail, the next of ten minutes are not
        alone, busy, files = [], [], 0
        for number in range(rounds):
            alone.append(p95([open_page(clients[0], path) for _ in range(ALONE)]))
            with importing(address, mails[-1], second, number) as count:
                busy.append(p95(at_work(clients, path, seconds)))
            files += count()
    by_itself, among_others = statistics.median(alone), statistics.median(busy)
    ratio = among_others / by_itself
    print(
        f"{kind}: {rounds} rounds of {seconds:g} s, {files} files of {ROWS} rows read in; p95 alone "
        f"{by_itself * 1000:.0f} ms, with {PEOPLE} people {among_others * 1000:.0f} ms, ratio {ratio:.2f} (bar {BAR}): "
        f"{'good' if ratio <= BAR else 'MISSED'}",
        flush=True,
    )
    return ratio


def make_people(found: Place) -> list[str]:
    """Accounts for twenty people and the one who imports."""
    mails = [f"persoon{number}@dezon.example" for number in range(PEOPLE + 1)]
    own = found.cast.actors["alice"].organisation_id
    with found.acting.begin() as work:
        stored = work.session.get_one(User, found.cast.actors["alice"].user_id).password_hash
        for mail in mails:
            work.session.add(User(
                organisation_id=own, email=mail, name="Persoon", role=Role.URENVERWERKER, password_hash=stored,
                created_at=work.now,
            ))  # fmt: skip
    return mails


def second_venue(found: Place) -> int:
    alice = found.acting.as_actor(found.cast.actors["alice"])
    add_venue(alice, "Tweede vestiging")
    with alice.read() as work:
        return max(venue.id for venue in venues(work))


def team_rows(first: int = 10_000, people: int = TEAM) -> list[list[str]]:
    """Some weeks of a team whose personnel numbers begin at `first`."""
    days = [bounds(month())[0] + timedelta(days=day) for day in range(SHIFTS)]
    return [
        row(Teamlid=f"Teamlid {number}", E_mail="", Personeelsnummer=str(number), BSN="", Datum=f"{day:%d-%m-%Y}")
        for number in range(first, first + people) for day in days
    ]  # fmt: skip


def at_work(clients: list[httpx.Client], path: str, seconds: float) -> list[float]:
    """How long each page took for each of them."""
    until = time.monotonic() + seconds

    def one(client: httpx.Client) -> list[float]:
        taken = []
        time.sleep(random.uniform(0, READING[1]))
        while time.monotonic() < until:
            taken.append(open_page(client, path))
            time.sleep(random.uniform(*READING))
        return taken

    with ThreadPoolExecutor(len(clients)) as pool:
        return [taken for person in pool.map(one, clients) for taken in person]


@contextmanager
def importing(address: str, mail: str, venue: int, number: int) -> Iterator[Callable[[], int]]:
    """Read files in, one after another, until the end; gives how many. In a process of its own, so that making a file
    does not slow down who measures here."""
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_import, args=(there, address, mail, venue, number), daemon=True)
    process.start()
    here.recv()
    done: list[int] = []
    try:
        yield lambda: done[0]
    finally:
        here.send("stop")
        done.append(here.recv())
        process.join()


def _import(pipe: Connection, address: str, mail: str, venue: int, number: int) -> None:
    given = {"venue": str(venue), "same_day": "vraag", "after_export": "vraag"}
    people, done = ROWS // SHIFTS, 0
    with browser(address) as client:
        sign_in(client, mail, PASSWORD)
        pipe.send("ready")
        while not pipe.poll():
            content = csv_bytes(team_rows(100_000 * (number + 1) + people * done, people))
            send(client, "/portaal/uren/importeren", given, files={"file": ("uren.csv", content, "text/csv")})
            done += 1
    pipe.send(done)


def p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]


if __name__ == "__main__":
    given = [float(word) for word in sys.argv[1:]]
    sys.exit(main(int(given[0]) if given else 3, given[1] if given[1:] else 20.0))
