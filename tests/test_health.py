"""I4: alive without a database; ready only with database, key, disk and schema."""

from __future__ import annotations

import base64
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.engine import make_url

from portal.audit import seals
from portal.audit.service import record
from portal.kernel.work import Acting
from portal.secret import Secret
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.databases import require_postgres
from tests.integrations.flow import silent

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def ready(app: Flask, failing: set[str]) -> None:
    """/readyz names exactly the checks that fail, and nothing of how; /livez does not mind."""
    client = app.test_client()
    answer = client.get("/readyz")
    assert answer.status_code == (503 if failing else 200)
    assert {name for name, passed in answer.get_json().items() if not passed} == failing
    assert set(answer.get_json()) == {"database", "disk", "key", "schema"}
    assert all(isinstance(passed, bool) for passed in answer.get_json().values())
    for secret in (SECRET_KEY, VAULT_KEY, "psycopg", "sqlite"):
        assert secret not in answer.get_data(as_text=True)
    alive = client.get("/livez")
    assert (alive.status_code, alive.get_data()) == (200, b"ok")


def test_all_is_well(app: Flask) -> None:
    ready(app, set())


@pytest.mark.parametrize("table", ["koppeling", "delivery_line", "alembic_version"])
def test_a_table_is_missing(app: Flask, acting: Acting, table: str) -> None:
    with acting.begin() as work:
        work.session.execute(text(f"ALTER TABLE {table} RENAME TO weg"))
    ready(app, {"schema"})


def test_the_schema_is_old(app: Flask, acting: Acting) -> None:
    with acting.begin() as work:
        work.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    ready(app, {"schema"})


def test_the_database_is_gone(app: Flask, acting: Acting, database_url: str) -> None:
    ready(app, set())
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        acting.engine.dispose()
        file = Path(str(address.database))
        file.unlink()
        file.mkdir()  # nor can it be made anew
    else:
        with require_postgres().connect() as server:
            server.execute(text(f'DROP DATABASE "{address.database}" WITH (FORCE)'))
    ready(app, {"database", "schema"})


@SQLITE
def test_the_data_folder_cannot_be_written(app: Flask, settings: Settings) -> None:
    """A file stands where the folder belongs; root may write into any folder, so chmod proves nothing."""
    before = set(settings.data.iterdir())
    ready(app, set())
    assert set(settings.data.iterdir()) == before  # the check leaves nothing behind
    shutil.rmtree(settings.data)
    settings.data.write_text("")
    ready(app, {"disk"})


@SQLITE
def test_a_writer_that_takes_long_keeps_nobody_from_asking(app: Flask, acting: Acting) -> None:
    """SQLite has one writer: /readyz only reads and answers meanwhile."""
    with acting.begin() as work:
        work.session.execute(text("UPDATE alembic_version SET version_num = version_num"))
        ready(app, set())


@SQLITE
def test_livez_needs_no_database(make_app: Callable[..., Flask]) -> None:
    app = make_app(database_url="postgresql+psycopg://nobody:geheim@127.0.0.1:1/nowhere")
    ready(app, {"database", "schema"})


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_i4_a_question_that_gets_no_answer_is_a_no(app: Flask, acting: Acting) -> None:
    """The table stays locked until after the answer; asking again meanwhile starts no second question."""
    with acting.begin() as work:
        work.session.execute(text("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE"))
        threads = {thread.name for thread in threading.enumerate()}
        for _ask in range(3):
            ready(app, {"schema"})
        hanging = [one for one in threading.enumerate() if one.name.startswith("ready ") and one.name not in threads]
        assert len(hanging) == 1
    hanging[0].join()
    ready(app, set())


@SQLITE
def test_i4_a_database_that_says_nothing(make_app: Callable[..., Flask]) -> None:
    with silent() as stub:
        app = make_app(database_url=f"postgresql+psycopg://nobody:geheim@127.0.0.1:{stub.port}/nowhere")
        ready(app, {"database", "key", "schema"})
        for thread in threading.enumerate():
            if thread.name.startswith("ready "):
                thread.join()  # the driver gives up by itself


def test_i4_the_key_is_another_one(make_app: Callable[..., Flask], acting: Acting) -> None:
    with acting.begin() as work:
        record(work, "venue.added", 1, venue=1)
    seals.seal(acting)
    other = base64.b64encode(bytes(range(60, 92))).decode()
    ready(make_app(vault_key=Secret(other)), {"key"})
    ready(make_app(), set())
