"""How far a delivery is, person by person: what the page that refreshes itself shows.

A fixed number of queries and a short answer, also for a delivery of 10,000 lines: only people who are not ready yet
or need attention are named, and no more than `SHOWN` of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select

from portal.deliveries.decisions import CHECKED
from portal.deliveries.models import FREED, FREED_WORD, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState
from portal.deliveries.queries import DeliveryInfo
from portal.exports.models import ExportLine
from portal.kernel.work import Work

SHOWN = 20
RECENT = timedelta(seconds=60)
ENOUGH = 5  # accepted lines before a pace means something


@dataclass(frozen=True)
class PersonProgress:
    """The lines of one person. `next_at`: when we read their lost lines back by ourselves, None when we do not."""

    name: str
    total: int
    accepted: int
    refused: int
    unclear: int
    under_way: bool
    next_at: datetime | None
    freed: int = 0

    @property
    def state(self) -> str:
        """In the words of the screen; what needs a person comes first."""
        if self.unclear:
            return "wordt nagelezen" if self.next_at else "onbekend"
        if self.under_way:
            return "wordt verstuurd"
        if self.accepted + self.refused + self.freed < self.total:
            return "wacht"
        if self.freed and not self.refused:
            return FREED_WORD
        return "geweigerd" if self.refused else "geaccepteerd"


@dataclass(frozen=True)
class Live:
    """`looking`: lost lines that we look up ourselves, the first at `look_at`; `asks`: lines that need a person;
    `by_hand`: who said that a line is booked, and of how many."""

    people: tuple[PersonProgress, ...]
    hidden: int
    persons: int
    ready: int
    looking: int
    look_at: datetime | None
    asks: int
    seconds_left: int | None
    by_hand: tuple[tuple[str, int], ...] = ()


def live(work: Work, delivery: DeliveryInfo) -> Live:
    """Five queries, whatever the size. The delivery is of the own organisation (queries.delivery)."""
    each = _each(delivery.id)
    unfinished = each.c.accepted < each.c.total
    persons, ready, open_ = work.session.execute(
        select(func.count(), _sum(each.c.settled == each.c.total), _sum(unfinished)).select_from(each)
    ).one()
    order = (each.c.unclear > 0, each.c.under_way > 0, each.c.refused > 0)
    rows = work.session.execute(
        select(each)
        .where(unfinished)
        .order_by(*(case((first, 0), else_=1) for first in order), each.c.name, each.c.member_id)
        .limit(SHOWN)
    )
    people = tuple(
        PersonProgress(
            row.name, row.total, row.accepted, row.refused, row.unclear, row.under_way > 0,
            row.next_at if row.looking else None, row.freed,
        )
        for row in rows
    )  # fmt: skip
    looking, look_at = _looking(work, delivery.id)
    asks = delivery.counts.get(LineState.UNCLEAR, 0) - looking
    hidden = (open_ or 0) - len(people)
    pace, checked = _seconds_left(work, delivery), _by_hand(work, delivery.id)
    return Live(people, hidden, persons, ready or 0, looking, look_at, asks, pace, checked)


def _by_hand(work: Work, delivery_id: int) -> tuple[tuple[str, int], ...]:
    mine = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.ACCEPTED)
    query = select(DeliveryLine.reason, func.count()).where(mine, DeliveryLine.reason.startswith(CHECKED))
    rows = work.session.execute(query.group_by(DeliveryLine.reason).order_by(DeliveryLine.reason))
    return tuple((reason.removeprefix(CHECKED).strip(" ."), count) for reason, count in rows)


def is_live(delivery: DeliveryInfo, looking: int) -> bool:
    """Whether the page has something to wait for without a person."""
    paused = delivery.state is DeliveryState.PAUSED
    return delivery.moving or delivery.counts.get(LineState.BUSY, 0) > 0 or (looking > 0 and not paused)


def time_left(seconds: int | None) -> str:
    """
    >>> time_left(100), time_left(20), time_left(4300)
    ('ongeveer 2 minuten', 'minder dan een minuut', 'ongeveer 1 uur en 12 minuten')
    """
    if seconds is None:
        return ""
    if seconds < 60:
        return "minder dan een minuut"
    hours, minutes = divmod(round(seconds / 60), 60)
    some = f"{minutes} {'minuut' if minutes == 1 else 'minuten'}"
    if not hours:
        return f"ongeveer {some}"
    return f"ongeveer {hours} uur en {some}" if minutes else f"ongeveer {hours} uur"


def _each(delivery_id: int) -> Subquery:
    """One row a person. A batch has one parcel for all; its lines still belong to persons."""
    state = DeliveryLine.state
    held = or_(state == LineState.BUSY, and_(Parcel.state == ParcelState.BUSY, state == LineState.PLANNED))
    lost = and_(Parcel.look_up, state == LineState.UNCLEAR)
    return (
        select(
            ExportLine.member_id, func.min(ExportLine.name).label("name"), func.count().label("total"),
            _sum(state == LineState.ACCEPTED).label("accepted"),
            _sum(and_(state == LineState.REFUSED, ~FREED)).label("refused"),
            _sum(state == LineState.UNCLEAR).label("unclear"), _sum(held).label("under_way"),
            _sum(state.in_((LineState.ACCEPTED, LineState.REFUSED))).label("settled"), _sum(lost).label("looking"),
            func.min(Parcel.next_at).label("next_at"), _sum(FREED).label("freed"),
        )
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .where(DeliveryLine.delivery_id == delivery_id)
        .group_by(ExportLine.member_id)
        .subquery()
    )  # fmt: skip


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))


def _looking(work: Work, delivery_id: int) -> tuple[int, datetime | None]:
    query = (
        select(func.count(), func.min(Parcel.next_at))
        .join(DeliveryLine, DeliveryLine.parcel_id == Parcel.id)
        .where(Parcel.delivery_id == delivery_id, Parcel.look_up, DeliveryLine.state == LineState.UNCLEAR)
    )
    count, first = work.session.execute(query).one()
    return count, first


def _seconds_left(work: Work, delivery: DeliveryInfo) -> int | None:
    """From the pace of the last minute; None while there is too little to go by."""
    if delivery.state is not DeliveryState.BUSY or not delivery.left:
        return None
    recent = (DeliveryLine.delivery_id == delivery.id) & (DeliveryLine.state == LineState.ACCEPTED)
    recent &= DeliveryLine.settled_at >= work.now - RECENT
    count, first = work.session.execute(select(func.count(), func.min(DeliveryLine.settled_at)).where(recent)).one()
    if count < ENOUGH or first is None:
        return None
    span = max((work.now - first).total_seconds(), 1.0)
    return round(delivery.left * span / count)
