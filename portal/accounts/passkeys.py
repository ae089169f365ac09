"""Passkeys: a key in a device or password manager, beside the password or in place of it.

A passkey that checked who holds it (fingerprint, face, PIN) is two factors at once, so it also signs in by itself.
Each question to a key is asked by the server, for one purpose, and answered once (`questions.py`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from portal.accounts import changes, passkey_wire, questions, sessions, throttle
from portal.accounts.models import Passkey, User
from portal.accounts.passkey_wire import Answer, Known, NewKey, Site, Untrue
from portal.accounts.questions import Purpose
from portal.accounts.types import PasskeyInfo
from portal.audit.service import record
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Work
from portal.settings import Settings

MOST = 20
ALONE = frozenset({Purpose.ENTER, Purpose.CONFIRM})  # no password beside it: the key must know who holds it
REFUSED = "Deze passkey werkt hier niet (meer). Probeer het opnieuw, of kies een andere manier."
NOT_ADDED = "De passkey is niet toegevoegd. Probeer het opnieuw."


@dataclass(frozen=True)
class Shown:
    """A passkey that was just used, and whose it is."""

    passkey_id: int
    user_id: int


def site(acting: Acting) -> Site:
    """Raises Conflict when passkeys cannot be used at this address."""
    found = passkey_wire.site(acting.part(Settings))
    if found is None:
        raise Conflict("Passkeys werken alleen op een webadres met een naam.")
    return found


def own(work: Work) -> list[PasskeyInfo]:
    query = select(Passkey).where(Passkey.user_id == work.actor.user_id).order_by(Passkey.id)
    return [PasskeyInfo(row.id, row.name, row.created_at, row.used_at) for row in work.session.scalars(query)]


def one(work: Work, passkey_id: int) -> PasskeyInfo:
    """Raises NotFound for one of somebody else too."""
    found = next((row for row in own(work) if row.id == passkey_id), None)
    if found is None:
        raise NotFound
    return found


def question_to_add(acting: Acting, token: str) -> Any:
    """What the browser needs to make a key. Raises Conflict when there are too many."""
    at = site(acting)
    with acting.begin() as work:
        known = _known(work, work.actor.user_id)
        if len(known) >= MOST:
            raise Conflict(f"Je hebt al {MOST} passkeys. Verwijder er eerst een.")
        handle = _handle(work, work.actor.user_id or 0)
        challenge = questions.ask(work, Purpose.ADD, token)
    return passkey_wire.question_to_add(at, challenge, handle, acting.actor.email, acting.actor.name, known)


def add(acting: Acting, token: str, name: str, text: str) -> bool:
    """Keep a key that was made; True when there are recovery codes to look at (`recovery.shown`).

    Every other session of this person ends. A second click is refused: the question was used. Raises InvalidInput.
    """
    made = _made(acting, token, text)
    try:
        with acting.begin() as work:
            changes.one_at_a_time(work)
            first = not sessions.has_factor(work, work.actor.user_id or 0)
            key = Passkey(
                user_id=work.actor.user_id, credential_id=made.credential_id, public_key=made.public_key,
                sign_count=made.sign_count, transports=made.transports, name=name, created_at=work.now,
            )  # fmt: skip
            work.session.add(key)
            work.session.flush()
            changes.added(work, acting, token, f"Je hebt een passkey toegevoegd: {name}.", first=first)
            record(work, "passkey.added", passkey=key.id)
            return first
    except IntegrityError:
        raise InvalidInput("Deze passkey is al toegevoegd.", "name") from None


def _made(acting: Acting, token: str, text: str) -> NewKey:
    try:
        answer = passkey_wire.read(text)
        if not questions.use(acting, Purpose.ADD, token, answer.challenge):
            raise Untrue("not asked")  # noqa: TRY301
        return passkey_wire.check_new(site(acting), answer)
    except Untrue:
        raise InvalidInput(NOT_ADDED, "name") from None


def question(acting: Acting, purpose: Purpose, holder: str, user_id: int | None, place: str = "") -> Any:
    """What the browser needs to show a key: one of this person, or of anybody. Raises Conflict, TooOften."""
    at = site(acting)
    throttle.count(acting, throttle.QUESTION, place and f"address {place}", f"user {user_id}" if user_id else "")
    with acting.begin() as work:
        known = _known(work, user_id)
        challenge = questions.ask(work, purpose, holder)
    return passkey_wire.question(at, challenge, known, alone=purpose in ALONE)


def show(acting: Acting, purpose: Purpose, holder: str, text: str, user_id: int | None = None) -> Shown:
    """Check what a key answered. `user_id`: whose it must be, None for anybody's.

    Raises InvalidInput with one text for every cause; a counter that went back is written down besides.
    """
    try:
        answer = passkey_wire.read(text)
        if not questions.use(acting, purpose, holder, answer.challenge):
            raise Untrue("not asked")  # noqa: TRY301
        with acting.begin() as work:
            shown = _use(work, site(acting), answer, user_id, alone=purpose in ALONE)
    except Untrue:
        shown = None
    if shown is None:
        raise InvalidInput(REFUSED, "passkey")
    return shown


def _use(work: Work, at: Site, answer: Answer, user_id: int | None, *, alone: bool) -> Shown | None:
    """None when the key was copied, by its counter: that is committed. Raises Untrue."""
    key = work.session.scalar(select(Passkey).where(Passkey.credential_id == answer.credential_id))
    if key is None or user_id not in (None, key.user_id):
        raise Untrue("not a key of this person")
    owner = work.session.get_one(User, key.user_id)
    if answer.handle != owner.passkey_handle and (answer.handle or user_id is None):
        raise Untrue("names somebody else")
    count = passkey_wire.check(at, answer, key.public_key, alone=alone)
    # WebAuthn, section 6.1.1: both 0 means that the key does not count
    forward = (Passkey.id == key.id) & ((Passkey.sign_count < count) | ((Passkey.sign_count == 0) & (count == 0)))
    values = {"sign_count": count, "used_at": work.now}
    shown = Shown(key.id, key.user_id)
    if work.session.execute(update(Passkey).where(forward).values(values).returning(Passkey.id)).first() is not None:
        return shown
    if is_there(work, shown):  # and was not taken away at this moment
        record(work, "passkey.copied", owner.organisation_id, user=owner.id, passkey=key.id)
    return None


def named(text: str) -> str:
    """Which key an answer says it is of, to count tries by; "" when it says nothing."""
    try:
        return passkey_wire.read(text).credential_id.hex()
    except Untrue:
        return ""


def is_there(work: Work, shown: Shown) -> bool:
    """Whether a key that was shown was not taken away meanwhile."""
    return work.session.scalar(select(Passkey.id).where(Passkey.id == shown.passkey_id)) is not None


def drop(work: Work, passkey_id: int) -> str:
    """Take an own passkey away; its name. Raises NotFound, also for a second click."""
    mine = (Passkey.id == passkey_id) & (Passkey.user_id == work.actor.user_id)
    name = work.session.scalar(delete(Passkey).where(mine).returning(Passkey.name))
    if name is None:
        raise NotFound
    return name


def drop_all(work: Work, user_id: int) -> int:
    return len(work.session.scalars(delete(Passkey).where(Passkey.user_id == user_id).returning(Passkey.id)).all())


def count(work: Work, user_id: int | None) -> int:
    return work.session.scalar(select(func.count()).select_from(Passkey).where(Passkey.user_id == user_id)) or 0


def _known(work: Work, user_id: int | None) -> list[Known]:
    query = select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)
    return [Known(row.credential_id, row.transports) for row in work.session.scalars(query)]


def _handle(work: Work, user_id: int) -> bytes:
    """The name of a person for passkeys: random, made once."""
    empty = (User.id == user_id) & User.passkey_handle.is_(None)
    work.session.execute(update(User).where(empty).values(passkey_handle=secrets.token_bytes(32)))
    return work.session.scalars(select(User.passkey_handle).where(User.id == user_id)).one() or b""
