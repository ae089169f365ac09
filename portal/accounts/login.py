"""Signing in: with e-mail and password, and then the second step of who has one (`second_step.check`); or with a
passkey, which is both at once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts import passkeys, sessions, throttle
from portal.accounts import password as passwords
from portal.accounts.models import User
from portal.accounts.questions import Purpose
from portal.audit.service import record
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.secret import Secret
from portal.settings import Settings

WRONG = "Dit e-mailadres en wachtwoord horen niet bij elkaar. Controleer beide, of kies een nieuw wachtwoord."
NOT_YOURS = "Dit is niet je wachtwoord. Probeer het opnieuw."


@dataclass(frozen=True)
class Caller:
    """Who knocks: the address of the connection and the name of the device."""

    address: str = ""
    device: str = ""


def sign_in(acting: Acting, email: str, password: Secret, caller: Caller | None = None) -> str:
    """Return the secret id of a new session.

    Raises InvalidInput with one text for every cause (A8), TooOften after ten wrong tries of an account or from an
    address (A7).
    """
    caller = caller or Caller()
    place = throttle.place_of(caller.address)
    keys = (f"account {email.lower()}", place and f"address {place}")
    counted_at = throttle.count(acting, throttle.LOGIN, *keys)
    user_id, stored = _known(acting, email, password)
    with acting.begin() as work:
        user = work.session.get_one(User, user_id, with_for_update={"of": User})
        _require_unchanged(user, stored)
        if not sessions.has_factor(work, user.id):  # who has one is not in yet
            record(_as(work, user), "session.started")
        _tell_of_device(work, acting.part(Settings), user, caller.device)
        token = sessions.start(work, user.id, caller.device)
    throttle.give_back(acting, throttle.LOGIN, counted_at, *keys)
    return token


def sign_in_with_passkey(acting: Acting, holder: str, answer: str, caller: Caller) -> str:
    """Return the secret id of a new session, for which the second step is done. `holder`: as for its question.

    Raises InvalidInput with one text for every cause (A8), TooOften as `sign_in` (A7).
    """
    place, named = throttle.place_of(caller.address), passkeys.named(answer)
    keys = (place and f"address {place}", named and f"passkey {named}")
    counted_at = throttle.count(acting, throttle.LOGIN, *keys)
    shown = passkeys.show(acting, Purpose.ENTER, holder, answer)
    with acting.begin() as work:
        user = work.session.get_one(User, shown.user_id, with_for_update={"of": User})
        if user.disabled_at is not None or not passkeys.is_there(work, shown):
            raise InvalidInput(passkeys.REFUSED, "passkey")
        record(_as(work, user), "session.started", by="passkey")
        _tell_of_device(work, acting.part(Settings), user, caller.device)
        token = sessions.start(work, user.id, caller.device)
        sessions.factor_shown(work, token)
    throttle.give_back(acting, throttle.LOGIN, counted_at, *keys)
    return token


def confirm_with_passkey(acting: Acting, token: str, answer: str) -> str:
    """As `confirm`, with a passkey in place of the password. Raises InvalidInput, TooOften, NotFound."""
    tries = f"own {acting.actor.user_id}"
    counted_at = throttle.count(acting, throttle.LOGIN, tries)
    passkeys.show(acting, Purpose.CONFIRM, token, answer, acting.actor.user_id)
    with acting.begin() as work:
        fresh = sessions.renew(work, token)
        sessions.factor_shown(work, fresh)
        record(work, "session.confirmed", by="passkey")
    throttle.give_back(acting, throttle.LOGIN, counted_at, tries)
    return fresh


def confirm(acting: Acting, token: str, password: Secret) -> str:
    """Show again who you are, before an act that asks for it (A12); returns the id of the renewed session.

    Raises InvalidInput, TooOften, NotFound when the session was ended meanwhile.
    """
    stored = passwords.own(acting, password, InvalidInput(NOT_YOURS, "password"))
    with acting.begin() as work:
        _require_unchanged(work.session.get_one(User, acting.actor.user_id, with_for_update={"of": User}), stored)
        fresh = sessions.renew(work, token)
        record(work, "session.confirmed")
    return fresh


def _require_unchanged(user: User, stored: str) -> None:
    """Between the check and this moment somebody may have taken the password or the access away."""
    if user.password_hash != stored or user.disabled_at is not None:
        raise InvalidInput(WRONG, "password")


def _known(acting: Acting, email: str, password: Secret) -> tuple[int, str]:
    """Whose password this is, and its hash from now on. Raises InvalidInput."""
    with acting.read() as work:
        user = work.session.scalar(select(User).where(User.email == email.lower()))
        known = None if user is None or user.disabled_at is not None else user
        stored = known.password_hash if known else None
    if not passwords.matches(stored, password) or known is None or stored is None:
        raise InvalidInput(WRONG, "password")
    fresh = passwords.make_hash(password) if passwords.hasher().check_needs_rehash(stored) else None
    with acting.begin() as work:
        user = work.session.get_one(User, known.id)
        _require_unchanged(user, stored)
        user.password_hash = fresh or stored
        return user.id, user.password_hash


def _tell_of_device(work: Work, settings: Settings, user: User, device: str) -> None:
    if device and not sessions.knows_device(work, user.id, device):
        enqueue(work, settings, Mail.NEW_DEVICE, user.email, name=user.name, device=device, at=work.now)


def _as(work: Work, user: User) -> Work:
    return Work(work.session, sessions.actor_of(user), work.now, work.vault)
