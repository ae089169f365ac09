"""I3: the schema goes up, down and up again on both databases, and is what the models say."""

from __future__ import annotations

import subprocess
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from portal.kernel.db import make_engine
from portal.migrate import downgrade, is_current, upgrade
from portal.tables import metadata
from tests.installation import COMMAND, clean_env, new_keys


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_i3_up_down_and_up_again(database_url: str) -> None:
    engine = make_engine(database_url)
    assert is_current(engine)
    full = tables(engine)
    downgrade(engine, "base")
    assert not is_current(engine)
    assert tables(engine) == {"alembic_version"}
    upgrade(engine)
    assert is_current(engine)
    assert tables(engine) == full
    upgrade(engine)
    assert is_current(engine)
    engine.dispose()


def test_i3_models_and_schema_are_the_same(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_i3_two_processes_migrate_at_once(database_url: str, tmp_path: Path) -> None:
    """A web process and a worker of a new version may start at the same moment."""
    engine = make_engine(database_url)
    downgrade(engine, "base")
    engine.dispose()
    env = {**clean_env(tmp_path), **new_keys(clean_env(tmp_path)), "DATABASE_URL": database_url}
    commands = [subprocess.Popen([*COMMAND, "db", "upgrade"], env=env, stderr=subprocess.PIPE) for _ in range(2)]
    told = [command.communicate()[1].decode() for command in commands]
    assert [command.returncode for command in commands] == [0, 0], told
    assert is_current(engine)
    engine.dispose()


def test_i3_the_role_of_accountant_comes_and_goes_with_its_people(database_url: str) -> None:
    """0013 changes a check of tables that others refer to: with people in them, and in the same connection."""
    engine = make_engine(database_url)
    downgrade(engine, "0013_look")
    downgrade(engine, "-1")
    put = ("INSERT INTO app_user (email, name, role, created_at, ref)"
           " VALUES ('{0}', 'x', '{0}', '2026-01-01 00:00:00+00:00', '{0}')")  # fmt: skip
    with engine.begin() as connection:
        connection.execute(text(put.format("beheerder")))
        connection.execute(text("INSERT INTO web_session (id_hash, user_id, created_at, seen_at, authenticated_at)"
                                " SELECT 'x', id, created_at, created_at, created_at FROM app_user"))  # fmt: skip
    assert refused(engine, put.format("accountant"))
    upgrade(engine)
    assert not refused(engine, put.format("accountant"))
    assert refused(engine, put.format("baas"))
    downgrade(engine, "0013_look")
    downgrade(engine, "-1")
    with engine.connect() as connection:
        found = connection.execute(text("SELECT email, role, disabled_at IS NULL FROM app_user ORDER BY id"))
        rows = [(row[0], row[1], bool(row[2])) for row in found]
    assert rows == [("beheerder", "beheerder", True), ("accountant", "urenverwerker", False)]
    upgrade(engine)
    engine.dispose()


def refused(engine: Engine, statement: str) -> bool:
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
    except IntegrityError:
        return True
    return False
