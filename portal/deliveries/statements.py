"""The statements that a worker runs for every line, built once: building one anew costs more than running it.

They run on the connection of the transaction, past the session: nothing here may be waiting there to be written.
"""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import (
    JSON,
    Boolean,
    Executable,
    String,
    Table,
    bindparam,
    case,
    exists,
    literal,
    null,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState, Reading
from portal.deliveries.protocol import Event, after, source
from portal.deliveries.why import NO_REASON
from portal.integrations.keyring import IN_USE
from portal.kernel.prepared import Prepared
from portal.kernel.work import Work

PARCEL, LINE, DELIVERY, READING = (cast("Table", kind.__table__) for kind in (Parcel, DeliveryLine, Delivery, Reading))

HELD = (
    (PARCEL.c.id == bindparam("parcel"))
    & (PARCEL.c.attempt == bindparam("held"))
    & (PARCEL.c.state == ParcelState.BUSY)
)
OF_HELD = exists().where(HELD)
THIS = LINE.c.id == bindparam("line")
THESE = LINE.c.id.in_(bindparam("lines", expanding=True))

GOING = exists().where(DELIVERY.c.id == bindparam("delivery"), DELIVERY.c.state == DeliveryState.BUSY)
LOCK = Prepared(text("SELECT id FROM delivery_parcel WHERE id = ANY(:parcels) ORDER BY id FOR NO KEY UPDATE"))
EXTEND = Prepared(update(PARCEL).where(HELD, ~PARCEL.c.halted, GOING, IN_USE).values(lease_until=bindparam("until")))

_START = (
    update(LINE)
    .where(LINE.c.parcel_id == bindparam("parcel"), OF_HELD, LINE.c.state == source(Event.START))
    .values(
        state=after(source(Event.START), Event.START), attempt=bindparam("held"), started_at=bindparam("moment"),
        settled_at=None, **NO_REASON,
    )
)  # fmt: skip
START, START_ONE = _START.where(THESE), Prepared(_START.where(THIS))

_MOVE_ON = (
    update(LINE)
    .where(
        OF_HELD,
        or_(
            THIS & (LINE.c.attempt == bindparam("held")) & (LINE.c.state == LineState.BUSY),
            (LINE.c.id == bindparam("following")) & (LINE.c.parcel_id == bindparam("parcel"))
            & (LINE.c.state == source(Event.START)),
        ),
    )
)  # fmt: skip


def _moved_on(event: Event) -> Any:
    """The end of one line and the start of the next, in one statement: it runs for every line."""
    ends, kind = THIS, LINE.c.state.type
    return _MOVE_ON.values(
        state=case((ends, literal(after(source(event), event), kind)), else_=literal(LineState.BUSY, kind)),
        attempt=bindparam("held"),
        remote_ref=case((ends, bindparam("ref", type_=String)), else_=LINE.c.remote_ref),
        reason=case((ends, bindparam("words", type_=String)), else_=""),
        reason_code=case((ends, bindparam("code", type_=String)), else_=""),
        started_at=case((ends, LINE.c.started_at), else_=bindparam("moment", type_=LINE.c.started_at.type)),
        settled_at=case((ends, bindparam("moment", type_=LINE.c.settled_at.type)), else_=None),
    )


LEFT = exists().where(LINE.c.parcel_id == bindparam("parcel"), LINE.c.state == LineState.PLANNED)
NONE_BUSY = ~exists().where(LINE.c.parcel_id == bindparam("parcel"), LINE.c.state == LineState.BUSY)
RELEASE = Prepared(update(PARCEL).where(HELD, NONE_BUSY).values(
    state=case(
        (or_(bindparam("looking", type_=Boolean), LEFT), literal(ParcelState.OPEN, PARCEL.c.state.type)),
        else_=literal(ParcelState.DONE, PARCEL.c.state.type),
    ),
    lease_until=None, next_at=bindparam("then"), look_up=bindparam("looking", type_=Boolean), looks=bindparam("looked"),
))  # fmt: skip

BASELINE = select(PARCEL.c.baseline).where(PARCEL.c.id == bindparam("parcel"))
KEEP_BASELINE = Prepared(
    update(PARCEL).where(HELD).values(baseline=bindparam("shown"), baseline_at=bindparam("moment"))
)

OWN_READING = ("organisation_id", "provider", "employee_ref", "period_kind", "year", "number")
READ = {"components": bindparam("shown"), "read_at": bindparam("moment"), "asked_at": null(), "error": ""}
UNREAD: dict[str, Any] = {"error": bindparam("words"), "asked_at": bindparam("moment")}


def _kept(values: dict[str, Any]) -> Prepared:
    """Write a reading over the one of this person and period, or the first."""
    new = {name: bindparam(name) for name in OWN_READING} | {"components": literal([], JSON), "error": ""} | values
    kinds: dict[str, Any] = {"postgresql": postgresql.insert(READING), "sqlite": sqlite.insert(READING)}
    return Prepared({
        kind: insert.inline().values(new).on_conflict_do_update(index_elements=OWN_READING, set_=values)
        for kind, insert in kinds.items()
    })  # fmt: skip


KEEP_READING, KEEP_UNREAD = _kept(READ), _kept(UNREAD)
WHY: dict[str, Any] = {"reason": bindparam("words"), "reason_code": bindparam("code")}


def _settled(event: Event) -> Any:
    """The end of started lines, for one outcome; which lines they are is added."""
    mine = (LINE.c.attempt == bindparam("held"), OF_HELD, LINE.c.state == source(event))
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


ENDS = (Event.ACCEPT, Event.REFUSE, Event.LOSE, Event.NOT_SENT)
SETTLE = {event: _settled(event).where(THESE) for event in ENDS}
SETTLE_ONE = {event: Prepared(_settled(event).where(THIS)) for event in ENDS}
MOVE_ON = {event: Prepared(_moved_on(event)) for event in (Event.ACCEPT, Event.REFUSE)}
FIND = {event: _found(event) for event in (Event.FOUND, Event.TURNED_AWAY, Event.ABSENT)}
STILL_UNCLEAR = update(LINE).where(THESE, OF_HELD, LINE.c.state == LineState.UNCLEAR).values(**WHY)


def changed(work: Work, statement: Executable, **given: object) -> int:
    """Run an UPDATE; returns how many rows it changed."""
    return work.session.connection().execute(statement, given).rowcount


def first(work: Work, statement: Executable, **given: object) -> Any:
    """Run a prepared query; the first value, None when there is none."""
    return work.session.connection().execute(statement, given).scalar()
