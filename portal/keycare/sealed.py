"""Every place where something is sealed with the keys of the vault, and sealing it anew with the newest one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, inspect, select, text

from portal.accounts.factor import factor_binding
from portal.accounts.models import Note, SecondFactor
from portal.accounts.notes import note_binding
from portal.deliveries.receipt_chain import body_binding
from portal.deliveries.receipt_models import Receipt
from portal.exports.models import Export, ExportFile, ExportLine
from portal.exports.queries import file_binding, line_binding
from portal.hours.models import TeamMember
from portal.hours.team import bsn_binding
from portal.kernel import stored_key
from portal.kernel.key_models import VaultSecret
from portal.kernel.vault import VERSION, Binding, Tampered
from portal.kernel.work import Acting, Work
from portal.notifications.models import OutboxMail
from portal.notifications.service import mail_binding

BATCH, PASSES, PAUSE_SECONDS = 200, 30, 1.0
Bind = Callable[[Work, Any], Binding]


@dataclass(frozen=True)
class Place:
    """A column with sealed values, and what each value is bound to."""

    model: type[Any]
    column: str
    binding: Bind

    @property
    def name(self) -> str:
        return f"{self.model.__tablename__}.{self.column}"

    @property
    def sealed(self) -> Any:
        return getattr(self.model, self.column)

    @property
    def key(self) -> Any:
        return getattr(self.model, inspect(self.model).primary_key[0].key)


@dataclass(frozen=True)
class Resealed:
    """How many values went to the newest key, could not be opened, or were in use by somebody each time."""

    moved: int
    stuck: int
    left: int


def _of_export(bind: Callable[[Export, Any], Binding]) -> Bind:
    return lambda work, row: bind(work.session.get_one(Export, row.export_id), row)


PLACES = (
    Place(VaultSecret, "sealed", lambda _, row: stored_key.binding(row.name)),
    Place(SecondFactor, "sealed_secret", lambda _, row: factor_binding(row.user_id, row.seal_row)),
    Place(Note, "sealed", lambda _, row: note_binding(row.kind, row.user_id, row.seal_row)),
    Place(TeamMember, "bsn_sealed", lambda _, row: bsn_binding(row)),
    Place(ExportLine, "bsn_sealed", _of_export(lambda export, row: line_binding(export, row.member_id, row.code))),
    Place(ExportFile, "sealed", _of_export(lambda export, row: file_binding(export, row.extension))),
    Place(OutboxMail, "sealed", lambda _, row: mail_binding(row.reference)),
    Place(Receipt, "body", lambda _, row: body_binding(row)),
)


def usage(work: Work, place: Place) -> dict[bytes, int]:
    """How many values each key sealed; the first version, which names no key, counts under 01."""
    start = func.substr(place.sealed, 1, 5)
    counted = select(start, func.count()).where(place.sealed.is_not(None)).group_by(start)
    found: dict[bytes, int] = {}
    for head, count in work.session.execute(counted):
        key_id = bytes(head)[1:] if bytes(head)[:1] == bytes([VERSION]) else b"\x01"
        found[key_id] = found.get(key_id, 0) + count
    return found


def settle(work: Work) -> None:
    """Wait for who is still writing: what was sealed with an older key is counted only once it is there."""
    if work.session.get_bind().dialect.name == "postgresql":
        for place in PLACES:
            work.session.execute(text(f"LOCK TABLE {place.model.__tablename__} IN SHARE MODE"))


def reseal(acting: Acting) -> Resealed:
    """Seal everything with the newest key, while people and workers go on. Who is killed half-way goes on from there:
    each value tells which key it is of."""
    moved = 0
    stuck: set[tuple[str, object]] = set()
    for turn in range(PASSES):
        if turn:
            time.sleep(PAUSE_SECONDS)
        for place in PLACES:
            moved += sum(_pass(acting, place, stuck))
        left = waiting(acting) - len(stuck)
        if left <= 0:
            break
    return Resealed(moved, len(stuck), max(left, 0))


def waiting(acting: Acting) -> int:
    """How many values are not of the newest key."""
    newest = acting.vault.keys.newest().id
    with acting.read() as work:
        counts = [usage(work, place) for place in PLACES]
    return sum(count for found in counts for key_id, count in found.items() if key_id != newest)


def _pass(acting: Acting, place: Place, stuck: set[tuple[str, object]]) -> Iterator[bool]:
    """Go through a table once, a batch in a transaction; a row that somebody holds waits for the next time."""
    last: Any = None
    while True:
        with acting.begin() as work:
            rows = work.session.scalars(_batch(work, place, last)).all()
            for row in rows:
                last = getattr(row, place.key.key)
                if _moved(work, place, row):
                    yield True
                else:
                    stuck.add((place.name, last))
        if not rows:
            return


def _batch(work: Work, place: Place, last: Any) -> Any:
    query = select(place.model).where(_old(work, place)).order_by(place.key).limit(BATCH)
    query = query if last is None else query.where(place.key > last)
    return query.with_for_update(skip_locked=True, key_share=True, of=place.model)


def _old(work: Work, place: Place) -> ColumnElement[bool]:
    start = bytes([VERSION]) + work.vault.keys.newest().id
    found: ColumnElement[bool] = place.sealed.is_not(None) & (func.substr(place.sealed, 1, 5) != start)
    return found


def _moved(work: Work, place: Place, row: Any) -> bool:
    binding = place.binding(work, row)
    try:
        content = work.vault.open_bytes(getattr(row, place.column), binding)
    except Tampered:
        return False
    setattr(row, place.column, work.vault.seal_bytes(content, binding))
    return True
