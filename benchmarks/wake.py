"""How soon a worker starts on work that was planned: woken by PostgreSQL against asking twice a second.

Worker processes take rows of a small table, each with one row at a time; another process plans. Milliseconds
from just before the commit until the row is taken, and how often the workers looked for each row.
Without PostgreSQL (PORTAL_TEST_POSTGRES) it measures asking on SQLite only. Usage: python benchmarks/wake.py [rows]
"""

from __future__ import annotations

import base64
import math
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from portal.kernel.db import make_engine
from portal.kernel.vault import Vault
from portal.kernel.wake import Waker, announce
from portal.kernel.work import Acting, Actor
from portal.secret import Secret

SERVER = os.environ.get("PORTAL_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
PROCESSES = multiprocessing.get_context("spawn")
TAKE = text("UPDATE job SET taken = 1 WHERE id = (SELECT min(id) FROM job WHERE taken = 0) AND taken = 0 RETURNING id")
# the idle time of a worker that is woken; long, so that nothing below it can come from asking
LONG_SECONDS = 30.0
POLL_SECONDS = 0.5
READY, LOOKS = -1, -2  # in the place of a row's number


def acting(engine: Engine) -> Acting:
    return Acting(Actor("bench"), engine, Vault.of(Secret(base64.b64encode(bytes(range(32))).decode())))


def work(url: str, woken: bool, end: Event, started: Any) -> None:
    """One worker process: take what is there, then wait; says at last how often it looked."""
    engine, looks = make_engine(url), 0
    stop = threading.Event()
    threading.Thread(target=_pass_on, args=(end, stop), daemon=True).start()
    waker = Waker(engine) if woken else None

    def pause() -> None:
        if waker is None:
            stop.wait(POLL_SECONDS)
        else:
            waker.wait(stop, LONG_SECONDS)

    pause()  # the first return: it listens
    started.put((READY, 0))
    while not stop.is_set():
        looks += 1
        with acting(engine).begin() as here:
            found = here.session.scalar(TAKE)
        if found is None:
            pause()
        else:
            started.put((found, time.monotonic()))
    started.put((LOOKS, looks))
    if waker:
        waker.close()
    engine.dispose()


def _pass_on(end: Event, stop: threading.Event) -> None:
    end.wait()
    stop.set()


def measure(url: str, workers: int, rows: int, woken: bool) -> str:
    engine, end, started = make_engine(url), PROCESSES.Event(), PROCESSES.Queue()
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE IF EXISTS job"))
        connection.execute(text("CREATE TABLE job (id integer PRIMARY KEY, taken integer NOT NULL)"))
    crew = [PROCESSES.Process(target=work, args=(url, woken, end, started)) for _ in range(workers)]
    for process in crew:
        process.start()
    for _ in crew:  # a process that is still starting would count as a slow wake-up
        assert started.get(timeout=30)[0] == READY
    planned = {number: plan(engine, number) for number in range(1, rows + 1)}
    taken = dict(started.get(timeout=10) for _ in planned)
    end.set()
    looks = sum(started.get(timeout=10)[1] for _ in crew)
    for process in crew:
        process.join()
    engine.dispose()
    waits = sorted((taken[number] - planned[number]) * 1000 for number in planned)
    middle, slow = statistics.median(waits), waits[math.ceil(len(waits) * 0.95) - 1]
    return f"median {middle:6.1f} ms, p95 {slow:6.1f} ms, {looks / rows:4.1f} looks a row"


def plan(engine: Engine, number: int) -> float:
    """Plan one row after a pause of any length (so that asking meets every moment); returns when it was committed."""
    time.sleep(random.uniform(0.02, 0.12))
    with acting(engine).begin() as here:
        here.session.execute(text("INSERT INTO job VALUES (:id, 0)"), {"id": number})
        announce(here)
        return time.monotonic()


@contextmanager
def postgres() -> Iterator[str | None]:
    """The address of an empty database, or None when no server answers."""
    server = create_engine(SERVER, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"portal_wake_{uuid.uuid4().hex[:12]}"
    try:
        with server.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    except OperationalError:
        yield None
        return
    try:
        yield SERVER.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder, postgres() as url:
        if url is None:
            print("No PostgreSQL answers: only asking on SQLite is measured.")
            print("sqlite, 2 workers, asking:", measure(f"sqlite:///{folder}/wake.sqlite3", 2, rows, woken=False))
            return
        for workers in (2, 4):
            for woken in (True, False):
                way = "woken " if woken else "asking"
                print(f"postgresql, {workers} workers, {way}:", measure(url, workers, rows, woken), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
