"""What a backup that is put back cannot know: what was sent after it was made, and what people decided (I2, G1).

Every line that could have gone since is looked up in payroll, and nothing is sent before a person says so: a delivery
that waited, was going on or was paused is stopped, and may have been cancelled since. A person of whom we have no
reading, and a delivery that the backup never heard of, are handled in `suspects.after_restore`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import case, func, select, update

from portal.audit.service import record
from portal.deliveries import codes, ledger, notices, why
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel
from portal.deliveries.protocol import Event, LineState, ParcelState, after
from portal.kernel.codes import Reason
from portal.kernel.work import Acting, Work

DOUBT = Reason(
    "Het portaal is teruggezet naar een back-up. We lezen na of deze regel intussen is verstuurd.", codes.RESTORED
)
STOPPED = Reason("Het portaal is teruggezet naar een back-up. We versturen niets tot iemand dat zegt.", codes.RESTORED)
REMEDY = "Wacht tot we hebben nagelezen wat er al staat. Klopt het, kies dan Verstuur alsnog."
OPEN = (DeliveryState.WAITING, DeliveryState.BUSY, DeliveryState.PAUSED)
NOT_DONE = (*OPEN, DeliveryState.CANCELLED)


def doubt(acting: Acting, work: Work, wait: timedelta) -> int:
    """Stop every delivery and have every line looked up that was planned or under way; returns how many parcels.

    `wait`: how long a call of the machine that was lost may still be under way (`protocol.quiet`). Safe to call twice.
    """
    parcels = _look_up_lines(work)
    _look_up(work, wait)
    for delivery_id in work.session.scalars(select(Delivery.id).where(Delivery.state.in_(OPEN)).order_by(Delivery.id)):
        _stop(acting, work, delivery_id)
    return len(parcels)


def _look_up_lines(work: Work) -> set[int]:
    mine = DeliveryLine.delivery_id.in_(select(Delivery.id).where(Delivery.state.in_(NOT_DONE)))
    parcels: set[int] = set()
    for state, event in ((LineState.PLANNED, Event.RESTORE), (LineState.BUSY, Event.LOSE)):
        changed = update(DeliveryLine).where(mine, DeliveryLine.state == state).values(
            state=after(state, event), settled_at=work.now, started_at=func.coalesce(DeliveryLine.started_at, work.now),
            losses=case((DeliveryLine.losses == 0, 1), else_=DeliveryLine.losses), **why.of_line(DOUBT),
        )  # fmt: skip
        parcels |= set(work.session.scalars(changed.returning(DeliveryLine.parcel_id)).all())
    return parcels


def _look_up(work: Work, wait: timedelta) -> None:
    """Also what was being looked up already: its call may have been made again since."""
    lost = select(DeliveryLine.parcel_id).where(DeliveryLine.state == LineState.UNCLEAR, DeliveryLine.losses > 0)
    due = Parcel.id.in_(lost) & (Parcel.state != ParcelState.DONE)
    values = {"state": ParcelState.OPEN, "lease_until": None, "look_up": True, "looks": 0, "next_at": work.now + wait}
    work.session.execute(update(Parcel).where(due).values(**values))
    held = update(Parcel).where(Parcel.state == ParcelState.BUSY)
    work.session.execute(held.values(state=ParcelState.OPEN, lease_until=None))


def _stop(acting: Acting, work: Work, delivery_id: int) -> None:
    """A stopped delivery is read back and goes no further; when everything turns out to be there, it is done."""
    values = {"state": DeliveryState.CANCELLED, "waits_for_mend": False, **why.of_delivery(STOPPED, REMEDY)}
    work.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(**values))
    ledger.halt(work, delivery_id, halted=True)
    owner = work.session.scalar(select(Delivery.organisation_id).where(Delivery.id == delivery_id))
    theirs = replace(work, actor=replace(work.actor, organisation_id=owner))
    record(theirs, "delivery.cancelled", delivery=delivery_id)
    notices.paused(acting, theirs, delivery_id, notices.RESTORED, str(codes.RESTORED))
