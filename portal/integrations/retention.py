"""Tokens that nothing uses are destroyed, and what stood beside them is emptied (H4)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, or_, select, update

from portal.integrations.keyring import forget_credential
from portal.integrations.models import Credential, CredentialRequest, Koppeling, TokenDraft
from portal.integrations.states import OPEN
from portal.kernel.work import Work

CREDENTIALS = timedelta(days=90)


def forget_credentials(work: Work) -> int:
    """Those that no koppeling and no open request has used for ninety days; returns how many.

    They are noted when they are first seen unused, by this same job: nothing that lets go of a token has to think of
    it. The rows stay, empty: requests point at them. Safe to call twice.
    """
    full = or_(Credential.sealed_token.is_not(None), Credential.email != "", Credential.fingerprint != "")
    unused = (
        ~exists().where(Koppeling.credential_id == Credential.id)
        & ~exists().where(CredentialRequest.credential_id == Credential.id, CredentialRequest.state.in_(OPEN))
        & ~exists().where(TokenDraft.credential_id == Credential.id)  # has an hour of its own: drafts.py
    )
    mark = update(Credential).values(unused_since=work.now).where(unused, full, Credential.unused_since.is_(None))
    work.session.execute(mark)
    work.session.execute(update(Credential).values(unused_since=None).where(~unused))
    over = Credential.unused_since < work.now - CREDENTIALS
    found = work.session.scalars(select(Credential).where(unused, full, over).with_for_update()).all()
    for credential in found:
        forget_credential(work, credential)
        credential.email = credential.domain = credential.fingerprint = ""
        for request in _requests(work, credential.id):
            request.message = request.answer = request.asked_by = request.taken_by = ""
            request.found = {}
    return len(found)


def _requests(work: Work, credential_id: int) -> list[CredentialRequest]:
    return list(work.session.scalars(select(CredentialRequest).where(CredentialRequest.credential_id == credential_id)))
