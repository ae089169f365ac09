"""What every change of a second step does besides: other sessions end (A10), and its owner gets a mail."""

from __future__ import annotations

from portal.accounts import recovery, sessions
from portal.accounts.models import User
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings

WRONG = "Deze code klopt niet (meer). Wacht op de volgende code in je app en vul die in."


def one_at_a_time(work: Work) -> None:
    """Let two changes of one person wait for each other on PostgreSQL: one of them is the first, and codes are made
    once."""
    work.session.get_one(User, work.actor.user_id, with_for_update={"of": User})


def added(work: Work, acting: Acting, token: str, what: str, *, first: bool) -> None:
    """This session shows the factor it added. With the first one come recovery codes, whatever it is (A6)."""
    sessions.end_others(work, work.actor.user_id or 0, token)
    sessions.factor_shown(work, token)
    if first:
        recovery.make(work, token)
    tell(work, acting, what)


def taken_away(work: Work, acting: Acting, token: str, what: str) -> None:
    """The recovery codes go with the last factor."""
    own = work.actor.user_id or 0
    if not sessions.has_factor(work, own):
        recovery.void(work, own)
    sessions.end_others(work, own, token)
    tell(work, acting, what)


def tell(work: Work, acting: Acting, what: str) -> None:
    """A changed factor is mailed to its owner, who may not have done it."""
    enqueue(work, acting.part(Settings), Mail.FACTOR_CHANGED, acting.actor.email, name=acting.actor.name, what=what)


def tries_of(user_id: int | None) -> str:
    """The key under which tries of a second step are counted."""
    return f"user {user_id}"
