"""A file is read in a process beside the web process: same answers, and a death there is no loss."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from portal.hours.models import Shift
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.factories.people import Cast
from tests.hours.sheets import csv_bytes, lately, recent_row
from tests.installation import Person, clean_env, free_port, processes

PAGE = "/portaal/uren/importeren"
WAIT_SECONDS = 60
FIRST = recent_row()
TWO = [FIRST, recent_row(Datum=lately(6))]


@dataclass
class Importer:
    """Bob, signed in at real processes; `server` is the number of the web process."""

    person: Person
    server: int
    venue: int

    def send(self, content: bytes) -> httpx.Response:
        values = {"venue": str(self.venue), "same_day": "vraag", "after_export": "vraag"}
        return self.person.send(PAGE, values, files={"file": ("uren.csv", content, "text/csv")})

    def readers(self) -> list[int]:
        """The processes that read files."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if b"spawn_main" in (folder / "cmdline").read_bytes() and self.server in _ancestors(int(folder.name)):
                    found.append(int(folder.name))
        return found

    def wait_for_reader(self) -> int:
        until = time.monotonic() + WAIT_SECONDS
        while not (found := self.readers()):
            assert time.monotonic() < until
            time.sleep(0.05)
        return found[0]


def _ancestors(number: int) -> Iterator[int]:
    while number > 1:
        number = int(Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[1])
        yield number


@pytest.fixture
def bob(settings: Settings, cast: Cast, tmp_path: Path) -> Iterator[Importer]:
    port = free_port()
    env = clean_env(
        settings.data, DATABASE_URL=settings.database_url, PORTAL_BASE_URL=f"http://127.0.0.1:{port}",
        PORTAL_SECRET_KEY=SECRET_KEY, PORTAL_VAULT_KEY=VAULT_KEY, PORTAL_ALLOW_PRIVATE_ENDPOINTS="1",
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    with processes(env, port, tmp_path) as server, httpx.Client(base_url=address, timeout=WAIT_SECONDS) as client:
        person = Person(client, [])
        person.send("/inloggen", {"email": cast.mail("bob"), "password": cast.password})
        yield Importer(person, server, cast.venue("bob"))


def words(page: httpx.Response) -> str:
    return " ".join(BeautifulSoup(page.text, "html5lib").get_text(" ").split())


def shifts(acting: Acting) -> int:
    with acting.read() as work:
        return work.session.scalar(select(func.count()).select_from(Shift)) or 0


def test_a_file_is_read_beside_and_told_about(bob: Importer, acting: Acting) -> None:
    assert bob.readers() == []
    page = bob.send(csv_bytes(TWO))
    assert "2 nieuwe diensten" in words(page)
    assert bob.readers()
    assert shifts(acting) == 2
    assert "Er is niets dubbel ingelezen." in bob.send(csv_bytes(TWO)).text


def test_what_is_wrong_comes_back_whole(bob: Importer, acting: Acting) -> None:
    page = bob.send(
        csv_bytes([FIRST, recent_row(Datum=lately(6), Start="25:00"), recent_row(Datum=lately(5), BSN="123")])
    )
    assert page.status_code == 422
    assert "2 fouten in het bestand" in page.text
    assert "/meldingen/rij-bsn" in page.text
    asked = bob.send(csv_bytes([FIRST, recent_row(Start="18:00", Eind="20:00")]))
    assert asked.status_code == 200
    again = bob.send(csv_bytes([recent_row(Start="09:30")]))
    assert again.status_code == 422
    assert "Andere dienst op dezelfde dag" in again.text
    assert shifts(acting) == 2


def test_a_reader_that_dies_is_replaced_and_the_file_is_read_once(bob: Importer, acting: Acting) -> None:
    bob.person.open(PAGE)
    reader = bob.wait_for_reader()
    os.kill(reader, signal.SIGSTOP)
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(bob.send, csv_bytes([FIRST]))
        time.sleep(0.5)
        os.kill(reader, signal.SIGKILL)
        assert "1 nieuwe dienst" in words(sent.result())
    assert shifts(acting) == 1
    assert reader not in bob.readers()


def test_a_file_that_no_reader_survives_is_refused_in_words(bob: Importer, acting: Acting) -> None:
    bob.person.open(PAGE)
    bob.wait_for_reader()
    with ThreadPoolExecutor() as pool:
        sent = pool.submit(bob.send, csv_bytes([FIRST]))
        while not sent.done():
            kill_all(bob.readers)
        page = sent.result()
    assert page.status_code == 422
    assert "Het lezen van het bestand is afgebroken. Probeer het nog een keer." in page.text
    assert shifts(acting) == 0


def kill_all(readers: Callable[[], list[int]]) -> None:
    for number in readers():
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def test_a_reader_ends_when_its_web_process_is_killed(bob: Importer) -> None:
    bob.person.open(PAGE)
    reader = bob.wait_for_reader()
    parent = next(_ancestors(reader))
    assert parent != bob.server
    os.kill(parent, signal.SIGKILL)
    until = time.monotonic() + WAIT_SECONDS
    while Path(f"/proc/{reader}").exists():
        assert time.monotonic() < until
        time.sleep(0.1)
