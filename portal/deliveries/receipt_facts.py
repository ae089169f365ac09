"""What the ledger says about a delivery, in the form of a receipt."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from portal.deliveries.models import (
    FREED_WORD,
    Delivery,
    DeliveryLine,
    DeliveryState,
    LineState,
    Parcel,
    ParcelState,
    freed,
)
from portal.deliveries.receipt_body import VERSION, Body, Line
from portal.exports.models import Export, ExportLine
from portal.kernel.work import Work

AT_REST = (DeliveryState.DONE, DeliveryState.CANCELLED)


def is_over(work: Work, delivery_id: int) -> bool:
    over = select(Delivery.id).where(Delivery.id == delivery_id, Delivery.state.in_(AT_REST))
    return work.session.scalar(over) is not None


def at_rest(work: Work, delivery_id: int) -> bool:
    """Whether nobody works on this delivery: it is over, no parcel or line is under way, none is to be looked up."""
    moving = (Parcel.state == ParcelState.BUSY) | Parcel.look_up
    parcel = select(Parcel.id).where(Parcel.delivery_id == delivery_id, moving)
    line = select(DeliveryLine.id).where(DeliveryLine.delivery_id == delivery_id, DeliveryLine.state == LineState.BUSY)
    under_way = work.session.scalar(parcel.limit(1)) or work.session.scalar(line.limit(1))
    return under_way is None and is_over(work, delivery_id)


def body_of(work: Work, delivery_id: int, *, salt: str = "", code: str = "", replaces: str = "") -> Body:
    """Read the rows anew: what the session holds may be older than what an UPDATE wrote."""
    query = select(Delivery, Export).join(Export, Export.id == Delivery.export_id).where(Delivery.id == delivery_id)
    delivery, export = work.session.execute(query.execution_options(populate_existing=True)).one()
    lines = _lines(work, delivery_id)
    return Body(
        VERSION, salt, code, replaces, work.now, delivery.state.value, export.organisation_name, export.venue_name,
        export.company_ref, delivery.provider, delivery.receipt, export.id, export.kind.value, export.revision,
        export.reference, export.period_kind.value, export.year, export.number, export.book_year or export.year,
        export.book_number or export.number, export.first_day.isoformat(), export.last_day.isoformat(), delivery.id,
        delivery.created_by, delivery.created_at, _ended(delivery, lines), lines,
        export.unprotected,
    )  # fmt: skip


def _ended(delivery: Delivery, lines: tuple[Line, ...]) -> datetime | None:
    """When the last line was settled; a delivery that was cancelled has no end of its own."""
    return delivery.finished_at or max((line.settled_at for line in lines if line.settled_at), default=None)


def _lines(work: Work, delivery_id: int) -> tuple[Line, ...]:
    sent, of = DeliveryLine, ExportLine
    query = (
        select(
            sent.id, of.name, of.personnel_number, of.kind, of.code, sent.action, sent.hours, sent.hours_before,
            sent.state, sent.remote_ref, sent.target_ref, sent.reason, sent.started_at, sent.settled_at,
            sent.released_at,
        )
        .join(of, of.id == sent.export_line_id)
        .where(sent.delivery_id == delivery_id)
        .order_by(of.id, sent.step)
    )  # fmt: skip
    return tuple(
        Line(
            row.id, row.name, row.personnel_number, row.kind, row.code, row.action.value, row.hours, row.hours_before,
            FREED_WORD if freed(row.state, row.released_at, row.settled_at) else row.state.value,
            row.remote_ref, row.target_ref,
            # the words about an unknown line change with every look, and say nothing about what was sent
            "" if row.state is LineState.UNCLEAR else row.reason,
            row.started_at, row.settled_at,
        )
        for row in work.session.execute(query)
    )  # fmt: skip
