"""Hours that are being taken back: bound to their export until payroll gave them back.

`Shift.taken_back_by` names the correction. Until its outcome is certain the hours belong to their export, so no other
export can take them, and they count for no other correction. Everything here needs the organisation locked.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CursorResult, select, update

from portal.audit.service import record
from portal.exports.corrections import Bound, Coder, Coding
from portal.exports.give_back import Leaving, Line, judge
from portal.exports.models import Export, ExportState
from portal.exports.queries import period_of_export
from portal.exports.series import lines_of
from portal.hours.models import Shift
from portal.kernel.work import Work


def begin(work: Work, correction: Export, export_id: int, members: Collection[int]) -> int:
    """The hours of these people in an export are taken back by this correction. Returns how many shifts."""
    correction.takes_back = export_id
    where = (Shift.export_id == export_id) & (Shift.organisation_id == work.organisation_id)
    mine = where & Shift.member_id.in_(members) & Shift.taken_back_by.is_(None)
    done = work.session.execute(update(Shift).where(mine).values(taken_back_by=correction.id))
    assert isinstance(done, CursorResult)  # noqa: S101 - an UPDATE gives one
    return done.rowcount


def end(work: Work, correction: Export, lines: Sequence[Line]) -> None:
    """Free what payroll gave back, and keep with its export what it did not. Safe to call at any moment, and twice."""
    verdict = judge(_leaving(work, correction), lines)
    _set(work, verdict.free, export_id=None, taken_back_by=None, freed_at=work.now)
    _set(work, verdict.stays, taken_back_by=None)
    if verdict.free or verdict.stays:
        record(
            work, "export.given_back", export=correction.takes_back, correction=correction.id,
            free=len(verdict.free), stays=len(verdict.stays),
        )  # fmt: skip


def never_mind(work: Work, correction_id: int) -> None:
    """The correction is withdrawn: the hours belong to their export as before."""
    work.session.execute(update(Shift).where(Shift.taken_back_by == correction_id).values(taken_back_by=None))


def corrections_of(work: Work, export_id: int) -> list[int]:
    """The standing corrections that take hours of this export back, oldest first."""
    query = select(Export.id).where(Export.takes_back == export_id, Export.state == ExportState.READY)
    return list(work.session.scalars(query.order_by(Export.id)))


def _leaving(work: Work, correction: Export) -> list[Leaving]:
    query = select(Shift.id, Shift.member_id, Shift.export_id, Shift.kind, Shift.minutes, Shift.approved)
    rows = work.session.execute(query.where(Shift.taken_back_by == correction.id).order_by(Shift.id)).all()
    if not rows:
        return []
    _exports, lines = lines_of(work, correction.provider, correction.venue_id, period_of_export(correction))
    coder = Coder([line for _row, line in lines], Coding(any_kind=False))
    return [
        Leaving(
            shift_id, member_id, coder.code(Bound(member_id, export_id or 0, kind, minutes, approved)),
            minutes if approved else 0,
        )
        for shift_id, member_id, export_id, kind, minutes, approved in rows
    ]  # fmt: skip


def _set(work: Work, shift_ids: Sequence[int], **values: datetime | None) -> None:
    for start in range(0, len(shift_ids), 500):
        ids = shift_ids[start : start + 500]
        work.session.execute(update(Shift).where(Shift.id.in_(ids)).values(**values))
