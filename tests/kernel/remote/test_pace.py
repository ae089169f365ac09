"""F3: all processes together keep the limit in every second, also when one is killed or stands still."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from portal.kernel.db import make_engine
from portal.kernel.errors import Unavailable
from portal.kernel.remote.pace import Pace
from tests.kernel.remote.test_turns import most_in_a_second

LIMIT = 40
Start = Callable[[float], "subprocess.Popen[str]"]


class Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    arrivals: list[float]

    def do_GET(self) -> None:
        self.arrivals.append(time.monotonic())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, list[float]]]:
    arrivals: list[float] = []
    handler = type("Handler", (Counting,), {"arrivals": arrivals})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_address[1]}", arrivals
        found.shutdown()


@pytest.fixture
def start(database_url: str, server: tuple[str, list[float]]) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(seconds: float) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.kernel.remote.pace_caller", database_url, server[0], str(LIMIT)]
        process = subprocess.Popen([*command, str(seconds)], stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_f3_two_processes_share_the_limit(start: Start, server: tuple[str, list[float]]) -> None:
    both = [start(6), start(6)]
    assert [process.wait() for process in both] == [0, 0]
    arrivals = server[1]
    assert most_in_a_second(arrivals) <= LIMIT
    assert len(arrivals) > LIMIT * 3  # they do share it, and do not wait for each other


def test_f3_a_process_that_stood_still_does_not_use_what_others_got(
    start: Start, server: tuple[str, list[float]]
) -> None:
    first = start(14)
    time.sleep(2)
    first.send_signal(signal.SIGSTOP)
    second = start(10)
    time.sleep(8)
    first.send_signal(signal.SIGCONT)
    assert [first.wait(), second.wait()] == [0, 0]
    assert most_in_a_second(server[1]) <= LIMIT
    late = [moment for moment in server[1] if moment > server[1][-1] - 2]
    assert len(late) > LIMIT / 2


def test_f3_the_share_of_a_killed_process_comes_back(start: Start, server: tuple[str, list[float]]) -> None:
    first = start(30)
    time.sleep(2)
    first.send_signal(signal.SIGKILL)
    second = start(9)
    assert second.wait() == 0
    arrivals = server[1]
    assert most_in_a_second(arrivals) <= LIMIT
    assert len([moment for moment in arrivals if moment > arrivals[-1] - 1]) > LIMIT / 2


def test_one_call_of_a_page_gets_its_turn_while_a_worker_uses_everything(
    start: Start, server: tuple[str, list[float]], database_url: str
) -> None:
    start(12)
    while len(server[1]) < LIMIT:
        time.sleep(0.05)
    engine = make_engine(database_url)
    page = Pace(engine, "stub", LIMIT)
    page.enter(time.monotonic() + 8)
    page.leave()
    engine.dispose()


def test_without_a_database_nothing_is_sent() -> None:
    pace = Pace(make_engine("postgresql+psycopg://nobody@127.0.0.1:1/none"), "stub", LIMIT)
    with pytest.raises(Unavailable):
        pace.enter(time.monotonic() + 0.5)


def test_a_deadline_that_is_over_is_refused_although_permits_are_free(database_url: str) -> None:
    """A worker that stood still past its lease has to go on, and may not wait for ever."""
    engine = make_engine(database_url)
    pace = Pace(engine, "stub", LIMIT)
    pace.enter(time.monotonic() + 5)
    pace.leave()
    over = time.monotonic()
    with pytest.raises(Unavailable):
        pace.enter(over)
    engine.dispose()
