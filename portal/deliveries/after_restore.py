"""What a backup that is put back cannot know: what was sent after it was made (I2, G1).

Every line that could have gone since is looked up in payroll before anything is sent. A person of whom we have no first
reading, and a delivery that the backup never heard of, are handled in `suspects.after_restore`.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import case, func, select, update

from portal.deliveries import codes, why
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel
from portal.deliveries.protocol import Event, LineState, ParcelState, after
from portal.kernel.codes import Reason
from portal.kernel.work import Work

DOUBT = Reason(
    "Het portaal is teruggezet naar een back-up. We lezen na of deze regel intussen is verstuurd.", codes.RESTORED
)
OPEN = (DeliveryState.WAITING, DeliveryState.BUSY, DeliveryState.PAUSED)


def doubt(work: Work, wait: timedelta) -> int:
    """Have every line looked up that was planned or under way; returns how many. Safe to call twice.

    `wait`: how long a call of the machine that was lost may still be under way (`protocol.quiet`).
    """
    going = select(Delivery.id).where(Delivery.state.in_(OPEN))
    held = select(Parcel.id).where(Parcel.state == ParcelState.BUSY)  # also of a delivery that was stopped
    moving = DeliveryLine.delivery_id.in_(going) | DeliveryLine.parcel_id.in_(held)
    parcels: set[int] = set()
    for state, event in ((LineState.PLANNED, Event.RESTORE), (LineState.BUSY, Event.LOSE)):
        lines = moving & (DeliveryLine.state == state)
        changed = update(DeliveryLine).where(lines).values(
            state=after(state, event), settled_at=work.now, started_at=func.coalesce(DeliveryLine.started_at, work.now),
            losses=case((DeliveryLine.losses == 0, 1), else_=DeliveryLine.losses), **why.of_line(DOUBT),
        )  # fmt: skip
        parcels |= set(work.session.scalars(changed.returning(DeliveryLine.parcel_id)).all())
    _look_up(work, wait)
    return len(parcels)


def _look_up(work: Work, wait: timedelta) -> None:
    """Also what was being looked up already: its call may have been made again since."""
    lost = select(DeliveryLine.parcel_id).where(DeliveryLine.state == LineState.UNCLEAR, DeliveryLine.losses > 0)
    due = Parcel.id.in_(lost) & (Parcel.state != ParcelState.DONE)
    values = {"state": ParcelState.OPEN, "lease_until": None, "look_up": True, "looks": 0, "next_at": work.now + wait}
    work.session.execute(update(Parcel).where(due).values(**values))
    held = update(Parcel).where(Parcel.state == ParcelState.BUSY)
    work.session.execute(held.values(state=ParcelState.OPEN, lease_until=None))
