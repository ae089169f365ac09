"""The trail as a CSV for people, newest first. That it was taken stands in the trail before the first byte goes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portal.audit.queries import TrailRow, Wanted, latest
from portal.audit.service import record
from portal.audit.words import act, details
from portal.kernel import cells
from portal.kernel.work import Acting

BATCH = 500
NAME = "logboek.csv"
COLUMNS = ("Nummer", "Wanneer", "Wie", "Klant", "Wat", "Bijzonderheden")


def take(acting: Acting, wanted: Wanted, customers: Mapping[int, str], by: str = "portaal") -> Iterator[bytes]:
    """Record that it was taken, and return its pieces. `customers`: names by id."""
    told = {"group": wanted.group, "first": wanted.first, "last": wanted.last, "customer": wanted.customer}
    with acting.begin() as work:
        record(work, "trail.downloaded", wanted.customer, by=by, **{name: one for name, one in told.items() if one})
    return _pieces(acting, wanted, customers)


def _pieces(acting: Acting, wanted: Wanted, customers: Mapping[int, str]) -> Iterator[bytes]:
    """A batch at a time, each in a short transaction of its own: a slow reader holds nothing up."""
    yield cells.BOM + cells.lines([COLUMNS])
    before: int | None = None
    while True:
        with acting.read() as work:
            rows = latest(work, wanted, before=before, limit=BATCH)
        if rows:
            yield cells.lines(_values(row, customers) for row in rows)
        if len(rows) < BATCH:
            return
        before = rows[-1].id


def _values(row: TrailRow, customers: Mapping[int, str]) -> list[cells.Value]:
    customer = customers.get(row.organisation_id or 0, "")
    return [row.id, row.at, row.actor, customer, act(row.action), details(row.facts)]
