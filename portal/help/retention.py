"""What readers said is forgotten after a year."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from portal.help.counting import today
from portal.help.models import HelpMiss, HelpRemark, HelpVote
from portal.kernel.work import Acting

KEPT = timedelta(days=365)


def forget_old(acting: Acting) -> bool:
    """Delete counts, remarks and searches of more than a year ago; False: there is no more to do today."""
    with acting.begin() as work:
        first = today(work) - KEPT
        for table in (HelpVote, HelpRemark, HelpMiss):
            work.session.execute(delete(table).where(table.day < first))
    return False
