"""For an unknown line: what stands in payroll by the latest reading that may be it, so that a person can point at it.

Never what stood there before our first write, and never what another line of ours is already.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from portal.deliveries.models import Action, DeliveryLine, LineState, Parcel, Reading
from portal.exports.models import ExportLine
from portal.kernel.db import seeing_all
from portal.kernel.work import Work


@dataclass(frozen=True)
class Candidate:
    ref: str
    code: str
    hours: str


def candidates(work: Work, line_ids: Iterable[int]) -> dict[int, list[Candidate]]:
    """By line of the own organisation; an update or delete names its component already, so it has none."""
    of = (Reading.employee_ref == Parcel.employee_ref) & (Reading.provider == Parcel.provider)
    of &= (Reading.period_kind == Parcel.period_kind) & (Reading.year == Parcel.year)
    of &= (Reading.number == Parcel.number) & (Reading.organisation_id == work.organisation_id)
    query = (
        select(DeliveryLine.id, ExportLine.code, Parcel.baseline, Reading.components)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .join(Reading, of)
        .where(DeliveryLine.id.in_(list(line_ids)), DeliveryLine.state == LineState.UNCLEAR)
        .where(DeliveryLine.action == Action.INSERT, ExportLine.organisation_id == work.organisation_id)
    )
    rows = work.session.execute(query).all()
    ours = _ours(work, {one["ref"] for row in rows for one in row.components})
    return {row.id: _maybe(row.components, row.code, ours | {one["ref"] for one in row.baseline or ()}) for row in rows}


def _ours(work: Work, refs: set[str]) -> set[str]:
    """Two customers may share an employee: what is of a line of the other is not offered here."""
    if not refs:
        return set()
    with seeing_all(work.session):
        return set(work.session.scalars(select(DeliveryLine.remote_ref).where(DeliveryLine.remote_ref.in_(refs))))


def _maybe(components: Iterable[dict[str, str]], code: str, known: set[str]) -> list[Candidate]:
    return [
        Candidate(one["ref"], one["code"], one["hours"])
        for one in components
        if one["code"] == code and one["ref"] not in known
    ]
