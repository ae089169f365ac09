"""What may be forgotten of hours that went to payroll, and forgetting who was in their lines.

The amounts stay, with the code and payroll's own number: they are the proof that an hour was paid once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, or_, select, true, update
from sqlalchemy.orm import InstrumentedAttribute

from portal.deliveries import receipts
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState
from portal.deliveries.receipt_models import Receipt
from portal.exports.models import Export, ExportLine, ExportState
from portal.exports.queries import downloads
from portal.hours.models import Shift
from portal.kernel.work import Work

OVER = (DeliveryState.DONE, DeliveryState.CANCELLED)
NOBODY = "Gewist teamlid"
NAMED = or_(
    ExportLine.name != NOBODY, ExportLine.email != "", ExportLine.personnel_number != "",
    ExportLine.bsn_sealed.is_not(None),
)  # fmt: skip


def exports_of(work: Work, members: Collection[int]) -> list[Export]:
    """The exports with lines of these people."""
    line = exists().where(ExportLine.export_id == Export.id, ExportLine.member_id.in_(members))
    return list(work.session.scalars(select(Export).where(line).order_by(Export.id)))


def under_way(work: Work, exports: Sequence[Export], members: Collection[int] | None = None) -> bool:
    """Whether payroll is not done with these exports, or a person has to do something; `members`: as far as it is
    about these people.

    A file counts as delivered when it was downloaded. A line that was refused is a person's, until its hours are given
    free; a line of a delivery that was stopped is not sent.
    """
    ready = [export for export in exports if export.state is ExportState.READY]
    ids = [export.id for export in ready]
    leaving = Shift.export_id.in_(ids) & Shift.taken_back_by.is_not(None) & _of(Shift.member_id, members)
    if work.session.scalar(select(exists().where(leaving))) or _moving(work, ids, members):
        return True
    sent = set(work.session.scalars(select(Delivery.export_id).where(Delivery.export_id.in_(ids))))
    left = (ExportLine.released_at.is_(None)) & _of(ExportLine.member_id, members)
    counts = select(ExportLine.export_id).where(ExportLine.export_id.in_(set(ids) - sent), left)
    waiting = set(work.session.scalars(counts)) - {export.id for export in ready if export.processed_at}
    return bool(waiting and waiting - set(downloads(work)))


def _moving(work: Work, export_ids: Sequence[int], members: Collection[int] | None) -> bool:
    """Whether a delivery of these is not over, or a line of it is not accepted for good."""
    lines = (
        select(DeliveryLine.id)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .where(Delivery.export_id.in_(export_ids), _of(ExportLine.member_id, members))
    )
    going = Delivery.state.not_in(OVER) | (Parcel.state == ParcelState.BUSY) | Parcel.look_up
    left = (DeliveryLine.state != LineState.ACCEPTED) & DeliveryLine.released_at.is_(None)
    return work.session.scalar(lines.where(going | left).limit(1)) is not None


def _of(column: InstrumentedAttribute[int], members: Collection[int] | None) -> ColumnElement[bool]:
    return true() if members is None else column.in_(members)


def forget_bsn(work: Work, which: ColumnElement[bool]) -> None:
    """Empty the BSN of these lines."""
    sealed = update(ExportLine).where(which, ExportLine.bsn_sealed.is_not(None))
    work.session.execute(sealed.values(bsn_sealed=None))


def forget_names(work: Work, which: ColumnElement[bool]) -> int:
    """Empty who these lines are about, and the receipts that name them; returns how many lines. Safe to call twice.

    A delivery gets a new receipt without the name, so that the others in it keep their proof; the chain holds, only
    the sealed bodies of the older receipts go. The organisation must be locked. Raises receipts.Broken.
    """
    lines = list(work.session.scalars(select(ExportLine.id).where(which, NAMED)))
    sent = select(DeliveryLine.delivery_id).where(DeliveryLine.export_line_id.in_(lines)).distinct()
    deliveries = sorted(work.session.scalars(sent))
    empty = {"name": NOBODY, "personnel_number": "", "email": "", "bsn_sealed": None}
    work.session.execute(update(ExportLine).where(ExportLine.id.in_(lines)).values(**empty))
    for delivery_id in deliveries:
        _renew_receipt(work, delivery_id)
    return len(lines)


def _renew_receipt(work: Work, delivery_id: int) -> None:
    before = receipts.latest(work, delivery_id)
    if before is None:
        return
    receipts.seal(work, delivery_id)
    older = (Receipt.delivery_id == delivery_id) & (Receipt.seq <= before.seq) & Receipt.body.is_not(None)
    work.session.execute(update(Receipt).where(older).values(body=None))
