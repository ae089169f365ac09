"""Sessions live at the server: ended here means ended everywhere (A9, A10)."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import or_, select, update

from portal.accounts.links import digest
from portal.accounts.models import Passkey, SecondFactor, User, WebSession
from portal.accounts.types import SessionInfo
from portal.kernel.errors import NotFound
from portal.kernel.work import STAFF, Acting, Actor, Role, Work
from portal.settings import Settings

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_STEP = timedelta(minutes=5)  # how precisely "last seen" is kept, to spare a write per page
NEED_FACTOR = frozenset({Role.BEHEERDER, *STAFF})


def start(work: Work, user_id: int, device: str = "") -> str:
    """Open a session and return its secret id (256 bits); only its hash is stored."""
    token = secrets.token_urlsafe(32)
    work.session.add(
        WebSession(
            id_hash=digest(token), user_id=user_id, created_at=work.now, seen_at=work.now,
            authenticated_at=work.now, device=device[:60],
        )
    )  # fmt: skip
    work.session.flush()
    return token


def find(acting: Acting, token: str) -> Actor | None:
    """Return who this session belongs to, or None when it is unknown, ended, idle, too old, or waits for its second
    step."""
    with acting.read() as work:
        session = _by_token(work, token)
        if session is None or not _alive(session, work):
            return None
        protected = has_factor(work, session.user_id)
        if protected and session.factor_at is None:
            return None
        needs = acting.part(Settings).require_second_factor and session.user.role in NEED_FACTOR
        stale = work.now - session.seen_at > SEEN_STEP
        longest = session.created_at + ABSOLUTE
        actor = replace(
            actor_of(session.user), authenticated_at=session.authenticated_at, must_add_factor=needs and not protected,
            stays_until=min((work.now if stale else session.seen_at) + IDLE, longest), longest_until=longest,
        )  # fmt: skip
    if stale:
        stay(acting, token)
    return actor


def stay(acting: Acting, token: str) -> None:
    """Somebody is there: the half hour begins again, the twelve hours do not (A11). Safe to call twice."""
    with acting.begin() as work:
        mine = (WebSession.id_hash == digest(token)) & WebSession.ended_at.is_(None)
        work.session.execute(update(WebSession).where(mine).values(seen_at=work.now))


def owner_of(work: Work, token: str) -> int | None:
    """Whose session this was, also when it is over; None when it never was one, or its owner may not come in."""
    session = _by_token(work, token) if token else None
    return session.user_id if session and session.user.disabled_at is None else None


def waiting(acting: Acting, token: str) -> int:
    """The person of a session that waits for its second step. Raises NotFound when there is none."""
    with acting.read() as work:
        session = _by_token(work, token)
        alive = session is not None and _alive(session, work) and session.factor_at is None
        if session is None or not (alive and has_factor(work, session.user_id)):
            raise NotFound("Deze aanmelding is verlopen. Log opnieuw in.")
        return session.user_id


def is_waiting(acting: Acting, token: str) -> bool:
    try:
        waiting(acting, token)
    except NotFound:
        return False
    return True


def renew(work: Work, token: str) -> str:
    """Go on under a new id: the old one may have been seen by somebody (A9). The sign-in counts from now.

    Raises NotFound when the session was ended meanwhile, or renewed by another click.
    """
    mine = (WebSession.id_hash == digest(token)) & WebSession.ended_at.is_(None)
    session = work.session.scalar(update(WebSession).where(mine).values(ended_at=work.now).returning(WebSession))
    if session is None:
        raise NotFound("Deze aanmelding is verlopen. Log opnieuw in.")
    fresh = start(work, session.user_id, session.device)
    values = {"created_at": session.created_at, "factor_at": session.factor_at}
    work.session.execute(update(WebSession).where(WebSession.id_hash == digest(fresh)).values(**values))
    return fresh


def factor_shown(work: Work, token: str) -> None:
    work.session.execute(update(WebSession).where(WebSession.id_hash == digest(token)).values(factor_at=work.now))


def own(work: Work, token: str) -> list[SessionInfo]:
    """Where this person is signed in, the newest first."""
    alive = (
        WebSession.ended_at.is_(None) & (WebSession.seen_at > work.now - IDLE)
        & (WebSession.created_at > work.now - ABSOLUTE)
    )  # fmt: skip
    query = select(WebSession).where(WebSession.user_id == work.actor.user_id, alive).order_by(WebSession.id.desc())
    here = digest(token)
    return [
        SessionInfo(row.id, row.device or "Onbekend apparaat", row.created_at, row.seen_at, row.id_hash == here)
        for row in work.session.scalars(query)
    ]


def knows_device(work: Work, user_id: int, device: str) -> bool:
    """Whether this person signed in with such a device before, or never signed in at all."""
    mine = WebSession.user_id == user_id
    seen = work.session.scalar(select(WebSession.id).where(mine, WebSession.device == device).limit(1))
    return seen is not None or work.session.scalar(select(WebSession.id).where(mine).limit(1)) is None


def end(acting: Acting, token: str) -> None:
    """End one session; safe to call twice."""
    with acting.begin() as work:
        work.session.execute(
            update(WebSession)
            .where(WebSession.id_hash == digest(token), WebSession.ended_at.is_(None))
            .values(ended_at=work.now)
        )


def end_one(work: Work, session_id: int) -> None:
    """End an own session; somebody else's is left alone, as an unknown one is."""
    own_one = (WebSession.id == session_id) & (WebSession.user_id == work.actor.user_id)
    work.session.execute(update(WebSession).where(own_one, WebSession.ended_at.is_(None)).values(ended_at=work.now))


def end_all(work: Work, user_id: int) -> None:
    """End every session of a person."""
    work.session.execute(
        update(WebSession).where(WebSession.user_id == user_id, WebSession.ended_at.is_(None)).values(ended_at=work.now)
    )


def end_others(work: Work, user_id: int, token: str) -> None:
    """End every session of a person but this one."""
    others = (WebSession.user_id == user_id) & (WebSession.id_hash != digest(token)) & WebSession.ended_at.is_(None)
    work.session.execute(update(WebSession).where(others).values(ended_at=work.now))


def actor_of(user: User) -> Actor:
    return Actor(
        name=user.name, role=user.role, user_id=user.id, organisation_id=user.organisation_id,
        organisation_name=user.organisation.name if user.organisation else "", email=user.email,
    )  # fmt: skip


def _by_token(work: Work, token: str) -> WebSession | None:
    return work.session.scalar(select(WebSession).where(WebSession.id_hash == digest(token)))


def _alive(session: WebSession, work: Work) -> bool:
    return (
        session.ended_at is None
        and session.user.disabled_at is None
        and work.now - session.seen_at < IDLE
        and work.now - session.created_at < ABSOLUTE
    )


def has_factor(work: Work, user_id: int) -> bool:
    """An app that was confirmed, or a passkey."""
    app = select(SecondFactor.id).where(SecondFactor.user_id == user_id, SecondFactor.confirmed_at.is_not(None))
    key = select(Passkey.id).where(Passkey.user_id == user_id)
    return bool(work.session.scalar(select(or_(app.exists(), key.exists()))))
