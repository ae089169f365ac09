"""Sessions live at the server: ended here means ended everywhere (A9, A10)."""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import select, update

from portal.accounts.links import digest
from portal.accounts.models import User, WebSession
from portal.kernel.work import Acting, Actor, Work

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_STEP = timedelta(minutes=5)  # how precisely "last seen" is kept, to spare a write per page


def start(work: Work, user_id: int) -> str:
    """Open a session and return its secret id (256 bits); only its hash is stored."""
    token = secrets.token_urlsafe(32)
    work.session.add(
        WebSession(
            id_hash=digest(token),
            user_id=user_id,
            created_at=work.now,
            seen_at=work.now,
            authenticated_at=work.now,
        )
    )
    return token


def find(acting: Acting, token: str) -> Actor | None:
    """Return who this session belongs to, or None when it is unknown, ended, idle or too old."""
    with acting.read() as work:
        session = work.session.scalar(select(WebSession).where(WebSession.id_hash == digest(token)))
        if session is None or not _alive(session, work):
            return None
        actor, stale = actor_of(session.user), work.now - session.seen_at > SEEN_STEP
    if stale:
        with acting.begin() as work:
            work.session.execute(update(WebSession).where(WebSession.id_hash == digest(token)).values(seen_at=work.now))
    return actor


def _alive(session: WebSession, work: Work) -> bool:
    return (
        session.ended_at is None
        and session.user.disabled_at is None
        and work.now - session.seen_at < IDLE
        and work.now - session.created_at < ABSOLUTE
    )


def end(acting: Acting, token: str) -> None:
    """End one session; safe to call twice."""
    with acting.begin() as work:
        work.session.execute(
            update(WebSession)
            .where(WebSession.id_hash == digest(token), WebSession.ended_at.is_(None))
            .values(ended_at=work.now)
        )


def end_all(work: Work, user_id: int) -> None:
    """End every session of a person."""
    work.session.execute(
        update(WebSession).where(WebSession.user_id == user_id, WebSession.ended_at.is_(None)).values(ended_at=work.now)
    )


def actor_of(user: User) -> Actor:
    return Actor(
        name=user.name, role=user.role, user_id=user.id, organisation_id=user.organisation_id,
        organisation_name=user.organisation.name if user.organisation else "", email=user.email,
    )  # fmt: skip
