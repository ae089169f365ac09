"""What a failure means for a delivery: it waits a while, or a person must do something."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import exists, select

from portal.audit.service import record
from portal.deliveries import codes, ledger, notices
from portal.deliveries.claims import Claim
from portal.deliveries.notices import Halt
from portal.integrations import keyring
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, NotFound, RemoteError, Unavailable, Unclear
from portal.kernel.work import Acting, Work

MAX_TRIES = 6
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 600.0
UNEXPECTED = "Bij ons gaat iets mis met deze levering. Er is niets dubbel verstuurd."
UNREADABLE = Reason("Een versleutelde waarde van deze levering is niet te openen.", codes.UNREADABLE)


def waiting_time(tries: int, error: RemoteError | None = None) -> timedelta:
    """Longer each time, never less than they asked for; the jitter keeps workers from coming back all at once."""
    wait = min(FIRST_WAIT_SECONDS * 2**tries, LONGEST_WAIT_SECONDS)
    wait *= random.uniform(0.8, 1.2)  # noqa: S311 - no secret
    asked = error.facts.get("retry_after") if error else None
    if isinstance(asked, int | float):
        wait = max(wait, float(asked))
    return timedelta(seconds=wait)


def unavailable(acting: Acting, claim: Claim, error: Unavailable) -> None:
    """Wait, or after `MAX_TRIES` in a row let a person decide. Many persons may say so at once: the first counts."""
    wait = waiting_time(claim.tries, error)
    with acting.begin() as work:
        if claim.tries + 1 >= MAX_TRIES:
            halt = notices.FAULT if error.code == codes.FAULT else notices.AWAY
            _pause(acting, work, claim, error.reason, "Probeer het later opnieuw met Hervat.", halt)
            return
        remedy = f"We proberen het over {max(1, round(wait.total_seconds()))} seconden opnieuw."
        ledger.back_off(work, claim.delivery_id, work.now + wait, error.reason, remedy)


def wait_as_asked(acting: Acting, claim: Claim, error: BaseException | None) -> None:
    """An answer that says nothing about the line it came for may still ask everybody to wait (503, Retry-After); so may
    the answer to a look-up.

    It does not count as a try: what was lost is looked up, and a line that keeps getting lost ends with a person.
    """
    if not isinstance(error, Unclear | Unavailable) or error.facts.get("retry_after") is None:
        return
    wait = waiting_time(0, error)
    with acting.begin() as work:
        remedy = f"We gaan over {max(1, round(wait.total_seconds()))} seconden verder."
        ledger.back_off(work, claim.delivery_id, work.now + wait, error.reason, remedy, counts=False)


def unexpected(acting: Acting, claim: Claim) -> None:
    """A fault of our own: tried again as when the other side is away, and then for a person to see."""
    remedy = "Meld dit aan support als het blijft."
    unavailable(acting, claim, Unavailable(UNEXPECTED, remedy=remedy, code=codes.FAULT))


def access_refused(acting: Acting, claim: Claim, used: str, error: AccessRefused) -> None:
    """The key or a right is refused: stop this delivery at once and show the koppeling as gestoord. One mail tells it,
    however many deliveries wait for the same mend."""
    with acting.begin() as work:
        keyring.mark_broken(work, claim.organisation_id, claim.provider, used, error.reason, error.remedy)
        waiting = ledger.waiting_for_mend(claim.organisation_id, claim.provider)
        others = work.session.scalar(select(exists().where(waiting)))
        if not ledger.pause(work, claim.delivery_id, error.reason, error.remedy, waits_for_mend=True):
            return
        record(work, "delivery.paused", delivery=claim.delivery_id, remote_code=error.remote_code)
        # with another token in use by now it goes on by itself at once: nobody has to do anything
        if not others and not keyring.works(work, claim.organisation_id, claim.provider):
            notices.paused(acting, work, claim.delivery_id, notices.REFUSED, error.code)


def not_sendable(acting: Acting, claim: Claim, error: NotFound) -> None:
    with acting.begin() as work:
        remedy = "Kijk de koppeling na bij Bedrijf > Instellingen en hervat."
        code = codes.NOT_SENDABLE if error.code == NotFound.code else error.code
        _pause(acting, work, claim, Reason(error.message, code), remedy, notices.NOT_SENDABLE)


def unreadable(acting: Acting, claim: Claim) -> None:
    with acting.begin() as work:
        _pause(acting, work, claim, UNREADABLE, "Neem contact op met support.", notices.UNREADABLE)


def _pause(acting: Acting, work: Work, claim: Claim, cause: Reason, remedy: str, halt: Halt) -> None:
    """Pause, and tell people so. Of many persons that fail at one moment only the first does."""
    if ledger.pause(work, claim.delivery_id, cause, remedy):
        record(work, "delivery.paused", delivery=claim.delivery_id)
        notices.paused(acting, work, claim.delivery_id, halt, cause.code)
