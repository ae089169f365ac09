"""A fresh database for each test, on SQLite and on PostgreSQL, migrated once per test process."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from portal.kernel.db import make_engine
from portal.migrate import upgrade

SERVER = os.environ.get("PORTAL_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
ROLE = "portal_tests"
WHY = "no PostgreSQL server answers; set PORTAL_TEST_POSTGRES to test on it"


@cache
def _server() -> Engine | None:
    engine = create_engine(SERVER, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except OperationalError:
        return None
    return engine


def require_postgres() -> Engine:
    """The server; without one a test is skipped, and fails where CI is set."""
    found = _server()
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(WHY)
        pytest.skip(WHY)
    return found


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "portal.sqlite3"
    engine = make_engine(f"sqlite:///{file}")
    upgrade(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    engine.dispose()
    return file


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[str]:
    server = require_postgres()
    name = f"portal_template_{uuid.uuid4().hex[:12]}"
    _make_role(server)
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" OWNER {ROLE}'))
    engine = make_engine(_address(name))
    upgrade(engine)
    engine.dispose()
    yield name
    _drop(server, name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database."""
    if request.param == "sqlite":
        file = tmp_path / "portal.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    server, template = require_postgres(), request.getfixturevalue("postgres_template")
    name = f"portal_test_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {ROLE}'))
    yield _address(name)
    _drop(server, name)


def _make_role(server: Engine) -> None:
    """An ordinary role, as a portal has it: the rules about rows do not hold for who may do everything."""
    make = (
        f"DO $$ BEGIN CREATE ROLE {ROLE} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )
    with server.connect() as connection:
        connection.execute(text(make))


def _address(name: str) -> str:
    """By the ordinary role."""
    return make_url(SERVER).set(database=name, username=ROLE).render_as_string(hide_password=False)


def as_owner(url: str) -> str:
    """The same database, by who may do everything there."""
    found = make_url(url)
    if found.get_backend_name() != "postgresql":
        return url
    return make_url(SERVER).set(database=found.database).render_as_string(hide_password=False)


def _drop(server: Engine, name: str) -> None:
    with server.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
