"""Reads of what payroll showed of people, by its id of the employee."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from sqlalchemy import select

from portal.deliveries.difference_types import Seen, Sent
from portal.deliveries.models import Delivery, DeliveryLine, Parcel, Reading
from portal.deliveries.protocol import Booked
from portal.exports.models import Export
from portal.hours.types import Period
from portal.kernel.work import Work

NEVER = Seen(None, False, "", ())


def seen(work: Work, key: str, period: Period) -> dict[str, Seen]:
    """The readings of this period."""
    query = select(Reading).where(
        Reading.organisation_id == work.organisation_id, Reading.provider == key,
        Reading.period_kind == period.kind, Reading.year == period.year, Reading.number == period.number,
    )  # fmt: skip
    return {
        row.employee_ref: Seen(
            row.read_at, row.asked_at is not None, row.error,
            tuple(Booked(one["ref"], one["code"], Decimal(one["hours"])) for one in row.components),
        )
        for row in work.session.scalars(query)
    }  # fmt: skip


def strangers(work: Work, key: str, venue_id: int, period: Period) -> dict[str, frozenset[str]]:
    """Payroll's ids of what other venues of the organisation booked in this period."""
    query = (
        select(Parcel.employee_ref, DeliveryLine.remote_ref)
        .join(DeliveryLine, DeliveryLine.parcel_id == Parcel.id)
        .join(Delivery, Delivery.id == Parcel.delivery_id)
        .join(Export, Export.id == Delivery.export_id)
        .where(
            Delivery.organisation_id == work.organisation_id, Delivery.provider == key,
            Export.venue_id != venue_id, DeliveryLine.remote_ref != "",
            Parcel.period_kind == period.kind, Parcel.year == period.year, Parcel.number == period.number,
        )
    )  # fmt: skip
    found: dict[str, set[str]] = defaultdict(set)
    for employee_ref, ref in work.session.execute(query):
        found[employee_ref].add(ref)
    return {employee_ref: frozenset(refs) for employee_ref, refs in found.items()}


def own_readings(
    refs: Mapping[int, Sequence[str]], found: Mapping[str, Seen], sent: Mapping[int, Sequence[Sent]]
) -> dict[int, dict[str, Seen]]:
    """By member and employee, what was read. Two members may have been matched with one employee, one after the other:
    what the portal booked for the one is not shown with the other."""
    booked = {
        member_id: {(line.employee_ref, line.ref) for line in lines if line.ref} for member_id, lines in sent.items()
    }
    matched: dict[str, set[int]] = defaultdict(set)
    for member_id, some in refs.items():
        for ref in some:
            matched[ref].add(member_id)
    made: dict[int, dict[str, Seen]] = defaultdict(dict)
    for member_id, some in refs.items():
        for ref in some:
            one, others = found.get(ref, NEVER), matched[ref] - {member_id}
            theirs = {that for other in others for employee, that in booked.get(other, ()) if employee == ref}
            kept = tuple(row for row in one.components if row.ref not in theirs) if theirs else one.components
            made[member_id][ref] = replace(one, components=kept)
    return made
