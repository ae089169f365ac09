"""Reads of deliveries, each limited to the own organisation (support sees states, no people)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, func, select

from portal.deliveries.decisions import nothing_left, resting
from portal.deliveries.difference_types import effect
from portal.deliveries.models import Action, Delivery, DeliveryLine, DeliveryState, LineState, Parcel, freed
from portal.deliveries.state_codes import LINE
from portal.exports.models import ExportLine, ExportState
from portal.exports.queries import ExportInfo
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import STAFF, Work

LINES = 100  # a page
EXPLAINED = (LineState.REFUSED, LineState.UNCLEAR)


@dataclass(frozen=True)
class LineInfo:
    """`hours` is what the line adds to payroll: negative when it takes away.

    An update or delete is about our component `target_ref`, which held `before` and must hold `after`.
    """

    id: int
    name: str
    personnel_number: str
    kind: str
    code: str
    hours: Decimal
    state: LineState
    remote_ref: str
    reason: str
    reason_code: str
    settled_at: datetime | None
    released: bool
    action: Action = Action.INSERT
    target_ref: str = ""
    before: Decimal | None = None
    after: Decimal = Decimal(0)
    freed: bool = False


@dataclass(frozen=True)
class DeliveryInfo:
    """`asks`: unknown lines that we do not look up ourselves (any more), so a person has to. `freed`: lines that were
    given free before they were sent, in no count of a state; `unsent`: lines of a stopped delivery that can be."""

    id: int
    organisation_id: int
    export_id: int
    provider: str
    state: DeliveryState
    cause: str
    cause_code: str
    remedy: str
    receipt: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    counts: dict[LineState, int]
    released: int
    next_at: datetime
    waits_for_mend: bool
    asks: int = 0
    freed: int = 0
    unsent: int = 0

    @property
    def total(self) -> int:
        return sum(self.counts.values()) + self.freed

    @property
    def settled(self) -> int:
        """Lines that payroll accepted or refused, or never gets; of the others nothing is certain yet."""
        return self.counts.get(LineState.ACCEPTED, 0) + self.counts.get(LineState.REFUSED, 0) + self.freed

    @property
    def left(self) -> int:
        """Lines that still have to go, or are under way."""
        return self.counts.get(LineState.PLANNED, 0) + self.counts.get(LineState.BUSY, 0)

    @property
    def waits(self) -> bool:
        """Whether the other side was not there and we try again by ourselves at `next_at`."""
        return self.state is DeliveryState.WAITING and bool(self.cause)

    @property
    def moving(self) -> bool:
        return self.state in (DeliveryState.WAITING, DeliveryState.BUSY)

    @property
    def stopped(self) -> bool:
        """Whether a person stopped it with something left."""
        return self.state is DeliveryState.CANCELLED

    @property
    def sent(self) -> bool:
        """Whether any line left: payroll may hold hours of this delivery."""
        return self.total > self.counts.get(LineState.PLANNED, 0) + self.freed

    @property
    def resumable(self) -> bool:
        """Whether a person can let it go on, and there is something to go on with."""
        return self.state is DeliveryState.PAUSED or (self.stopped and self.counts.get(LineState.PLANNED, 0) > 0)

    @property
    def releasable(self) -> int:
        """Refused lines whose hours can be given free for a new export."""
        over = self.state in (DeliveryState.DONE, DeliveryState.CANCELLED)
        return self.counts.get(LineState.REFUSED, 0) - self.released if over else 0


def delivery(work: Work, delivery_id: int) -> DeliveryInfo:
    """Raises NotFound."""
    own = Delivery.organisation_id == work.organisation_id
    row = work.session.scalar(select(Delivery).where(Delivery.id == delivery_id, own))
    if row is None:
        raise NotFound
    return _info(work, row, _tallies(work, [row.id])[row.id])


def of_export(work: Work, export_id: int) -> DeliveryInfo | None:
    own = Delivery.organisation_id == work.organisation_id
    row = work.session.scalar(select(Delivery).where(Delivery.export_id == export_id, own))
    return _info(work, row, _tallies(work, [row.id])[row.id]) if row else None


def by_export(work: Work) -> dict[int, DeliveryInfo]:
    """The deliveries of the own organisation by export id."""
    rows = work.session.scalars(select(Delivery).where(Delivery.organisation_id == work.organisation_id)).all()
    counts = _tallies(work, [row.id for row in rows])
    return {row.export_id: _info(work, row, counts[row.id]) for row in rows}


def can_be_withdrawn(work: Work, export: ExportInfo, delivery: DeliveryInfo | None) -> bool:
    """Whether nothing of this export left, so that its hours may be exported again."""
    if export.state is not ExportState.READY or export.processed_at is not None:
        return False
    return delivery is None or nothing_left(work, delivery.id)


def deliveries(work: Work, limit: int = 50) -> list[DeliveryInfo]:
    """The newest deliveries: of the own organisation, or of all for support."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    if work.actor.role not in STAFF:
        query = query.where(Delivery.organisation_id == work.organisation_id)
    rows = work.session.scalars(query).all()
    counts = _tallies(work, [row.id for row in rows])
    return [_info(work, row, counts[row.id]) for row in rows]


