"""Recovery codes: ten, each works once, in place of an app or a passkey (A6).

They are shown for ten minutes after they were made, to the session that made them: a second click, a reload or an
answer that got lost on the way does not take the only look at them away.
"""

from __future__ import annotations

import secrets
import unicodedata

from sqlalchemy import delete, select, update

from portal.accounts import notes
from portal.accounts.links import digest
from portal.accounts.models import RecoveryCode
from portal.accounts.notes import Kind
from portal.kernel.work import Acting, Work
from portal.secret import Secret

CODES, SIGNS, GROUP = 10, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 4


def make(work: Work, token: str) -> None:
    """New codes for the person of this session, who may look at them for a while; older ones are void."""
    own = work.actor.user_id or 0
    void(work, own)
    codes = ["".join(secrets.choice(SIGNS) for _ in range(4 * GROUP)) for _ in range(CODES)]
    work.session.add_all(RecoveryCode(user_id=own, code_hash=digest(code)) for code in codes)
    shown = ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in codes]
    notes.keep(work, Kind.CODES, token, own, Secret("\n".join(shown)))


def shown(work: Work, token: str) -> tuple[str, ...]:
    """The codes that this session just made; () when they were put away, or that is longer ago."""
    found = notes.read(work, Kind.CODES, token, work.actor.user_id)
    return tuple(found.reveal().split("\n")) if found else ()


def put_away(acting: Acting, token: str) -> None:
    """They were written down. Safe to call twice."""
    with acting.begin() as work:
        notes.drop(work, Kind.CODES, token)


def left(work: Work, user_id: int | None) -> int:
    unused = select(RecoveryCode.id).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return len(work.session.scalars(unused).all())


def void(work: Work, user_id: int) -> None:
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def use(work: Work, user_id: int, typed: str) -> bool:
    """Use a code up; of two at once one succeeds."""
    code = normal(typed).translate(str.maketrans("OIL", "011"))
    unused = (
        (RecoveryCode.user_id == user_id) & (RecoveryCode.code_hash == digest(code)) & RecoveryCode.used_at.is_(None)
    )
    changed = work.session.execute(
        update(RecoveryCode).where(unused).values(used_at=work.now).returning(RecoveryCode.id)
    )
    return changed.first() is not None


def normal(typed: str) -> str:
    """What somebody meant: full-width digits, blanks and dashes are all right.

    >>> normal(" １２３ 456 "), normal("abcd-efgh")
    ('123456', 'ABCDEFGH')
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    return "".join(sign for sign in plain if sign.isascii() and sign.isalnum())
