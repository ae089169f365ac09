"""The second factor: codes of an app (TOTP, RFC 6238: six digits, thirty seconds) and recovery codes.

A code works once per account (A5): the step that was used is written by one UPDATE, which of fifty at once one wins.
"""

from __future__ import annotations

import hmac
import secrets
import unicodedata
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import ColumnElement, delete, select, update

from portal.accounts import sessions, throttle
from portal.accounts.links import digest
from portal.accounts.models import RecoveryCode, SecondFactor, User
from portal.audit.service import record
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.vault import Binding
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.secret import Secret
from portal.settings import Settings

ISSUER = "Koppelportaal"
STEP_SECONDS = 30
DRIFT = (0, -1, 1)  # clocks of telephones differ
CODES, SIGNS, GROUP = 10, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4
WRONG = "Deze code klopt niet (meer). Wacht op de volgende code in je app en vul die in."


@dataclass(frozen=True)
class Setup:
    """What an app needs; `picture` is a QR code as SVG."""

    secret: Secret
    picture: str


@dataclass(frozen=True)
class Standing:
    """Whether a person has a second factor, and how many recovery codes are left."""

    is_on: bool
    codes_left: int


def standing(work: Work) -> Standing:
    own = work.actor.user_id
    on = work.session.scalar(select(SecondFactor.id).where(_confirmed(own)))
    left = select(RecoveryCode.id).where(RecoveryCode.user_id == own, RecoveryCode.used_at.is_(None))
    return Standing(on is not None, len(work.session.scalars(left).all()))


def begin(acting: Acting) -> Setup:
    """The secret to put in an app; the same one until it is confirmed. Safe to call twice. Raises Conflict."""
    with acting.begin() as work:
        factor = _mine(work) or _new(work)
        if factor.confirmed_at is not None:
            raise Conflict("Je app is al gekoppeld. Zet hem eerst uit als je een andere wilt koppelen.")
        secret = _open(work, factor)
    address = pyotp.TOTP(secret.reveal()).provisioning_uri(name=acting.actor.email, issuer_name=ISSUER)
    picture = segno.make(address, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return Setup(secret, picture)


def confirm(acting: Acting, token: str, typed: str) -> tuple[str, ...]:
    """Turn it on with a first code; returns the recovery codes, which nobody can see again.

    Every other session of this person ends. Raises InvalidInput, TooOften, Conflict.
    """
    counted_at = throttle.count(acting, throttle.FACTOR, _key(acting.actor.user_id))
    with acting.begin() as work:
        factor = _mine(work)
        if factor is None or factor.confirmed_at is not None:
            raise Conflict("Er is geen app die op bevestiging wacht. Begin opnieuw.")
        if not _use_step(work, factor, typed):
            raise InvalidInput(WRONG, "code")
        factor.confirmed_at = work.now
        sessions.end_others(work, factor.user_id, token)
        sessions.factor_shown(work, token)
        codes = _new_codes(work)
        record(work, "factor.added")
        _tell(work, acting, "Je hebt een app met codes gekoppeld.")
    throttle.give_back(acting, throttle.FACTOR, counted_at, _key(acting.actor.user_id))
    return codes


def turn_off(acting: Acting, token: str) -> None:
    """Every other session of this person ends. Safe to call twice."""
    with acting.begin() as work:
        own = work.actor.user_id
        work.session.execute(delete(SecondFactor).where(SecondFactor.user_id == own))
        work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == own))
        sessions.end_others(work, own or 0, token)
        record(work, "factor.removed")
        _tell(work, acting, "Je hebt de tweede stap bij het inloggen uitgezet.")


def remove(acting: Acting, email: str) -> bool:
    """For who lost telephone and codes, after support made sure who asks: the command line only. False when there was
    none. Ends every session."""
    with acting.begin() as work:
        user = work.session.scalar(select(User).where(User.email == email.lower()))
        if user is None:
            raise NotFound(f"No account has the address {email}.")
        work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        gone = work.session.scalars(
            delete(SecondFactor).where(SecondFactor.user_id == user.id).returning(SecondFactor.id)
        ).all()
        sessions.end_all(work, user.id)
        record(work, "factor.removed", user.organisation_id, user=user.id)
        words = "De tweede stap bij het inloggen is op verzoek weggehaald."
        enqueue(work, acting.part(Settings), Mail.FACTOR_CHANGED, user.email, name=user.name, what=words)
        return bool(gone)


