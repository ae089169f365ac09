"""Reads of what we hold in payroll by the ledger, and of what is in the way of a correction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from portal.deliveries import codes
from portal.deliveries.models import Action, Delivery, DeliveryLine, DeliveryState, LineState, Parcel
from portal.deliveries.undo import Accepted, Own, own
from portal.exports.models import Export, ExportLine, ExportState
from portal.exports.queries import downloads
from portal.exports.series import belongs
from portal.hours.types import Period
from portal.kernel.codes import Code
from portal.kernel.work import Work

Key = tuple[int, str]
OVER = (DeliveryState.DONE, DeliveryState.CANCELLED)


@dataclass(frozen=True)
class Obstacle:
    """What must be done first, with its code and where: a delivery, or an export that nobody sent."""

    text: str
    code: Code
    delivery_id: int = 0
    export_id: int = 0


def held(work: Work, key: str, venue_id: int, period: Period) -> dict[Key, list[Own]]:
    """Our components of this venue and period by member and code, oldest first.

    Difference lines that were booked in another period stand there and are no part of it; neither are those of
    another period that were booked in this one.
    """
    query = (
        select(
            ExportLine.member_id, ExportLine.code, DeliveryLine.action, DeliveryLine.remote_ref,
            DeliveryLine.target_ref, Parcel.employee_ref, DeliveryLine.hours,
        )
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Export, Export.id == ExportLine.export_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .where(
            belongs(work, key, venue_id, period), DeliveryLine.state == LineState.ACCEPTED,
            Parcel.year == period.year, Parcel.number == period.number,
        )
        .order_by(DeliveryLine.settled_at, DeliveryLine.id)
    )  # fmt: skip
    found: dict[Key, list[Accepted]] = defaultdict(list)
    for member_id, code, action, remote_ref, target_ref, employee_ref, hours in work.session.execute(query):
        found[(member_id, code)].append(Accepted(action, target_ref or remote_ref, employee_ref, hours))
    return {one: own(lines) for one, lines in found.items()}


def obstacles(
    work: Work, key: str, venue_id: int, period: Period, *, but: int = 0, unsent: bool = True
) -> dict[Key, Obstacle]:
    """What is in the way of a correction, by member and code: a line that is not settled, or an export that can
    still be taken back as a whole. `but`: an export that does not count."""
    query = (
        select(ExportLine, Export, DeliveryLine, Delivery)
        .join(Export, Export.id == ExportLine.export_id)
        .outerjoin(DeliveryLine, DeliveryLine.export_line_id == ExportLine.id)
        .outerjoin(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            belongs(work, key, venue_id, period), Export.state == ExportState.READY, Export.id != but,
            ExportLine.released_at.is_(None),
        )
        .order_by(Export.id)
    )  # fmt: skip
    taken = downloads(work) if unsent else {}
    found: dict[Key, Obstacle] = {}
    rows = work.session.execute(query).all()
    begun = {delivery.id for _line, _export, sent, delivery in rows if sent and sent.state is not LineState.PLANNED}
    for line, export, sent, delivery in rows:
        why = _unsettled(sent, delivery, begun=delivery.id in begun) if sent is not None else None
        if sent is None and unsent and export.id not in taken:
            text = f"Export {export.id} is nog niet verstuurd of gedownload. Verstuur die eerst, of trek hem in."
            why = Obstacle(text, codes.FIRST_SEND, export_id=export.id)
        if why is not None:
            found.setdefault((line.member_id, line.code), why)
    return found


def _unsettled(line: DeliveryLine, delivery: Delivery, *, begun: bool) -> Obstacle | None:
    """`begun`: something of it was sent, so that it cannot be withdrawn."""
    number = delivery.id
    if line.state is LineState.UNCLEAR:
        text = f"Kijk eerst bij levering {number} wat er van de onbekende regel is geworden."
        return Obstacle(text, codes.FIRST_LOOK, number)
    if line.state is LineState.REFUSED and line.released_at is None:
        text = f"Een regel van levering {number} is geweigerd. Verstuur die eerst opnieuw, of maak de uren vrij."
        return Obstacle(text, codes.FIRST_MEND, number)
    if line.state in (LineState.PLANNED, LineState.BUSY):
        stopped = delivery.state in (*OVER, DeliveryState.PAUSED)
        what = "Hervat eerst" if stopped else "Wacht eerst op het einde van"
        free = begun and delivery.state is DeliveryState.CANCELLED
        what += f" levering {number}" + (", of maak daar vrij wat niet is verstuurd" if free else "")
        text = f"{what}: daar staat nog een regel van deze uren klaar."
        return Obstacle(text, codes.FIRST_FINISH, number)
    return None


def booked_parts(work: Work, export_line_ids: Collection[int]) -> Mapping[int, Decimal]:
    """By line of an export: what payroll took, or may still take, of a line of which other steps were refused."""
    query = select(DeliveryLine).where(
        DeliveryLine.export_line_id.in_(export_line_ids), DeliveryLine.state != LineState.REFUSED
    )
    found: dict[int, Decimal] = {}
    for line in work.session.scalars(query):
        gain = (Decimal(0) if line.action is Action.DELETE else line.hours) - (line.hours_before or Decimal(0))
        found[line.export_line_id] = found.get(line.export_line_id, Decimal("0.00")) + gain
    return found
