"""Who may do what in the own organisation, or in support: other roles, and taking access away (B3, B4).

A changed right holds from the next request on: sessions end and links die. Changes of one organisation come one after
another, so that two heads cannot take each other away at the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from portal.accounts import links
from portal.accounts.circles import Circle, circle_of, own_circle
from portal.accounts.models import Organisation, User
from portal.accounts.sessions import end_all
from portal.audit.service import record
from portal.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from portal.kernel.work import Acting, Role, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings


def change_role(acting: Acting, user_id: int, role: Role) -> None:
    """Give a colleague another role; they sign in again. Safe to call twice: the same role changes nothing.

    Raises NotFound, Conflict (oneself, the last head, no access any more), InvalidInput on `role`, Forbidden.
    """
    with acting.begin() as work:
        circle = as_head(work)
        check_role(circle, role)
        user = _colleague(work, circle, user_id, "Je kunt je eigen rol niet wijzigen.")
        if user.disabled_at is not None:
            raise Conflict("Deze collega heeft geen toegang meer. Nodig de collega opnieuw uit.")
        if user.role is role:
            return
        was, user.role = user.role, role
        _rights_end(work, user)
        record(work, "user.role_changed", user=user.id, role=role.value, was=was.value)
        _tell(work, acting, user, f"heeft je rol gewijzigd van {was.value} in {role.value}. Log opnieuw in.")
        changed = f"De rol van {user.name} ({user.email}) is gewijzigd van {was.value} in {role.value}."
        tell_heads(work, acting.part(Settings), user, changed)


def remove(acting: Acting, user_id: int) -> None:
    """Take a colleague's access away. Safe to call twice. Raises NotFound, Conflict (oneself, the last head),
    Forbidden."""
    with acting.begin() as work:
        user = _colleague(work, as_head(work), user_id, "Je kunt je eigen toegang niet intrekken.")
        if user.disabled_at is not None:
            return
        user.disabled_at = work.now
        _rights_end(work, user)
        record(work, "user.disabled", user=user.id)
        _tell(work, acting, user, "heeft je toegang ingetrokken. Je kunt niet meer inloggen.")
        tell_heads(work, acting.part(Settings), user, f"{user.name} ({user.email}) heeft geen toegang meer.")


def as_head(work: Work) -> Circle:
    """Lock who manage the own people, and look again who asks: another of them may just have changed that.

    Raises Forbidden.
    """
    circle = own_circle(work)
    heads = select(User.id).where(circle.heads()).order_by(User.id)
    if circle.organisation_id is not None:
        work.session.get_one(Organisation, circle.organisation_id, with_for_update={"key_share": True})
    else:
        heads = heads.with_for_update(of=User)
    if work.actor.user_id not in work.session.scalars(heads).all():
        raise Forbidden(f"Je bent geen {circle.head.value} meer. Vraag {circle.another}.")
    return circle


def check_role(circle: Circle, role: Role) -> None:
    """Raises InvalidInput on `role`."""
    if role not in circle.roles:
        raise InvalidInput(f"Kies {circle.named}.", "role")


def tell_heads(work: Work, settings: Settings, about: User, what: str) -> None:
    """A mail to who manage these people, but for who did it and whom it is about: they know."""
    by = work.actor.name if work.actor.user_id else ""
    for user in other_heads(work, about.organisation_id, but=about.id):
        enqueue(work, settings, Mail.COLLEAGUE_CHANGED, user.email, name=user.name, what=what, by=by)


def other_heads(work: Work, organisation_id: int | None, but: int = 0) -> Sequence[User]:
    """Beheerders of a customer (heads of support) with access, without who acts and without `but`."""
    query = select(User).where(circle_of(organisation_id).heads(), User.id.not_in([but, work.actor.user_id or 0]))
    return work.session.scalars(query.order_by(User.id)).all()


def _colleague(work: Work, circle: Circle, user_id: int, not_oneself: str) -> User:
    query = select(User).where(User.id == user_id, circle.holds())
    user = work.session.scalar(query.with_for_update(of=User))
    if user is None:
        raise NotFound
    if user.id == work.actor.user_id:
        raise Conflict(f"{not_oneself} Vraag {circle.another}.")
    _not_the_last(work, circle, user)
    return user


def _not_the_last(work: Work, circle: Circle, user: User) -> None:
    """Who asks is a head too, so this holds already; it is asked again because nobody could mend it."""
    if not work.session.scalar(select(func.count()).where(circle.heads(), User.id != user.id)):
        raise Conflict(f"Er is geen {circle.head.value} meer over. Geef eerst een collega die rol.")


def _rights_end(work: Work, user: User) -> None:
    work.session.flush()
    end_all(work, user.id)
    links.void_of(work, user)


def _tell(work: Work, acting: Acting, user: User, what: str) -> None:
    organisation = work.actor.organisation_name or "het koppelportaal"
    enqueue(
        work, acting.part(Settings), Mail.ACCESS_CHANGED, user.email, name=user.name, organisation=organisation,
        what=f"{work.actor.name} {what}",
    )  # fmt: skip
