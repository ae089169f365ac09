"""Who may do what in the own organisation: other roles, and taking access away (B3, B4).

A changed right holds from the next request on: sessions end and links die. Changes of one organisation come one after
another, so that two beheerders cannot take each other away at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from portal.accounts import links
from portal.accounts.models import Organisation, User
from portal.accounts.sessions import end_all
from portal.audit.service import record
from portal.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from portal.kernel.work import Acting, Role, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings

ROLES = (Role.BEHEERDER, Role.URENVERWERKER, Role.ACCOUNTANT)


def change_role(acting: Acting, user_id: int, role: Role) -> None:
    """Give a colleague another role; they sign in again. Safe to call twice: the same role changes nothing.

    Raises NotFound, Conflict (oneself, the last beheerder, no access any more), InvalidInput on `role`, Forbidden.
    """
    if role not in ROLES:
        raise InvalidInput("Kies beheerder, urenverwerker of accountant.", "role")
    with acting.begin() as work:
        as_beheerder(work)
        user = _colleague(work, user_id, "Je kunt je eigen rol niet wijzigen. Vraag een andere beheerder.")
        if user.disabled_at is not None:
            raise Conflict("Deze collega heeft geen toegang meer. Nodig de collega opnieuw uit.")
        if user.role is role:
            return
        was, user.role = user.role, role
        _rights_end(work, user)
        record(work, "user.role_changed", user=user.id, role=role.value, was=was.value)
        _tell(work, acting, user, f"heeft je rol gewijzigd van {was.value} in {role.value}. Log opnieuw in.")
        changed = f"De rol van {user.name} ({user.email}) is gewijzigd van {was.value} in {role.value}."
        tell_beheerders(work, acting.part(Settings), user, changed)


def remove(acting: Acting, user_id: int) -> None:
    """Take a colleague's access away. Safe to call twice. Raises NotFound, Conflict (oneself, the last beheerder),
    Forbidden."""
    with acting.begin() as work:
        as_beheerder(work)
        user = _colleague(work, user_id, "Je kunt je eigen toegang niet intrekken. Vraag een andere beheerder.")
        if user.disabled_at is not None:
            return
        user.disabled_at = work.now
        _rights_end(work, user)
        record(work, "user.disabled", user=user.id)
        _tell(work, acting, user, "heeft je toegang ingetrokken. Je kunt niet meer inloggen.")
        tell_beheerders(work, acting.part(Settings), user, f"{user.name} ({user.email}) heeft geen toegang meer.")


def as_beheerder(work: Work) -> Organisation:
    """Lock the own organisation, and look again who asks: another beheerder may just have changed that.

    Raises Forbidden. Returns the organisation.
    """
    organisation = work.session.get_one(Organisation, work.organisation_id, with_for_update=True)
    own = (User.id == work.actor.user_id) & (User.role == Role.BEHEERDER) & User.disabled_at.is_(None)
    if work.session.scalar(select(User.id).where(own, User.organisation_id == organisation.id)) is None:
        raise Forbidden("Je bent geen beheerder meer. Vraag een andere beheerder.")
    return organisation


def tell_beheerders(work: Work, settings: Settings, about: User, what: str) -> None:
    """A mail to the beheerders, but for who did it and whom it is about: they know."""
    by = work.actor.name if work.actor.user_id else ""
    for user in other_beheerders(work, about.organisation_id, but=about.id):
        enqueue(work, settings, Mail.COLLEAGUE_CHANGED, user.email, name=user.name, what=what, by=by)


def other_beheerders(work: Work, organisation_id: int | None, but: int = 0) -> Sequence[User]:
    """The beheerders with access, without who acts and without `but`."""
    query = select(User).where(
        User.organisation_id == organisation_id, User.role == Role.BEHEERDER, User.disabled_at.is_(None),
        User.id.not_in([but, work.actor.user_id or 0]),
    )  # fmt: skip
    return work.session.scalars(query.order_by(User.id)).all()


def _colleague(work: Work, user_id: int, not_oneself: str) -> User:
    query = select(User).where(User.id == user_id, User.organisation_id == work.organisation_id)
    user = work.session.scalar(query.with_for_update(of=User))
    if user is None:
        raise NotFound
    if user.id == work.actor.user_id:
        raise Conflict(not_oneself)
    _not_the_last(work, user)
    return user


def _not_the_last(work: Work, user: User) -> None:
    """Who asks is a beheerder too, so this holds already; it is asked again because nobody could mend it."""
    others = select(func.count()).where(
        User.organisation_id == work.organisation_id, User.role == Role.BEHEERDER, User.disabled_at.is_(None),
        User.id != user.id,
    )  # fmt: skip
    if not work.session.scalar(others):
        raise Conflict("Dit is de laatste beheerder. Maak eerst een collega beheerder.")


def _rights_end(work: Work, user: User) -> None:
    work.session.flush()
    end_all(work, user.id)
    links.void_of(work, user)


def _tell(work: Work, acting: Acting, user: User, what: str) -> None:
    organisation = work.actor.organisation_name
    enqueue(
        work, acting.part(Settings), Mail.ACCESS_CHANGED, user.email, name=user.name, organisation=organisation,
        what=f"{work.actor.name} {what}",
    )  # fmt: skip
