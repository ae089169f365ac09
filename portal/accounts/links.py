"""One-time links of invitations and resets."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from portal.accounts.models import LinkPurpose, OneTimeLink, User
from portal.kernel.errors import NotFound
from portal.kernel.work import Role, Work
from portal.settings import Settings

LIFETIME = {LinkPurpose.INVITATION: timedelta(days=7), LinkPurpose.RESET: timedelta(hours=1)}


@dataclass(frozen=True)
class NewLink:
    token: str
    expires_at: datetime


def create(
    work: Work, purpose: LinkPurpose, *, email: str, role: Role | None = None,
    organisation_id: int | None = None, user_id: int | None = None,
) -> NewLink:  # fmt: skip
    """Make a link; earlier unused links of this kind and organisation for this address stop working."""
    token = secrets.token_urlsafe(32)
    expires_at = work.now + LIFETIME[purpose]
    work.session.execute(
        update(OneTimeLink)
        .where(
            OneTimeLink.purpose == purpose,
            OneTimeLink.email == email,
            OneTimeLink.used_at.is_(None),
            OneTimeLink.organisation_id.is_not_distinct_from(organisation_id),
        )
        .values(used_at=work.now)
    )
    work.session.add(
        OneTimeLink(
            token_hash=digest(token), purpose=purpose, email=email, role=role, organisation_id=organisation_id,
            user_id=user_id, created_by=work.actor.user_id, created_at=work.now, expires_at=expires_at,
        )
    )  # fmt: skip
    return NewLink(token, expires_at)


def peek(work: Work, purpose: LinkPurpose, token: str) -> OneTimeLink:
    """Return a link that still works, without using it. Raises NotFound."""
    link = work.session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == digest(token), OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > work.now,
        )
    )  # fmt: skip
    if link is None:
        raise dead_link()
    return link


def redeem(work: Work, purpose: LinkPurpose, token: str) -> OneTimeLink:
    """Use a link up; of two at the same time one gets it. Raises NotFound."""
    link = work.session.scalar(
        update(OneTimeLink)
        .where(
            OneTimeLink.token_hash == digest(token), OneTimeLink.purpose == purpose,
            OneTimeLink.used_at.is_(None), OneTimeLink.expires_at > work.now,
        )
        .values(used_at=work.now)
        .returning(OneTimeLink)
    )  # fmt: skip
    if link is None:
        raise dead_link()
    return link


def void(work: Work, purpose: LinkPurpose, user_id: int) -> None:
    """Make the open links of a person worthless."""
    work.session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.purpose == purpose, OneTimeLink.user_id == user_id, OneTimeLink.used_at.is_(None))
        .values(used_at=work.now)
    )


def void_of(work: Work, user: User) -> None:
    """Make worthless what somebody whose rights change still holds: resets, an invitation to the same address by the
    same organisation, and the invitations that they sent."""
    own = OneTimeLink.organisation_id == user.organisation_id
    theirs = or_(
        OneTimeLink.user_id == user.id,
        own & (OneTimeLink.email == user.email),
        own & (OneTimeLink.created_by == user.id),
    )
    work.session.execute(
        update(OneTimeLink).where(theirs, OneTimeLink.used_at.is_(None)).values(used_at=work.now),
        execution_options={"synchronize_session": False},
    )


def dead_link() -> NotFound:
    return NotFound("Deze link werkt niet meer. Hij is al gebruikt of te oud. Vraag een nieuwe link aan.")


def address(settings: Settings, purpose: LinkPurpose, token: str) -> str:
    """The full address, from the configured host name and never from a request (A13)."""
    return f"{settings.base_url}/{purpose.value}/{token}"


def digest(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
