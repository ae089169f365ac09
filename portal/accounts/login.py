"""Signing in with e-mail and password. A second factor gets its place between `check` and `start`."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts import password as passwords
from portal.accounts import sessions
from portal.accounts.models import User
from portal.audit.service import record
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting
from portal.secret import Secret

WRONG = "Dit e-mailadres en wachtwoord horen niet bij elkaar. Controleer beide, of kies een nieuw wachtwoord."


def sign_in(acting: Acting, email: str, password: Secret) -> str:
    """Return the secret id of a new session. Raises InvalidInput with one text for every cause (A8)."""
    with acting.read() as work:
        user = work.session.scalar(select(User).where(User.email == email.lower()))
        known = None if user is None or user.disabled_at is not None else user
        stored = known.password_hash if known else None
    if not passwords.matches(stored, password) or known is None or stored is None:
        raise InvalidInput(WRONG, "password")
    fresh = passwords.make_hash(password) if passwords.hasher().check_needs_rehash(stored) else None
    with acting.begin() as work:
        user = work.session.get_one(User, known.id)
        if user.password_hash != stored or user.disabled_at is not None:
            raise InvalidInput(WRONG, "password")
        user.password_hash = fresh or stored
        record(work.__class__(work.session, sessions.actor_of(user), work.now, work.vault), "session.started")
        return sessions.start(work, user.id)
