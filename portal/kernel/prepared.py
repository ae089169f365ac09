"""Statements of a fixed form that run very often: turned into SQL once for each kind of database.

SQLAlchemy looks a statement up in its cache, and checks its parameters, at each run; that costs more than the run.
Many rows go to the database together (`executemany`): on PostgreSQL in one journey over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """SQL for one kind of database. `order`: names by place, None when it names its parameters.

    `fixed`: what stands in the statement itself; `adapt`: how to write a value that is given."""

    sql: str
    order: Sequence[str] | None
    fixed: Given
    adapt: Mapping[str, Callable[[Any], Any]]

    def row(self, given: Given) -> Any:
        values = {**self.fixed, **{name: adapt(given[name]) for name, adapt in self.adapt.items()}}
        return values if self.order is None else tuple(values[name] for name in self.order)


class Prepared:
    """Safe for threads. `statements`: by the name of a kind of database where they differ."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        self._statement = statement
        self._texts: dict[str, Text] = {}

    def run(self, connection: Connection, rows: Sequence[Given]) -> int:
        """Run it for each of `rows`, in their order; returns how many rows it changed in all."""
        text = self.text(connection.dialect)
        given = [text.row(row) for row in rows]
        return connection.exec_driver_sql(text.sql, given if len(given) > 1 else given[0]).rowcount

    def text(self, dialect: Dialect) -> Text:
        return self._texts.get(dialect.name) or self._prepare(dialect)

    def _prepare(self, dialect: Dialect) -> Text:
        found = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        text = self._texts[dialect.name] = _text(found, dialect)
        return text


def run_all(connection: Connection, runs: Sequence[tuple[Prepared, Sequence[Given]]]) -> list[int]:
    """Run several, in their order; returns how many rows each changed. On PostgreSQL they travel together, and their
    answers too: sixteen threads compete for the interpreter after every wait for the network."""
    if connection.dialect.name != "postgresql":
        return [statement.run(connection, rows) for statement, rows in runs]
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline() as pipeline:
            cursors = [_queued(driver, statement.text(connection.dialect), rows) for statement, rows in runs]
            pipeline.sync()
            return [cursor.rowcount for cursor in cursors]
    except connection.dialect.loaded_dbapi.Error as error:  # past SQLAlchemy: as it would say it
        base = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, base, dialect=connection.dialect) from error


def _queued(driver: Any, text: Text, rows: Sequence[Given]) -> Any:
    cursor = driver.cursor()
    cursor.executemany(text.sql, [text.row(row) for row in rows])
    return cursor


def _text(statement: Any, dialect: Dialect) -> Text:
    compiled = statement.compile(dialect=dialect)
    fixed, adapt = {}, {}
    for parameter, name in compiled.bind_names.items():
        if parameter.expanding:
            raise ValueError(f"{name}: a list of any length has no fixed form")
        writer = parameter.type.dialect_impl(dialect).bind_processor(dialect) or _as_it_is
        if parameter.required:
            adapt[name] = writer
        else:
            fixed[name] = writer(parameter.value)
    return Text(str(compiled), compiled.positiontup if compiled.positional else None, fixed, adapt)


def _as_it_is(value: Any) -> Any:
    return value
