"""What a person writes down in the ledger: cancel, resume, retry, decide, give free."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, CursorResult, Select, exists, func, select, update

from portal.deliveries import ledger, why
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel, Reading
from portal.deliveries.protocol import Action, Event, LineState, ParcelState, after, source
from portal.exports.models import ExportLine
from portal.kernel.wake import announce
from portal.kernel.work import Work

CHECKED = "Nagekeken door"
STOPPED = (DeliveryState.PAUSED, DeliveryState.CANCELLED)


def cancel(work: Work, delivery_id: int) -> bool:
    """Stop a delivery, also while it is being sent: the line under way is finished, the rest stays `gepland`."""
    stoppable = (*ledger.MOVING, DeliveryState.PAUSED)
    where = (Delivery.id == delivery_id) & Delivery.state.in_(stoppable)
    values = {"state": DeliveryState.CANCELLED, "waits_for_mend": False, **why.NO_CAUSE}
    if not _changed(work, update(Delivery).where(where).values(**values)):
        return False
    ledger.halt(work, delivery_id, halted=True)
    return True


def resume(work: Work, delivery_id: int) -> bool:
    """A paused or cancelled delivery goes on; what was sent is not sent again."""
    where = (Delivery.id == delivery_id) & Delivery.state.in_(STOPPED)
    values = {
        "state": DeliveryState.WAITING, "next_at": work.now, "tries": 0, "waits_for_mend": False,
        **why.NO_CAUSE,
    }  # fmt: skip
    if not _changed(work, update(Delivery).where(where).values(**values)):
        return False
    ledger.halt(work, delivery_id, halted=False)
    announce(work)
    return True


def retry_refused(work: Work, delivery_id: int) -> int:
    """Plan the refused lines of a finished delivery again; returns how many."""
    lines = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == source(Event.AGAIN))
    lines &= DeliveryLine.released_at.is_(None)
    count = work.session.scalar(select(func.count()).where(lines)) or 0
    if not count or not _reopen(work, delivery_id):
        return 0
    state = after(LineState.REFUSED, Event.AGAIN)
    parcels = work.session.scalars(
        update(DeliveryLine).where(lines).values(state=state, **why.NO_REASON).returning(DeliveryLine.parcel_id)
    ).all()
    _open(work, set(parcels))
    return count


def decide(work: Work, delivery_id: int, line_id: int, *, booked: bool, wait: timedelta, ref: str = "") -> bool:
    """A person looked in payroll: an `onbekend` line is booked (as component `ref`), or it is not and is sent again.

    Not booked is believed only when the line was started longer than `wait` ago: a call under way may still land.
    Nobody decides while a worker reads the same thing back.
    """
    event = Event.FOUND if booked else Event.ABSENT
    busy = exists().where(Parcel.id == DeliveryLine.parcel_id, Parcel.state == ParcelState.BUSY)
    where = (
        (DeliveryLine.id == line_id) & (DeliveryLine.delivery_id == delivery_id)
        & (DeliveryLine.state == source(event)) & ~busy
    )  # fmt: skip
    if not booked:
        where &= DeliveryLine.started_at <= work.now - wait
    parcel_id = work.session.scalar(select(DeliveryLine.parcel_id).where(where))
    if parcel_id is None:
        return False
    work.session.execute(select(Parcel.id).where(Parcel.id == parcel_id).with_for_update(key_share=True))
    values = {"state": after(LineState.UNCLEAR, event), **_decided(work, booked=booked)}
    values |= {"remote_ref": ref[:60]} if ref else {}
    changed = _changed(work, update(DeliveryLine).where(where).values(**values))
    if changed and not booked:
        _not_ours(work, parcel_id, line_id)
        _open(work, {parcel_id})
        _reopen(work, delivery_id)
    return changed


def _decided(work: Work, *, booked: bool) -> dict[str, object]:
    """Who said it, and when: a reading of before that moment tells nothing of it. Not booked: as if never started."""
    if booked:
        return {"reason": f"{CHECKED} {work.actor.name}.", "reason_code": "", "settled_at": work.now}
    return {"started_at": None, "settled_at": None, **why.NO_REASON}


def _not_ours(work: Work, parcel_id: int, line_id: int) -> None:
    """What payroll holds of this code by the latest reading is of somebody else, a person says: it stood there before.

    While another line of this code is unknown too it may be that one, and stays a candidate. Nothing is learned from
    an update or delete: what it is about was ours already.
    """
    parcel = work.session.get_one(Parcel, parcel_id, populate_existing=True)
    new = (DeliveryLine.id == line_id) & (DeliveryLine.action == Action.INSERT)
    code = work.session.scalar(select(ExportLine.code).join(DeliveryLine).where(new))
    others = (
        select(DeliveryLine.id).join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .where(DeliveryLine.parcel_id == parcel_id, DeliveryLine.state == LineState.UNCLEAR, ExportLine.code == code)
    )  # fmt: skip
    if code is None or parcel.baseline is None or work.session.scalar(others.limit(1)) is not None:
        return
    shown = work.session.scalar(select(Reading.components).where(*readings_of(parcel))) or []
    known = {row["ref"] for row in parcel.baseline}
    parcel.baseline = [*parcel.baseline, *(row for row in shown if row["code"] == code and row["ref"] not in known)]


def readings_of(parcel: Parcel) -> tuple[ColumnElement[bool], ...]:
    owner = select(Delivery.organisation_id).where(Delivery.id == parcel.delivery_id).scalar_subquery()
    return (
        Reading.organisation_id == owner, Reading.provider == parcel.provider,
        Reading.employee_ref == parcel.employee_ref, Reading.period_kind == parcel.period_kind,
        Reading.year == parcel.year, Reading.number == parcel.number,
    )  # fmt: skip


def look_again(work: Work, delivery_id: int, wait: timedelta) -> int:
    """A person asks to read unknown lines back once more; returns how many parcels.

    Not before `wait` after the start of a line: its call may still land.
    """
    lost = (
        select(DeliveryLine.parcel_id, func.max(DeliveryLine.started_at))
        .where(DeliveryLine.delivery_id == delivery_id, DeliveryLine.state == LineState.UNCLEAR)
        .group_by(DeliveryLine.parcel_id)
        .order_by(DeliveryLine.parcel_id)
    )
    count = 0
    for parcel_id, started in work.session.execute(lost).all():
        where = (Parcel.id == parcel_id) & (Parcel.state != ParcelState.BUSY) & ~Parcel.look_up
        next_at = max(work.now, started + wait) if started else work.now
        values = {"look_up": True, "looks": 0, "state": ParcelState.OPEN, "next_at": next_at}
        count += _changed(work, update(Parcel).where(where).values(**values))
    if count:
        _reopen(work, delivery_id)
    return count


def release_refused(work: Work, delivery_id: int) -> list[int]:
    """Mark the refused lines as given free: they are never sent again. Returns their export lines."""
    done = (
        update(DeliveryLine)
        .where(
            DeliveryLine.delivery_id == delivery_id, DeliveryLine.state == LineState.REFUSED,
            DeliveryLine.released_at.is_(None),
        )
        .values(released_at=work.now)
        .returning(DeliveryLine.export_line_id)
    )  # fmt: skip
    return list(dict.fromkeys(work.session.scalars(done)))


def release_unsent(work: Work, delivery_id: int) -> list[int]:
    """Mark what a stopped delivery did not send as given free: it can never be sent. Returns their export lines.

    Lock the delivery first: then nobody resumes it meanwhile. A person of whom something is under way or unknown is
    passed over. Nothing of a delivery of which nothing was sent: its export can be withdrawn.
    """
    begun = exists().where(DeliveryLine.delivery_id == Delivery.id, DeliveryLine.state != LineState.PLANNED)
    stopped = (Delivery.id == delivery_id) & (Delivery.state == DeliveryState.CANCELLED)
    if work.session.scalar(select(Delivery.id).where(stopped, begun)) is None:
        return []
    ledger.halt(work, delivery_id, halted=True)  # it was; this locks the parcels: no worker claims one meanwhile
    parcels = work.session.scalars(resting(delivery_id)).all()
    values = {"state": after(LineState.PLANNED, Event.FREE), "released_at": work.now, "started_at": None}
    where = DeliveryLine.parcel_id.in_(parcels) & (DeliveryLine.state == source(Event.FREE))
    done = update(DeliveryLine).where(where).values(**values, settled_at=None, **why.NO_REASON)
    lines = work.session.scalars(done.returning(DeliveryLine.export_line_id)).all()
    work.session.execute(update(Parcel).where(Parcel.id.in_(parcels)).values(state=ParcelState.DONE))
    return list(dict.fromkeys(lines))


def resting(delivery_id: int) -> Select[int]:
    """The parcels of which no worker holds anything, and nothing is unknown."""
    open_ = (DeliveryLine.parcel_id == Parcel.id) & DeliveryLine.state.in_((LineState.BUSY, LineState.UNCLEAR))
    moving = (Parcel.state == ParcelState.BUSY) | Parcel.look_up
    return select(Parcel.id).where(Parcel.delivery_id == delivery_id, ~moving, ~exists().where(open_))


def nothing_left(work: Work, delivery_id: int) -> bool:
    """Whether payroll certainly holds nothing of this delivery and nothing is on its way."""
    sent = select(DeliveryLine.id).where(
        DeliveryLine.delivery_id == delivery_id, DeliveryLine.state.not_in((LineState.PLANNED, LineState.REFUSED))
    )  # fmt: skip
    busy = select(Parcel.id).where(Parcel.delivery_id == delivery_id, Parcel.state == ParcelState.BUSY)
    still = (Delivery.id == delivery_id) & Delivery.state.in_((DeliveryState.DONE, DeliveryState.CANCELLED))
    resting = work.session.scalar(select(Delivery.id).where(still)) is not None
    return resting and work.session.scalar(busy.limit(1)) is None and work.session.scalar(sent.limit(1)) is None


def _open(work: Work, parcel_ids: set[int]) -> None:
    """There is something to send again. A parcel with other lost lines keeps its time: looking too early proves
    nothing."""
    lost = exists().where(DeliveryLine.parcel_id == Parcel.id, DeliveryLine.state == LineState.UNCLEAR)
    where = Parcel.id.in_(parcel_ids) & (Parcel.state != ParcelState.BUSY)
    work.session.execute(update(Parcel).where(where, Parcel.state == ParcelState.DONE).values(state=ParcelState.OPEN))
    work.session.execute(update(Parcel).where(where, ~lost).values(next_at=work.now, look_up=False))


def _reopen(work: Work, delivery_id: int) -> bool:
    where = (Delivery.id == delivery_id) & (Delivery.state == DeliveryState.DONE)
    announce(work)
    values = {"state": DeliveryState.WAITING, "next_at": work.now, "tries": 0, "finished_at": None}
    return _changed(work, update(Delivery).where(where).values(**values))


def _changed(work: Work, statement: object) -> bool:
    result = work.session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)  # noqa: S101 - an UPDATE gives one
    return result.rowcount > 0
