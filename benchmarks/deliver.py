"""How much the ledger costs: lines a second of a delivery against a bare loop of the same calls.

Both go to the Nmbrs stand-in of this machine, in the same run, one line at a time. The ratio counts, not the
seconds. Usage: python benchmarks/deliver.py [people]
"""

from __future__ import annotations

import base64
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from portal.app import create_app, for_worker
from portal.deliveries import service
from portal.deliveries.sending import Stop, work_once
from portal.exports import service as exports
from portal.exports.queries import preview
from portal.hours.service import import_file
from portal.hours.types import BatchLine, Period, PeriodKind, Person
from portal.integrations.contract import LineSender
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER, Worker, World, demo_world
from portal.kernel.work import Acting
from portal.migrate import upgrade
from portal.sandbox.server import running
from portal.secret import Secret
from portal.settings import Settings
from tests.factories.people import Cast, make_cast
from tests.factories.setup import activate_nmbrs
from tests.hours.sheets import csv_bytes, row

FIRST_NUMBER = 1000


def world_of(people: int) -> World:
    base = demo_world(datetime.now(UTC).date())
    workers = tuple(Worker(60000 + n, FIRST_NUMBER + n, "Teamlid", "", str(n)) for n in range(people))
    return replace(base, firms=(replace(base.firms[0], workers=workers), *base.firms[1:]))


def main(people: int) -> None:
    with tempfile.TemporaryDirectory() as folder, running(world=world_of(people)) as url:
        settings = Settings(
            data=Path(folder),
            database_url=f"sqlite:///{folder}/bench.sqlite3",
            base_url="http://localhost",
            secret_key=Secret("bench-" + "abcdefghij" * 4),
            vault_key=Secret(base64.b64encode(bytes(range(32))).decode()),
            allow_private_endpoints=True,
            nmbrs_soap_url=f"{url}/nmbrs/soap/v3",
        )
        acting: Acting = create_app(settings).extensions["portal"]
        upgrade(acting.engine)
        cast = make_cast(acting)
        activate_nmbrs(acting, cast)
        period = demo_world(datetime.now(UTC).date()).firms[0].current
        prepare(acting, cast, people, period)
        bare = bare_loop(acting, people, period)
        ours = deliver(acting)
        print(
            f"{people} lines; bare calls {people / bare:.1f}/s, delivery {people / ours:.1f}/s, ratio {bare / ours:.2f}"
        )


def prepare(acting: Acting, cast: Cast, people: int, period: tuple[int, int]) -> None:
    """Import one shift a person, export and plan the delivery."""
    bob, day = acting.as_actor(cast.actors["bob"]), date(period[0], period[1], 5)
    rows = [
        row(Teamlid=f"Teamlid {n}", E_mail="", Personeelsnummer=str(FIRST_NUMBER + n), BSN="", Datum=f"{day:%d-%m-%Y}")
        for n in range(people)
    ]
    import_file(bob, cast.venue("bob"), "bench.csv", csv_bytes(rows))
    wanted = Period(PeriodKind.MONTH, *period)
    with bob.read() as work:
        seen = preview(work, acting.part(Providers), cast.venue("bob"), "nmbrs", wanted)
    made = exports.create(bob, cast.venue("bob"), "nmbrs", wanted, seen.fingerprint, leave_out=True)
    service.send(bob, made)


def bare_loop(acting: Acting, people: int, period: tuple[int, int]) -> float:
    """Seconds for the same calls without a ledger: a read and an insert a person."""
    sender: LineSender = acting.part(Providers).line_sender("nmbrs")
    login = {"token": Secret(DEMO_TOKEN), "email": Secret(DEMO_USER), "domain": Secret("brasserie-zon")}
    person, wanted = Person(0, "", "", "", Secret("")), Period(PeriodKind.MONTH, *period)
    start = time.perf_counter()
    for n in range(people):
        ref = str(60000 + n)
        sender.booked(ref, wanted, login)
        sender.insert(BatchLine(n, person, "gewerkt", "2100", 450, Decimal("7.50"), ref), wanted, login)
    return time.perf_counter() - start


def deliver(acting: Acting) -> float:
    start = time.perf_counter()
    work_once(for_worker(acting, stop=Stop(threading.Event())))
    return time.perf_counter() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
