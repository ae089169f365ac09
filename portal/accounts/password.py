"""Passwords: Argon2id, hashed a few at a time, and the reset by mail."""

from __future__ import annotations

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from portal.accounts import links, throttle
from portal.accounts.common import is_common
from portal.accounts.models import LinkPurpose, User
from portal.accounts.sessions import end_all
from portal.audit.service import record
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.secret import Secret
from portal.settings import Settings

MIN_LENGTH = 15
MAX_BYTES = 1024
# 64 MiB each: more at a time than this would let a burst of log-ins use up the memory (A3).
AT_A_TIME = threading.BoundedSemaphore(2)


@cache
def hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


@cache
def _decoy() -> str:
    return make_hash(Secret("a password that nobody has"))


def make_hash(password: Secret) -> str:
    with AT_A_TIME:
        return hasher().hash(password.reveal())


def matches(stored: str | None, password: Secret) -> bool:
    """Compare in the same time whether there is a hash or not (A8)."""
    plain = password.reveal()
    if len(plain.encode(errors="surrogatepass")) > MAX_BYTES:
        return False
    with_decoy = stored or _decoy()
    try:
        with AT_A_TIME:
            hasher().verify(with_decoy, plain)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return stored is not None


def check_new(password: Secret, *known: str) -> None:
    """Raise InvalidInput on field `password` when a new password is too short, too long or guessable."""
    plain = password.reveal()
    if len(plain) < MIN_LENGTH:
        raise InvalidInput(
            f"Kies een wachtwoord van {MIN_LENGTH} tekens of meer. Een zin van vier woorden werkt goed.",
            "password",
        )
    if len(plain.encode(errors="surrogatepass")) > MAX_BYTES:
        raise InvalidInput("Kies een korter wachtwoord (hoogstens 1000 tekens).", "password")
    own = any(word and plain.casefold() == word.casefold() for word in known)
    if len(set(plain)) < 5 or own or is_common(plain):
        raise InvalidInput("Dit wachtwoord is makkelijk te raden. Kies een andere zin.", "password")


def ask_reset(acting: Acting, email: str, address: str = "") -> None:
    """Mail a reset link when the address has an account; the answer is the same when it has none (A8).

    `address`: of the connection. Raises TooOften after five a day for one account, known or not; after three from one
    place, so that a stranger does not use up what its owner may ask; and after twenty of one place for all accounts.
    """
    settings, account, place = acting.part(Settings), f"account {email.lower()}", throttle.place_of(address)
    throttle.count_each(
        acting, (throttle.RESET, account), (throttle.RESET_HERE, place and f"{place} {account}"),
        (throttle.RESET_PLACE, place),
    )  # fmt: skip
    with acting.begin() as work:
        user = work.session.scalar(select(User).where(User.email == email.lower()))
        if user is None or user.disabled_at is not None or user.password_hash is None:
            return
        link = links.create(work, LinkPurpose.RESET, email=user.email, user_id=user.id)
        enqueue(
            work, settings, Mail.PASSWORD_RESET, user.email,
            link=links.address(settings, LinkPurpose.RESET, link.token), expires_at=link.expires_at,
        )  # fmt: skip
        record(work, "password.reset_asked", user.organisation_id, user=user.id)


def reset(acting: Acting, token: str, password: Secret) -> None:
    """Set a new password with a reset link and end every session of that person.

    Raises InvalidInput, or NotFound when the link is used, too old or unknown. Of two at once, one succeeds.
    """
    check_new(password)
    hashed = make_hash(password)
    with acting.begin() as work:
        link = links.redeem(work, LinkPurpose.RESET, token)
        user = work.session.get_one(User, link.user_id)
        if user.disabled_at is not None:
            raise links.dead_link()
        user.password_hash = hashed
        end_all(work, user.id)
        record(work, "password.reset", user.organisation_id, user=user.id)


def own(acting: Acting, password: Secret, wrong: InvalidInput) -> str:
    """Check the password of who is signed in; returns its hash. Tries have a limit of their own: nobody else can use
    them up. Raises `wrong`, TooOften."""
    key = f"own {acting.actor.user_id}"
    counted_at = throttle.count(acting, throttle.LOGIN, key)
    with acting.read() as work:
        stored = work.session.get_one(User, acting.actor.user_id).password_hash
    if stored is None or not matches(stored, password):
        raise wrong
    throttle.give_back(acting, throttle.LOGIN, counted_at, key)
    return stored


def change(acting: Acting, current: Secret, new: Secret) -> None:
    """Change the own password and end every session (A10). Raises InvalidInput, TooOften."""
    own(acting, current, InvalidInput("Dit is niet je huidige wachtwoord.", "current"))
    check_new(new, acting.actor.email, acting.actor.name)
    hashed = make_hash(new)
    with acting.begin() as work:
        user = work.session.get_one(User, acting.actor.user_id)
        user.password_hash = hashed
        end_all(work, user.id)
        links.void(work, LinkPurpose.RESET, user.id)
        record(work, "password.changed", user=user.id)


def check_link(acting: Acting, token: str) -> None:
    """Raises NotFound when a reset link does not work (any more)."""
    with acting.read() as work:
        links.peek(work, LinkPurpose.RESET, token)
