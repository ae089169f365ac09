"""Hours that changed after they went out are not hidden: the first page, the delivery and the export say so."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.hours.periods import label
from tests.browse import Visitor
from tests.deliveries.fix import SANNE, change, make, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import INSERT, info, send
from tests.deliveries.test_correction_pages import address

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


@pytest.fixture
def delivery(nmbrs: Stage, deliver: Deliver) -> int:
    made = send(nmbrs)
    deliver()
    return made


def test_changed_hours_are_told_where_people_look(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    bob, told = signed_in("bob"), f"Uren van {label(nmbrs.period)} zijn veranderd"
    places = ["/portaal", f"/portaal/leveringen/{delivery}", f"/portaal/exports/{info(nmbrs, delivery).export_id}"]
    assert not any(told in bob.open(place).text() for place in places)
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    assert all(told in bob.open(place).text() for place in places)
    page = bob.open("/portaal")
    assert "Alles is ingesteld" not in page.text()
    assert page.follow("Bekijk het verschil").text("h1").startswith("Verschil met Nmbrs")
    assert bob.open("/portaal/exports").follow("Verschil").path == "/portaal/verschil"


def test_a_correction_that_nobody_sent_is_told(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    made, bob = make(nmbrs), signed_in("bob")
    page = bob.open("/portaal")
    assert f"Correctie {made} is nog niet verstuurd" in page.text()
    assert page.follow(f"Bekijk correctie {made}").path == f"/portaal/exports/{made}"
    page = bob.open(address(nmbrs))
    assert "Niets om te corrigeren" in page.text()
    assert page.follow(f"Correctie {made} is al gemaakt: bekijk en verstuur").path == f"/portaal/exports/{made}"
    sent = page.visitor.open(f"/portaal/exports/{made}/versturen").submit("Verstuur nu")
    assert sent.text("h1").startswith(f"Correctie {made} naar Nmbrs")
    assert "is nog niet verstuurd" not in bob.open("/portaal").text()


def test_a_line_that_we_look_up_ourselves_asks_nobody(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    """F10: the first page and the delivery agree."""
    nmbrs.trouble(INSERT, "drop_before")
    send(nmbrs)
    deliver()
    text = signed_in("bob").open("/portaal").text()
    assert "wacht op jou" not in text
    assert "is onderweg" in text


def test_a_delivery_that_is_taken_back_says_with_what(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    bob = signed_in("bob")
    made = bob.open(f"/portaal/leveringen/{delivery}").follow("Draai deze levering terug").submit("Maak correctie")
    number = made.path.rsplit("/", 1)[-1]
    for place in (f"/portaal/leveringen/{delivery}", f"/portaal/exports/{info(nmbrs, delivery).export_id}"):
        assert f"Teruggedraaid met correctie {number}" in bob.open(place).text()
