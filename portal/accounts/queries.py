"""Reads of organisations and people, each limited to the own organisation, or to support."""

from __future__ import annotations

from sqlalchemy import or_, select

from portal.accounts.circles import own_circle
from portal.accounts.models import LinkPurpose, OneTimeLink, Organisation, User, Venue
from portal.accounts.types import InvitationInfo, UserInfo, VenueInfo
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import STAFF, Role, Work


def venues(work: Work) -> list[VenueInfo]:
    query = select(Venue).where(Venue.organisation_id == work.organisation_id).order_by(Venue.name, Venue.id)
    return [VenueInfo(venue.id, venue.name) for venue in work.session.scalars(query)]


def venue(work: Work, venue_id: int) -> VenueInfo:
    """Raises NotFound for a venue of somebody else too."""
    query = select(Venue).where(Venue.id == venue_id, Venue.organisation_id == work.organisation_id)
    found = work.session.scalar(query)
    if found is None:
        raise NotFound
    return VenueInfo(found.id, found.name)


def colleagues(work: Work) -> list[UserInfo]:
    query = select(User).where(own_circle(work).holds()).order_by(User.name, User.id)
    return [_info(user) for user in work.session.scalars(query)]


def colleague(work: Work, user_id: int) -> UserInfo:
    """Raises NotFound for somebody of another organisation too."""
    query = select(User).where(User.id == user_id, own_circle(work).holds())
    found = work.session.scalar(query)
    if found is None:
        raise NotFound
    return _info(found)


def invitations(work: Work) -> list[InvitationInfo]:
    """Those that nobody accepted or withdrew, also when their link is too old by now."""
    query = select(OneTimeLink).where(
        OneTimeLink.organisation_id == own_circle(work).organisation_id, OneTimeLink.purpose == LinkPurpose.INVITATION,
        OneTimeLink.used_at.is_(None),
    )  # fmt: skip
    rows = work.session.scalars(query.order_by(OneTimeLink.id))
    return [InvitationInfo(row.id, row.email, row.role, row.expires_at, row.expires_at > work.now) for row in rows]


def beheerder_mails(work: Work, organisation_id: int, also: int | None = None) -> list[str]:
    """Addresses to write to about this organisation, each once, with that of the person `also`. For support and the
    worker too."""
    query = select(User.email).where(
        User.organisation_id == organisation_id, or_(User.role == Role.BEHEERDER, User.id == also),
        User.disabled_at.is_(None),
    )  # fmt: skip
    return list(work.session.scalars(query.order_by(User.id)))


def beheerders(work: Work) -> list[str]:
    """Names of who may change a koppeling of the own organisation."""
    query = select(User.name).where(
        User.organisation_id == work.organisation_id, User.role == Role.BEHEERDER, User.disabled_at.is_(None)
    )
    return list(work.session.scalars(query.order_by(User.name, User.id)))


def organisation_names(work: Work) -> dict[int, str]:
    """Names by id, for the desk of support only."""
    if work.actor.role not in STAFF:
        raise Forbidden("Dit is voor support.")
    return {row.id: row.name for row in work.session.execute(select(Organisation.id, Organisation.name))}


def organisation_name(work: Work, organisation_id: int) -> str:
    """For the command line, which sees all. Raises NotFound."""
    found = work.session.scalar(select(Organisation.name).where(Organisation.id == organisation_id))
    if found is None:
        raise NotFound(f"There is no customer {organisation_id}.")
    return found


def _info(user: User) -> UserInfo:
    return UserInfo(user.id, user.name, user.email, user.role, user.disabled_at is None)
