"""A koppeling that is gestoord, and a page that went stale: each says who can do what, and has the way on."""

from __future__ import annotations

from collections.abc import Callable

from portal.deliveries import service
from portal.deliveries.models import DeliveryState
from portal.integrations.models import KoppelingState
from tests.browse import Visitor
from tests.deliveries.fix import SANNE, change, correct, make, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import INSERT, koppeling, send, where
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


def test_who_may_book_may_still_not_change(nmbrs: Stage, deliver: Deliver) -> None:
    """A delivery that books does not mend what a correction was refused for."""
    send(nmbrs)
    deliver()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    nmbrs.trouble("HourComponent_Update", "fault:1002")
    correction = correct(nmbrs)
    deliver()
    nmbrs.bring_hours(start=5)
    booking = send(nmbrs)
    deliver()
    assert where(nmbrs, booking) is DeliveryState.DONE
    assert (koppeling(nmbrs), where(nmbrs, correction)) == (KoppelingState.BROKEN, DeliveryState.PAUSED)
    service.resume(nmbrs.alice, correction)
    deliver()
    assert (koppeling(nmbrs), where(nmbrs, correction)) == (KoppelingState.ACTIVE, DeliveryState.DONE)


def test_what_was_booked_before_the_refusal_mends_nothing(nmbrs: Stage, deliver: Deliver) -> None:
    """The second person is refused for good, the first was booked: the token still does not work."""
    nmbrs.trouble(INSERT, "fault:1001", skip=1)
    delivery = send(nmbrs)
    deliver()
    nmbrs.trouble(INSERT, "fault:2001", times=9)
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert (koppeling(nmbrs), where(nmbrs, delivery)) == (KoppelingState.BROKEN, DeliveryState.DONE)
