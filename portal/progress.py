"""How far a customer is with a koppeling, for the instructions: from the token to hours that arrived.

The steps that come back each period are about the last period that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from portal.accounts.queries import venues
from portal.deliveries.models import DeliveryState, LineState
from portal.deliveries.queries import by_export
from portal.exports.models import ExportState
from portal.exports.queries import ExportInfo, exports
from portal.help.steps import Step
from portal.hours.periods import bounds, period_of, previous
from portal.hours.queries import kinds, latest_workday
from portal.hours.types import Period, PeriodKind
from portal.integrations import drafts
from portal.integrations.contract import LineSender
from portal.integrations.models import KoppelingState
from portal.integrations.parts import Providers
from portal.integrations.queries import VenueSetup, koppeling, venue_setup
from portal.kernel.access import MEMBERS, Audience, acting, roles_of, viewer
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import Role, Work

BASE = "/portaal/bedrijf/koppelingen"
WORKS = (KoppelingState.ACTIVE, KoppelingState.BROKEN)
FORMS = {"bedrijf": "bedrijf", "codes": "urencodes"}  # steps of which the page is for everybody, and the form is not


@dataclass(frozen=True)
class _Venue:
    """A venue, and the last period that is over there."""

    id: int
    setup: VenueSetup
    period: Period


def steps(key: str) -> Sequence[Step]:
    """The steps of the person who is signed in; none for visitors, support, the accountant (who sees no hours), and for
    a page of no koppeling."""
    person, providers = viewer(), acting().part(Providers)
    if (
        person is None
        or person.must_add_factor
        or person.role not in MEMBERS[Audience.CUSTOMER]
        or key not in providers.by_key
    ):
        return ()
    return tuple(_for(person.role, key, step) for step in _in_order(providers, key))


def _in_order(providers: Providers, key: str) -> Sequence[Step]:
    with acting().read() as work:
        state = koppeling(work, providers, key).state
        found = [_venue(work, key, one.id) for one in venues(work)]
        hours, *others = _each_period(work, key, found, active=state in WORKS)
        if _takes_lines(providers, key):
            return (*_by_token(work, key, state, found), hours, _codes(work, key, found), *others)
        return (*_by_click(key, state), hours, *others)


def _for(role: Role, key: str, step: Step) -> Step:
    """No link to what the access rules keep from this role, but who does it."""
    form = FORMS.get(step.key)
    allowed = roles_of(f"{BASE}/{key}/vestiging/1/{form}" if form else step.href or "")
    if role in allowed:
        return step
    by = "een beheerder of een accountant" if Role.ACCOUNTANT in allowed else "een beheerder"
    return replace(step, href=None, by=f"Dit doet {by}.")


def _takes_lines(providers: Providers, key: str) -> bool:
    return isinstance(providers.get(key), LineSender)


def _venue(work: Work, key: str, venue_id: int) -> _Venue:
    setup = venue_setup(work, key, venue_id)
    kind = setup.facts.period.kind if setup.facts else PeriodKind.MONTH
    return _Venue(venue_id, setup, previous(period_of(work.now.astimezone(AMSTERDAM).date(), kind)))


def _by_token(work: Work, key: str, state: KoppelingState, found: Sequence[_Venue]) -> list[Step]:
    """What is done once, before there are hours."""
    asked = state is not KoppelingState.OFF
    note = "" if state in WORKS or not asked else "support kijkt naar je aanvraag"
    here, waiting = f"{BASE}/{key}", not asked and key in drafts.waiting(work)
    start = ("/activeren/controleren", "staat klaar om te versturen") if waiting else ("/activeren", note)
    return [
        Step("aanvragen", "Vul je API-token en e-mailadres in", asked, here + start[0], start[1]),
        Step("bedrijf", "Kies het bedrijf", *_all(found, lambda one: one.setup.company is not None, here)),
    ]


def _codes(work: Work, key: str, found: Sequence[_Venue]) -> Step:
    """Only kinds of hours that were imported can be given a code."""

    def coded(one: _Venue) -> bool:
        chosen = set(one.setup.codes)
        return bool(one.setup.company and chosen) and set(kinds(work, one.id)) <= chosen

    return Step("codes", "Kies de urencodes", *_all(found, coded, f"{BASE}/{key}"))


def _by_click(key: str, state: KoppelingState) -> list[Step]:
    return [Step("activeren", "Activeer de koppeling", state in WORKS, f"{BASE}/{key}/activeren")]


def _each_period(work: Work, key: str, found: Sequence[_Venue], *, active: bool) -> list[Step]:
    made, sent = exports(work, limit=200), _arrived(work)

    def of(one: _Venue) -> list[ExportInfo]:
        fits = (row for row in made if (row.venue_id, row.provider, row.period) == (one.id, key, one.period))
        return [row for row in fits if row.state is ExportState.READY]

    def imported(one: _Venue) -> bool:
        last = latest_workday(work, one.id)
        return last is not None and last >= bounds(one.period)[0]

    done = _all(
        found, lambda one: active and any(row.id in sent or row.downloaded_at for row in of(one)), "/portaal/exports"
    )
    return [
        Step("uren", "Importeer de uren", *_all(found, imported, "/portaal/uren/importeren")),
        Step(
            "controle",
            "Controleer en maak de export",
            *_all(found, lambda one: active and bool(of(one)), f"/portaal/exports/nieuw?doel={key}"),
        ),
        Step("versturen", "Verstuur of download de uren", *done),
    ]


def _arrived(work: Work) -> set[int]:
    """Exports of which payroll accepted everything."""
    done = ((export, row) for export, row in by_export(work).items() if row.state is DeliveryState.DONE)
    return {export for export, row in done if row.counts.get(LineState.ACCEPTED, 0) == row.total}


def _all(found: Sequence[_Venue], is_done: Callable[[_Venue], bool], href: str) -> tuple[bool, str, str]:
    """Whether it holds for every venue, where to go, and for how many when not for all."""
    count = sum(map(is_done, found))
    note = f"{count} van {len(found)} vestigingen" if 0 < count < len(found) else ""
    return bool(found) and count == len(found), href, note
