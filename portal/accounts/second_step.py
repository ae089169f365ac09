"""The second step as a whole: an app with codes, passkeys and recovery codes.

Any of them finishes a sign-in, and any of them proves that it is you before one of them is taken away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts import changes, factor, passkeys, recovery, sessions, throttle
from portal.accounts.models import User
from portal.accounts.questions import Purpose
from portal.accounts.types import PasskeyInfo
from portal.audit.service import record
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings


@dataclass(frozen=True)
class Standing:
    """What a person has; `codes_left` of the recovery codes."""

    app: bool
    passkeys: list[PasskeyInfo]
    codes_left: int

    @property
    def is_on(self) -> bool:
        return self.app or bool(self.passkeys)


@dataclass(frozen=True)
class Offered:
    """What may finish a sign-in, besides a recovery code."""

    app: bool
    passkey: bool


@dataclass(frozen=True)
class Proof:
    """What was given: a code of the app or a recovery code, or what a passkey answered."""

    code: str = ""
    passkey: str = ""


def standing(work: Work) -> Standing:
    own = work.actor.user_id
    return Standing(factor.is_on(work, own), passkeys.own(work), recovery.left(work, own))


def offered(acting: Acting, user_id: int | None) -> Offered:
    with acting.read() as work:
        return Offered(factor.is_on(work, user_id), passkeys.count(work, user_id) > 0)


def check(acting: Acting, token: str, proof: Proof) -> str:
    """Finish a sign-in that waits for its second step; returns the id of a new session (A9), the old one ends.

    Raises InvalidInput, TooOften, NotFound.
    """
    user_id = sessions.waiting(acting, token)
    tries = changes.tries_of(user_id)
    counted_at = throttle.count(acting, throttle.FACTOR, tries)
    if proof.passkey:
        passkeys.show(acting, Purpose.SECOND, token, proof.passkey, user_id)
    with acting.begin() as work:
        _require_code(work, user_id, proof)
        fresh = sessions.renew(work, token)
        sessions.factor_shown(work, fresh)
        user = work.session.get_one(User, user_id)
        record(Work(work.session, sessions.actor_of(user), work.now, work.vault), "session.started")
    throttle.give_back(acting, throttle.FACTOR, counted_at, tries)
    return fresh


def _require_code(work: Work, user_id: int, proof: Proof) -> None:
    """A passkey was checked before, in a transaction of its own."""
    if proof.passkey:
        return
    if not (factor.use(work, user_id, proof.code) or recovery.use(work, user_id, proof.code)):
        raise InvalidInput(changes.WRONG, "code")


def take_app_away(acting: Acting, token: str, proof: Proof) -> None:
    """Every other session of this person ends. Raises InvalidInput, TooOften, NotFound when there is no app."""
    with _proven(acting, token, proof) as work:
        if not factor.drop(work, work.actor.user_id or 0):
            raise NotFound
        changes.taken_away(work, acting, token, "Je hebt de app met codes weggehaald.")
        record(work, "factor.removed")


def take_passkey_away(acting: Acting, token: str, passkey_id: int, proof: Proof) -> None:
    """Every other session of this person ends. Raises InvalidInput, TooOften, NotFound."""
    with _proven(acting, token, proof) as work:
        name = passkeys.drop(work, passkey_id)
        changes.taken_away(work, acting, token, f"Je hebt een passkey verwijderd: {name}.")
        record(work, "passkey.removed", passkey=passkey_id)


@contextmanager
def _proven(acting: Acting, token: str, proof: Proof) -> Iterator[Work]:
    """A transaction of who showed one of the own factors just now."""
    own = acting.actor.user_id or 0
    counted_at = throttle.count(acting, throttle.FACTOR, changes.tries_of(own))
    if proof.passkey:
        passkeys.show(acting, Purpose.CONFIRM, token, proof.passkey, own)
    with acting.begin() as work:
        changes.one_at_a_time(work)
        _require_code(work, own, proof)
        yield work
    throttle.give_back(acting, throttle.FACTOR, counted_at, changes.tries_of(own))


def new_codes(acting: Acting, token: str) -> None:
    """Make new recovery codes; the old ones are void (A6). Raises Conflict when there is no factor."""
    with acting.begin() as work:
        changes.one_at_a_time(work)
        if not sessions.has_factor(work, work.actor.user_id or 0):
            raise Conflict("Voeg eerst een passkey of een app toe. Dan krijg je ook herstelcodes.")
        recovery.make(work, token)
        record(work, "factor.codes_renewed")
        changes.tell(work, acting, "Je hebt nieuwe herstelcodes gemaakt. De oude werken niet meer.")


def remove(acting: Acting, email: str) -> bool:
    """App, passkeys and recovery codes of who lost them all, after support made sure who asks: the command line only.

    False when there was none. Ends every session. Raises NotFound.
    """
    with acting.begin() as work:
        user = work.session.scalar(select(User).where(User.email == email.lower()))
        if user is None:
            raise NotFound(f"No account has the address {email}.")
        recovery.void(work, user.id)
        gone = [factor.drop(work, user.id), passkeys.drop_all(work, user.id) > 0]
        sessions.end_all(work, user.id)
        record(work, "factor.removed", user.organisation_id, user=user.id)
        words = "De tweede stap bij het inloggen is op verzoek weggehaald."
        enqueue(work, acting.part(Settings), Mail.FACTOR_CHANGED, user.email, name=user.name, what=words)
        return any(gone)
