"""J1: the pages about people, of the accountant, and of a look by support, as a phone and as a desk show them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from portal.accounts import looks, people
from portal.accounts.invite import invite
from portal.deliveries import service
from portal.kernel.work import Acting, Role
from tests.deliveries.stage import Stage
from tests.factories.people import Cast
from tests.journeys.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
NMBRS = "/portaal/bedrijf/koppelingen/nmbrs"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("width", "dark"), [(320, False), (390, True), (1280, False)])
def test_j1_people_the_accountant_and_the_look(
    site: str,
    browser: Browser,
    acting: Acting,
    cast: Cast,
    sandbox: str,
    worker: Callable[[], int],
    width: int,
    dark: bool,
) -> None:
    stage = Stage(acting, cast, sandbox)
    stage.connect_nmbrs()
    stage.bring_hours()
    delivery = service.send(stage.alice, stage.export("nmbrs"))
    worker()
    invite(acting, "nieuw@dezon.example", Role.BEHEERDER, "Brasserie De Zon")
    looks.grant(stage.alice)
    bob, own, venue = cast.actors["bob"].user_id, cast.actors["alice"].organisation_id, cast.venue("alice")
    base = "/portaal/bedrijf/gebruikers"
    shown = {
        "alice": (base, f"{base}/uitnodigen", f"{base}/{bob}", "/portaal/bedrijf", "/portaal/bedrijf/meekijken"),
        "eva": ("/portaal", "/portaal/bedrijf", "/portaal/bedrijf/instellingen", NMBRS, "/portaal/account",
                f"{NMBRS}/vestiging/{venue}/urencodes", f"{NMBRS}/vestiging/{venue}/teamleden"),
        "support": ("/support/meekijken", f"/support/meekijken/{own}", f"/support/meekijken/{own}/koppelingen/nmbrs",
                    f"/support/meekijken/{own}/koppelingen/nmbrs/vestiging/{venue}/teamleden",
                    f"/support/meekijken/{own}/leveringen/{delivery}"),
        "lead": ("/support/logboek", base, f"{base}/uitnodigen", f"{base}/{cast.actors['support'].user_id}"),
    }  # fmt: skip
    for who, paths in shown.items():
        visit(Person(browser, site, width=width, dark=dark), cast, who, paths)
    people.remove(stage.alice, bob or 0)
    looks.end(stage.alice)
    visit(Person(browser, site, width=width, dark=dark), cast, "alice", (f"{base}/{bob}", "/portaal/bedrijf/meekijken"))


def visit(person: Person, cast: Cast, who: str, paths: tuple[str, ...]) -> None:
    person.sign_in(cast.mail(who), cast.password)
    for path in paths:
        person.open(path)
        person.look(f"{who}{path.replace('/', '-')}")
    person.close()
