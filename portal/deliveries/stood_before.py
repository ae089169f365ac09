"""What cannot stand in for a line of ours that is gone: what payroll held before it, and what is another customer's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, or_, select

from portal.deliveries.difference_types import Person
from portal.deliveries.models import Action, Delivery, DeliveryLine, LineState, Parcel
from portal.deliveries.standing import gone
from portal.exports.models import Export
from portal.hours.types import Period
from portal.kernel.db import seeing_all
from portal.kernel.work import Work

SOME = 500


def with_before(work: Work, key: str, venue_id: int, period: Period, persons: Sequence[Person]) -> list[Person]:
    """The persons of a place, with `before` for those of whom a line is gone. Asks nothing when nothing is gone."""
    lost = {person.member_id: gone(person) for person in persons}
    refs = sorted({ref for some in lost.values() for ref in some})
    if not refs:
        return list(persons)
    known = _baselines(work, key, period, refs)
    unsure = _unsure(work, key, venue_id, period, {employee for employee, _ids in known.values()})
    strange = _booked(
        work, {row.ref for one in persons if one.seen and lost[one.member_id] for row in one.seen.components}
    )
    before = {ref: ids | strange for ref, (employee, ids) in known.items() if employee not in unsure}
    return [replace(one, before={ref: before[ref] for ref in lost[one.member_id] if ref in before}) for one in persons]


def _baselines(
    work: Work, key: str, period: Period, refs: Sequence[str]
) -> Mapping[str, tuple[str, frozenset[str]]]:  # fmt: skip
    """By our id: the employee, and the ids that were there before it. Nothing of what was sent without a first look."""
    found = {}
    for start in range(0, len(refs), SOME):
        query = (
            select(DeliveryLine.remote_ref, Parcel.employee_ref, Parcel.baseline)
            .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
            .join(Delivery, Delivery.id == Parcel.delivery_id)
            .where(
                Delivery.organisation_id == work.organisation_id, _of(key, period), Parcel.baseline.is_not(None),
                DeliveryLine.action == Action.INSERT, DeliveryLine.remote_ref.in_(refs[start : start + SOME]),
            )
        )  # fmt: skip
        for ref, employee_ref, baseline in work.session.execute(query):
            found[ref] = (employee_ref, frozenset(str(one["ref"]) for one in baseline))
    return found


def _unsure(work: Work, key: str, venue_id: int, period: Period, employees: Collection[str]) -> set[str]:
    """Employees of whom another venue, or another customer, has a line that may be any row: its id is not known."""
    nameless = (DeliveryLine.state == LineState.ACCEPTED) & (DeliveryLine.remote_ref == "")
    query = (
        select(Parcel.employee_ref)
        .join(DeliveryLine, DeliveryLine.parcel_id == Parcel.id)
        .join(Delivery, Delivery.id == Parcel.delivery_id)
        .join(Export, Export.id == Delivery.export_id)
        .where(
            _of(key, period), Parcel.employee_ref.in_(employees), Export.venue_id != venue_id,
            DeliveryLine.action == Action.INSERT, or_(DeliveryLine.state == LineState.UNCLEAR, nameless),
        )
    )  # fmt: skip
    with seeing_all(work.session):
        return set(work.session.scalars(query))


def _booked(work: Work, refs: Collection[str]) -> frozenset[str]:
    """Those that the portal booked itself, for whomever."""
    query = select(DeliveryLine.remote_ref).where(DeliveryLine.remote_ref.in_(refs))
    with seeing_all(work.session):
        return frozenset(work.session.scalars(query))


def _of(key: str, period: Period) -> ColumnElement[bool]:
    return (
        (Parcel.provider == key) & (Parcel.period_kind == period.kind) & (Parcel.year == period.year)
        & (Parcel.number == period.number)
    )  # fmt: skip
