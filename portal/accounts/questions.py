"""What a passkey is asked to sign: random, at the server, once, within five minutes, for one purpose and one holder."""

from __future__ import annotations

import secrets
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import delete

from portal.accounts.links import digest
from portal.accounts.models import PasskeyQuestion
from portal.kernel.work import Acting, Work

LIFETIME = timedelta(minutes=5)
BYTES = 32


class Purpose(StrEnum):
    """An answer that was given for one thing is worth nothing for another."""

    ADD = "toevoegen"
    ENTER = "inloggen"
    SECOND = "tweede stap"
    CONFIRM = "bevestigen"


def ask(work: Work, purpose: Purpose, holder: str) -> bytes:
    """A new challenge. `holder`: the id of the session, or what the cookie of a visitor holds."""
    forget(work)
    challenge = secrets.token_bytes(BYTES)
    expires_at = work.now + LIFETIME
    question = PasskeyQuestion(challenge=challenge, purpose=purpose, holder=digest(holder), expires_at=expires_at)
    work.session.add(question)
    return challenge


def use(acting: Acting, purpose: Purpose, holder: str, challenge: bytes) -> bool:
    """Use a challenge up, whatever becomes of its answer. False when it was not asked of this holder for this, was
    used before, or is too old. Of two at once one gets it."""
    with acting.begin() as work:
        mine = (PasskeyQuestion.challenge == challenge) & (PasskeyQuestion.holder == digest(holder))
        mine &= (PasskeyQuestion.purpose == purpose) & (PasskeyQuestion.expires_at > work.now)
        gone = work.session.execute(delete(PasskeyQuestion).where(mine).returning(PasskeyQuestion.id))
        return gone.first() is not None


def forget(work: Work) -> None:
    """Questions that nobody may answer any more. Safe to call at any time."""
    work.session.execute(delete(PasskeyQuestion).where(PasskeyQuestion.expires_at <= work.now))
