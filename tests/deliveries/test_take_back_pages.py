"""What the pages say of hours that are being taken back: what is still bound, and what frees them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.hours.periods import slug
from tests.browse import Page, Visitor
from tests.deliveries.fix import DELETE
from tests.deliveries.stage import Stage
from tests.deliveries.steps import ALL, info, send
from tests.deliveries.test_difference import SANNE, action, rows, screen
from tests.exports.at import everything
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


@pytest.fixture
def sent(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = send(nmbrs)
    deliver()
    return delivery


@pytest.fixture
def alice(signed_in: SignedIn, sent: int) -> Visitor:
    return signed_in("alice")


def take_back(alice: Visitor, delivery: int) -> Page:
    page = alice.open(f"/portaal/leveringen/{delivery}/terugdraaien")
    assert "vrij zodra Nmbrs ze heeft teruggenomen" in page.text()
    return page.submit("Maak correctie")


def check(stage: Stage, alice: Visitor) -> str:
    """The check before a new export."""
    at = f"/portaal/exports/controle?doel=nmbrs&vestiging={stage.venue}&periode={slug(stage.period)}"
    return alice.open(at).text("main")


def test_made_and_withdrawn(nmbrs: Stage, alice: Visitor, sent: int) -> None:
    made = take_back(alice, sent)
    assert "6 diensten zitten nog vast aan export 1" in made.text()
    told = check(nmbrs, alice)
    assert "Wordt teruggedraaid" in told
    assert "Correctie 2 draait die terug" in told
    assert "Draai deze levering terug" not in alice.open(f"/portaal/leveringen/{sent}").text()
    again = alice.open(f"/portaal/leveringen/{sent}/terugdraaien", status=409)
    assert "Correctie 2 draait deze levering al terug" in again.text()
    page = screen(nmbrs, alice)
    assert rows(page)[(SANNE, "2100")]["approved"] == "15,00"
    gone = made.submit("Trek de correctie in", {"sure": "y"})
    assert "De uren blijven bij export 1." in gone.text()
    assert "De uren horen bij export 1." in gone.text()
    assert "Al geëxporteerd" in check(nmbrs, alice)
    assert "Draai deze levering terug" in alice.open(f"/portaal/leveringen/{sent}").text()
    assert rows(screen(nmbrs, alice))[(SANNE, "2100")]["do"] == "klopt"


def test_refused_and_left(nmbrs: Stage, deliver: Deliver, alice: Visitor, sent: int) -> None:
    taking = take_back(alice, sent).follow("Versturen naar Nmbrs").submit("Verstuur nu")
    nmbrs.trouble(DELETE, "fault:2001")
    deliver()
    page = alice.open(taking.path)
    assert "2 diensten zitten nog vast aan export 1" in page.text()
    assert "ze komen niet vrij, anders tellen ze dubbel" in page.text()
    page = page.submit("Laat ze staan")
    assert "1 regel is afgesloten. De uren blijven bij export 1." in page.text()
    assert "Wat niet is teruggenomen, blijft bij export 1" in page.text()
    assert "Draai deze levering terug" in alice.open(f"/portaal/leveringen/{sent}").text()
    assert action(screen(nmbrs, alice), SANNE) == "Maak export"


def test_a_file_is_processed(nmbrs: Stage, alice: Visitor, sent: int) -> None:
    made = take_back(alice, sent)
    assert "Maak de uren vrij" not in made.text()
    alice.client.get(made.link("Download CSV"))
    page = alice.open(made.path)
    page = page.submit("Maak de uren vrij")
    assert "Vink aan dat het bestand is verwerkt" in page.text()
    page = page.submit("Maak de uren vrij", {"done": "y"})
    assert "De uren zijn vrij voor een nieuwe export." in page.text()
    assert "is gemeld dat dit bestand is ingelezen" in page.text()
    for gone in ("Trek de correctie in", "Versturen naar Nmbrs", "Maak de uren vrij"):
        assert gone not in page.text()
    assert action(screen(nmbrs, alice), SANNE) == "Maak export"
    assert nmbrs.booked() == ALL  # Nmbrs itself was not asked


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("support", 403)])
def test_a2_nobody_else_says_so(
    nmbrs: Stage, alice: Visitor, sent: int, signed_in: SignedIn, name: str, status: int
) -> None:
    made = take_back(alice, sent)
    alice.client.get(made.link("Download CSV"))
    stranger = signed_in(name)
    before = everything(nmbrs.acting)
    stranger.post(f"{made.path}/verwerkt", {**csrf(stranger), "done": "y"}, status=status)
    assert everything(nmbrs.acting) == before
    assert info(nmbrs, sent).export_id == 1
