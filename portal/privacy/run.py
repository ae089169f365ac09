"""Retention that runs by itself: each class of `classes.py` that has a period has its job here (H4).

Every job is safe to call at any time and as often as you like, also by two workers at once, and works in short
transactions: a run that is killed has done some and no half ones, and the next run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import select

from portal.accounts import retention as accounts
from portal.accounts.models import Organisation
from portal.audit import retention as trail
from portal.audit.service import record
from portal.deliveries import retention as deliveries
from portal.exports import retention as exports
from portal.help import retention as help_
from portal.hours import retention as hours
from portal.hours.team import lock_organisation
from portal.integrations import drafts, questions
from portal.integrations import retention as integrations
from portal.kernel.logs import log, warn
from portal.kernel.work import ROBOT, Acting, Actor, Work
from portal.notifications import retention as notifications
from portal.privacy import idle
from portal.privacy.classes import TRAIL
from portal.privacy.replay import replay
from portal.settings import Settings

Task = Callable[[Acting], int]


def run(acting: Acting) -> Mapping[str, int]:
    """Forget all that is past its time; returns how much, by class; -1 for a class whose job failed.

    One job that fails does not stop the others; it is logged, and tried again the next day.
    """
    acting = acting.as_actor(Actor(ROBOT))
    replay(acting)
    done = {key: _try(key, task, acting) for key, task in JOBS.items()}
    for key, count in done.items():
        if count > 0:
            log("forgotten", job=key, count=count)
    return done


def _try(key: str, task: Task, acting: Acting) -> int:
    try:
        return task(acting)
    except Exception as error:  # noqa: BLE001 - what one class cannot forget must not keep the others
        warn("retention failed", job=key, error=type(error).__name__)
        return -1


def _once(key: str, forget: Callable[[Work], int]) -> Task:
    """A job of one transaction, that notes in the trail what it did."""

    def job(acting: Acting) -> int:
        with acting.begin() as work:
            count = forget(work)
            if count:
                record(work, "privacy.forgotten", what=key, count=count)
        return count

    return job


def _each(forget: Task) -> Task:
    """A job for each customer, as a worker of that customer."""

    def job(acting: Acting) -> int:
        with acting.read() as work:
            ids = list(work.session.scalars(select(Organisation.id).order_by(Organisation.id)))
        return sum(forget(acting.as_actor(Actor(ROBOT, organisation_id=one))) for one in ids)

    return job


def _locked(forget: Callable[[Work], int]) -> Task:
    def job(acting: Acting) -> int:
        with acting.begin() as work:
            lock_organisation(work)
            return forget(work)

    return job


def _mails(acting: Acting) -> int:
    files = notifications.forget_files(acting.part(Settings).data, acting.clock())
    return files + _once("mails", notifications.forget_mails)(acting)


def _trail(acting: Acting) -> int:
    return trail.forget(acting, acting.clock() - TRAIL)


def _voice(acting: Acting) -> int:
    help_.forget_old(acting)
    return 0


def _moments(work: Work) -> int:
    """What lives for minutes or hours."""
    questions.forget(work)
    return accounts.forget_tries(work)


JOBS: Mapping[str, Task] = {
    "files": _once("files", exports.forget_files),
    "hours": _each(deliveries.forget_hours),
    "unused_hours": _each(_locked(hours.forget_unused)),
    "uploads": _once("uploads", hours.forget_uploads),  # a row goes with the last of its hours
    "readings": _once("readings", deliveries.forget_readings),
    "bsn": _each(_locked(idle.forget_bsn)),
    "members": _each(idle.forget_members),
    "ledger": _each(deliveries.forget_names),
    "credentials": _once("credentials", integrations.forget_credentials),
    "drafts": drafts.forget,  # the worker does not wait a day for it: see `worker.py`
    "accounts": idle.forget_accounts,
    "sessions": _once("sessions", accounts.forget_sessions),
    "links": _once("links", accounts.forget_links),
    "tries": _once("tries", _moments),
    "mails": _mails,
    "trail": _trail,
    "voice": _voice,
    "keys": _once("keys", hours.forget_keys),
}
