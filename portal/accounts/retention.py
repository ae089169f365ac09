"""What this area forgets (H4): sign-ins, links and tries that are over."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from portal.accounts import notes, questions, throttle
from portal.accounts.models import OneTimeLink, Tries, WebSession
from portal.kernel.work import Work

LINKS = timedelta(days=30)
SESSIONS = timedelta(days=365)  # a device counts as new, and is told of by mail, when no sign-in of it is known
TRIES = throttle.FORGET


def forget_sessions(work: Work) -> int:
    """A session lasts twelve hours at most; what stays after it is when and on which device."""
    old = WebSession.created_at < work.now - SESSIONS
    return len(work.session.execute(delete(WebSession).where(old).returning(WebSession.id)).all())


def forget_links(work: Work) -> int:
    """Links whose time is over, used or not."""
    old = OneTimeLink.expires_at < work.now - LINKS
    return len(work.session.execute(delete(OneTimeLink).where(old).returning(OneTimeLink.id)).all())


def forget_tries(work: Work) -> int:
    """And what lives for an hour at most: questions to passkeys, and what was typed when a session ended."""
    questions.forget(work)
    notes.forget(work)
    old = Tries.touched_at < work.now - TRIES
    return len(work.session.execute(delete(Tries).where(old).returning(Tries.id)).all())