def new_codes(acting: Acting) -> tuple[str, ...]:
    """Make new recovery codes; the old ones are void (A6). Raises Conflict when there is no factor."""
    with acting.begin() as work:
        if work.session.scalar(select(SecondFactor.id).where(_confirmed(work.actor.user_id))) is None:
            raise Conflict("Koppel eerst een app. Dan krijg je ook herstelcodes.")
        codes = _new_codes(work)
        record(work, "factor.codes_renewed")
        _tell(work, acting, "Je hebt nieuwe herstelcodes gemaakt. De oude werken niet meer.")
    return codes


def check(acting: Acting, token: str, typed: str) -> str:
    """Finish a sign-in that waits for its second step; returns the id of a new session (A9), the old one ends.

    Takes a code of the app or a recovery code. Raises InvalidInput, TooOften, NotFound.
    """
    user_id = sessions.waiting(acting, token)
    counted_at = throttle.count(acting, throttle.FACTOR, _key(user_id))
    with acting.begin() as work:
        factor = work.session.scalar(select(SecondFactor).where(_confirmed(user_id)))
        if factor is None or not (_use_step(work, factor, typed) or _use_code(work, user_id, typed)):
            raise InvalidInput(WRONG, "code")
        fresh = sessions.renew(work, token)
        sessions.factor_shown(work, fresh)
        user = work.session.get_one(User, user_id)
        record(Work(work.session, sessions.actor_of(user), work.now, work.vault), "session.started")
    throttle.give_back(acting, throttle.FACTOR, counted_at, _key(user_id))
    return fresh


def normal(typed: str) -> str:
    """What somebody meant: full-width digits, blanks and dashes are all right.

    >>> normal(" １２３ 456 "), normal("abcd-efgh")
    ('123456', 'ABCDEFGH')
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())


def _use_step(work: Work, factor: SecondFactor, typed: str) -> bool:
    code = normal(typed)
    if len(code) != 6 or not code.isdigit():
        return False
    maker, now = pyotp.TOTP(_open(work, factor).reveal()), int(work.now.timestamp()) // STEP_SECONDS
    step = next((now + n for n in DRIFT if hmac.compare_digest(maker.generate_otp(now + n), code)), None)
    if step is None:
        return False
    unused = (SecondFactor.id == factor.id) & (SecondFactor.last_step < step)
    changed = work.session.execute(
        update(SecondFactor).where(unused).values(last_step=step).returning(SecondFactor.id),
        execution_options={"synchronize_session": False},
    )
    return changed.first() is not None


def _use_code(work: Work, user_id: int, typed: str) -> bool:
    code = normal(typed).translate(str.maketrans("OIL", "011"))
    unused = (
        (RecoveryCode.user_id == user_id) & (RecoveryCode.code_hash == digest(code)) & RecoveryCode.used_at.is_(None)
    )
    changed = work.session.execute(
        update(RecoveryCode).where(unused).values(used_at=work.now).returning(RecoveryCode.id)
    )
    return changed.first() is not None


def _new_codes(work: Work) -> tuple[str, ...]:
    own = work.actor.user_id or 0
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == own))
    codes = ["".join(secrets.choice(SIGNS) for _ in range(4 * GROUP)) for _ in range(CODES)]
    work.session.add_all(RecoveryCode(user_id=own, code_hash=digest(code)) for code in codes)
    return tuple("-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in codes)


def _mine(work: Work) -> SecondFactor | None:
    return work.session.scalar(select(SecondFactor).where(SecondFactor.user_id == work.actor.user_id).with_for_update())


def _confirmed(user_id: int | None) -> ColumnElement[bool]:
    return (SecondFactor.user_id == user_id) & SecondFactor.confirmed_at.is_not(None)


def _new(work: Work) -> SecondFactor:
    row = secrets.token_hex(16)
    sealed = work.vault.seal(Secret(pyotp.random_base32()), factor_binding(work.actor.user_id, row))
    factor = SecondFactor(
        user_id=work.actor.user_id, seal_row=row, sealed_secret=sealed, last_step=0, created_at=work.now
    )
    work.session.add(factor)
    return factor


def _open(work: Work, factor: SecondFactor) -> Secret:
    return work.vault.open(factor.sealed_secret, factor_binding(factor.user_id, factor.seal_row))


def factor_binding(user_id: int | None, row: str) -> Binding:
    return Binding(0, "second_factor", f"{user_id}:{row}", "secret")


def _key(user_id: int | None) -> str:
    return f"user {user_id}"


def _tell(work: Work, acting: Acting, what: str) -> None:
    """A changed factor is mailed to its owner, who may not have done it."""
    enqueue(work, acting.part(Settings), Mail.FACTOR_CHANGED, acting.actor.email, name=acting.actor.name, what=what)
