"""Tokens that were found right and wait to be reviewed: kept, found, destroyed. `handing_over.py` sends them.

Whoever changes a draft holds the organisation (`keyring.hold`): a draft is sent once, or destroyed, never both.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit.service import record
from portal.integrations.contract import CheckReport
from portal.integrations.facts import report_to_json
from portal.integrations.keyring import forget_credential, hold
from portal.integrations.models import Credential, TokenDraft
from portal.kernel.work import ROBOT, Acting, Actor, Work

LIFETIME = timedelta(hours=1)


def keep(work: Work, credential: Credential, report: CheckReport) -> None:
    """Make a draft of a token that was just sealed; one that stood there is destroyed."""
    old = _stored(work, credential.organisation_id, credential.provider)
    if old is not None:
        record(work, "credential.draft_replaced", old.organisation_id, fingerprint=_drop(work, old))
    work.session.add(TokenDraft(
        organisation_id=credential.organisation_id, provider=credential.provider, credential_id=credential.id,
        found=report_to_json(report), made_by=work.actor.name, made_at=work.now,
    ))  # fmt: skip
    record(work, "credential.drafted", credential.organisation_id, fingerprint=credential.fingerprint)


def find(work: Work, key: str) -> TokenDraft | None:
    """The draft of the own organisation; None when there is none, or when its hour is over."""
    found = _stored(work, work.organisation_id, key)
    return found if found is not None and work.now < expires(found) else None


def waiting(work: Work) -> dict[str, datetime]:
    """Until when the drafts of the own organisation can be sent, by koppeling."""
    own = select(TokenDraft).where(TokenDraft.organisation_id == work.organisation_id)
    return {draft.provider: expires(draft) for draft in work.session.scalars(own) if work.now < expires(draft)}


def expires(draft: TokenDraft) -> datetime:
    return draft.made_at + LIFETIME


def cancel(work: Work, key: str) -> None:
    """Destroy the draft of the own organisation. Safe to call when there is none."""
    found = _stored(work, work.organisation_id, key)
    if found is not None:
        record(work, "credential.draft_cancelled", fingerprint=_drop(work, found))


def expire(work: Work, draft: TokenDraft) -> None:
    record(work, "credential.draft_expired", draft.organisation_id, fingerprint=_drop(work, draft))


def expire_all(work: Work) -> None:
    """None of them is reviewed any more: a backup was put back."""
    for draft in work.session.scalars(select(TokenDraft)).all():
        expire(work, draft)


def _drop(work: Work, draft: TokenDraft) -> str:
    """Destroy a token that is not sent; nothing of it stays but the trail. Returns its fingerprint, for that."""
    credential = work.session.get_one(Credential, draft.credential_id)
    fingerprint = credential.fingerprint
    forget_credential(work, credential)
    credential.email = credential.domain = credential.fingerprint = ""
    work.session.delete(draft)
    work.session.flush()
    return fingerprint


def forget(acting: Acting) -> int:
    """Destroy the drafts whose hour is over, one in a transaction; returns how many. Safe to call at any time."""
    with acting.read() as work:
        over = select(TokenDraft.organisation_id, TokenDraft.provider).where(TokenDraft.made_at <= work.now - LIFETIME)
        found = work.session.execute(over).all()
    return sum(_forget_one(acting, organisation_id, key) for organisation_id, key in found)


def _forget_one(acting: Acting, organisation_id: int, key: str) -> bool:
    with acting.as_actor(Actor(ROBOT, organisation_id=organisation_id)).begin() as work:
        hold(work, organisation_id, key)
        draft = _stored(work, organisation_id, key)
        if draft is None or work.now < expires(draft):
            return False  # sent, cancelled or replaced meanwhile
        expire(work, draft)
        return True


def tend(acting: Acting) -> bool:
    """For the worker."""
    forget(acting)
    return False


def _stored(work: Work, organisation_id: int, key: str) -> TokenDraft | None:
    own = (TokenDraft.organisation_id == organisation_id) & (TokenDraft.provider == key)
    return work.session.scalar(select(TokenDraft).where(own))
