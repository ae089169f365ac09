"""Try every token now and then, so that a customer hears of one that was withdrawn before the day of the wages."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select, update

from portal.integrations import keyring
from portal.integrations.contract import CheckReport, Credentials, LineSender, RightState
from portal.integrations.models import Koppeling, KoppelingState
from portal.integrations.parts import Providers
from portal.kernel.errors import AccessRefused, NotFound, RemoteError
from portal.kernel.logs import warn
from portal.kernel.remote.guard import on_behalf_of
from portal.kernel.vault import Tampered
from portal.kernel.work import ROBOT, Acting, Actor, Work

WHY = "dagelijkse controle"
DAY, HOUR = timedelta(hours=24), timedelta(hours=1)


def check_next(acting: Acting) -> bool:
    """Try the token of one koppeling whose turn it is: daily, and each hour while it is gestoord; False when there is
    none. Reads only. Safe with any number of workers: one UPDATE decides who does it."""
    with acting.begin() as work:
        oldest = select(Koppeling.id).where(_due(work)).order_by(Koppeling.id).limit(1)
        took = update(Koppeling).where(Koppeling.id.in_(oldest.with_for_update(skip_locked=True)), _due(work))
        found = work.session.execute(
            took.values(checked_at=work.now).returning(Koppeling.organisation_id, Koppeling.provider),
            execution_options={"synchronize_session": False},
        ).first()
    if found is None:
        return False
    with on_behalf_of(found.organisation_id):
        _check(acting.as_actor(Actor(ROBOT, organisation_id=found.organisation_id)), found.provider)
    return True


def _due(work: Work) -> ColumnElement[bool]:
    seen = func.coalesce(Koppeling.checked_at, Koppeling.changed_at)  # a token is tried when it is handed over
    broken = (Koppeling.state == KoppelingState.BROKEN) & (seen < work.now - HOUR)
    return (
        Koppeling.credential_id.is_not(None) & Koppeling.state.in_(keyring.WORKING)
        & or_(seen < work.now - DAY, broken)
    )  # fmt: skip


def _check(acting: Acting, key: str) -> None:
    """Whoever cannot be reached now says nothing about the token: it is tried again at its next turn."""
    sender = acting.part(Providers).by_key.get(key)
    if not isinstance(sender, LineSender):
        return
    try:
        credentials, used = _open(acting, key)
        report = sender.check(credentials)
    except AccessRefused as error:
        with acting.begin() as work:
            keyring.mark_broken(work, work.organisation_id, key, used, error.reason, error.remedy)
    except (RemoteError, NotFound):
        return
    except Tampered:
        warn("a sealed value cannot be opened", organisation=acting.actor.organisation_id)
    else:
        _works(acting, key, used, report)


def _open(acting: Acting, key: str) -> tuple[Credentials, str]:
    with acting.begin() as work:
        credentials = keyring.open_credentials(work, work.organisation_id, key, WHY)
        return credentials, keyring.in_use(work, work.organisation_id, key)


def _works(acting: Acting, key: str, used: str, report: CheckReport) -> None:
    """Mended, unless it was refused for a call that cannot be tried without booking something."""
    with acting.begin() as work:
        koppeling = keyring.locked(work, work.organisation_id, key)
        untried = [right.call for right in report.rights if right.state == RightState.UNTRIED]
        proven = not report.missing and not any(call in koppeling.cause for call in untried)
        if proven and keyring.in_use(work, work.organisation_id, key) == used:
            keyring.mark_mended(work, work.organisation_id, key)
