"""Engine, base class and column types for SQLite (WAL) and PostgreSQL."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Engine, Enum, Integer, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

BUSY_SECONDS = 30


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Instant(TypeDecorator[datetime]):
    """An aware moment, kept in UTC. A naive value is a mistake and is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime does not belong in the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Hundredths(TypeDecorator[Decimal]):
    """Hours with two decimals, kept as a whole number of hundredths: SQLite has no decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        if value is None:
            return None
        scaled = value * 100
        if scaled != int(scaled):
            raise ValueError("hours have at most two decimals")
        return int(scaled)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


def state_column(states: type[StrEnum]) -> Enum:
    """A column that holds the value (not the name) of one of `states`, checked by the database."""
    return Enum(
        states,
        native_enum=False,
        create_constraint=True,
        length=30,
        name=states.__name__.lower(),
        values_callable=lambda kind: [str(member.value) for member in kind],
    )


def new_ref() -> str:
    """A name for a row that nobody guesses and that no other row ever gets, unlike a number: after a restore numbers
    are given out again."""
    return secrets.token_hex(16)


Key = BigInteger().with_variant(Integer, "sqlite")


def make_engine(url: str) -> Engine:
    """Return an engine; the folder of a SQLite file is made when it is missing."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database or "")
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=10, connect_args={"connect_timeout": 5})
    event.listen(engine, "connect", _see_everything)
    return engine


def _see_everything(connection: Any, _record: Any) -> None:
    """For the worker, for support and for who is not known yet; `limit_to` narrows one transaction to a customer."""
    with connection.cursor() as cursor:
        cursor.execute("SET portal.organisation = '*'")
    connection.commit()


def limit_to(session: Session, organisation_id: int) -> None:
    """Until this transaction ends, PostgreSQL shows and takes only rows of this organisation, whatever a query forgets
    (docs/decisions/0022-tenants.md). SQLite has nothing of the kind."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT set_config('portal.organisation', :own, true)"), {"own": str(organisation_id)})


@contextmanager
def seeing_all(session: Session) -> Iterator[None]:
    """Lift the limit of `limit_to` for one question that must know of all customers and tells nothing of them."""
    if session.get_bind().dialect.name != "postgresql":
        yield
        return
    limit = session.scalar(text("SELECT current_setting('portal.organisation')"))
    session.execute(text("SELECT set_config('portal.organisation', '*', true)"))
    try:
        yield
    finally:
        session.execute(text("SELECT set_config('portal.organisation', :limit, true)"), {"limit": limit})


def _sqlite(url: str, file: str) -> Engine:
    Path(file).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _keep_private(Path(file))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _keep_private(file: Path) -> None:
    """A new file is for its owner only; SQLite gives the files beside it the same mode."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError:
        return  # it is there, or it cannot be made: the first connection says so


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver's own BEGIN comes too late; _begin writes it
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")  # a data key that was destroyed leaves no trace in the pages (C7)
    cursor.close()


def _begin(connection: Any) -> None:
    """`patience_ms`: how long this one waits for another writer, when that is less than BUSY_SECONDS."""
    # A deferred transaction that starts writing later fails with "database is locked".
    options = connection.get_execution_options()
    if "patience_ms" in options:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {options['patience_ms']:d}")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", True) else "BEGIN")
    finally:
        if "patience_ms" in options:
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
