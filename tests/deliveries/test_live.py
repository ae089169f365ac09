"""The page of a delivery in every state: what it says, what it offers, and never more than payroll did (G7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import event, update

from portal.deliveries import service
from portal.deliveries.live import SHOWN
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel
from portal.exports.models import ExportLine
from portal.integrations import keyring
from portal.kernel.filters import tijd
from tests.browse import Page, Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    an_hour_passes,
    calls,
    info,
    round_with,
    send,
    states,
    where,
)

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
STOP, CANCEL, RESUME, LOOK = "Stop de levering", "Annuleer de levering", "Hervat", "Lees nog een keer na"
IT_IS = "Staat er al"
FREE, AGAIN = "Maak vrij", "Verstuur opnieuw"


def waiting(nmbrs: Stage, deliver: Deliver) -> int:
    return send(nmbrs)


def backing_off(nmbrs: Stage, deliver: Deliver) -> int:
    nmbrs.trouble(INSERT, "status_429")
    delivery = send(nmbrs)
    deliver()
    with nmbrs.acting.begin() as work:  # longer than the test, so that its page shows this and not what follows
        work.session.execute(update(Delivery).values(next_at=work.now + timedelta(hours=2)))
    return delivery


def key_refused(nmbrs: Stage, deliver: Deliver) -> int:
    nmbrs.trouble(INSERT, "fault:1001")
    delivery = send(nmbrs)
    deliver()
    return delivery


def paused(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = key_refused(nmbrs, deliver)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(waits_for_mend=False))
    return delivery


def cancelled(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = send(nmbrs)
    service.cancel(nmbrs.alice, delivery)
    return delivery


def stopped(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    return delivery


def partly_refused(nmbrs: Stage, deliver: Deliver) -> int:
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    deliver()
    return delivery


def lost(nmbrs: Stage, deliver: Deliver) -> int:
    nmbrs.trouble(INSERT, "drop_before")
    delivery = send(nmbrs)
    deliver()
    return delivery


def unproven(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = lost(nmbrs, deliver)
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "fault:2003")
    deliver()
    return delivery


def accepted(nmbrs: Stage, deliver: Deliver) -> int:
    delivery = send(nmbrs)
    deliver()
    return delivery


STATES: list[tuple[Callable[[Stage, Deliver], int], str, list[str], set[str]]] = [
    (waiting, "wacht", ["wacht op haar beurt", "0 van 3", "0 van 3 teamleden zijn behandeld"], {CANCEL}),
    (backing_off, "wacht", ["We proberen het om", "vanzelf opnieuw. Je hoeft niets te doen."], {CANCEL}),
    (key_refused, "gepauzeerd", ["Nmbrs", "Zodra de koppeling werkt, gaan we vanzelf verder."], {CANCEL, RESUME}),
    (paused, "gepauzeerd", ["Daarna kies je Hervat; vanzelf gaan we niet verder."], {CANCEL, RESUME}),
    (cancelled, "geannuleerd", ["Er is niets verstuurd", "niet verstuurd"], {RESUME}),
    (stopped, "gestopt: 1 van 3 geaccepteerd",
     ["Nmbrs heeft 1 van 3 regels geaccepteerd", "2 regels zijn niet verstuurd"],
     {RESUME, "Maak vrij wat niet is verstuurd"}),
    (partly_refused, "klaar, niet alles geaccepteerd",
     ["1 regel is geweigerd en is niet geboekt", "geaccepteerd 0 van 1", "2 regels geaccepteerd"], {FREE, AGAIN}),
    (lost, "wordt verstuurd", ["We lezen dit zelf na om", "wordt nagelezen om", "Behandelde regels 2 van 3"], set()),
    (unproven, "klaar, niet alles geaccepteerd",
     ["1 regel is onbekend: we weten niet of Nmbrs die heeft verwerkt", "Nalezen lukte niet"], {IT_IS, LOOK}),
    (accepted, "alles geaccepteerd", ["Nmbrs heeft alle 3 regels geaccepteerd.", "3 van 3"], set()),
]  # fmt: skip


def buttons(page: Page) -> set[str]:
    return {" ".join(button.get_text(" ", strip=True).split()) for button in page.soup.select("main form button")}


def open_delivery(visitor: Visitor, delivery: int, **query: object) -> Page:
    return visitor.open(f"/portaal/leveringen/{delivery}", query=query)


@pytest.mark.parametrize(("reach", "badge", "said", "offered"), STATES, ids=[row[0].__name__ for row in STATES])
def test_g7_every_state_in_words(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn, reach: Callable[[Stage, Deliver], int], badge: str,
    said: list[str], offered: set[str],
) -> None:  # fmt: skip
    delivery = reach(nmbrs, deliver)
    page = open_delivery(signed_in("alice"), delivery)
    assert page.text("main .badge") == badge
    text = page.text()
    assert [words for words in said if words not in text.replace("Sanne de Boer ", "")] == []
    assert buttons(page) == offered
    done = set(states(nmbrs, delivery)) == {LineState.ACCEPTED} and where(nmbrs, delivery) is DeliveryState.DONE
    assert page.has(".notice--good") == ("badge--good" in str(page.soup.select_one("main .badge"))) == done
    assert "gelukt" not in text.lower()
    assert "succes" not in text.lower()


def test_while_it_is_sent_there_is_a_stop_and_no_promise(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    alice, delivery, seen = signed_in("alice"), send(nmbrs), []
    round_with(nmbrs, 2, lambda: seen.append(open_delivery(alice, delivery)))
    page = seen[0]
    assert page.text("main .badge") == "wordt verstuurd"
    assert buttons(page) == {STOP}
    assert "Een regel telt pas als Nmbrs hem heeft geaccepteerd." in page.text("[data-live-status]")
    people = [" ".join(one.get_text(" ", strip=True).split()) for one in page.soup.select(".people__one")]
    assert [one.split(" ")[0] for one in people] == ["Sanne", "Youssef"]  # Daan is ready and no longer named
    assert people[0].endswith("0 van 1 geaccepteerd 0 van 1 wordt verstuurd")
    assert people[1].endswith("wacht")
    assert not page.has(".notice--good")
    assert "gelukt" not in page.text()


def test_the_stop_button_finishes_the_line_under_way_and_resuming_sends_the_rest(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    alice, delivery = signed_in("alice"), send(nmbrs)
    round_with(nmbrs, 2, lambda: open_delivery(alice, delivery).submit(STOP))
    assert sorted(states(nmbrs, delivery)) == [LineState.ACCEPTED, LineState.PLANNED, LineState.PLANNED]
    page = open_delivery(alice, delivery)
    assert not page.has("[data-live-url]")
    page = page.submit(RESUME)
    assert page.has("[data-live-url]")
    deliver()
    assert nmbrs.booked() == ALL


def test_a_refreshed_part_stands_on_its_own_and_says_when_it_is_over(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    alice, delivery = signed_in("alice"), send(nmbrs)
    address = f"/portaal/leveringen/{delivery}/stand"
    answer = alice.client.get(address)
    assert answer.headers.get("X-Live") is None
    assert "wacht op haar beurt" in answer.get_data(as_text=True)
    deliver()
    assert alice.client.get(address).headers["X-Live"] == "done"


def test_a_cancelled_delivery_refreshes_until_its_lost_line_is_looked_up(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    delivery = lost(nmbrs, deliver)
    service.cancel(nmbrs.alice, delivery)
    alice = signed_in("alice")
    assert open_delivery(alice, delivery).has("[data-live-url]")
    an_hour_passes(nmbrs)
    deliver()
    assert LineState.UNCLEAR not in states(nmbrs, delivery)
    assert not open_delivery(alice, delivery).has("[data-live-url]")


def test_we_look_first_and_only_then_ask_a_person(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery = lost(nmbrs, deliver)
    alice = signed_in("alice")
    with nmbrs.acting.read() as work:
        at = work.session.query(Parcel).filter(Parcel.look_up).one().next_at
    page = open_delivery(alice, delivery)
    assert page.text().count(f"om {tijd(at)}") >= 2
    assert not page.has("#onbekende-regels ~ form")
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "fault:2003")
    deliver()
    page = open_delivery(alice, delivery)
    before = calls(nmbrs, GET)
    page = page.submit(LOOK)
    assert buttons(page) == set()
    assert "We lezen dit zelf na om" in page.text()
    deliver()
    assert calls(nmbrs, GET) > before
    assert nmbrs.booked() == ALL
    assert "alle 3 regels geaccepteerd" in open_delivery(alice, delivery).text()


def test_while_the_koppeling_is_broken_it_waits_for_the_mend_and_then_goes_on_by_itself(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    delivery = key_refused(nmbrs, deliver)
    alice = signed_in("alice")
    assert "Zodra de koppeling werkt, gaan we vanzelf verder." in open_delivery(alice, delivery).text()
    with nmbrs.alice.begin() as work:
        keyring.mark_mended(work, work.organisation_id, "nmbrs")
    deliver()
    deliver()
    assert "alle 3 regels geaccepteerd" in open_delivery(alice, delivery).text()


def enlarge(stage: Stage, delivery: int, count: int) -> None:
    """As if this delivery were of `count` people more: copies of the first line, each with a name of its own."""
    with stage.acting.begin() as work:
        first = work.session.query(DeliveryLine).filter_by(delivery_id=delivery).order_by(DeliveryLine.id).first()
        assert first is not None
        line = work.session.get_one(ExportLine, first.export_line_id)
        skipped = {"id", "code", "name"}
        values = {c.key: getattr(line, c.key) for c in ExportLine.__table__.columns if c.key not in skipped}
        kept = {c.key: getattr(first, c.key) for c in DeliveryLine.__table__.columns if c.key != "id"}
        for number in range(count):
            copy = ExportLine(**values, code=f"{9000 + number}", name=line.name)
            work.session.add(copy)
            work.session.flush()
            work.session.add(DeliveryLine(**{**kept, "export_line_id": copy.id}))


def queries_of(stage: Stage, visitor: Visitor, address: str) -> int:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(stage.acting.engine, "before_cursor_execute", note)
    try:
        assert visitor.client.get(address).status_code == 200
    finally:
        event.remove(stage.acting.engine, "before_cursor_execute", note)
    return len(seen)


def test_a_large_delivery_gives_a_small_answer_with_as_many_queries(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    alice, delivery = signed_in("alice"), send(nmbrs)
    address = f"/portaal/leveringen/{delivery}"
    alice.client.get(address)  # the first look is written down (H1), the next ones only find it
    before = [queries_of(nmbrs, alice, part) for part in (address, f"{address}/stand")]
    size = len(alice.client.get(f"{address}/stand").data)
    enlarge(nmbrs, delivery, 400)
    assert [queries_of(nmbrs, alice, part) for part in (address, f"{address}/stand")] == before
    assert len(alice.client.get(f"{address}/stand").data) < size + 200
    page = open_delivery(alice, delivery)
    assert len(page.soup.select(".people__one")) <= SHOWN
    assert len(page.soup.select("main table tbody tr")) == 100
    assert "Pagina 1 van 5" in page.text()
    assert len(open_delivery(alice, delivery, pagina=5).soup.select("main table tbody tr")) == 3
    assert open_delivery(alice, delivery, pagina=99).text(".pagination").endswith("Pagina 5 van 5")


def test_the_time_left_follows_the_pace_of_the_last_minute(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    alice, delivery = signed_in("alice"), send(nmbrs)
    assert "Nog " not in open_delivery(alice, delivery).text(".stack")
    enlarge(nmbrs, delivery, 200)
    with nmbrs.acting.begin() as work:
        ids = [row.id for row in work.session.query(DeliveryLine).order_by(DeliveryLine.id)]
        values = {"state": LineState.ACCEPTED, "settled_at": work.now - timedelta(seconds=50)}
        work.session.execute(update(DeliveryLine).where(DeliveryLine.id.in_(ids[:20])).values(**values))
        work.session.execute(update(Delivery).values(state=DeliveryState.BUSY))
    page = open_delivery(alice, delivery)
    assert "Nog ongeveer 8 minuten." in page.text()  # 183 lines at 20 in 50 seconds
    assert info(nmbrs, delivery).left == 183
