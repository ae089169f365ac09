"""A copy of a PostgreSQL database by COPY in one snapshot, while others read and write; needs no program beside it
(postgresql.org/docs/15/sql-copy.html, transaction-iso.html "Repeatable Read").
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any
from zipfile import ZipFile

from psycopg import Connection, sql
from sqlalchemy import Engine, MetaData, inspect

from portal.backup.types import CannotRestore

NOT_COPIED = frozenset({"credential_key"})
PATIENCE_SECONDS, LOOK_SECONDS = 5.0, 0.25
UNFINISHED = "restore_unfinished"
IN_USE = "The database is in use. Stop `portal serve` and `portal worker` first."
COPY_OUT = sql.SQL("COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT binary)")
COPY_IN = sql.SQL("COPY {table} ({columns}) FROM STDIN (FORMAT binary)")


def write(engine: Engine, archive: ZipFile) -> dict[str, list[str]]:
    """Add each table to the archive; returns the columns of each."""
    tables: dict[str, list[str]] = {}
    with raw(engine) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table, columns in _columns(engine).items():
            if table not in NOT_COPIED:
                tables[table] = columns
                with archive.open(table, "w", force_zip64=True) as out:
                    _copy_out(connection, table, columns, out)
    return tables


def _columns(engine: Engine) -> dict[str, list[str]]:
    """Tables in the order in which they can be filled."""
    found = MetaData()
    found.reflect(engine)
    return {table.name: [column.name for column in table.columns] for table in found.sorted_tables}


def _copy_out(connection: Connection[Any], table: str, columns: list[str], out: IO[bytes]) -> None:
    words = COPY_OUT.format(table=sql.Identifier(table), columns=_names(columns))
    with connection.cursor().copy(words) as copy:
        for data in copy:
            out.write(data)


def require_free(engine: Engine, *, replace: bool) -> None:
    """Raises CannotRestore when there is something, or somebody works with it. Who was stopped a moment ago gets a few
    seconds to be gone."""
    until = time.monotonic() + PATIENCE_SECONDS
    while _others(engine):
        if time.monotonic() > until:
            raise CannotRestore(IN_USE)
        time.sleep(LOOK_SECONDS)
    with raw(engine) as connection:
        if _tables(connection) and not replace:
            raise CannotRestore("This database is not empty. Add --replace to put the backup in its place.")


def _others(engine: Engine) -> int:
    words = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )
    with raw(engine) as connection:
        row = connection.execute(words).fetchone()
    return int(row[0]) if row else 0


def begin(engine: Engine) -> None:
    """Empty the database, and say in it that it is being filled: nothing starts on it until `finish`."""
    with raw(engine) as connection:
        for table in _tables(connection):
            connection.execute(sql.SQL("DROP TABLE {} CASCADE").format(sql.Identifier(table)))
        own = (
            "SELECT p.oid::regprocedure::text FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        for (function,) in connection.execute(own).fetchall():
            connection.execute(sql.SQL("DROP FUNCTION {} CASCADE").format(sql.SQL(function)))
        connection.execute(sql.SQL("CREATE TABLE {} (id int)").format(sql.Identifier(UNFINISHED)))


def fill(engine: Engine, archive: ZipFile, columns: Mapping[str, list[str]]) -> None:
    """Load every table of a backup into a database of the same revision, in one transaction."""
    present = [table for table in _columns(engine) if table in columns]
    with raw(engine) as connection:
        protected = _protected(connection)
        for table in present:  # rows that are never changed otherwise; COPY takes no table that hides rows
            connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(table)))
        for table in protected:
            connection.execute(sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))
        for table in reversed(present):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for table in present:
            _copy_in(connection, table, columns[table], archive)
        for table in present:
            connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(table)))
            _count_on(connection, table, columns[table])
        for table in protected:
            connection.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))


def _protected(connection: Connection[Any]) -> list[str]:
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relforcerowsecurity"
    )
    return [str(name) for (name,) in found.fetchall()]


def _copy_in(connection: Connection[Any], table: str, columns: list[str], archive: ZipFile) -> None:
    words = COPY_IN.format(table=sql.Identifier(table), columns=_names(columns))
    with archive.open(table) as source, connection.cursor().copy(words) as copy:
        while data := source.read(1 << 16):
            copy.write(data)


def _count_on(connection: Connection[Any], table: str, columns: list[str]) -> None:
    """New rows get numbers after the highest one."""
    for column in columns:
        row = connection.execute("SELECT pg_get_serial_sequence(%s, %s)", (f'"{table}"', column)).fetchone()
        if row and row[0]:
            words = sql.SQL("SELECT setval({sequence}, coalesce(max({column}), 0) + 1, false) FROM {table}")
            names = {"column": sql.Identifier(column), "table": sql.Identifier(table)}
            connection.execute(words.format(sequence=sql.Literal(row[0]), **names))


def is_unfinished(engine: Engine) -> bool:
    """Whether a restore was broken off here."""
    return engine.dialect.name == "postgresql" and inspect(engine).has_table(UNFINISHED)


def finish(connection: Any) -> None:
    """In the transaction that settles what was filled."""
    connection.exec_driver_sql(f"DROP TABLE {UNFINISHED}")


def _tables(connection: Connection[Any]) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()").fetchall()
    return [str(name) for (name,) in found]


def _names(columns: list[str]) -> sql.Composable:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


@contextmanager
def raw(engine: Engine) -> Iterator[Connection[Any]]:
    """The driver's own connection in a transaction of its own."""
    pooled = engine.raw_connection()
    try:
        yield pooled.driver_connection  # type: ignore[misc]
        pooled.commit()
    except BaseException:
        pooled.rollback()
        raise
    finally:
        pooled.close()
