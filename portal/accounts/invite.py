"""Invitations: by a beheerder for colleagues and the accountant, by the command line for everybody."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts import links, people
from portal.accounts.circles import own_circle
from portal.accounts.models import LinkPurpose, OneTimeLink, Organisation, User, Venue
from portal.accounts.password import check_new, make_hash
from portal.audit.service import record
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import STAFF, Acting, Role, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.secret import Secret
from portal.settings import Settings


def invite(acting: Acting, email: str, role: Role, organisation: str = "") -> str:
    """Invite somebody and return the link. `organisation` is made when it does not exist yet.

    Raises InvalidInput when the address has an account already, or when the role and the
    organisation do not fit. Safe to call twice: the earlier link stops working.
    """
    if (role in STAFF) == bool(organisation):
        raise InvalidInput("Support hoort bij geen organisatie, een klant juist wel.", "organisation")
    with acting.begin() as work:
        found = find_or_make(work, organisation) if organisation else None
        return _invite(work, acting.part(Settings), email, role, found)


def invite_colleague(acting: Acting, email: str, role: Role) -> None:
    """Invite somebody to the own organisation. Raises InvalidInput, Forbidden. Safe to call twice: the earlier link
    stops working."""
    with acting.begin() as work:
        circle = people.as_head(work)
        people.check_role(circle, role)
        _invite(work, acting.part(Settings), email, role, _organisation(work, circle.organisation_id))


def invite_again(acting: Acting, link_id: int) -> str:
    """Send an invitation that was not accepted once more, with a new link; returns the address.

    Raises NotFound (used, withdrawn, or of somebody else), InvalidInput, Forbidden.
    """
    with acting.begin() as work:
        circle, link = people.as_head(work), _own(work, link_id)
        if link.used_at is not None:
            raise NotFound("Deze uitnodiging is al gebruikt of ingetrokken. Verstuur een nieuwe.")
        role, organisation = link.role or circle.roles[-1], _organisation(work, link.organisation_id)
        _invite(work, acting.part(Settings), link.email, role, organisation)
        return link.email


def _organisation(work: Work, organisation_id: int | None) -> Organisation | None:
    return work.session.get_one(Organisation, organisation_id) if organisation_id is not None else None


def _invite(work: Work, settings: Settings, email: str, role: Role, organisation: Organisation | None) -> str:
    email = email.lower()
    if not email.split("@")[0].isascii():
        raise InvalidInput("Gebruik een e-mailadres zonder letters met een accent vóór het apenstaartje.", "email")
    organisation_id = organisation.id if organisation else None
    if _taken(work, email, organisation_id):
        raise InvalidInput(_why_taken(work, email, organisation_id), "email")
    link = links.create(work, LinkPurpose.INVITATION, email=email, role=role, organisation_id=organisation_id)
    address = links.address(settings, LinkPurpose.INVITATION, link.token)
    enqueue(
        work, settings, Mail.INVITATION, email, link=address, inviter=work.actor.name, role=role.value,
        organisation=organisation.name if organisation else "", expires_at=link.expires_at,
    )  # fmt: skip
    record(work, "user.invited", organisation_id, role=role.value)
    return address


def _taken(work: Work, email: str, organisation_id: int | None) -> bool:
    """Somebody whose access was taken away may be invited again, by the same organisation."""
    known = work.session.scalar(select(User).where(User.email == email))
    if known is None:
        return False
    return known.disabled_at is None or known.organisation_id != organisation_id


def _why_taken(work: Work, email: str, organisation_id: int | None) -> str:
    known = select(User.id).where(User.email == email, User.organisation_id == organisation_id)
    if work.session.scalar(known) is not None:
        return "Dit e-mailadres heeft al een account bij jullie. Wijzig de rol op de pagina Gebruikers."
    return (
        "Dit e-mailadres heeft al een account dat niet bij jullie hoort. Een adres hoort bij één organisatie. Werkt "
        "deze persoon ook voor een ander bedrijf? Vraag dan een ander adres, bijvoorbeeld naam+jouwbedrijf@kantoor.nl."
    )


def _own(work: Work, link_id: int) -> OneTimeLink:
    own = (OneTimeLink.id == link_id) & (OneTimeLink.organisation_id == own_circle(work).organisation_id)
    link = work.session.scalar(select(OneTimeLink).where(own, OneTimeLink.purpose == LinkPurpose.INVITATION))
    if link is None:
        raise NotFound
    return link


def withdraw_invitation(acting: Acting, link_id: int) -> None:
    """Make an open invitation of the own organisation worthless; safe to call twice."""
    with acting.begin() as work:
        link = _own(work, link_id)
        link.used_at = link.used_at or work.now
        record(work, "user.uninvited", link=link.id)


def find_or_make(work: Work, name: str) -> Organisation:
    """Return the organisation of this name, made with one venue of the same name when it is new."""
    found = work.session.scalar(select(Organisation).where(Organisation.name == name))
    if found is None:
        found = Organisation(name=name, created_at=work.now)
        work.session.add(found)
        work.session.flush()
        work.session.add(Venue(organisation_id=found.id, name=name))
    return found


def invited(acting: Acting, token: str) -> tuple[str, Role]:
    """Return address and role of an open invitation. Raises NotFound."""
    with acting.read() as work:
        link = links.peek(work, LinkPurpose.INVITATION, token)
        return link.email, link.role or Role.URENVERWERKER


def _lock_owner(work: Work, token: str) -> None:
    """The organisation comes first, as everywhere: whoever manages people holds it while they change links."""
    owner = links.peek(work, LinkPurpose.INVITATION, token).organisation_id
    if owner is not None:
        work.session.get_one(Organisation, owner, with_for_update={"key_share": True})


def accept(acting: Acting, token: str, name: str, password: Secret) -> None:
    """Make the account. Raises InvalidInput, or NotFound for a dead link; of two at once, one succeeds."""
    email, _role = invited(acting, token)
    check_new(password, name, email)
    hashed = make_hash(password)
    with acting.begin() as work:
        _lock_owner(work, token)
        link = links.redeem(work, LinkPurpose.INVITATION, token)
        if _taken(work, link.email, link.organisation_id):
            raise Conflict("Dit e-mailadres heeft al een account. Log in met je wachtwoord.")
        user = work.session.scalar(select(User).where(User.email == link.email))
        if user is None:
            user = User(organisation_id=link.organisation_id, email=link.email, created_at=work.now)
            work.session.add(user)
        user.name, user.password_hash, user.disabled_at = name, hashed, None
        user.role = link.role or Role.URENVERWERKER
        work.session.flush()
        record(work, "user.joined", link.organisation_id, user=user.id)
        joined = f"{name} ({user.email}) heeft de uitnodiging aangenomen. De rol is {user.role.value}."
        people.tell_heads(work, acting.part(Settings), user, joined)
