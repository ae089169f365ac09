"""A customer lets support look along for a day: read only, ended at any moment, and each page that support opens stands
in the customer's own trail.

Nothing has to run when the day is over: each request asks whether there is an open one (B4).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from portal.accounts import people
from portal.accounts.look_models import SupportLook
from portal.accounts.models import Organisation
from portal.audit.service import look, record
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import STAFF, Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings

LASTS = timedelta(hours=24)
CLOSED = "Deze klant laat support niet (meer) meekijken. Vraag de klant om dit aan te zetten bij Bedrijf."


@dataclass(frozen=True)
class LookInfo:
    organisation_id: int
    organisation: str
    granted_by: str
    granted_at: datetime
    ends_at: datetime


def grant(acting: Acting) -> None:
    """Let support look along from now on. Safe to call twice: one that is open goes on as it was. Raises Forbidden."""
    with acting.begin() as work:
        people.as_head(work)
        if current(work) is not None:
            return
        until = work.now + LASTS
        work.session.add(
            SupportLook(
                organisation_id=work.organisation_id, granted_by=work.actor.name, granted_at=work.now, ends_at=until,
            )
        )  # fmt: skip
        record(work, "support.look_granted")
        _tell(work, acting, f"{work.actor.name} laat support meekijken, hoogstens 24 uur.")


def end(acting: Acting) -> None:
    """From the next request on support sees nothing more. Safe to call twice. Raises Forbidden."""
    with acting.begin() as work:
        people.as_head(work)
        mine = (SupportLook.organisation_id == work.organisation_id) & _open(work)
        ended = work.session.scalars(
            update(SupportLook).where(mine).values(ended_at=work.now).returning(SupportLook.id),
            execution_options={"synchronize_session": False},
        )
        if ended.all():
            record(work, "support.look_ended")


def current(work: Work) -> LookInfo | None:
    """The open one of the own organisation."""
    return next(iter(_found(work, SupportLook.organisation_id == work.organisation_id)), None)


def open_looks(work: Work) -> list[LookInfo]:
    """Where support may look at this moment, the one that ends first on top. For support only."""
    if work.actor.role not in STAFF:
        raise Forbidden("Dit is voor support.")
    return _found(work)


@contextmanager
def looking(acting: Acting, organisation_id: int) -> Iterator[tuple[Work, LookInfo]]:
    """Read what a customer granted, as that organisation and with the name of who looks. Never commits.

    The role is nobody's: queries then filter by organisation as they do for a customer, and nothing that asks for a
    role can be done. Raises NotFound without an open grant; an organisation that does not exist answers the same (B2).
    """
    if acting.actor.role not in STAFF:
        raise Forbidden("Dit is voor support.")
    with acting.read() as work:
        found = _found(work, SupportLook.organisation_id == organisation_id)
        if not found:
            raise NotFound(CLOSED)
        actor = replace(work.actor, role=None, organisation_id=organisation_id, organisation_name=found[0].organisation)
        yield replace(work, actor=actor), found[0]


def note(acting: Acting, organisation_id: int, page: str, **facts: object) -> None:
    """Write into the customer's trail what support is about to see; without that row nothing is shown (H1, H2)."""
    look(acting, "look.support", organisation_id, page=page, **facts)


def _found(work: Work, *terms: ColumnElement[bool]) -> list[LookInfo]:
    query = select(SupportLook, Organisation.name).join(Organisation, Organisation.id == SupportLook.organisation_id)
    query = query.where(_open(work), *terms).order_by(SupportLook.ends_at, SupportLook.id)
    return [
        LookInfo(row.organisation_id, name, row.granted_by, row.granted_at, row.ends_at)
        for row, name in work.session.execute(query)
    ]


def _open(work: Work) -> ColumnElement[bool]:
    return SupportLook.ended_at.is_(None) & (SupportLook.ends_at > work.now)


def _tell(work: Work, acting: Acting, what: str) -> None:
    for user in people.other_heads(work, work.organisation_id):
        enqueue(work, acting.part(Settings), Mail.LOOK_GRANTED, user.email, name=user.name, what=what)
