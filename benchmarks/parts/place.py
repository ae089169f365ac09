"""A customer with many people and a delivery that is planned, and the Nmbrs stand-in as a process of its own."""

from __future__ import annotations

import base64
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import OperationalError

from portal.app import wire
from portal.deliveries import service
from portal.deliveries.models import Delivery as DeliveryRow
from portal.deliveries.models import DeliveryLine, DeliveryState, LineState
from portal.exports import service as exports
from portal.exports.queries import preview
from portal.hours.periods import period_of, previous
from portal.hours.types import Period, PeriodKind
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox import NmbrsStandIn
from portal.integrations.providers.nmbrs.sandbox_world import Worker, World, demo_world
from portal.kernel.db import make_engine
from portal.kernel.work import Acting
from portal.migrate import upgrade
from portal.sandbox.server import running
from portal.secret import Secret
from portal.settings import Settings
from tests.factories.people import Cast, make_cast
from tests.factories.setup import COMPANY, activate_nmbrs, all_in_one, import_hours
from tests.hours.sheets import row

SERVER = os.environ.get("PORTAL_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
SPAWN = multiprocessing.get_context("spawn")
CODES = {"gewerkt": "2100", "meeruren": "2190", "vakantie": "3041", "feestdag": "3063", "overwerk": "6100"}
FIRST_NUMBER, FIRST_REF = 10_000, 600_000
ROWS_A_FILE = 20_000
NO_LIMIT = 1_000_000
SECRET_KEY = "bench-" + "abcdefghij" * 4
VAULT_KEY = base64.b64encode(bytes(range(32))).decode()


class TimedStandIn(NmbrsStandIn):
    """Takes `pause` seconds for each call, has no limit of its own, and remembers when each call came."""

    def __init__(self, world: World, pause: float) -> None:
        super().__init__(world, calls_a_second=NO_LIMIT)
        self.moments: list[float] = []
        self.wsgi.before_request(lambda: self._arrived(pause))

    def _arrived(self, pause: float) -> None:
        self.moments.append(time.time())
        if pause:
            time.sleep(pause)

    def snapshot(self) -> dict[str, object]:
        with self.memory.lock:
            return {"moments": self.moments, "booked": len(self.memory.components)}


@dataclass(frozen=True)
class Place:
    """`environment` starts a worker process on the same installation."""

    acting: Acting
    cast: Cast
    sandbox: str
    people: int
    settings: Settings
    environment: dict[str, str]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.sandbox}/nmbrs/_sandbox/state", timeout=60).json()
        return found

    def forget(self) -> None:
        """Empty the stand-in: a call there should not become slower because another loop ran first."""
        httpx.post(f"{self.sandbox}/nmbrs/_sandbox/reset", json={}, timeout=60).raise_for_status()
        self.open_period()

    def open_period(self) -> None:
        body = {"current": {COMPANY: [month().year - 1, 1]}}
        httpx.post(f"{self.sandbox}/nmbrs/_sandbox/settings", json=body, timeout=60).raise_for_status()

    def count(self, *states: LineState) -> int:
        with self.acting.read() as work:
            query = select(func.count()).select_from(DeliveryLine).where(DeliveryLine.state.in_(states))
            return work.session.scalar(query) or 0

    def done(self) -> bool:
        """Whether every delivery has ended."""
        with self.acting.read() as work:
            query = select(func.count()).select_from(DeliveryRow).where(DeliveryRow.state != DeliveryState.DONE)
            return not work.session.scalar(query)


def month() -> Period:
    return previous(period_of(datetime.now(UTC).date(), PeriodKind.MONTH))


def refs(people: int) -> list[str]:
    return [str(FIRST_REF + n) for n in range(people)]


