"""A koppeling that is gestoord, and a page that went stale: each says who can do what, and has the way on."""

from __future__ import annotations

from collections.abc import Callable

from tests.browse import Visitor
from tests.deliveries.fix import SANNE, change, make, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import INSERT, send
from tests.deliveries.test_correction_pages import MAKE, address
from tests.integrations.flow import CHECK, NMBRS, REPLACE

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


def test_the_clerk_of_hours_hears_who_can_mend_it(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    nmbrs.trouble(INSERT, "fault:1001")
    send(nmbrs)
    deliver()
    bob = signed_in("bob")
    for place in ("/portaal", NMBRS):
        assert "Alleen een beheerder kan dit oplossen: Alice" in bob.open(place).text()
    page = signed_in("alice").open(f"{NMBRS}/activeren")
    assert page.soup.select_one("[name=email]")["value"] == "koppeling@brasseriezon.example"  # type: ignore[index]
    page = page.submit(CHECK, {"token": "sandbox-nmbrs-token-0001"}).submit(REPLACE)
    assert "De nieuwe token is meteen in gebruik." in page.text("[role=status]")
    assert "naar support gestuurd" not in page.text()


def test_a_stale_correction_has_a_link_to_look_again(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    send(nmbrs)
    deliver()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    page = signed_in("alice").open(address(nmbrs))
    make(nmbrs)
    page = page.submit(MAKE, status=409)
    assert "Niets om te corrigeren" in page.follow("Bekijk het verschil opnieuw").text()
