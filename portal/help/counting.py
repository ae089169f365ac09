"""Adds to a number of one day."""

from __future__ import annotations

from datetime import date

from sqlalchemy.dialects import postgresql, sqlite

from portal.kernel.db import Base
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import Work


def today(work: Work) -> date:
    """The day as readers and support know it."""
    return work.now.astimezone(AMSTERDAM).date()


def add(work: Work, table: type[Base], where: dict[str, object], numbers: dict[str, int]) -> None:
    """Add `numbers` to the row that `where` names (its unique columns); two may do so at once."""
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(table) if on_postgres else sqlite.insert(table)
    more = {name: getattr(table, name) + number for name, number in numbers.items()}
    work.session.execute(insert.values(**where, **numbers).on_conflict_do_update(index_elements=list(where), set_=more))
