"""Time that passes, a backup that is put back, and a look into every cell of the database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import time_machine
from click.testing import CliRunner, Result
from sqlalchemy import Connection, Integer, Table, create_engine, func, select, text

from portal.cli import main
from portal.kernel.work import Acting
from portal.privacy.run import run
from portal.settings import Settings
from portal.tables import metadata
from tests.databases import as_owner

# as a dump does: numbers go on after the highest one that is there
COUNT_ON = (
    "SELECT setval(pg_get_serial_sequence('{table}', 'id'), coalesce(max(id), 1), max(id) IS NOT NULL) FROM {table}"
)


@contextmanager
def later(days: float) -> Iterator[None]:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True):
        yield


def forget(acting: Acting) -> Mapping[str, int]:
    """Run the daily job; no part of it may fail."""
    done = run(acting)
    assert -1 not in done.values(), done
    return {key: count for key, count in done.items() if count}


def count(acting: Acting, table: Any, *which: Any) -> int:
    with acting.read() as work:
        return work.session.scalar(select(func.count()).select_from(table).where(*which)) or 0


def hits(acting: Acting, *words: str) -> list[str]:
    """Where these words stand in the database, as `table.column`; names of who did something in the trail too."""
    found = set()
    with acting.engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    told = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    if any(word.casefold() in told.casefold() for word in words):
                        found.add(f"{table.name}.{column}")
    return sorted(found)


def command(settings: Settings, *words: str) -> Result:
    env = {
        "DATA": str(settings.data), "DATABASE_URL": settings.database_url,
        "PORTAL_SECRET_KEY": settings.secret_key.reveal(), "PORTAL_VAULT_KEY": settings.vault_key.reveal(),
    }  # fmt: skip
    return CliRunner().invoke(main, list(words), env=env)


def told(settings: Settings, *words: str) -> str:
    done = command(settings, *words)
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(settings: Settings, *words: str) -> str:
    done = command(settings, *words)
    assert done.exit_code == 1, done.output
    return done.stderr


@dataclass
class Backup:
    """All rows as they are now; `restore` puts them back, as `portal restore` would: numbers and references too."""

    settings: Settings
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        engine = create_engine(as_owner(self.settings.database_url))
        with engine.connect() as connection:
            for table in metadata.sorted_tables:
                self.rows[table.name] = [dict(row) for row in connection.execute(select(table)).mappings()]
        engine.dispose()

    def restore(self) -> None:
        engine = create_engine(as_owner(self.settings.database_url))
        with engine.begin() as connection:
            triggers = _without_rules(connection)
            for table in reversed(metadata.sorted_tables):
                connection.execute(text(f'DELETE FROM "{table.name}"'))
            for table in metadata.sorted_tables:
                if self.rows[table.name]:
                    connection.execute(table.insert(), self.rows[table.name])
                if connection.dialect.name == "postgresql" and _is_counted(table):
                    connection.execute(text(COUNT_ON.format(table=table.name)))
            for trigger in triggers:
                connection.execute(text(trigger))
        engine.dispose()


def _is_counted(table: Table) -> bool:
    return "id" in table.c and isinstance(table.c.id.type, Integer)


def _without_rules(connection: Connection) -> list[str]:
    """Let rows be put back in any order; returns the triggers of SQLite, to be made again."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET session_replication_role = replica"))
        return []
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
    for name, _sql in found:
        connection.execute(text(f"DROP TRIGGER {name}"))
    return [sql for _name, sql in found]
