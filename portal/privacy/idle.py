"""People of whom nothing is needed any more: no hours for long, or no access for long (H4)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select, update

from portal.accounts.models import User
from portal.deliveries import forgetting
from portal.deliveries.retention import NAMES
from portal.exports.models import Export, ExportLine
from portal.hours.models import Shift, TeamMember
from portal.hours.retention import HOURS
from portal.hours.team import lock_organisation
from portal.kernel.work import Acting, Work
from portal.privacy.classes import TRAIL
from portal.privacy.erase_account import forget_account
from portal.privacy.erase_member import forget_member


def forget_bsn(work: Work) -> int:
    """Of the acting organisation; returns how many people. The organisation must be locked."""
    known = or_(TeamMember.bsn_sealed.is_not(None), TeamMember.bsn_index.is_not(None))
    rows = update(TeamMember).where(_idle(work, HOURS), known).values(bsn_sealed=None, bsn_index=None)
    return len(work.session.execute(rows.returning(TeamMember.id)).all())


def forget_members(acting: Acting) -> int:
    """People of the acting organisation without hours for two years, a transaction for each."""
    with acting.read() as work:
        query = select(TeamMember.id).where(_idle(work, NAMES), TeamMember.erased_at.is_(None))
        found = list(work.session.scalars(query.order_by(TeamMember.id)))
    return sum(_forget(acting, member_id) for member_id in found)


def _forget(acting: Acting, member_id: int) -> int:
    with acting.begin() as work:
        lock_organisation(work)
        still = (TeamMember.id == member_id) & TeamMember.erased_at.is_(None)
        row = work.session.scalar(select(TeamMember).where(still, _idle(work, NAMES)))
        if row is None or forgetting.under_way(work, forgetting.exports_of(work, [row.id]), [row.id]):
            return 0
        forget_member(work, row)
    return 1


def _idle(work: Work, period: timedelta) -> ColumnElement[bool]:
    """No hours are there, and the last export with any is as long ago as the day they became known."""
    limit: datetime = work.now - period
    last = select(func.max(Export.created_at)).join(ExportLine, ExportLine.export_id == Export.id)
    last = last.where(ExportLine.member_id == TeamMember.id).correlate(TeamMember)
    return (
        (TeamMember.organisation_id == work.organisation_id) & (TeamMember.created_at < limit)
        & (func.coalesce(last.scalar_subquery(), TeamMember.created_at) < limit)
        & ~exists().where(Shift.member_id == TeamMember.id)
    )  # fmt: skip


def forget_accounts(acting: Acting) -> int:
    """Accounts whose access was taken away two years ago, of all customers and of support."""
    with acting.begin() as work:
        over = (User.disabled_at < work.now - TRAIL) & User.erased_at.is_(None)
        found = work.session.scalars(select(User).where(over).with_for_update(of=User)).all()
        for user in found:
            forget_account(work, user)
        return len(found)
