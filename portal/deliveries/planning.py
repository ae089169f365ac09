"""An export becomes a delivery: parcels, one a person where lines go one by one, and their lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, select

from portal.deliveries.components import held, obstacles
from portal.deliveries.models import Action, Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState
from portal.deliveries.undo import Step, steps
from portal.exports.models import Export, ExportKind, ExportLine
from portal.exports.queries import period_of_export
from portal.integrations.contract import LineSender, Provider
from portal.kernel.errors import Conflict
from portal.kernel.wake import announce
from portal.kernel.work import Work


@dataclass(frozen=True)
class Call:
    """What one call will do: `before` is what our component holds now, `after` what it will hold."""

    name: str
    kind: str
    code: str
    action: Action
    before: Decimal
    after: Decimal


def foresee(work: Work, export: Export, provider: Provider) -> list[Call]:
    """The calls that sending this export would make, for the last look. Raises Conflict as `plan` does."""
    lines = _lines(work, export)
    return [
        Call(line.name, line.kind, line.code, step.action, step.hours_before or Decimal(0), step.hours)
        for line, of_line in zip(lines, _steps(work, export, provider, lines), strict=True)
        for step in of_line
    ]


def _lines(work: Work, export: Export) -> Sequence[ExportLine]:
    query = select(ExportLine).where(ExportLine.export_id == export.id).order_by(ExportLine.id)
    return work.session.scalars(query).all()


def plan(work: Work, export: Export, provider: Provider) -> Delivery:
    """Write the delivery of a locked export, once.

    Raises Conflict when a correction would build on lines that are not settled.
    """
    delivery = Delivery(
        organisation_id=work.organisation_id, export_id=export.id, provider=export.provider,
        state=DeliveryState.WAITING, tries=0, next_at=work.now, cause="", cause_code="", remedy="",
        waits_for_mend=False, receipt="", created_by=work.actor.name, created_at=work.now,
    )  # fmt: skip
    work.session.add(delivery)
    work.session.flush()
    lines = _lines(work, export)
    planned = [
        (line, step)
        for line, of_line in zip(lines, _steps(work, export, provider, lines), strict=True)
        for step in of_line
    ]
    parcels = _parcels(work, export, delivery, (step.employee_ref for _line, step in planned))
    rows = [
        {
            "delivery_id": delivery.id, "parcel_id": parcels[step.employee_ref], "export_line_id": line.id,
            "action": step.action, "hours": step.hours, "target_ref": step.target_ref,
            "hours_before": step.hours_before, "state": LineState.PLANNED, "attempt": 0, "remote_ref": "", "reason": "",
            "reason_code": "",
        }
        for line, step in planned
    ]  # fmt: skip
    work.session.execute(insert(DeliveryLine), _numbered(rows))
    announce(work)
    return delivery


def _steps(work: Work, export: Export, provider: Provider, lines: Sequence[ExportLine]) -> list[list[Step]]:
    """The calls of each line: one insert, or what a correction does to our own components."""
    if not isinstance(provider, LineSender):
        return [[Step(Action.INSERT, line.hours, "")] for line in lines]
    if export.kind is not ExportKind.CORRECTION or export.book_number is not None:
        return [[Step(Action.INSERT, line.hours, line.employee_ref)] for line in lines]
    place = (export.provider, export.venue_id, period_of_export(export))
    in_the_way = obstacles(work, *place, but=export.id, unsent=False)
    first = next((in_the_way[key] for line in lines if (key := (line.member_id, line.code)) in in_the_way), None)
    if first is not None:
        raise Conflict(f"Deze correctie kan nog niet weg. {first.text}", code=first.code)
    mine = held(work, *place)
    return [
        steps(mine.get((line.member_id, line.code), ()), line.hours, line.employee_ref, deletes=not export.unprotected)
        for line in lines
    ]


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Number the steps of each line."""
    count: Counter[int] = Counter()
    for row in rows:
        row["step"] = count[row["export_line_id"]]
        count[row["export_line_id"]] += 1
    return rows


def _parcels(work: Work, export: Export, delivery: Delivery, refs: Iterable[str]) -> dict[str, int]:
    """One parcel for each person, in the order of the lines; returns their ids."""
    period = {"period_kind": export.period_kind, "year": export.book_year or export.year}
    period["number"] = export.book_number or export.number
    rows = [
        {
            "delivery_id": delivery.id, "provider": export.provider, "employee_ref": ref, **period,
            "position": position, "state": ParcelState.OPEN, "attempt": 0, "next_at": work.now, "look_up": False,
            "looks": 0, "halted": False,
        }
        for position, ref in enumerate(dict.fromkeys(refs))
    ]  # fmt: skip
    work.session.execute(insert(Parcel), rows)
    made = select(Parcel.employee_ref, Parcel.id).where(Parcel.delivery_id == delivery.id)
    return {row[0]: row[1] for row in work.session.execute(made)}
