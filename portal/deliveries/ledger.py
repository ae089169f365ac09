"""What a worker writes down: the only code, with `decisions.py`, that writes a state. The rules are in `protocol.py`.

Every write names the attempt of its claim: the word of a late worker counts no more. Lock order everywhere:
organisation, export, delivery, parcels by id, lines. Rows are locked FOR NO KEY UPDATE: PostgreSQL looks a foreign key
up again, with a lock on the row it names, when a transaction changes a row twice; that must not wait for a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, case, exists, select, update

from portal.deliveries import codes, statements, why, writes
from portal.deliveries.claims import Claim
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel
from portal.deliveries.protocol import Event, LineState, ParcelState, after, source
from portal.deliveries.writes import as_rows, done, held, told
from portal.integrations.contract import Component
from portal.kernel.codes import Reason
from portal.kernel.work import Work

LOST = Reason("Het versturen is halverwege gestopt. We lezen na of deze uren er staan.", codes.STOPPED_HALFWAY)
MOVING = (DeliveryState.WAITING, DeliveryState.BUSY)
OPEN_LINE = DeliveryLine.state.not_in((LineState.ACCEPTED, LineState.REFUSED))


def extend(work: Work, claim: Claim, lease_seconds: int, used: str) -> bool:
    """Renew the lease in order to send, and lock the parcel until the end of the transaction.

    False: send nothing. The claim counts no more, a person stopped the delivery, it waits or is paused, or another
    token than `used` (`keyring.in_use`) is in use by now.
    """
    return done(work, writes.extending(claim, work.now + timedelta(seconds=lease_seconds), used))


def start(work: Work, claim: Claim, line_ids: Sequence[int]) -> bool:
    """Write down that these lines are about to be sent. False: do not send them. Lock the parcel first (`extend`)."""
    given = {**held(claim), "lines": line_ids, "moment": work.now}
    return statements.changed(work, statements.START, **given) == len(line_ids)


def settle(
    work: Work, claim: Claim, line_ids: Sequence[int], event: Event, *, remote_ref: str = "",
    reason: Reason | None = None,
) -> bool:  # fmt: skip
    """Write down how started lines ended. False when this worker lost its lease: its word counts no more."""
    given = {**held(claim), "lines": line_ids, **told(work.now, remote_ref, reason)}
    if event is Event.NOT_SENT:
        del given["moment"]
    return statements.changed(work, statements.SETTLE[event], **given) == len(line_ids)


def find(
    work: Work, claim: Claim, line_id: int, event: Event | None, *, remote_ref: str = "", reason: Reason | None = None
) -> None:
    """Write down what reading back told of an `onbekend` line. `event` None: it stays so, for this reason."""
    given = {**held(claim), "lines": [line_id]}
    if event is None:
        statements.changed(work, statements.STILL_UNCLEAR, **given, **why.given(reason))
    elif event is Event.ABSENT:
        statements.changed(work, statements.FIND[event], **given)
    else:
        statements.changed(work, statements.FIND[event], **given, **told(work.now, remote_ref, reason))


def keep_baseline(work: Work, claim: Claim, components: Iterable[Component]) -> bool:
    """Store what payroll holds before we write: what stood there before, and what came since. False: the lease was
    lost. Not while a line of this parcel is lost: a row that is new since then may be that line."""
    known = (statements.first(work, statements.BASELINE, parcel=claim.parcel_id) or []) if claim.has_baseline else []
    shown = as_rows(components)
    there = {row["ref"] for row in shown}
    kept = [row for row in known if row["ref"] not in there] + shown
    return done(work, writes.keeping_baseline(claim, kept, work.now))


def release(work: Work, claim: Claim, next_at: datetime, *, look_up: bool = False, looks: int = 0) -> bool:
    """Hand a parcel back, to be taken again at `next_at`; DONE when nothing is left to do by itself.

    False: the claim counts no more, or a line of it is still `bezig` (a commit whose answer got lost). Such a parcel
    stays with its lease: the sweep then makes that line `onbekend`, and it is looked up.
    """
    return done(work, writes.releasing(claim, next_at, look_up=look_up, looks=looks))


def back_off(work: Work, delivery_id: int, until: datetime, cause: Reason, remedy: str, *, counts: bool = True) -> bool:
    """The other side is not there: nobody takes a parcel of this delivery before `until`.

    `counts` adds it to the tries after which a person decides. False when somebody said so before, or the delivery was
    stopped: many people fail at the same moment.
    """
    where = (Delivery.id == delivery_id) & (Delivery.state == DeliveryState.BUSY)
    values = {
        "state": DeliveryState.WAITING, "next_at": until, "tries": Delivery.tries + int(counts),
        **why.of_delivery(cause, remedy),
    }  # fmt: skip
    return _count(work, update(Delivery).where(where).values(**values)) == 1


def worked(work: Work, delivery_id: int) -> None:
    """The other side took something: the count of failures begins again."""
    work.session.execute(update(Delivery).where(Delivery.id == delivery_id, Delivery.tries > 0).values(tries=0))


def pause(work: Work, delivery_id: int, cause: Reason, remedy: str, *, waits_for_mend: bool = False) -> bool:
    """Stop until a person resumes, or the koppeling is mended. False when it was not moving."""
    where = (Delivery.id == delivery_id) & Delivery.state.in_(MOVING)
    values = {"state": DeliveryState.PAUSED, "waits_for_mend": waits_for_mend, **why.of_delivery(cause, remedy)}
    if _count(work, update(Delivery).where(where).values(**values)) == 0:
        return False
    halt(work, delivery_id, halted=True)
    return True


def waiting_for_mend(organisation_id: int, provider: str) -> ColumnElement[bool]:
    """The deliveries that go on once this koppeling works again."""
    waits = (Delivery.state == DeliveryState.PAUSED) & Delivery.waits_for_mend
    return waits & (Delivery.organisation_id == organisation_id) & (Delivery.provider == provider)


def halt(work: Work, delivery_id: int, *, halted: bool) -> None:
    """Let no line be started any more, or again. Locks the parcels: a start under way is waited for."""
    parcels = select(Parcel.id).where(Parcel.delivery_id == delivery_id).order_by(Parcel.id)
    work.session.scalars(parcels.with_for_update(key_share=True)).all()  # by id: a scribe holds several at a time
    work.session.execute(update(Parcel).where(Parcel.delivery_id == delivery_id).values(halted=halted))


def rest(work: Work, delivery_ids: Iterable[int]) -> None:
    """This process ends: deliveries that nobody works on any more wait for the next worker."""
    mine = select(Delivery.id).where(Delivery.id.in_(list(delivery_ids))).order_by(Delivery.id)
    ids = work.session.scalars(mine.with_for_update(key_share=True)).all()
    busy = exists().where(Parcel.delivery_id == Delivery.id, Parcel.state == ParcelState.BUSY)
    where = Delivery.id.in_(ids) & (Delivery.state == DeliveryState.BUSY) & ~busy
    work.session.execute(update(Delivery).where(where).values(state=DeliveryState.WAITING, next_at=work.now))


def sweep(work: Work, wait: timedelta, spare: Collection[int] = ()) -> int:
    """Take parcels back from workers that died: what was being sent is `onbekend` and is looked up after `wait`.

    `wait` counts from the start of the line (see `protocol.quiet`). `spare`: parcels whose worker certainly lives.
    Safe to call twice.
    """
    late = (Parcel.state == ParcelState.BUSY) & (Parcel.lease_until < work.now) & Parcel.id.not_in(spare)
    query = select(Parcel).where(late).order_by(Parcel.id).with_for_update(skip_locked=True, key_share=True)
    parcels = work.session.scalars(query.execution_options(populate_existing=True)).all()
    for parcel in parcels:
        lost = work.session.scalars(
            update(DeliveryLine)
            .where(DeliveryLine.parcel_id == parcel.id, DeliveryLine.state == source(Event.LOSE))
            .values(
                state=after(LineState.BUSY, Event.LOSE),
                settled_at=work.now,
                losses=case((DeliveryLine.losses == 0, 1), else_=DeliveryLine.losses),  # our end, not theirs
                **why.of_line(LOST),
            )
            .returning(DeliveryLine.started_at)
        ).all()
        parcel.state, parcel.lease_until = ParcelState.OPEN, None
        if lost:
            parcel.look_up, parcel.looks = True, 0
            parcel.next_at = max(moment for moment in lost if moment) + wait
    return len(parcels)


def over(work: Work, delivery_id: int) -> bool:
    """Whether nothing of a delivery is left to do; the delivery must be locked."""
    left = select(Parcel.id).where(Parcel.delivery_id == delivery_id, Parcel.state != ParcelState.DONE)
    return work.session.scalar(left.limit(1)) is None


def finish(work: Work, delivery_id: int) -> bool:
    """The workers are through. False when something is left, or it was not moving. Locks the delivery.

    A delivery that was stopped is through too once payroll answered every line: a stop that came too late.
    """
    where = (Delivery.id == delivery_id) & Delivery.state.in_((*MOVING, DeliveryState.CANCELLED))
    state = work.session.scalar(select(Delivery.state).where(where).with_for_update(key_share=True))
    if state is None or not over(work, delivery_id):
        return False
    if state is DeliveryState.CANCELLED:
        if work.session.scalar(select(exists().where(DeliveryLine.delivery_id == delivery_id, OPEN_LINE))):
            return False
        halt(work, delivery_id, halted=False)
    values = {"state": DeliveryState.DONE, "finished_at": work.now, "tries": 0, **why.NO_CAUSE}
    return _count(work, update(Delivery).where(where).values(**values)) == 1


def keep_receipt(work: Work, delivery_id: int, number: str) -> None:
    """The number that a receiver of batches gave."""
    if number:
        work.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(receipt=number[:100]))


def _count(work: Work, statement: Any) -> int:
    result = work.session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(result, CursorResult)  # noqa: S101 - an UPDATE gives one
    return result.rowcount
