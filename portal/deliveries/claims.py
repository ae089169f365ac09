"""Who works on which parcel: deliveries whose turn it is, and the one UPDATE that gives a parcel to a worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from portal.deliveries import why
from portal.deliveries.models import Delivery, DeliveryState, Parcel
from portal.deliveries.protocol import ParcelState
from portal.hours.types import Period
from portal.kernel.work import Work

CLAIMED = (
    select(
        Parcel.id, Parcel.delivery_id, Parcel.employee_ref, Parcel.period_kind, Parcel.year, Parcel.number,
        Parcel.attempt, Parcel.look_up, Parcel.looks, Parcel.baseline.is_not(None).label("has_baseline"),
        Delivery.organisation_id, Delivery.export_id, Delivery.provider, Delivery.tries, Delivery.state,
    )
    .join(Delivery, Delivery.id == Parcel.delivery_id)
    .order_by(Parcel.position, Parcel.delivery_id)
)  # fmt: skip


@dataclass(frozen=True)
class Claim:
    """The right to work on a parcel, until the lease ends or somebody else claims it."""

    parcel_id: int
    delivery_id: int
    organisation_id: int
    export_id: int
    provider: str
    employee_ref: str
    period: Period
    attempt: int
    tries: int
    look_up: bool
    looks: int
    has_baseline: bool
    cancelled: bool


def open_due(work: Work) -> None:
    """A delivery whose turn it is becomes `bezig`; its parcels can be claimed from now on."""
    due = (Delivery.state == DeliveryState.WAITING) & (Delivery.next_at <= work.now)
    ready = exists().where(Parcel.delivery_id == Delivery.id, Parcel.state == ParcelState.OPEN)
    query = select(Delivery.id).where(due, ready).with_for_update(skip_locked=True, key_share=True)
    ids = work.session.scalars(query).all()
    if ids:
        values = {
            "state": DeliveryState.BUSY, **why.NO_CAUSE, "started_at": func.coalesce(Delivery.started_at, work.now),
        }  # fmt: skip
        work.session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))


def claim(work: Work, count: int, lease_seconds: int) -> list[Claim]:
    """Take up to `count` parcels; one UPDATE decides who has them.

    Parcels of all deliveries take turns by position, so that a small delivery does not wait behind a large one.
    On PostgreSQL two workers may choose the same person in two deliveries: the index refuses one of them
    (IntegrityError), who simply asks again.
    """
    ids = _candidates(work, count)
    if not ids:
        return []
    won = work.session.scalars(
        update(Parcel)
        .where(Parcel.id.in_(ids), Parcel.state == ParcelState.OPEN)
        .values(
            state=ParcelState.BUSY, attempt=Parcel.attempt + 1,
            lease_until=work.now + timedelta(seconds=lease_seconds),
        )
        .returning(Parcel.id)
    ).all()  # fmt: skip
    return [_claim(row) for row in work.session.execute(CLAIMED.where(Parcel.id.in_(won)))]


def _candidates(work: Work, count: int) -> list[int]:
    other = aliased(Parcel)
    taken = exists().where(
        other.state == ParcelState.BUSY, other.provider == Parcel.provider, Parcel.employee_ref != "",
        other.employee_ref == Parcel.employee_ref, other.period_kind == Parcel.period_kind,
        other.year == Parcel.year, other.number == Parcel.number,
    )  # fmt: skip
    sends = and_(Delivery.state == DeliveryState.BUSY, Delivery.next_at <= work.now, ~Parcel.halted)
    looks = and_(Delivery.state == DeliveryState.CANCELLED, Parcel.look_up)
    query = (
        select(Parcel.id, Parcel.provider, Parcel.employee_ref, Parcel.period_kind, Parcel.year, Parcel.number)
        .join(Delivery, Delivery.id == Parcel.delivery_id)
        .where(Parcel.state == ParcelState.OPEN, Parcel.next_at <= work.now, or_(sends, looks), ~taken)
        .order_by(Parcel.position, Parcel.delivery_id)
        .limit(count)
        .with_for_update(skip_locked=True, key_share=True, of=Parcel)
    )
    one_each: dict[object, int] = {}
    for id_, *person in work.session.execute(query):
        one_each.setdefault(tuple(person) if person[1] else id_, id_)
    return list(one_each.values())


def _claim(row: Any) -> Claim:
    return Claim(
        row.id, row.delivery_id, row.organisation_id, row.export_id, row.provider, row.employee_ref,
        Period(row.period_kind, row.year, row.number), row.attempt, row.tries, row.look_up, row.looks,
        row.has_baseline, row.state is DeliveryState.CANCELLED,
    )  # fmt: skip
