"""What a person is asked about hours, in real Chromium, narrow and dark, wide and light: axe finds nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from portal.app import for_worker
from portal.deliveries import service
from portal.deliveries.crew import Crew
from portal.deliveries.readings import read_asked
from portal.deliveries.sending import Stop, crew_of
from tests.deliveries.conftest import deliver, nmbrs, settings, stage
from tests.deliveries.fix import DELETE, SANNE, change, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import GET, an_hour_passes, nothing_read_since, round_with, send
from tests.deliveries.taking import back
from tests.deliveries.test_difference import SANNE as NAME
from tests.deliveries.test_difference import clerk, entered
from tests.factories.people import Cast
from tests.journeys.browser import Person
from tests.journeys.test_live_pages import enter

__all__ = ["deliver", "nmbrs", "settings", "stage"]
Deliver = Callable[[], bool]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def crew(nmbrs: Stage) -> Crew:
    return crew_of(for_worker(nmbrs.acting, stop=Stop(threading.Event())))


def looked_at(browser: Browser, site: str, cast: Cast, name: str, path: str) -> Person:
    narrow = enter(browser, site, cast, 390, dark=True)
    narrow.open(path)
    narrow.look(name)
    narrow.close()
    wide = enter(browser, site, cast)
    wide.open(path)
    wide.look(name)
    return wide


def test_a_line_of_ours_that_may_be_gone(
    nmbrs: Stage, deliver: Deliver, browser: Browser, site: str, cast: Cast
) -> None:
    sent = send(nmbrs)
    deliver()
    nmbrs.trouble(DELETE, "drop_before")
    delivery = back(nmbrs, sent)
    deliver()
    nmbrs.trouble(GET, "fault:2003")
    an_hour_passes(nmbrs)
    deliver()
    nothing_read_since(nmbrs)
    person = looked_at(browser, site, cast, "onbekend-eigen-regel", f"/portaal/leveringen/{delivery}")
    person.click("Ja, die staat er nog: verstuur opnieuw")
    person.look("nog-een-keer-versturen")


def test_what_a_stopped_delivery_did_not_send(
    nmbrs: Stage, deliver: Deliver, browser: Browser, site: str, cast: Cast
) -> None:
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    person = looked_at(browser, site, cast, "gestopt", f"/portaal/leveringen/{delivery}")
    person.click("Maak vrij wat niet is verstuurd")
    person.look("vrijgegeven")


def test_hours_of_others_under_our_code(
    nmbrs: Stage, deliver: Deliver, crew: Crew, browser: Browser, site: str, cast: Cast
) -> None:
    send(nmbrs)
    deliver()
    clerk(nmbrs, add=[entered(nmbrs, NAME, "2100", "10.00")])
    change(nmbrs, until(nmbrs, SANNE, "17:00"))
    person = enter(browser, site, cast)
    person.open("/portaal/verschil")
    person.click("Lees nu")
    while read_asked(crew):
        pass
    person.close()
    person = looked_at(browser, site, cast, "misschien-dubbel", "/portaal/verschil")
    person.click("Dit is niet dubbel")
    person.look("niet-dubbel")
