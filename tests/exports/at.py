"""Helpers of the export tests: October 2026 at the venue of Brasserie De Zon."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from portal.exports import service
from portal.exports.queries import export, preview
from portal.exports.types import Preview
from portal.hours.periods import parse
from portal.integrations.parts import Providers
from portal.kernel.db import Base
from portal.kernel.work import Acting
from tests.factories.people import Cast

OCTOBER = parse("2026-10-M")


def seen(acting: Acting, cast: Cast, key: str = "horecalonen", period: str = "2026-10-M", who: str = "bob") -> Preview:
    """What the check page works with."""
    actor = acting.as_actor(cast.actors[who])
    with actor.read() as work:
        return preview(work, acting.part(Providers), cast.venue(who), key, parse(period))


def make(
    acting: Acting, cast: Cast, key: str = "horecalonen", period: str = "2026-10-M", *, leave_out: bool = True
) -> int:
    """Make the export that the check page offers."""
    shown = seen(acting, cast, key, period)
    bob = acting.as_actor(cast.actors["bob"])
    return service.create(bob, cast.venue("bob"), key, parse(period), shown.fingerprint, leave_out=leave_out)


def info(acting: Acting, cast: Cast, export_id: int) -> Any:
    with acting.as_actor(cast.actors["bob"]).read() as work:
        return export(work, export_id)


def everything(acting: Acting, *, but: tuple[str, ...] = ("web_session",)) -> dict[str, list[Any]]:
    """Every row of every table, to see that nothing changed (D5)."""
    with acting.read() as work:
        return {
            table.name: sorted(map(repr, work.session.execute(select(table)).all()))
            for table in Base.metadata.sorted_tables
            if table.name not in but
        }
