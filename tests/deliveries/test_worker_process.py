"""The worker as a process of its own: killed, stopped politely, and two at once (G3, G5, I5)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from portal.deliveries import queries, service
from portal.deliveries.models import DeliveryState, LineState, Parcel, ParcelState
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.deliveries.stage import Stage

WAIT_SECONDS = 40


@pytest.fixture
def parallel() -> str:
    """How many persons a worker sends at a time; one, so that a test knows which line is under way."""
    return "1"


@pytest.fixture
def start(settings: Settings, parallel: str) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start a worker process on the database and stand-ins of this test."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    env |= {
        "DATABASE_URL": settings.database_url,
        "DATA": str(settings.data),
        "PORTAL_BASE_URL": settings.base_url,
        "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_VAULT_KEY": VAULT_KEY,
        "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
        "PORTAL_NMBRS_SOAP_URL": settings.nmbrs_soap_url,
        "PORTAL_LEASE_SECONDS": "4",
        "PORTAL_REMOTE_SECONDS": "3",
        "PORTAL_PARALLEL": parallel,
    }
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", "from portal.cli import main; main()", "worker"]
        process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextmanager
def within(seconds: float = WAIT_SECONDS) -> Iterator[Callable[[], None]]:
    """Give a function to call in a waiting loop; it fails when it takes too long."""
    until = time.monotonic() + seconds

    def beat() -> None:
        assert time.monotonic() < until, "it takes too long"
        time.sleep(0.1)

    yield beat


def state_of(stage: Stage, delivery_id: int) -> queries.DeliveryInfo:
    with stage.alice.read() as work:
        return queries.delivery(work, delivery_id)


def wait_until_done(stage: Stage, delivery_id: int) -> queries.DeliveryInfo:
    with within() as beat:
        while state_of(stage, delivery_id).state is not DeliveryState.DONE:
            beat()
    return state_of(stage, delivery_id)


def wait_until_busy(stage: Stage, delivery_id: int, operation: str = "HourComponentVar_Insert") -> None:
    with within() as beat:
        while operation not in stage.state()["call_counts"]:
            beat()
    assert state_of(stage, delivery_id).counts.get(LineState.BUSY) == 1


def stop_between_writes(stage: Stage, process: subprocess.Popen[str]) -> None:
    """SIGSTOP, but not while it holds SQLite's one write lock: then nobody can write, and there is nothing to see."""
    with within() as beat:
        while True:
            process.send_signal(signal.SIGSTOP)
            with suppress(OperationalError), stage.alice.begin() as work:
                work.session.execute(text("SELECT 1"))
                return
            process.send_signal(signal.SIGCONT)
            beat()


def test_killed_in_the_middle_of_a_call_it_loses_and_doubles_nothing(
    nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """The answer of a booked line is lost with the process: it is looked up, and everything is booked once."""
    nmbrs.trouble("HourComponentVar_Insert", "hang", when="after", seconds=2)
    delivery = service.send(nmbrs.alice, nmbrs.export())
    first = start()
    wait_until_busy(nmbrs, delivery)
    first.send_signal(signal.SIGKILL)
    first.wait()
    start()
    done = wait_until_done(nmbrs, delivery)
    assert done.counts == {LineState.ACCEPTED: 3}
    assert nmbrs.booked() == [(101, "15.00"), (102, "15.00"), (103, "15.00")]
    assert nmbrs.state()["call_counts"]["HourComponentVar_Insert"] == 3


def test_paused_past_its_lease_it_cannot_write_any_more(
    nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """G5: SIGSTOP longer than the lease, another worker goes on, SIGCONT: still each hour once."""
    nmbrs.trouble("HourComponentVar_Insert", "hang", when="after", seconds=1)
    delivery = service.send(nmbrs.alice, nmbrs.export())
    slow = start()
    wait_until_busy(nmbrs, delivery)
    stop_between_writes(nmbrs, slow)
    start()
    wait_until_done(nmbrs, delivery)
    slow.send_signal(signal.SIGCONT)
    time.sleep(2)
    assert slow.poll() is None
    assert state_of(nmbrs, delivery).counts == {LineState.ACCEPTED: 3}
    assert nmbrs.booked() == [(101, "15.00"), (102, "15.00"), (103, "15.00")]


def test_told_to_stop_it_finishes_the_line_and_hands_the_rest_back(
    nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """I5: SIGTERM in the middle of a call."""
    nmbrs.trouble("HourComponentVar_Insert", "slow", seconds=1)
    delivery = service.send(nmbrs.alice, nmbrs.export())
    polite = start()
    wait_until_busy(nmbrs, delivery)
    polite.send_signal(signal.SIGTERM)
    assert polite.wait(timeout=30) == 0
    waiting = state_of(nmbrs, delivery)
    assert waiting.state is DeliveryState.WAITING
    assert waiting.counts == {LineState.ACCEPTED: 1, LineState.PLANNED: 2}
    start()
    assert wait_until_done(nmbrs, delivery).counts == {LineState.ACCEPTED: 3}
    assert nmbrs.booked() == [(101, "15.00"), (102, "15.00"), (103, "15.00")]


def test_i5_told_to_stop_it_hands_back_at_once_what_is_not_begun(
    nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """Another worker need not wait for the call that is under way."""
    nmbrs.trouble("HourComponentVar_Insert", "hang", when="after", seconds=9)
    delivery = service.send(nmbrs.alice, nmbrs.export())
    polite = start()
    wait_until_busy(nmbrs, delivery)
    assert parcels(nmbrs, ParcelState.BUSY) == 2  # one in a call, one claimed
    polite.send_signal(signal.SIGTERM)
    with within() as beat:
        while parcels(nmbrs, ParcelState.BUSY) == 2:
            assert polite.poll() is None
            beat()
    assert state_of(nmbrs, delivery).counts[LineState.BUSY] == 1


def parcels(stage: Stage, state: ParcelState) -> int:
    with stage.acting.read() as work:
        return work.session.scalar(select(func.count()).where(Parcel.state == state)) or 0


def test_i5_told_to_stop_while_it_stood_still_it_stops_when_it_goes_on(
    nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """The system then gives the signal to another thread than the first, the only one in which Python acts on it."""
    worker = start()
    assert worker.stderr is not None
    assert "worker started" in worker.stderr.readline()
    time.sleep(1)  # all threads at rest
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
        worker.send_signal(number)
        time.sleep(0.3)
    assert worker.wait(WAIT_SECONDS) == 0


def test_two_workers_share_the_deliveries(nmbrs: Stage, start: Callable[[], subprocess.Popen[str]]) -> None:
    ids = [service.send(nmbrs.alice, nmbrs.export())]
    for number in range(3):
        nmbrs.bring_hours(days=1, start=6 + 2 * number)
        ids.append(service.send(nmbrs.alice, nmbrs.export()))
    start()
    start()
    for delivery in ids:
        assert wait_until_done(nmbrs, delivery).counts == {LineState.ACCEPTED: 3}
    assert len(nmbrs.booked()) == 12
