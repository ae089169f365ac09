"""Statements of a fixed form that run very often: turned into SQL once for each kind of database.

SQLAlchemy looks a statement up in its cache, and checks its parameters, at each run; that costs more than the run.
Many rows go to the database together (`executemany`): on PostgreSQL in one journey over the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, Executable

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
        text = self._texts.get(connection.dialect.name) or self._prepare(connection.dialect)
        given = [text.row(row) for row in rows]
        return connection.exec_driver_sql(text.sql, given if len(given) > 1 else given[0]).rowcount

    def _prepare(self, dialect: Dialect) -> Text:
        found = self._statement[dialect.name] if isinstance(self._statement, Mapping) else self._statement
        text = self._texts[dialect.name] = _text(found, dialect)
        return text


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
