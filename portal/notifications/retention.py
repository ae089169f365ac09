"""Mails that are done with are forgotten (H4): the rows, and the files of an installation without a mail server."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete

from portal.kernel.work import Work
from portal.notifications.models import MailState, OutboxMail

MAILS = timedelta(days=30)
FOLDER = "mail"


def forget_mails(work: Work) -> int:
    """Sent and failed ones of a month ago; returns how many."""
    done = OutboxMail.state.in_((MailState.SENT, MailState.FAILED)) & (OutboxMail.created_at < work.now - MAILS)
    return len(work.session.execute(delete(OutboxMail).where(done).returning(OutboxMail.id)).all())


def forget_files(data: Path, now: datetime) -> int:
    """Mails that were written into a folder a month ago; half-written ones too. Returns how many."""
    limit, count = (now - MAILS).timestamp(), 0
    for file in (data / FOLDER).glob("*"):
        if file.suffix in (".eml", ".part") and file.stat().st_mtime < limit:
            file.unlink(missing_ok=True)
            count += 1
    return count
