"""The pages of a correction: what they show and offer, from a changed file to payroll; and taking a delivery back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from portal.deliveries import corrections, service
from portal.deliveries.correction_types import Choice, Way
from portal.hours.models import Shift
from portal.hours.periods import following, label, slug
from portal.integrations import setup
from portal.kernel.errors import Conflict
from tests.browse import Page, Visitor, upload
from tests.deliveries.fix import (
    DAAN,
    SANNE,
    UPDATE,
    change,
    correct,
    day,
    diffs,
    nmbrs_settings,
    seen,
    steps,
    subject,
    sums,
    until,
)
from tests.deliveries.stage import COMPANY, Stage, shift
from tests.deliveries.steps import INSERT, info, send, states
from tests.exports.at import everything
from tests.factories.setup import activate_file_target
from tests.hours.sheets import csv_bytes
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
MAKE, BACK = "Maak correctie", "Draai deze levering terug"


@pytest.fixture
def delivered(nmbrs: Stage, deliver: Deliver) -> int:
    """The delivery of fifteen hours each."""
    delivery = send(nmbrs)
    deliver()
    return delivery


@pytest.fixture
def alice(signed_in: SignedIn, delivered: int) -> Visitor:
    return signed_in("alice")


def address(stage: Stage, key: str = "nmbrs") -> str:
    period = stage.period
    return (
        f"/portaal/verschil/correctie?vestiging={stage.venue}&doel={key}"
        f"&soort={period.kind.value}&jaar={period.year}&nummer={period.number}"
    )


def rows(page: Page) -> list[str]:
    return [" ".join(row.get_text(" ", strip=True).split()) for row in page.soup.select("main tbody tr")]


def test_from_a_changed_file_to_payroll(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    content = csv_bytes([until(nmbrs, SANNE, "15:00")])
    page = alice.open("/portaal/uren/importeren")
    page = page.submit("Lees het bestand in", {"file": upload(content)}, status=422)
    page = page.submit("Lees het bestand in", {"file": upload(content), "after_export": "correctie"})
    page = page.follow("Bekijk het verschil bij export 1").follow("Corrigeer")
    assert page.text("h1") == f"Correctie op {label(nmbrs.period)}"
    assert rows(page) == ["Sanne de Boer gewerkt 2100 15,00 13,00 -2,00"]
    assert page.soup.select_one("input[value=zelfde-periode]").has_attr("checked")  # type: ignore[union-attr]
    assert not page.has("[name=sure]")
    made = page.submit(MAKE)
    assert made.text("h1") == f"Correctie 2 op {label(nmbrs.period)} voor Nmbrs"
    assert "alleen het verschil" in made.text()
    listed = alice.open("/portaal/exports").text("main tbody tr")
    assert listed.startswith(f"Correctie 2: {label(nmbrs.period)} revisie 2")
    assert nmbrs.booked()[0] == (101, "15.00")  # nothing leaves before a person says so
    sending = made.follow("Versturen naar Nmbrs").submit("Verstuur nu")
    deliver()
    assert "Sanne de Boer" in alice.open(sending.path).text()
    assert nmbrs.booked() == [(101, "13.00"), (102, "15.00"), (103, "15.00")]
    assert "Niets om te corrigeren" in alice.open(address(nmbrs)).text()


def test_the_files_hold_the_difference_as_a_number(nmbrs: Stage, alice: Visitor) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    made = alice.open(address(nmbrs)).submit(MAKE)
    answer = alice.client.get(made.link("Download CSV"))
    name = answer.headers["Content-Disposition"]
    assert f"correctie-nmbrs-{nmbrs.period.year}-{nmbrs.period.number:02d}" in name
    assert answer.data.decode("utf-8-sig").splitlines()[1].endswith(";-2,00")


def test_each_way_is_explained_and_a_closed_period_asks_for_a_tick(
    nmbrs: Stage, deliver: Deliver, alice: Visitor
) -> None:
    now = following(nmbrs.period)
    nmbrs_settings(nmbrs, current={COMPANY: [now.year, now.number]})
    setup.refresh(nmbrs.alice, "nmbrs", nmbrs.venue)
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    page = alice.open(address(nmbrs))
    assert page.soup.select_one("input[value=verschilregel]").has_attr("checked")  # type: ignore[union-attr]
    assert f"Verschilregel in {label(now)}" in page.text()
    assert "De loonaangifte" in page.text(".notice--warn")
    assert not page.soup.select_one("[name=sure]").has_attr("checked")  # type: ignore[union-attr]
    page = page.submit(MAKE, {"way": "gesloten-periode"}, status=422)
    assert "Vink aan dat je dit hebt overlegd" in page.text(".error-summary")
    page = page.submit(MAKE, {"way": "", "sure": "y"}, status=422)
    made = page.submit(MAKE, {"way": "gesloten-periode", "sure": "y"})
    assert "in de afgesloten periode te schrijven" in made.text()
    made.follow("Versturen naar Nmbrs").submit("Verstuur nu")
    deliver()
    assert nmbrs.booked()[0] == (101, "13.00")


def test_a_refused_correction_says_which_way_is_left(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    nmbrs.trouble(UPDATE, "fault:2012")
    delivery = correct(nmbrs)
    deliver()
    page = alice.open(f"/portaal/leveringen/{delivery}")
    assert "de loonaangifte is verstuurd" in page.text()
    assert "kies daar de verschilregel in de volgende open periode" in page.text("#acties ~ .stack")
    page.submit("Maak vrij")
    assert diffs(nmbrs) == [("Sanne", "2100", "-2.00")]
    alice.open(address(nmbrs)).submit(MAKE, {"way": "verschilregel"}).follow("Versturen naar Nmbrs").submit(
        "Verstuur nu"
    )
    deliver()
    assert [hours for who, hours in nmbrs.booked() if who == 101] == ["-2.00", "15.00"]


def test_a_second_click_finds_it_made(nmbrs: Stage, alice: Visitor) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    page = alice.open(address(nmbrs))
    page.submit(MAKE)
    page.submit(MAKE, status=409)
    before = sums(nmbrs)
    alice.post(address(nmbrs), {**csrf(alice), "way": "zelfde-periode", "fingerprint": ""}, status=409)
    assert sums(nmbrs) == before


def test_hours_that_change_while_somebody_looks_are_shown_again(nmbrs: Stage, alice: Visitor) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    page = alice.open(address(nmbrs))
    change(nmbrs, until(nmbrs, SANNE, "14:00"))
    assert "Bekijk het verschil opnieuw" in page.submit(MAKE, status=409).text()
    assert diffs(nmbrs) == [("Sanne", "2100", "-3.00")]


def test_what_comes_first_is_said_with_a_link(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    nmbrs.bring_hours(days=1, people=(SANNE,), start=5)
    waiting = nmbrs.export()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    page = alice.open(address(nmbrs))
    assert not page.has("[name=fingerprint]")
    page = page.follow(f"Bekijk export {waiting}")
    page.submit("Trek de export in", {"sure": "y"})
    assert diffs(nmbrs) == [("Sanne", "2100", "-2.00")]
    assert alice.open(address(nmbrs)).has("[name=fingerprint]")


def free(stage: Stage) -> int:
    with stage.acting.read() as work:
        return len(work.session.scalars(select(Shift).where(Shift.export_id.is_(None))).all())


def test_a_delivery_is_taken_back(nmbrs: Stage, deliver: Deliver, delivered: int, alice: Visitor) -> None:
    page = alice.open(f"/portaal/leveringen/{delivered}").follow(BACK)
    assert page.text("h1") == "Export 1 terugdraaien"
    assert len(rows(page)) == 3
    made = page.submit(MAKE)
    page.submit(MAKE, status=409)
    assert (sums(nmbrs), free(nmbrs)) == ({}, 0)
    assert "6 diensten zitten nog vast aan export 1" in made.text(".notice")
    sending = made.follow("Versturen naar Nmbrs").submit("Verstuur nu")
    deliver()
    assert (nmbrs.booked(), free(nmbrs)) == ([], 6)
    done = alice.open(sending.path)
    assert "alle 3 regels geaccepteerd" in done.text()
    assert "Wat Nmbrs heeft teruggenomen, is vrij voor een nieuwe export." in done.text()
    for delivery in (delivered, int(sending.path.rsplit("/", 1)[1])):
        assert BACK not in alice.open(f"/portaal/leveringen/{delivery}").text()
        alice.open(f"/portaal/leveringen/{delivery}/terugdraaien", status=409)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert [hours for _who, hours in nmbrs.booked()] == ["15.00"] * 3


def test_only_what_was_sent_is_taken_back(nmbrs: Stage, deliver: Deliver) -> None:
    """Payroll refused one of three: nothing of that line is there to take back."""
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    deliver()
    about = subject(nmbrs, export_id=info(nmbrs, delivery).export_id)
    shown = seen(nmbrs, about)
    assert [row.name for row in shown.waiting] == [DAAN[0]]
    back = correct(nmbrs, about=about)
    deliver()
    assert (steps(nmbrs, back), nmbrs.booked()) == ([("delete", "0.00", "geaccepteerd")] * 2, [])
    assert free(nmbrs) == 4
    service.retry_refused(nmbrs.alice, delivery)
    deliver()
    assert nmbrs.booked() == [(103, "15.00")]


def test_its_own_components_go_and_those_of_another_export_stay(nmbrs: Stage, deliver: Deliver, delivered: int) -> None:
    nmbrs.bring_hours(days=1, people=(SANNE,), start=5)
    second = send(nmbrs)
    deliver()
    correct(nmbrs, about=subject(nmbrs, export_id=info(nmbrs, delivered).export_id))
    deliver()
    assert nmbrs.booked() == [(101, "7.50")]
    assert diffs(nmbrs) == []
    assert states(nmbrs, second)


def test_a_corrected_delivery_is_taken_back_as_it_is_now(nmbrs: Stage, deliver: Deliver, delivered: int) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"), until(nmbrs, DAAN, "17:00", kind="vakantie"))
    correct(nmbrs)
    deliver()
    correct(nmbrs, about=subject(nmbrs, export_id=info(nmbrs, delivered).export_id))
    deliver()
    assert (nmbrs.booked(), sums(nmbrs), diffs(nmbrs)) == ([], {}, [])


def test_twenty_clicks_take_it_back_once(nmbrs: Stage, deliver: Deliver, delivered: int) -> None:
    about = subject(nmbrs, export_id=info(nmbrs, delivered).export_id)
    shown = seen(nmbrs, about)

    def click(_number: int) -> int:
        try:
            return corrections.create(nmbrs.alice, about, Choice(Way.SAME), shown.fingerprint)
        except Conflict:
            return 0

    with ThreadPoolExecutor(20) as pool:
        made = [number for number in pool.map(click, range(20)) if number]
    assert len(made) == 1
    service.send(nmbrs.alice, made[0])
    deliver()
    assert nmbrs.booked() == []


@pytest.mark.parametrize("key", ["connexie", "horecalonen"])
def test_a_batch_target_gets_a_batch_with_the_difference(
    stage: Stage, deliver: Deliver, signed_in: SignedIn, key: str
) -> None:
    stage.bring_hours(days=1)
    activate_file_target(stage.acting, stage.cast, key)
    send(stage, key)
    deliver()
    change(stage, until(stage, SANNE, "15:00"), shift(DAAN, day(stage, 0), kind="vakantie"))
    assert diffs(stage, key) == [
        ("Daan", "gewerkt", "-7.50"), ("Daan", "vakantie", "7.50"), ("Sanne", "gewerkt", "-2.00"),
    ]  # fmt: skip
    page = signed_in("alice").open(address(stage, key))
    assert not page.has("input[type=radio]")
    sending = page.submit(MAKE).follow(f"Versturen naar {key.capitalize()}").submit("Verstuur nu")
    deliver()
    assert "alle 3 regels geaccepteerd" in signed_in("alice").open(sending.path).text()
    batches = [one["batch"] for one in stage.state(key)["batches"]]
    assert [batch["totals"]["hours"] for batch in batches] == ["22.50", "-2.00"]
    assert sorted(line["hours"] for line in batches[1]["lines"]) == ["-2.00", "-7.50", "7.50"]
    assert diffs(stage, key) == []


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("support", 403)])
def test_a2_nobody_else_corrects(nmbrs: Stage, delivered: int, signed_in: SignedIn, name: str, status: int) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    stranger = signed_in(name)
    print_ = seen(nmbrs).fingerprint
    places = (address(nmbrs), f"/portaal/leveringen/{delivered}/terugdraaien", "/portaal/exports/1/verschil")
    before = everything(nmbrs.acting)
    for place in places:
        stranger.open(place, status=status)
    for place in places[:2]:
        stranger.post(place, {**csrf(stranger), "way": "zelfde-periode", "fingerprint": print_}, status=status)
    assert everything(nmbrs.acting) == before


@pytest.mark.parametrize("query", ["", "soort=month&jaar=2026&nummer=13", "soort=x", "periode=2026-13-M", "jaar=a"])
def test_a_strange_address_is_not_there(nmbrs: Stage, alice: Visitor, query: str) -> None:
    alice.open(f"/portaal/verschil/correctie?vestiging={nmbrs.venue}&doel=nmbrs&{query}", status=404)
    alice.open(f"/portaal/verschil/correctie?vestiging=999&doel=nmbrs&periode={slug(nmbrs.period)}", status=404)
    alice.open(f"/portaal/verschil/correctie?vestiging={nmbrs.venue}&doel=x&periode={slug(nmbrs.period)}", status=404)
