"""Hours of an export that are forgotten: their sums stay, so that nothing seems to have changed (`SettledHours`)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, delete, exists, func, select

from portal.exports.corrections import Bound
from portal.exports.models import SettledHours
from portal.hours.models import Shift
from portal.kernel.work import Work


def settle(work: Work, export_ids: Collection[int], which: ColumnElement[bool]) -> int:
    """Put the sums of these shifts in their place; returns how many went. The organisation must be locked.

    Safe to call twice: what is gone is not counted again.
    """
    mine = Shift.export_id.in_(export_ids) & Shift.taken_back_by.is_(None) & which
    keys = (Shift.organisation_id, Shift.export_id, Shift.member_id, Shift.kind, Shift.approved)
    sums = work.session.execute(select(*keys, func.sum(Shift.minutes), func.count()).where(mine).group_by(*keys)).all()
    known = {_key(row): row for row in _rows(work, export_ids)}
    for organisation_id, export_id, member_id, kind, approved, minutes, count in sums:
        row = known.get((export_id or 0, member_id, kind, approved))
        if row is None:
            row = SettledHours(
                organisation_id=organisation_id, export_id=export_id, member_id=member_id, kind=kind,
                approved=approved, minutes=0, shifts=0,
            )  # fmt: skip
            work.session.add(row)
        row.minutes, row.shifts = row.minutes + int(minutes), row.shifts + count
    return len(work.session.execute(delete(Shift).where(mine).returning(Shift.id)).all())


def bound(work: Work, export_ids: Collection[int]) -> list[Bound]:
    """What is left of forgotten shifts, in the form of shifts that are there."""
    return [Bound(row.member_id, row.export_id, row.kind, row.minutes, row.approved) for row in _rows(work, export_ids)]


def counts(work: Work, export_ids: Collection[int]) -> dict[int, int]:
    """How many shifts of each export are forgotten."""
    mine = SettledHours.export_id.in_(export_ids)
    query = select(SettledHours.export_id, func.sum(SettledHours.shifts)).where(mine).group_by(SettledHours.export_id)
    return {export_id: int(count) for export_id, count in work.session.execute(query)}


def is_settled(work: Work, export_id: int) -> bool:
    """Whether hours of this export are forgotten: what takes them out of it again comes too late."""
    return bool(work.session.scalar(select(exists().where(SettledHours.export_id == export_id))))


def _rows(work: Work, export_ids: Collection[int]) -> list[SettledHours]:
    query = select(SettledHours).where(SettledHours.export_id.in_(export_ids)).order_by(SettledHours.id)
    return list(work.session.scalars(query))


def _key(row: SettledHours) -> tuple[int, int, str, bool]:
    return row.export_id, row.member_id, row.kind, row.approved
