"""The difference screen and the page of a delivery in real Chromium: every state, every width, light and dark.

axe finds nothing, nothing scrolls sideways, and the part that refreshes itself does so without a reload.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from portal.app import for_worker
from portal.deliveries.readings import read_asked
from portal.deliveries.sending import Stop, crew_of
from tests.deliveries.conftest import deliver, nmbrs, settings, stage
from tests.deliveries.stage import Stage
from tests.deliveries.steps import send
from tests.deliveries.test_difference import DAAN, SANNE, YOUSSEF, clerk, component, entered
from tests.deliveries.test_live import backing_off, key_refused, lost, partly_refused, stopped, unproven
from tests.factories.people import Cast
from tests.journeys.browser import Person

__all__ = ["deliver", "nmbrs", "settings", "stage"]
Deliver = Callable[[], bool]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LOOKS = ((320, False), (390, True), (768, False), (1280, True), (1280, False))


def enter(browser: Browser, site: str, cast: Cast, width: int = 1280, *, dark: bool = False) -> Person:
    person = Person(browser, site, width=width, dark=dark)
    person.sign_in(cast.mail("alice"), cast.password)
    return person


def everywhere(browser: Browser, site: str, cast: Cast, name: str, path: str) -> None:
    for width, dark in LOOKS:
        person = enter(browser, site, cast, width, dark=dark)
        person.open(path)
        person.look(name)
        person.close()


@pytest.mark.parametrize(
    "reach", [backing_off, key_refused, stopped, partly_refused, lost, unproven], ids=lambda reach: str(reach.__name__)
)
def test_a_delivery_in_trouble_on_every_screen(
    nmbrs: Stage, deliver: Deliver, browser: Browser, site: str, cast: Cast, reach: Callable[[Stage, Deliver], int]
) -> None:
    delivery = reach(nmbrs, deliver)
    everywhere(browser, site, cast, f"levering-{reach.__name__}", f"/portaal/leveringen/{delivery}")


def test_the_difference_on_every_screen(
    nmbrs: Stage, deliver: Deliver, browser: Browser, site: str, cast: Cast
) -> None:
    everywhere(browser, site, cast, "verschil-voor-export", "/portaal/verschil")
    send(nmbrs)
    deliver()
    everywhere(browser, site, cast, "verschil-klopt", "/portaal/verschil")
    clerk(nmbrs, remove=[component(nmbrs, DAAN)], change=[{"id": component(nmbrs, SANNE), "hours": "12.00"}],
          add=[entered(nmbrs, YOUSSEF, "2190", "4.00")])  # fmt: skip
    person = enter(browser, site, cast)
    person.open("/portaal/verschil")
    person.click("Lees nu")
    person.look("verschil-wordt-gelezen")
    crew = crew_of(for_worker(nmbrs.acting, stop=Stop(threading.Event())))
    while read_asked(crew):
        pass
    person.page.locator("[data-live-url]").wait_for(state="detached", timeout=15_000)
    assert "2 verschillen" in person.text()  # the page noticed by itself
    everywhere(browser, site, cast, "verschil", "/portaal/verschil")


def test_a_page_follows_the_delivery_by_itself(
    nmbrs: Stage, deliver: Deliver, browser: Browser, site: str, cast: Cast
) -> None:
    delivery = send(nmbrs)
    person = enter(browser, site, cast)
    person.open(f"/portaal/leveringen/{delivery}")
    person.look("levering-wacht")
    assert "geaccepteerd." not in person.text()
    deliver()
    person.page.locator("[data-live-url]").wait_for(state="detached", timeout=15_000)
    assert "Nmbrs heeft alle 3 regels geaccepteerd." in person.text()
    person.look("levering-alles-geaccepteerd")
