"""The statements that a worker runs for every line, built once: building one anew costs more than running it.

They run on the connection of the transaction, past the session: nothing here may be waiting there to be written.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, exists, insert, select, update

from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState, Reading
from portal.deliveries.protocol import Event, after, source
from portal.deliveries.why import NO_REASON
from portal.kernel.work import Work

PARCEL, LINE, DELIVERY, READING = (cast("Table", kind.__table__) for kind in (Parcel, DeliveryLine, Delivery, Reading))

HELD = (
    (PARCEL.c.id == bindparam("parcel"))
    & (PARCEL.c.attempt == bindparam("held"))
    & (PARCEL.c.state == ParcelState.BUSY)
)
OF_HELD = exists().where(HELD)
THESE = LINE.c.id.in_(bindparam("lines", expanding=True))

EXTEND = update(PARCEL).where(HELD).values(lease_until=bindparam("until"))
GOING = exists().where(DELIVERY.c.id == bindparam("delivery"), DELIVERY.c.state == DeliveryState.BUSY)
EXTEND_TO_SEND = EXTEND.where(~PARCEL.c.halted, GOING)

START = (
    update(LINE)
    .where(THESE, LINE.c.parcel_id == bindparam("parcel"), OF_HELD, LINE.c.state == source(Event.START))
    .values(
        state=after(source(Event.START), Event.START), attempt=bindparam("held"), started_at=bindparam("moment"),
        settled_at=None, **NO_REASON,
    )
)  # fmt: skip

LEFT = select(LINE.c.id).where(LINE.c.parcel_id == bindparam("parcel"), LINE.c.state == LineState.PLANNED)
NONE_BUSY = ~exists().where(LINE.c.parcel_id == bindparam("parcel"), LINE.c.state == LineState.BUSY)
RELEASE = update(PARCEL).where(HELD, NONE_BUSY).values(
    state=bindparam("becomes"), lease_until=None, next_at=bindparam("then"), look_up=bindparam("looking"),
    looks=bindparam("looked"),
)  # fmt: skip

BASELINE = select(PARCEL.c.baseline).where(PARCEL.c.id == bindparam("parcel"))
KEEP_BASELINE = update(PARCEL).where(HELD).values(baseline=bindparam("shown"), baseline_at=bindparam("moment"))

OWN_READING = select(READING.c.id).where(
    *(READING.c[name] == bindparam(f"own_{name}") for name in
      ("organisation_id", "provider", "employee_ref", "period_kind", "year", "number"))
)  # fmt: skip
NEW_READING = insert(READING)
KEEP_READING = (
    update(READING)
    .where(READING.c.id == bindparam("row"))
    .values(components=bindparam("shown"), read_at=bindparam("moment"), asked_at=None, error="")
)
UNREAD = (
    update(READING)
    .where(READING.c.id == bindparam("row"))
    .values(error=bindparam("words"), asked_at=bindparam("moment"))
)
WHY: dict[str, Any] = {"reason": bindparam("words"), "reason_code": bindparam("code")}


def _settled(event: Event) -> Any:
    """The end of started lines, for one outcome."""
    mine = (THESE, LINE.c.attempt == bindparam("held"), OF_HELD, LINE.c.state == source(event))
    values: dict[str, Any] = {"remote_ref": bindparam("ref"), **WHY, **_moment(event)}
    if event is Event.LOSE:
        values["losses"] = LINE.c.losses + 1
    return update(LINE).where(*mine).values(state=after(source(event), event), **values)


def _found(event: Event) -> Any:
    """What reading back told of an `onbekend` line."""
    mine = (THESE, OF_HELD, LINE.c.state == source(event))
    values: dict[str, Any] = {**NO_REASON} if event is Event.ABSENT else {"remote_ref": bindparam("ref"), **WHY}
    return update(LINE).where(*mine).values(state=after(source(event), event), **values, **_moment(event))


def _moment(event: Event) -> dict[str, Any]:
    if event in (Event.NOT_SENT, Event.ABSENT):  # as if it had never started
        return {"settled_at": None, "started_at": None}
    return {"settled_at": bindparam("moment")}


SETTLE = {event: _settled(event) for event in (Event.ACCEPT, Event.REFUSE, Event.LOSE, Event.NOT_SENT)}
FIND = {event: _found(event) for event in (Event.FOUND, Event.TURNED_AWAY, Event.ABSENT)}
STILL_UNCLEAR = update(LINE).where(THESE, OF_HELD, LINE.c.state == LineState.UNCLEAR).values(**WHY)


def changed(work: Work, statement: Executable, **given: object) -> int:
    """Run a prepared UPDATE; returns how many rows it changed."""
    return work.session.connection().execute(statement, given).rowcount


def first(work: Work, statement: Executable, **given: object) -> Any:
    """Run a prepared query; the first value, None when there is none."""
    return work.session.connection().execute(statement, given).scalar()
