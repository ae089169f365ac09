"""How long hours are kept (H4), and why an old file cannot bring them once more (G2).

A shift is the proof that an hour was exported. When it is forgotten, the same row of the same file would look new and
would be paid twice. So the import refuses days that may be forgotten already, some days before the forgetting begins:
a slow import around midnight, or a machine whose clock runs behind, must not slip between the two.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, or_, select, update

from portal.audit.service import record
from portal.hours.models import Shift, TeamMember, Upload
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import Work

HOURS = timedelta(days=90)
UPLOADS = timedelta(days=7)
WARN = timedelta(days=21)
IMPORTABLE = HOURS - timedelta(days=2)


def today(now: datetime) -> date:
    return now.astimezone(AMSTERDAM).date()


def oldest_day(now: datetime) -> date:
    """The oldest day of which hours can still be read in."""
    return today(now) - IMPORTABLE


def old(now: datetime) -> ColumnElement[bool]:
    """The shifts whose time is over; those in an export only when payroll is done with them."""
    return Shift.workday < today(now) - HOURS


def forget_unused(work: Work) -> int:
    """Delete hours of the own organisation that came in ninety days ago and that no export took; returns how many.

    What an export let go stays for ninety days more: somebody may want to export it again.
    The organisation must be locked. The trail tells the customer.
    """
    came = select(Upload.id).where(Upload.created_at < work.now - HOURS)
    mine = (Shift.organisation_id == work.organisation_id) & Shift.export_id.is_(None) & Shift.upload_id.in_(came)
    mine &= Shift.freed_at.is_(None) | (Shift.freed_at < work.now - HOURS)
    count = len(work.session.execute(delete(Shift).where(mine, old(work.now)).returning(Shift.id)).all())
    if count:
        record(work, "hours.unused_forgotten", count=count)
    return count


def forget_uploads(work: Work) -> int:
    """Empty what a file was called after a week; the row goes with the last of its hours. Returns how many."""
    named = (Upload.created_at < work.now - UPLOADS) & or_(Upload.file_name != "", Upload.sha256 != "")
    emptied = update(Upload).where(named).values(file_name="", sha256="").returning(Upload.id)
    count = len(work.session.execute(emptied).all())
    idle = (Upload.created_at < work.now - HOURS) & ~exists().where(Shift.upload_id == Upload.id)
    return count + len(work.session.execute(delete(Upload).where(idle).returning(Upload.id)).all())


def forget_keys(work: Work) -> int:
    """Hashes of who was erased, once no file can bring their hours again."""
    over = TeamMember.erased_keys.is_not(None) & (TeamMember.erased_at < work.now - HOURS)
    emptied = update(TeamMember).where(over).values(erased_keys=None).returning(TeamMember.id)
    return len(work.session.execute(emptied).all())
