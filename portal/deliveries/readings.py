"""Reading what payroll holds when a person asks for it: rows of `payroll_reading` with `asked_at` are the queue.

A reading writes nothing in payroll, so one too many does no harm; the lease only spares calls. The network stands
between transactions, never in one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal.deliveries.crew import Crew
from portal.deliveries.difference_queries import Place, people_refs
from portal.deliveries.models import Reading
from portal.deliveries.trouble import UNREADABLE, waiting_time
from portal.deliveries.writes import as_rows
from portal.hours.types import Period
from portal.integrations import keyring
from portal.integrations.contract import Component, Credentials, LineSender
from portal.integrations.parts import Providers
from portal.integrations.queries import require_active
from portal.kernel.errors import AccessRefused, Conflict, NotFound, RemoteError, Unavailable
from portal.kernel.logs import warn
from portal.kernel.remote.guard import finish_by, on_behalf_of
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting, Work

ROUND = 24  # rows that one round takes; a longer list is shared with the other workers
AT_ONCE = 4
GIVE_UP = timedelta(minutes=30)
OFF = "De koppeling is niet actief. Activeer haar bij Bedrijf > Instellingen en lees daarna opnieuw."
NOT_SENT_HERE = "Dit salarispakket kunnen we niet per teamlid nalezen."


@dataclass(frozen=True)
class Asked:
    """A row that this worker may read, until `until`; `waited`: how long the question stands."""

    id: int
    employee_ref: str
    period: Period
    until: datetime
    waited: timedelta


@dataclass(frozen=True)
class Round:
    """Rows of one organisation and target, so that its token is opened once. `waits`: they asked us to wait."""

    organisation_id: int
    provider: str
    rows: Sequence[Asked]
    ends: float
    waits: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Opened:
    sender: LineSender
    credentials: Credentials
    used: str


def ask(acting: Acting, place: Place) -> int:
    """Have the worker read everybody of a place again; returns how many. Safe to call twice, also at once.

    Raises NotFound, and Conflict when the koppeling is off or there is nobody to read.
    """
    with acting.begin() as work:
        require_active(work, place.provider.key)
        refs = people_refs(work, place) if place.reads else []
        if not refs:
            raise Conflict("Er is hier niemand om na te lezen. Koppel eerst de teamleden aan hun medewerker.")
        _make(work, place, refs)
        for start in range(0, len(refs), 500):
            some = Reading.employee_ref.in_(refs[start : start + 500])
            values = {"asked_at": work.now, "lease_until": None, "error": ""}
            work.session.execute(update(Reading).where(_of(work, place), some).values(**values))
        return len(refs)


def _make(work: Work, place: Place, refs: Sequence[str]) -> None:
    """The rows that are not there yet; a worker may make the same one at this moment."""
    period = place.period
    rows = [
        {
            "organisation_id": work.organisation_id, "provider": place.provider.key, "employee_ref": ref,
            "period_kind": period.kind, "year": period.year, "number": period.number, "components": [], "error": "",
        }
        for ref in refs
    ]  # fmt: skip
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(Reading) if on_postgres else sqlite.insert(Reading)
    work.session.execute(insert.on_conflict_do_nothing(), rows)


def _of(work: Work, place: Place) -> ColumnElement[bool]:
    period = place.period
    return (
        (Reading.organisation_id == work.organisation_id) & (Reading.provider == place.provider.key)
        & (Reading.period_kind == period.kind) & (Reading.year == period.year) & (Reading.number == period.number)
    )  # fmt: skip


def read_asked(crew: Crew) -> bool:
    """Read a few rows that somebody asked for; False when there was nothing to do. Safe with any number of workers."""
    if crew.must_stop():
        return False
    taken = _claim(crew)
    if taken is None:
        return False
    opened = _open(crew, taken)
    if opened is not None:
        with ThreadPoolExecutor(min(AT_ONCE, crew.threads)) as pool:
            list(pool.map(lambda asked: _one(crew, taken, opened, asked), taken.rows))
    return True


def _claim(crew: Crew) -> Round | None:
    """The oldest question, and more of the same organisation and target; one UPDATE decides who has them."""
    ends = time.monotonic() + crew.lease_seconds
    with crew.acting.begin() as work:
        free = or_(Reading.lease_until.is_(None), Reading.lease_until < work.now)
        due = (Reading.asked_at <= work.now) & free
        first = work.session.execute(
            select(Reading.organisation_id, Reading.provider).where(due).order_by(Reading.asked_at, Reading.id).limit(1)
        ).first()
        if first is None:
            return None
        same = due & (Reading.organisation_id == first.organisation_id) & (Reading.provider == first.provider)
        ids = select(Reading.id).where(same).order_by(Reading.asked_at, Reading.id).limit(ROUND)
        until = work.now + timedelta(seconds=crew.lease_seconds)
        won = work.session.execute(
            update(Reading)
            .where(Reading.id.in_(ids.with_for_update(skip_locked=True)))
            .values(lease_until=until)
            .returning(
                Reading.id, Reading.employee_ref, Reading.period_kind, Reading.year, Reading.number, Reading.asked_at
            )
        ).all()
        rows = [
            Asked(row.id, row.employee_ref, Period(row.period_kind, row.year, row.number), until,
                  work.now - (row.asked_at or work.now))
            for row in won
        ]  # fmt: skip
    return Round(first.organisation_id, first.provider, rows, ends)


def _open(crew: Crew, taken: Round) -> Opened | None:
    """The token, opened once for this round; None when there is none, and the page says so."""
    sender = crew.acting.part(Providers).by_key.get(taken.provider)
    if not isinstance(sender, LineSender):
        _close(crew, taken, NOT_SENT_HERE)
        return None
    try:
        with crew.acting.begin() as work:
            credentials = keyring.open_credentials(work, taken.organisation_id, taken.provider, "nalezen")
            used = keyring.in_use(work, taken.organisation_id, taken.provider)
    except NotFound:
        _close(crew, taken, OFF)
    except Tampered:
        warn("a sealed value cannot be opened", organisation=taken.organisation_id)
        _close(crew, taken, UNREADABLE.text)
    else:
        return Opened(sender, credentials, used)
    return None


def _one(crew: Crew, taken: Round, opened: Opened, asked: Asked) -> None:
    """Read one person and write it down. The moment is that of the question: what payroll took later is not in it."""
    if taken.waits.is_set():
        return
    if crew.must_stop() or time.monotonic() >= taken.ends:
        _write(crew, asked, lease_until=None)
        return
    began = crew.acting.clock()
    try:
        with on_behalf_of(taken.organisation_id), finish_by(taken.ends):
            found = opened.sender.booked(asked.employee_ref, asked.period, opened.credentials)
    except AccessRefused as error:
        _refused(crew, taken, opened.used, error)
    except Unavailable as error:
        _later(crew, taken, asked, error)
    except RemoteError as error:
        _write(crew, asked, asked_at=None, lease_until=None, error=_words(error))
    else:
        _keep(crew, asked, began, found)


def _keep(crew: Crew, asked: Asked, began: datetime, found: Sequence[Component]) -> None:
    """A reading of the sender that is newer stays."""
    with crew.acting.begin() as work:
        row = work.session.scalar(select(Reading).where(Reading.id == asked.id).with_for_update())
        if row is None:
            return
        if row.read_at is None or row.read_at < began:
            row.components, row.read_at, row.error = as_rows(found), began, ""
        if row.asked_at is not None and row.asked_at <= began:
            row.asked_at, row.lease_until = None, None


def _later(crew: Crew, taken: Round, asked: Asked, error: Unavailable) -> None:
    """Wait as long again as the question stands, so that the pauses double; in the end a person asks again.
    Who is asked to wait so long asks nothing for anybody of this organisation until then."""
    if asked.waited > GIVE_UP:
        _write(crew, asked, asked_at=None, lease_until=None, error=_words(error))
        return
    wait = max(waiting_time(0, error), min(asked.waited, GIVE_UP / 3))
    until = crew.acting.clock() + wait
    _write(crew, asked, lease_until=until, error=_words(error))
    if error.facts.get("retry_after") is not None:
        taken.waits.set()
        with crew.acting.begin() as work:
            sooner = or_(Reading.lease_until.is_(None), Reading.lease_until < until)
            work.session.execute(update(Reading).where(_asked_of(taken), sooner).values(lease_until=until))


def _refused(crew: Crew, taken: Round, used: str, error: AccessRefused) -> None:
    """The key or a right is refused: show the koppeling as gestoord, and ask nothing more with this key."""
    with crew.acting.begin() as work:
        keyring.mark_broken(work, taken.organisation_id, taken.provider, used, error.reason, error.remedy)
    _close(crew, taken, _words(error))


def _close(crew: Crew, taken: Round, error: str) -> None:
    """Nobody of this organisation and target can be read now: say so with each, and stop asking."""
    with crew.acting.begin() as work:
        values = {"asked_at": None, "lease_until": None, "error": error[:400]}
        work.session.execute(update(Reading).where(_asked_of(taken)).values(**values))


def _asked_of(taken: Round) -> ColumnElement[bool]:
    same = (Reading.organisation_id == taken.organisation_id) & (Reading.provider == taken.provider)
    return same & Reading.asked_at.is_not(None)


def _write(crew: Crew, asked: Asked, **values: object) -> None:
    """Only as long as this worker's lease is the one that counts."""
    if "error" in values:
        values["error"] = str(values["error"])[:400]
    with crew.acting.begin() as work:
        mine = (Reading.id == asked.id) & (Reading.lease_until == asked.until)
        work.session.execute(update(Reading).where(mine).values(**values))


def _words(error: RemoteError) -> str:
    return f"{error.message} {error.remedy}".strip()
