"""A worker that waits is woken by what another process plans, and misses nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, text

from portal.kernel.db import make_engine
from portal.kernel.vault import Vault
from portal.kernel.wake import Waker, announce
from portal.kernel.work import Acting, Actor
from portal.secret import Secret
from tests.conftest import VAULT_KEY

POSTGRES = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LONG = 60.0  # far more than anything here needs
SILENCE = 0.4
LISTENERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'portal wake'"
    " AND state = 'idle' AND query LIKE 'LISTEN%'"
)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = make_engine(database_url)
    yield made
    made.dispose()


@pytest.fixture
def make_waker(engine: Engine) -> Iterator[Callable[[], Waker]]:
    made: list[Waker] = []

    def make() -> Waker:
        made.append(Waker(engine))
        return made[-1]

    yield make
    for waker in made:
        waker.close()


def plan(engine: Engine, times: int = 1) -> None:
    """One transaction that announces work."""
    with Acting(Actor("test"), engine, Vault.of(Secret(VAULT_KEY))).begin() as work:
        for _ in range(times):
            announce(work)


def returns(waker: Waker, within: float = LONG) -> bool:
    """Whether wait() ends of itself, before `stop` is set."""
    stop = threading.Event()
    timer = threading.Timer(within, stop.set)
    timer.start()
    waker.wait(stop, 2 * LONG)
    ended = not stop.is_set()
    timer.cancel()
    timer.join()
    return ended


def ask(engine: Engine, what: str) -> list[object]:
    with engine.begin() as connection:
        return list(connection.execute(text(f"SELECT {what} {LISTENERS}")).scalars())


def settle(engine: Engine, waker: Waker, listeners: int = 1) -> None:
    """Wait until the wakers listen and this thread has had its wake-up for that."""
    if engine.dialect.name == "postgresql":
        while len(ask(engine, "pid")) < listeners:
            time.sleep(0.02)
        while returns(waker, SILENCE):
            pass


def test_an_announcement_wakes_who_waits(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)
    later = threading.Timer(0.2, plan, (engine,))
    later.start()
    assert returns(waker)
    later.join()


def test_an_announcement_while_the_thread_was_busy_is_not_missed(
    engine: Engine, make_waker: Callable[[], Waker]
) -> None:
    waker = make_waker()
    settle(engine, waker)
    plan(engine)
    time.sleep(SILENCE)  # busy: the announcement comes in before it waits again
    assert returns(waker)


@POSTGRES
def test_an_announcement_wakes_once(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)
    plan(engine, times=50)
    assert returns(waker)
    assert not returns(waker, SILENCE)


@POSTGRES
def test_a_transaction_that_rolls_back_announces_nothing(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)

    def half() -> None:
        with Acting(Actor("test"), engine, Vault.of(Secret(VAULT_KEY))).begin() as work:
            announce(work)
            raise RuntimeError("halverwege")

    with pytest.raises(RuntimeError, match="halverwege"):
        half()
    assert not returns(waker, SILENCE)


@POSTGRES
def test_nothing_is_announced_before_the_commit(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)
    with Acting(Actor("test"), engine, Vault.of(Secret(VAULT_KEY))).begin() as work:
        announce(work)
        assert not returns(waker, SILENCE)
    assert returns(waker)


def test_every_waiting_thread_of_every_process_wakes(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    wakers = [make_waker(), make_waker()]
    ready = threading.Barrier(5)

    def sit(waker: Waker) -> bool:
        settle(engine, waker, listeners=2)
        ready.wait(LONG)
        return returns(waker)

    with ThreadPoolExecutor(4) as pool:
        threads = [pool.submit(sit, waker) for waker in wakers * 2]
        ready.wait(LONG)
        plan(engine)
        assert [thread.result() for thread in threads] == [True] * 4


@POSTGRES
def test_a_lost_connection_wakes_and_is_opened_again(
    engine: Engine, make_waker: Callable[[], Waker], capfd: pytest.CaptureFixture[str]
) -> None:
    waker = make_waker()
    settle(engine, waker)
    before = ask(engine, "pid")
    ask(engine, "pg_terminate_backend(pid, 10000)")
    assert returns(waker)
    settle(engine, waker)
    assert ask(engine, "pid") != before
    plan(engine)
    assert returns(waker)
    assert "".join(capfd.readouterr()).count("wake-up connection lost") == 1


def test_without_a_server_the_worker_asks_and_the_password_stays_secret(capfd: pytest.CaptureFixture[str]) -> None:
    waker = Waker(make_engine("postgresql+psycopg://portal:hunter2secret@127.0.0.1:1/nowhere"))
    assert returns(waker)
    assert returns(waker)
    waker.close()
    told = "".join(capfd.readouterr())
    assert told.count("wake-up connection lost") == 1
    assert "hunter2secret" not in told


@SQLITE
def test_on_sqlite_it_asks(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    assert returns(waker)
    assert returns(waker)


def test_the_time_ends_the_wait(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)
    stop = threading.Event()
    waker.wait(stop, 0.05)
    waker.wait(stop, 0)
    assert not stop.is_set()


def test_stop_ends_the_wait(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker, stop = make_waker(), threading.Event()
    settle(engine, waker)
    thread = threading.Thread(target=waker.wait, args=(stop, 2 * LONG))
    thread.start()
    stop.set()
    thread.join(LONG)
    assert not thread.is_alive()


def test_a_closed_waker_listens_no_more_and_asks(engine: Engine, make_waker: Callable[[], Waker]) -> None:
    waker = make_waker()
    settle(engine, waker)
    waker.close()
    waker.close()
    assert not any(thread.name == "wake" for thread in threading.enumerate())
    assert returns(waker)
    assert returns(waker)
