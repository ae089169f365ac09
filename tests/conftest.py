"""Fixtures for all tests: databases, the application, people, the stand-ins."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from portal.app import KEPT_PAGES, create_app, for_worker
from portal.deliveries.sending import Stop, work_once
from portal.kernel.work import Acting
from portal.notifications.service import send_waiting
from portal.sandbox.server import running
from portal.secret import Secret
from portal.settings import Settings
from tests.browse import Visitor
from tests.databases import database_url, postgres_template, sqlite_template
from tests.factories.people import Cast, make_cast
from tests.factories.setup import all_in_one
from tests.hours.sheets import TODAY

__all__ = ["database_url", "postgres_template", "sqlite_template"]

SECRET_KEY = "k9-" + "abcdefghij0123456789" * 2
VAULT_KEY = base64.b64encode(bytes(range(1, 33))).decode()


@pytest.fixture(scope="session")
def stand_ins() -> Iterator[str]:
    """The stand-ins of Nmbrs, Connexie and Horecalonen in strict mode, over real sockets."""
    with running(strict=True, today=datetime.now(UTC).date()) as url:
        yield url


@pytest.fixture
def sandbox(stand_ins: str) -> str:
    """The stand-ins, emptied: nothing booked, no fault armed."""
    for name in ("nmbrs", "connexie", "horecalonen"):
        httpx.post(f"{stand_ins}/{name}/_sandbox/reset", json={}).raise_for_status()
    return stand_ins


@pytest.fixture
def november(time_machine: Any) -> None:
    """It is November 2026, and time goes on: hours of fixed days in October would soon be too old to read in.

    For what happens in this process; real processes keep the clock of the machine, and get a `recent_row`.
    """
    time_machine.move_to(f"{TODAY}T12:00:00Z", tick=True)


@pytest.fixture
def settings(database_url: str, tmp_path: Path, stand_ins: str) -> Settings:
    return Settings(
        data=tmp_path / "data",
        database_url=database_url,
        base_url="http://localhost",
        secret_key=Secret(SECRET_KEY),
        vault_key=Secret(VAULT_KEY),
        allow_private_endpoints=True,
        nmbrs_soap_url=f"{stand_ins}/nmbrs/soap/v3",
        connexie_url=f"{stand_ins}/connexie",
        horecalonen_url=f"{stand_ins}/horecalonen",
    )


@pytest.fixture(scope="session")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The help pages as an earlier start kept them: rendering them for each test would double the time of the run."""
    return tmp_path_factory.mktemp("rendered") / KEPT_PAGES


@pytest.fixture
def make_app(settings: Settings, rendered: Path) -> Iterator[Callable[..., Flask]]:
    """Build an application, with settings changed by name; its connections are closed at the end."""
    made: list[Flask] = []

    def build(**changes: object) -> Flask:
        mine = settings.data / KEPT_PAGES
        if rendered.exists():
            mine.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(rendered, mine)
        app = create_app(replace(settings, **changes))  # type: ignore[arg-type]
        app.extensions["portal"] = all_in_one(app.extensions["portal"])  # `tests/journeys` has web and worker apart
        if not rendered.exists() and mine.exists():
            shutil.copyfile(mine, rendered)
        made.append(app)
        return app

    yield build
    for app in made:
        app.extensions["portal"].engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app()


@pytest.fixture
def acting(app: Flask) -> Acting:
    found: Acting = app.extensions["portal"]
    return found


@pytest.fixture
def cast(acting: Acting) -> Cast:
    """Two organisations with their people, and support."""
    return make_cast(acting)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def signed_in(app: Flask, cast: Cast) -> Callable[[str], Visitor]:
    """A visitor signed in as one of the cast: "alice", "bob", "charlie" or "support"."""

    def enter(name: str) -> Visitor:
        visitor = Visitor(app.test_client())
        visitor.sign_in(cast.mail(name), cast.password)
        return visitor

    return enter


@pytest.fixture
def worker(acting: Acting) -> Callable[[], int]:
    """Do all the work that waits, as the worker process does; returns the number of tasks."""
    stop = Stop(threading.Event())
    robot = for_worker(acting, stop=stop)

    def work() -> int:
        done = 0
        while work_once(robot) or send_waiting(robot):
            done += 1
        return done

    return work