def lines(work: Work, delivery_id: int, page: int = 0) -> list[LineInfo]:
    """The lines of a delivery of the own organisation, in the order of the export; page 1 and up, or all of them."""
    query = _lines(work, delivery_id)
    if page:
        query = query.limit(LINES).offset((page - 1) * LINES)
    return [_line(row, line) for row, line in work.session.execute(query)]


def to_decide(work: Work, delivery_id: int, limit: int = LINES) -> list[LineInfo]:
    """The unknown lines that we cannot (or no longer) look up ourselves: a person has to look."""
    query = _lines(work, delivery_id).join(Parcel, Parcel.id == DeliveryLine.parcel_id)
    query = query.where(DeliveryLine.state == LineState.UNCLEAR, ~Parcel.look_up).limit(limit)
    return [_line(row, line) for row, line in work.session.execute(query)]


def _lines(work: Work, delivery_id: int) -> Select[DeliveryLine, ExportLine]:
    if work.actor.role in STAFF:
        raise Forbidden("De namen en uren van mensen zijn voor de klant.")
    return (
        select(DeliveryLine, ExportLine)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .where(DeliveryLine.delivery_id == delivery_id, ExportLine.organisation_id == work.organisation_id)
        .order_by(ExportLine.id, DeliveryLine.step)
    )


def _line(row: DeliveryLine, line: ExportLine) -> LineInfo:
    return LineInfo(
        row.id, line.name, line.personnel_number, line.kind, line.code,
        effect(row.action, row.hours, row.hours_before), row.state, row.remote_ref, row.reason,
        _reason_code(row), row.settled_at,
        row.released_at is not None, row.action, row.target_ref, row.hours_before, row.hours,
        freed(row.state, row.released_at, row.settled_at),
    )  # fmt: skip


def _reason_code(row: DeliveryLine) -> str:
    """The code of the reason; of a line from before there were codes, that of its state."""
    return row.reason_code or (str(LINE[row.state]) if row.reason and row.state in EXPLAINED else "")


@dataclass
class Tally:
    """The lines of a delivery: by state, without those that were never sent and given free (`freed`). `released`: of
    those that payroll refused, given free."""

    counts: Counter[LineState] = field(default_factory=Counter)
    freed: int = 0
    released: int = 0


def _tallies(work: Work, ids: list[int]) -> dict[int, Tally]:
    found = {delivery_id: Tally() for delivery_id in ids}
    of = (DeliveryLine.delivery_id, DeliveryLine.state)
    moments = (DeliveryLine.released_at.is_not(None), DeliveryLine.settled_at.is_not(None))
    query = select(*of, *moments, func.count()).where(DeliveryLine.delivery_id.in_(ids)).group_by(*of, *moments)
    for delivery_id, state, released, settled, count in work.session.execute(query):
        tally = found[delivery_id]
        if released and not settled and state is LineState.REFUSED:
            tally.freed += count
            continue
        tally.counts[state] += count
        tally.released += count if released else 0
    return found


def _info(work: Work, row: Delivery, tally: Tally) -> DeliveryInfo:
    counts = tally.counts
    found = DeliveryInfo(
        row.id, row.organisation_id, row.export_id, row.provider, row.state, row.cause, row.cause_code,
        row.remedy, row.receipt,
        row.created_by, row.created_at, row.finished_at, dict(counts),
        tally.released, row.next_at, row.waits_for_mend, _asks(work, row.id) if counts[LineState.UNCLEAR] else 0,
        tally.freed,
    )  # fmt: skip
    some = found.stopped and found.sent and counts[LineState.PLANNED]
    return replace(found, unsent=_unsent(work, row.id)) if some else found


def _unsent(work: Work, delivery_id: int) -> int:
    planned = (DeliveryLine.state == LineState.PLANNED) & DeliveryLine.parcel_id.in_(resting(delivery_id))
    return work.session.scalar(select(func.count()).where(planned)) or 0


def _asks(work: Work, delivery_id: int) -> int:
    query = select(func.count()).select_from(DeliveryLine).join(Parcel, Parcel.id == DeliveryLine.parcel_id)
    query = query.where(DeliveryLine.delivery_id == delivery_id, DeliveryLine.state == LineState.UNCLEAR)
    return work.session.scalar(query.where(~Parcel.look_up)) or 0
