"""The pages of exports and deliveries: what they say, what they offer, and to whom (A2, G6, G7, J5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.models import DeliveryState, LineState
from portal.exports import service as exports
from portal.exports.queries import export as find_export
from portal.integrations import service as koppelingen
from tests.browse import Page, Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    an_hour_passes,
    calls,
    info,
    lines,
    looked_in_vain,
    round_with,
    send,
    states,
    where,
)
from tests.exports.at import everything
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
WITHDRAW, FREE, AGAIN, ASK = "Trek de export in", "Maak vrij", "Verstuur opnieuw", "Vraag na bij Connexie"


def buttons(page: Page) -> set[str]:
    return {" ".join(button.get_text(" ", strip=True).split()) for button in page.soup.select("main form button")}


def badges(alice: Visitor, export: int) -> tuple[str, str]:
    """The state on the list and on the page of an export."""
    listed = alice.open("/portaal/exports").text("main tbody tr")
    return listed, alice.open(f"/portaal/exports/{export}").text("main .badge")


def both(alice: Visitor, export: int, words: str) -> bool:
    listed, own = badges(alice, export)
    return listed.endswith(words) and own == words


def test_an_export_shows_how_far_its_delivery_is(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    """G7: nothing is called accepted before payroll said so."""
    alice, export = signed_in("alice"), nmbrs.export()
    assert both(alice, export, "klaar")
    delivery = service.send(nmbrs.alice, export)
    assert both(alice, export, "wacht")
    service.cancel(nmbrs.alice, delivery)
    assert both(alice, export, "geannuleerd")
    service.resume(nmbrs.alice, delivery)
    seen: list[bool] = []
    round_with(nmbrs, 2, lambda: seen.append(both(alice, export, "wordt verstuurd")))
    assert seen == [True]
    assert both(alice, export, "alles geaccepteerd")


def test_an_export_shows_that_not_everything_was_accepted(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    deliver()
    assert both(signed_in("alice"), info(nmbrs, delivery).export_id, "klaar, niet alles geaccepteerd")


def test_an_export_shows_that_it_is_paused(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    nmbrs.trouble(INSERT, "fault:1001")
    delivery = send(nmbrs)
    deliver()
    assert both(signed_in("alice"), info(nmbrs, delivery).export_id, "gepauzeerd")


def test_withdrawing_is_offered_only_when_nothing_left(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    alice, export = signed_in("alice"), nmbrs.export()
    address = f"/portaal/exports/{export}"
    assert WITHDRAW in buttons(alice.open(address))
    delivery = service.send(nmbrs.alice, export)
    assert WITHDRAW not in buttons(alice.open(address))
    service.cancel(nmbrs.alice, delivery)
    assert WITHDRAW in buttons(alice.open(address))
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert WITHDRAW not in buttons(alice.open(address))
    alice.post(f"{address}/intrekken", {**csrf(alice), "sure": "y"}, status=409)


def test_withdrawing_asks_for_a_promise_and_frees_the_hours(nmbrs: Stage, signed_in: SignedIn) -> None:
    alice, export = signed_in("alice"), nmbrs.export()
    page = alice.open(f"/portaal/exports/{export}").submit(WITHDRAW)
    assert "Vink aan" in page.text()
    page = page.submit(WITHDRAW, {"sure": "y"})
    assert "De export is ingetrokken." in page.text()
    assert WITHDRAW not in buttons(page)
    assert both(alice, export, "ingetrokken")
    assert nmbrs.export() != export


def test_withdrawing_is_offered_when_everything_was_refused(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    nmbrs.trouble(INSERT, "fault:2001", times=3)
    delivery = send(nmbrs)
    deliver()
    export = info(nmbrs, delivery).export_id
    page = signed_in("alice").open(f"/portaal/exports/{export}").submit(WITHDRAW, {"sure": "y"})
    assert "De export is ingetrokken." in page.text()
    assert AGAIN not in buttons(page.visitor.open(f"/portaal/leveringen/{delivery}"))


def test_refused_hours_are_given_free_on_the_page(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    address = f"/portaal/leveringen/{delivery}"
    alice = signed_in("alice")
    assert not {FREE, AGAIN} & buttons(alice.open(address))
    deliver()
    page = alice.open(address)
    assert {FREE, AGAIN} <= buttons(page)
    page = page.submit(FREE)
    assert "1 regel is vrij." in page.text()
    assert "Vrijgegeven voor een nieuwe export." in page.text("tbody tr")
    assert not {FREE, AGAIN} & buttons(page)
    send(nmbrs)
    while deliver():
        pass
    assert nmbrs.booked() == ALL


def test_nothing_is_offered_when_everything_was_accepted(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery = send(nmbrs)
    deliver()
    assert buttons(signed_in("alice").open(f"/portaal/leveringen/{delivery}")) == set()


def test_a_refused_batch_can_only_be_given_free(stage: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    stage.trouble("put_batch", "status_422", name="connexie")
    delivery = send(stage, "connexie")
    deliver()
    alice = signed_in("alice")
    assert buttons(alice.open(f"/portaal/leveringen/{delivery}")) == {FREE}
    alice.post(f"/portaal/leveringen/{delivery}/geweigerd-opnieuw", csrf(alice), status=409)
    assert states(stage, delivery) == [LineState.REFUSED] * 3


@pytest.mark.parametrize("kind", ["drop_after_booking", "drop_before"])
def test_a_lost_batch_is_asked_about_on_the_page(
    stage: Stage, deliver: Deliver, signed_in: SignedIn, kind: str
) -> None:
    """It is asked about by itself; when that goes wrong for too long, a person asks again on the page."""
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    stage.trouble("put_batch", kind, name="connexie")
    delivery = send(stage, "connexie")
    deliver()
    alice = signed_in("alice")
    alice.post(f"/portaal/leveringen/{delivery}/navragen", csrf(alice))
    deliver()
    assert calls(stage, "get_batch", "connexie") == 0  # the call may still be under way
    looked_in_vain(stage, deliver, "get_batch", "connexie")
    page = alice.open(f"/portaal/leveringen/{delivery}")
    assert buttons(page) >= {ASK, "Staat er al"}
    assert "Kijk in je salarispakket" in page.text("tbody tr")
    page = page.submit(ASK)
    assert "We lezen na wat er staat." in page.text("[role=status]")
    deliver()
    assert states(stage, delivery) == [LineState.ACCEPTED] * 3
    assert where(stage, delivery) is DeliveryState.DONE
    assert ASK not in buttons(alice.open(f"/portaal/leveringen/{delivery}"))
    assert len(stage.state("connexie")["batches"]) == 1


def test_an_unknown_line_of_nmbrs_is_settled_by_hand(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    """G6: only when reading back tells nothing; and never while the call may still land."""
    nmbrs.trouble(INSERT, "drop_before")
    delivery = send(nmbrs)
    deliver()
    alice = signed_in("alice")
    first = lines(nmbrs, delivery)[0].id
    alice.post(f"/portaal/leveringen/{delivery}/regels/{first}/staat-er-niet", csrf(alice), status=409)
    nmbrs.trouble(GET, "fault:2003")
    an_hour_passes(nmbrs)
    deliver()
    page = alice.open(f"/portaal/leveringen/{delivery}")
    assert "Staat er al" in buttons(page)
    page.follow("Staat er niet, verstuur opnieuw").submit("Ja, verstuur opnieuw")
    deliver()
    assert nmbrs.booked() == ALL


def test_a_downloaded_export_is_sent_only_after_a_tick(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    alice, export = signed_in("alice"), nmbrs.export()
    review = f"/portaal/exports/{export}/versturen"
    assert not alice.open(review).has("[name=not_loaded]")
    page = alice.open(f"/portaal/exports/{export}")
    assert alice.client.get(page.link("Download CSV")).status_code == 200
    page = alice.open(review)
    assert not page.soup.select_one("[name=not_loaded]").has_attr("checked")  # type: ignore[union-attr]
    page = page.submit("Verstuur nu", status=422)
    assert "Vink aan dat het bestand niet is ingelezen." in page.text()
    assert not deliver()
    assert "Levering aan Nmbrs" in page.submit("Verstuur nu", {"not_loaded": "y"}).text("h1")


ADDRESSES = [
    "/portaal/exports/{export}/versturen",
    "/portaal/exports/{export}/intrekken",
    "/portaal/leveringen/{delivery}/annuleren",
    "/portaal/leveringen/{delivery}/hervatten",
    "/portaal/leveringen/{delivery}/geweigerd-opnieuw",
    "/portaal/leveringen/{delivery}/vrijgeven",
    "/portaal/leveringen/{delivery}/navragen",
    "/portaal/leveringen/{delivery}/regels/{line}/staat-er",
    "/portaal/leveringen/{delivery}/regels/{line}/staat-er-niet",
]


@pytest.fixture
def addresses(nmbrs: Stage, deliver: Deliver) -> list[str]:
    """Of a delivery of Alice in which one line is unknown, one refused and one accepted."""
    nmbrs.trouble(INSERT, "drop_after_booking")
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    deliver()
    assert states(nmbrs, delivery) == [LineState.UNCLEAR, LineState.REFUSED, LineState.ACCEPTED]
    an_hour_passes(nmbrs)
    ids = {"export": info(nmbrs, delivery).export_id, "delivery": delivery, "line": lines(nmbrs, delivery)[0].id}
    return [address.format(**ids) for address in ADDRESSES]


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("support", 403)])
def test_a2_nobody_else_touches_a_delivery(
    nmbrs: Stage, addresses: list[str], signed_in: SignedIn, name: str, status: int
) -> None:
    """A2: another customer cannot even see that it exists; support has no business here."""
    stranger = signed_in(name)
    form = {**csrf(stranger), "sure": "y", "not_loaded": "y"}
    before = everything(nmbrs.acting)
    for address in addresses:
        stranger.post(address, dict(form), status=status)
    assert everything(nmbrs.acting) == before


def test_a_line_of_another_delivery_is_not_touched(nmbrs: Stage, addresses: list[str], signed_in: SignedIn) -> None:
    """The line in the address must be of the delivery in the address."""
    alice = signed_in("alice")
    nmbrs.bring_hours(days=1, start=5)
    other = send(nmbrs)
    line = addresses[-1].split("/")[-2]
    alice.post(f"/portaal/leveringen/{other}/regels/{line}/staat-er", csrf(alice), status=409)


def test_a_sent_export_is_still_shown_and_its_file_given(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery = send(nmbrs)
    deliver()
    export = info(nmbrs, delivery).export_id
    page = signed_in("alice").open(f"/portaal/exports/{export}")
    assert "Lees het bestand niet ook in" in page.text()
    assert page.follow("Bekijk de levering").text("h1").startswith("Levering aan Nmbrs")
    assert exports.download(nmbrs.alice, export, "csv")
    with nmbrs.alice.read() as work:
        assert find_export(work, export).downloaded_at is not None