def plan(place: Place, codes: int) -> None:
    """Import one shift a person and code, export, and plan the delivery: people x codes lines."""
    alice, venue = place.acting.as_actor(place.cast.actors["alice"]), place.cast.venue("alice")
    wanted, providers = month(), place.acting.part(Providers)
    rows = [
        row(
            Teamlid=f"Teamlid {n}", E_mail="", Personeelsnummer=str(FIRST_NUMBER + n), BSN="", Soort_uren=kind,
            Datum=f"{day + 1:02}-{wanted.number:02}-{wanted.year}",
        )
        for n in range(place.people)
        for day, kind in enumerate(list(CODES)[:codes])
    ]  # fmt: skip
    for start in range(0, len(rows), ROWS_A_FILE):
        import_hours(place.acting, place.cast, rows[start : start + ROWS_A_FILE], who="alice")
    with alice.read() as work:
        seen = preview(work, providers, venue, "nmbrs", wanted)
    service.send(alice, exports.create(alice, venue, "nmbrs", wanted, seen.fingerprint, leave_out=True))


@contextmanager
def place(kind: str, people: int, *, pause: float = 0.0, limit: int = 1000) -> Iterator[Place]:
    """An installation on an empty "sqlite" or "postgresql"; `limit`: calls a second that it allows itself."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url = stack.enter_context(_stand_in(people, pause))
        database_url = stack.enter_context(database(kind, folder))
        settings = Settings(
            data=Path(folder), database_url=database_url, base_url="http://localhost", secret_key=Secret(SECRET_KEY),
            vault_key=Secret(VAULT_KEY), allow_private_endpoints=True, nmbrs_soap_url=f"{url}/nmbrs/soap/v3",
            nmbrs_calls_per_second=limit,
        )  # fmt: skip
        acting = all_in_one(wire(settings))
        stack.callback(acting.engine.dispose)
        cast = make_cast(acting)
        activate_nmbrs(acting, cast, codes=CODES)
        found = Place(acting, cast, url, people, settings, _environment(settings))
        found.open_period()
        yield found


def _environment(settings: Settings) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "DATABASE_URL": settings.database_url,
        "DATA": str(settings.data),
        "PORTAL_BASE_URL": settings.base_url,
        "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_VAULT_KEY": VAULT_KEY,
        "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
        "PORTAL_NMBRS_SOAP_URL": settings.nmbrs_soap_url,
        "PORTAL_NMBRS_CALLS_PER_SECOND": str(settings.nmbrs_calls_per_second),
    }


@contextmanager
def worker(found: Place) -> Iterator[int]:
    """A worker process, as `portal worker`; gives its number, and ends it with SIGTERM."""
    command = [sys.executable, "-c", "from portal.cli import main; main()", "worker"]
    log = Path(found.settings.data) / f"worker-{uuid.uuid4().hex[:8]}.log"
    with log.open("w") as output, subprocess.Popen(command, env=found.environment, stderr=output) as process:
        try:
            while "worker started" not in log.read_text():
                time.sleep(0.05)
            yield process.pid
        finally:
            process.terminate()


@contextmanager
def _stand_in(people: int, pause: float) -> Iterator[str]:
    here, there = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(people, pause, there), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()
        process.join()


def _serve(people: int, pause: float, pipe: Connection) -> None:
    base = demo_world(datetime.now(UTC).date())
    workers = tuple(Worker(FIRST_REF + n, FIRST_NUMBER + n, "Teamlid", "", str(n)) for n in range(people))
    world = replace(base, firms=(replace(base.firms[0], workers=workers), *base.firms[1:]))
    with running(parts=[TimedStandIn(world, pause)]) as url:
        pipe.send(url)
        parent = multiprocessing.parent_process()
        assert parent is not None
        parent.join()


@contextmanager
def database(kind: str, folder: str) -> Iterator[str]:
    """The address of an empty, migrated database, dropped at the end."""
    if kind == "sqlite":
        yield _migrated(f"sqlite:///{folder}/bench.sqlite3")
        return
    name = f"portal_bench_{uuid.uuid4().hex[:12]}"
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield _migrated(SERVER.rsplit("/", 1)[0] + f"/{name}")
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()


def _migrated(url: str) -> str:
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
    return url


def databases() -> list[str]:
    """ "sqlite", and "postgresql" when a server answers."""
    server = create_engine(SERVER, connect_args={"connect_timeout": 3})
    try:
        server.connect().close()
    except OperationalError:
        print("No PostgreSQL answers (PORTAL_TEST_POSTGRES): only SQLite is measured.")
        return ["sqlite"]
    finally:
        server.dispose()
    return ["sqlite", "postgresql"]
