"""An app that makes codes (TOTP, RFC 6238: six digits, thirty seconds) as the second factor.

A code works once per account (A5): the step that was used is written by one UPDATE, which of fifty at once one wins.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

import pyotp
import segno
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.accounts import changes, recovery, sessions, throttle
from portal.accounts.models import SecondFactor
from portal.audit.service import record
from portal.kernel.errors import Conflict, InvalidInput
from portal.kernel.vault import Binding
from portal.kernel.work import Acting, Work
from portal.secret import Secret

ISSUER = "Koppelportaal"
STEP_SECONDS = 30
DRIFT = (0, -1, 1)  # clocks of telephones differ


@dataclass(frozen=True)
class Setup:
    """What an app needs; `picture` is a QR code as SVG."""

    secret: Secret
    picture: str


def begin(acting: Acting) -> Setup:
    """The secret to put in an app; the same one until it is confirmed. Safe to call twice, also at the same moment.
    Raises Conflict."""
    with acting.begin() as work:
        factor = _mine(work) or _new(work)
        if factor.confirmed_at is not None:
            raise Conflict("Je app is al gekoppeld. Haal hem eerst weg als je een andere wilt koppelen.")
        secret = _open(work, factor)
    address = pyotp.TOTP(secret.reveal()).provisioning_uri(name=acting.actor.email, issuer_name=ISSUER)
    picture = segno.make(address, error="m").svg_inline(scale=4, border=4, dark="#000", light="#fff", omitsize=True)
    return Setup(secret, picture)


def confirm(acting: Acting, token: str, typed: str) -> bool:
    """Turn it on with a first code; True when there are recovery codes to look at (`recovery.shown`).

    Every other session of this person ends. A second click finds the codes of the first. Raises InvalidInput,
    TooOften, Conflict.
    """
    tries = changes.tries_of(acting.actor.user_id)
    counted_at = throttle.count(acting, throttle.FACTOR, tries)
    with acting.begin() as work:
        changes.one_at_a_time(work)
        factor = _mine(work)
        waits = factor is not None and factor.confirmed_at is None
        first = _turn_on(work, acting, token, typed) if waits else _done_before(work, token)
    throttle.give_back(acting, throttle.FACTOR, counted_at, tries)
    return first


def _turn_on(work: Work, acting: Acting, token: str, typed: str) -> bool:
    own = work.actor.user_id or 0
    first = not sessions.has_factor(work, own)
    if not use(work, own, typed, confirmed=False):
        raise InvalidInput(changes.WRONG, "code")
    work.session.execute(update(SecondFactor).where(SecondFactor.user_id == own).values(confirmed_at=work.now))
    changes.added(work, acting, token, "Je hebt een app met codes gekoppeld.", first=first)
    record(work, "factor.added")
    return first


def _done_before(work: Work, token: str) -> bool:
    if recovery.shown(work, token):
        return True
    raise Conflict("Er is geen app die op bevestiging wacht. Begin opnieuw.")


def drop(work: Work, user_id: int) -> bool:
    """Take the app away; False when there was none."""
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id).returning(SecondFactor.confirmed_at)
    return any(work.session.scalars(gone).all())


def is_on(work: Work, user_id: int | None) -> bool:
    return work.session.scalar(select(SecondFactor.id).where(_of(user_id, confirmed=True))) is not None


def use(work: Work, user_id: int, typed: str, *, confirmed: bool = True) -> bool:
    """Use a code of the app up; of two at once one succeeds."""
    code = recovery.normal(typed)
    factor = work.session.scalar(select(SecondFactor).where(_of(user_id, confirmed=confirmed)))
    if factor is None or len(code) != 6 or not code.isdigit():
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


def _mine(work: Work) -> SecondFactor | None:
    return work.session.scalar(select(SecondFactor).where(SecondFactor.user_id == work.actor.user_id).with_for_update())


def _of(user_id: int | None, *, confirmed: bool) -> ColumnElement[bool]:
    done = SecondFactor.confirmed_at.is_not(None) if confirmed else SecondFactor.confirmed_at.is_(None)
    return (SecondFactor.user_id == user_id) & done


def _new(work: Work) -> SecondFactor:
    """Of two first looks at the same moment one makes the row, and the other one finds it."""
    own, row = work.actor.user_id, secrets.token_hex(16)
    sealed = work.vault.seal(Secret(pyotp.random_base32()), factor_binding(own, row))
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(SecondFactor) if on_postgres else sqlite.insert(SecondFactor)
    values = {"user_id": own, "seal_row": row, "sealed_secret": sealed, "last_step": 0, "created_at": work.now}
    work.session.execute(insert.values(values).on_conflict_do_nothing(index_elements=["user_id"]))
    return work.session.scalars(select(SecondFactor).where(SecondFactor.user_id == own)).one()


def _open(work: Work, factor: SecondFactor) -> Secret:
    return work.vault.open(factor.sealed_secret, factor_binding(factor.user_id, factor.seal_row))


def factor_binding(user_id: int | None, row: str) -> Binding:
    return Binding(0, "second_factor", f"{user_id}:{row}", "secret")
