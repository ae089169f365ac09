"""Reads of deliveries, each limited to the own organisation (support sees states, no people)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.exports.models import ExportLine
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import Role, Work


@dataclass(frozen=True)
class LineInfo:
    id: int
    name: str
    personnel_number: str
    kind: str
    code: str
    hours: Decimal
    state: LineState
    remote_ref: str
    reason: str
    settled_at: datetime | None


@dataclass(frozen=True)
class DeliveryInfo:
    id: int
    organisation_id: int
    export_id: int
    provider: str
    state: DeliveryState
    cause: str
    remedy: str
    receipt: str
    created_by: str
    created_at: datetime
    finished_at: datetime | None
    counts: dict[LineState, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        return self.total - self.counts.get(LineState.PLANNED, 0) - self.counts.get(LineState.BUSY, 0)

    @property
    def moving(self) -> bool:
        return self.state in (DeliveryState.WAITING, DeliveryState.BUSY)


def delivery(work: Work, delivery_id: int) -> DeliveryInfo:
    """Raises NotFound."""
    own = Delivery.organisation_id == work.organisation_id
    row = work.session.scalar(select(Delivery).where(Delivery.id == delivery_id, own))
    if row is None:
        raise NotFound
    return _info(row, _counts(work, [row.id])[row.id])


def of_export(work: Work, export_id: int) -> DeliveryInfo | None:
    own = Delivery.organisation_id == work.organisation_id
    row = work.session.scalar(select(Delivery).where(Delivery.export_id == export_id, own))
    return _info(row, _counts(work, [row.id])[row.id]) if row else None


def deliveries(work: Work, limit: int = 50) -> list[DeliveryInfo]:
    """The newest deliveries: of the own organisation, or of all for support."""
    query = select(Delivery).order_by(Delivery.id.desc()).limit(limit)
    if work.actor.role is not Role.SUPPORT:
        query = query.where(Delivery.organisation_id == work.organisation_id)
    rows = work.session.scalars(query).all()
    counts = _counts(work, [row.id for row in rows])
    return [_info(row, counts[row.id]) for row in rows]


def lines(work: Work, delivery_id: int) -> list[LineInfo]:
    """The lines of a delivery of the own organisation, in the order of the export."""
    if work.actor.role is Role.SUPPORT:
        raise Forbidden("De namen en uren van mensen zijn voor de klant.")
    query = (
        select(DeliveryLine, ExportLine)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .where(DeliveryLine.delivery_id == delivery_id, ExportLine.organisation_id == work.organisation_id)
        .order_by(ExportLine.id)
    )
    return [
        LineInfo(
            row.id, line.name, line.personnel_number, line.kind, line.code, line.hours, row.state, row.remote_ref,
            row.reason, row.settled_at,
        )
        for row, line in work.session.execute(query)
    ]  # fmt: skip


def _counts(work: Work, ids: list[int]) -> dict[int, Counter[LineState]]:
    found: dict[int, Counter[LineState]] = {delivery_id: Counter() for delivery_id in ids}
    query = (
        select(DeliveryLine.delivery_id, DeliveryLine.state, func.count())
        .where(DeliveryLine.delivery_id.in_(ids))
        .group_by(DeliveryLine.delivery_id, DeliveryLine.state)
    )
    for delivery_id, state, count in work.session.execute(query):
        found[delivery_id][state] = count
    return found


def _info(row: Delivery, counts: Counter[LineState]) -> DeliveryInfo:
    return DeliveryInfo(
        row.id, row.organisation_id, row.export_id, row.provider, row.state, row.cause, row.remedy, row.receipt,
        row.created_by, row.created_at, row.finished_at, dict(counts),
    )  # fmt: skip
