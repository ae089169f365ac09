"""Erasing an account (wissing, H5): the row stays without the person, because uploads and the trail point at it."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update

from portal.accounts.look_models import SupportLook
from portal.accounts.models import Note, OneTimeLink, Passkey, RecoveryCode, SecondFactor, User, WebSession
from portal.audit.service import record
from portal.deliveries.models import Delivery
from portal.exports.models import Export
from portal.integrations.models import CredentialRequest, Question, TokenDraft
from portal.kernel.errors import Conflict
from portal.kernel.work import Role, Work
from portal.notifications.models import OutboxMail

NOBODY = "Gewist account"
LAST = "Dit is de laatste beheerder van deze klant. Nodig eerst een andere beheerder uit, of wis de hele klant."


def require_not_last(work: Work, user: User) -> None:
    """Raises Conflict when a customer would be left that nobody can manage."""
    if user.role is not Role.BEHEERDER or user.disabled_at is not None:
        return
    others = (User.organisation_id == user.organisation_id) & (User.role == Role.BEHEERDER) & (User.id != user.id)
    if not work.session.scalar(select(func.count()).where(others, User.disabled_at.is_(None))):
        raise Conflict(LAST)


def forget_account(work: Work, user: User) -> None:
    """Take a person out of their account and out of what they made."""
    _names(work, user)
    for table in (WebSession, SecondFactor, RecoveryCode, Passkey, Note, Question):
        work.session.execute(delete(table).where(table.user_id == user.id))
    mine = (OneTimeLink.email == user.email) | (OneTimeLink.user_id == user.id)
    work.session.execute(delete(OneTimeLink).where(mine))
    work.session.execute(delete(OutboxMail).where(OutboxMail.recipient == user.email))
    user.name, user.email = NOBODY, f"gewist-{user.ref}@gewist.invalid"
    user.passkey_handle = None
    user.password_hash, user.disabled_at, user.erased_at = None, user.disabled_at or work.now, work.now
    record(work, "account.erased", user.organisation_id, user=user.id)
    work.session.flush()


def _names(work: Work, user: User) -> None:
    """Rows that keep the name of who made them. When a colleague has the same name they are left as they are: the
    name says the same of both, and nobody is guessed."""
    same = (User.organisation_id == user.organisation_id) & (User.name == user.name) & (User.id != user.id)
    if user.organisation_id is None or work.session.scalar(select(func.count()).where(same)):
        return
    for table, column in (
        (Export, "created_by"),
        (Delivery, "created_by"),
        (CredentialRequest, "asked_by"),
        (TokenDraft, "made_by"),
        (SupportLook, "granted_by"),
    ):
        own = (table.organisation_id == user.organisation_id) & (getattr(table, column) == user.name)
        work.session.execute(update(table).where(own).values({column: NOBODY}))
