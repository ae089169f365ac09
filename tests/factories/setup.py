"""A customer who is ready to export: koppelingen that are on, and hours that were read in.

Plain functions on services; the pages have tests of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from sqlalchemy.exc import OperationalError

from portal.app import for_worker
from portal.hours.plan import AfterExport, Choices, SameDay
from portal.hours.service import ImportResult, import_file
from portal.integrations import handing_over
from portal.integrations import service as koppelingen
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.integrations.queries import own_request
from portal.integrations.setup import choose_codes, choose_company
from portal.kernel.work import Acting
from portal.keycare.worker_key import ensure
from portal.secret import Secret
from portal.support import service as support
from tests.factories.people import Cast
from tests.hours.sheets import csv_bytes

COMPANY = "3301"  # works with months; people 101 to 110 and 112
CODES = {"gewerkt": "2100", "vakantie": "3041"}


def all_in_one(acting: Acting) -> Acting:
    """Web and worker in one process, so that a stored token can be opened here."""
    with suppress(OperationalError):  # some tests want a database that is not there
        ensure(acting)
    return for_worker(acting)


def activate_file_target(acting: Acting, cast: Cast, key: str, who: str = "alice") -> None:
    """Switch a koppeling without credentials on ("horecalonen", "connexie")."""
    koppelingen.switch_on(acting.as_actor(cast.actors[who]), key)


def draft(beheerder: Acting, token: str = DEMO_TOKEN, mail: str = DEMO_USER) -> str:
    """Fill a token of Nmbrs in and review what was found; returns the mark of that."""
    handing_over.prepare(beheerder, "nmbrs", Secret(token), mail)
    seen = handing_over.review(beheerder, "nmbrs")
    assert seen.email == mail
    return seen.mark


def hand_over(beheerder: Acting, token: str = DEMO_TOKEN, mail: str = DEMO_USER) -> None:
    """Fill a token of Nmbrs in, review what was found, and send it."""
    handing_over.submit(beheerder, "nmbrs", draft(beheerder, token, mail))


def activate_nmbrs(
    acting: Acting,
    cast: Cast,
    *,
    company: str | None = COMPANY,
    codes: Mapping[str, str] = CODES,
    who: str = "alice",
) -> None:
    """Hand over the demo token, let support activate it, choose a company and codes.

    Needs the `sandbox` fixture. `company=None` leaves the venue without company and codes.
    """
    beheerder, desk = acting.as_actor(cast.actors[who]), acting.as_actor(cast.actors["support"])
    hand_over(beheerder)
    with beheerder.read() as work:
        request = own_request(work, "nmbrs")
    assert request is not None
    support.take(desk, request.id)
    support.activate(desk, request.id)
    if company is not None:
        choose_company(beheerder, "nmbrs", cast.venue(who), company)
        choose_codes(beheerder, "nmbrs", cast.venue(who), codes)


def import_hours(
    acting: Acting,
    cast: Cast,
    rows: Sequence[Sequence[str]],
    who: str = "bob",
    same_day: SameDay = SameDay.ASK,
    venue_id: int | None = None,
    after_export: AfterExport = AfterExport.ASK,
) -> ImportResult:
    """Read rows (made by tests.hours.sheets.row) into a venue of somebody's organisation."""
    actor = acting.as_actor(cast.actors[who])
    choices = Choices(same_day, after_export)
    return import_file(actor, venue_id or cast.venue(who), "uren.csv", csv_bytes(rows), choices)
