"""Statements of a fixed form that run very often: turned into SQL once for each kind of database.

SQLAlchemy looks a statement up in its cache, and checks its parameters, at each run; that costs more than the run.
Many rows go to the database together: on SQLite one run each (`executemany`), on PostgreSQL in one journey over the
network, and an UPDATE in one run that takes a list for each parameter (`unnest`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    BindParameter,
    Connection,
    Dialect,
    Enum,
    Executable,
    String,
    Update,
    bindparam,
    column,
    func,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import replacement_traverse
from sqlalchemy.types import TypeEngine

Given = Mapping[str, Any]


@dataclass(frozen=True)
class Text:
    """SQL for one kind of database. `order`: names by place, None when it names its parameters.

    `fixed`: what stands in the statement itself; `adapt`: how to write a value that is given. `lists`: one run takes
    all rows, as a list for each parameter."""

    sql: str
    order: Sequence[str] | None
    fixed: Given
    adapt: Mapping[str, Callable[[Any], Any]]
    lists: bool = False

    def runs(self, rows: Sequence[Given]) -> list[Any]:
        """What each run of the statement is given."""
        if self.lists:
            return [{**self.fixed, **{name: adapt([row[name] for row in rows]) for name, adapt in self.adapt.items()}}]
        return [self._row(row) for row in rows]

    def _row(self, given: Given) -> Any:
        values = {**self.fixed, **{name: adapt(given[name]) for name, adapt in self.adapt.items()}}
        return values if self.order is None else tuple(values[name] for name in self.order)


class Prepared:
    """Safe for threads. `statements`: by the name of a kind of database where they differ."""

    def __init__(self, statement: Executable | Mapping[str, Executable]) -> None:
        self._statement = statement
        self._texts: dict[str, Text] = {}

    def run(self, connection: Connection, rows: Sequence[Given]) -> int:
        """Run it for `rows`, none of which changes what another looks at; returns how many it changed in all."""
        text = self.text(connection.dialect)
        given = text.runs(rows)
        return connection.exec_driver_sql(text.sql, given if len(given) > 1 else given[0]).rowcount

    def text(self, dialect: Dialect) -> Text:
        return self._texts.get(dialect.name) or self._prepare(dialect)

    def _prepare(self, dialect: Dialect) -> Text:
        found = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        text = self._texts[dialect.name] = _text(found, dialect)
        return text


def run_all(connection: Connection, runs: Sequence[tuple[Prepared, Sequence[Given]]]) -> list[int]:
    """Run several, in their order; returns how many rows each changed. On PostgreSQL they travel together, and their
    answers too: all threads compete for the interpreter after every wait for the network."""
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
    cursor, given = driver.cursor(), text.runs(rows)
    if len(given) == 1:
        cursor.execute(text.sql, given[0])
    else:
        cursor.executemany(text.sql, given)
    return cursor


def _text(statement: Any, dialect: Dialect) -> Text:
    if isinstance(statement, Update) and dialect.name == "postgresql":
        return replace(_one_row(_of_lists(statement, dialect), dialect), lists=True)
    return _one_row(statement, dialect)


def _of_lists(statement: Update, dialect: Dialect) -> Update:
    """The same UPDATE for many rows of values: its parameters become columns of a table that is made of lists."""
    parameters = [found for found in statement.compile(dialect=dialect).bind_names if found.required]
    kinds = {found.key: _kind(found.type) for found in parameters}
    lists = [bindparam(name, type_=ARRAY(kind, dimensions=1)) for name, kind in kinds.items()]
    columns = [column(name, kind) for name, kind in kinds.items()]
    given = func.unnest(*lists).table_valued(*columns).render_derived(name="given")

    def from_list(element: Any, **_known: Any) -> Any:
        return given.c[element.key] if isinstance(element, BindParameter) and element.required else None

    return cast("Update", replacement_traverse(statement, {}, from_list))


def _kind(found: TypeEngine[Any]) -> TypeEngine[Any]:
    """Without a length: PostgreSQL cuts a word that is written as a shorter one, where it refuses a longer one."""
    return String() if isinstance(found, String) and not isinstance(found, Enum) else found


def _one_row(statement: Any, dialect: Dialect) -> Text:
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
