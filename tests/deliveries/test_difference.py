"""G6: approved, sent and in payroll now, per person and code, with one action per difference."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from portal.app import for_worker
from portal.deliveries import service
from portal.deliveries.crew import Crew
from portal.deliveries.readings import read_asked
from portal.deliveries.sending import Stop, crew_of
from portal.hours.periods import bounds, slug
from portal.integrations import service as koppelingen
from tests.browse import Page, Visitor
from tests.deliveries import fix
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import INSERT, an_hour_passes, bring, info, lines, round_with, send
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
DAAN, SANNE, YOUSSEF = "Daan Visser", "Sanne de Boer", "Youssef El Amrani"
EMPLOYEES = {SANNE: 50101, YOUSSEF: 50102, DAAN: 50103}
CALM = "Alles klopt"


@pytest.fixture
def crew(stage: Stage) -> Crew:
    """Of a worker that reads."""
    return crew_of(for_worker(stage.acting, stop=Stop(threading.Event())))


def screen(stage: Stage, visitor: Visitor, key: str = "nmbrs", **more: object) -> Page:
    query = {"vestiging": stage.venue, "doel": key, "periode": slug(stage.period), **more}
    return visitor.open("/portaal/verschil", query=query)


def rows(page: Page) -> dict[tuple[str, str], dict[str, str]]:
    """The cells of each row by name and code; `read` stands under the third number, `do` is the last one."""
    found = {}
    for row in page.soup.select("main table tbody tr"):
        read = row.select_one("[data-read]")
        assert read is not None
        moment = " ".join(read.extract().get_text(" ", strip=True).split())
        cells = [" ".join(cell.get_text(" ", strip=True).split()) for cell in row.select("th, td")]
        names = ("name", "code", "approved", "sent", "payroll", "do")
        made = {**dict(zip(names, cells, strict=True)), "read": moment}
        found[(made["name"], made["code"].split()[0])] = made
    return found


def clerk(stage: Stage, **order: object) -> None:
    """Somebody at the payroll office does this in Nmbrs itself."""
    httpx.post(f"{stage.sandbox}/nmbrs/_sandbox/clerk", json=order).raise_for_status()


def component(stage: Stage, name: str) -> int:
    return int(next(row["id"] for row in stage.state()["components"] if row["employee_id"] == EMPLOYEES[name]))


def entered(stage: Stage, name: str, code: str, hours: str) -> dict[str, Any]:
    period = {"year": stage.period.year, "period": stage.period.number}
    return {"employee_id": EMPLOYEES[name], **period, "code": code, "hours": hours}


def read_now(page: Page, crew: Crew) -> Page:
    """Press the button, let the worker read, and open the page again."""
    address = page.submit("Lees nu").answer.request.full_path
    while read_asked(crew):
        pass
    return page.visitor.open(address)


def test_g6_missing_extra_and_changed_rows_are_named_per_person_and_code(
    nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn
) -> None:
    send(nmbrs)
    deliver()
    page = screen(nmbrs, signed_in("alice"))
    assert CALM in page.text()
    clerk(nmbrs, remove=[component(nmbrs, DAAN)], change=[{"id": component(nmbrs, SANNE), "hours": "12.00"}],
          add=[entered(nmbrs, YOUSSEF, "2190", "4.00")])  # fmt: skip
    seen = read_now(page, crew)
    found = rows(seen)
    assert set(found) == {(DAAN, "2100"), (SANNE, "2100"), (YOUSSEF, "2100"), (YOUSSEF, "2190")}
    gone, changed, extra = found[(DAAN, "2100")], found[(SANNE, "2100")], found[(YOUSSEF, "2190")]
    assert (gone["approved"], gone["sent"], gone["payroll"]) == ("15,00", "15,00", "0,00")
    assert "Onze regel van 15,00 uur" in gone["do"]
    assert "staat niet meer in Nmbrs" in gone["do"]
    assert (changed["approved"], changed["sent"], changed["payroll"]) == ("15,00", "15,00", "12,00")
    assert "veranderd van 15,00 in 12,00 uur" in changed["do"]
    assert "Kijk in Nmbrs" in gone["do"]
    assert "Kijk in Nmbrs" in changed["do"]
    assert (extra["approved"], extra["sent"], extra["payroll"]) == ("0,00", "0,00", "0,00 + 4,00 van een ander")
    assert extra["do"].startswith("van een ander")
    assert found[(YOUSSEF, "2100")]["do"] == "klopt"
    assert "2 verschillen" in seen.text(".notice--warn")
    assert CALM not in seen.text()
    assert not seen.soup.select("main table a, main table form")  # nothing here can touch what others entered


def test_a_code_that_somebody_changed_in_payroll_is_named(
    nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn
) -> None:
    send(nmbrs)
    deliver()
    clerk(nmbrs, change=[{"id": component(nmbrs, SANNE), "code": "3041"}])
    found = rows(read_now(screen(nmbrs, signed_in("alice")), crew))
    for code, payroll in (("2100", "0,00"), ("3041", "15,00")):  # counted where it stands; it is ours all the same
        assert found[(SANNE, code)]["payroll"] == payroll
        assert "er staat 15,00 uur onder code 3041" in found[(SANNE, code)]["do"]


def test_payroll_and_the_approved_hours_agree_after_somebody_changed_both(
    nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn
) -> None:
    send(nmbrs)
    deliver()
    clerk(nmbrs, change=[{"id": component(nmbrs, SANNE), "hours": "13.00"}])
    alice = signed_in("alice")
    told = rows(read_now(screen(nmbrs, alice), crew))[(SANNE, "2100")]["do"]
    assert "pas daar de uren aan tot wat is goedgekeurd" in told
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    page = screen(nmbrs, alice)
    assert rows(page)[(SANNE, "2100")]["do"] == "klopt"
    query = {"vestiging": nmbrs.venue, "doel": "nmbrs", "periode": slug(nmbrs.period)}
    page = alice.open("/portaal/verschil/correctie", query=query)
    assert "Niets om te corrigeren" in page.text()
    assert not page.has("main form")
    assert "zijn veranderd" not in alice.open("/portaal").text()


def test_hours_of_somebody_else_under_our_code_may_be_double(
    nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn
) -> None:
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", "10.00"), entered(nmbrs, SANNE, "2100", "5.00")])
    alice, export = signed_in("alice"), nmbrs.export()
    review = f"/portaal/exports/{export}/versturen"
    assert "van een ander" not in alice.open(review).text()  # nobody looked yet
    page = read_now(screen(nmbrs, alice), crew)
    told = rows(page)[(SANNE, "2100")]["do"]
    assert told.startswith("misschien dubbel Er staat al 15,00 uur onder deze code, van een ander.")
    assert action(page, SANNE) == "Verstuur"
    before = alice.open(review)
    assert f"{SANNE}: er staat al 15,00 uur onder code 2100, van een ander." in before.text(".notice--warn")
    before.submit("Verstuur nu")
    deliver()
    page = screen(nmbrs, alice)
    assert CALM not in page.text()
    assert "Er staan ook 2 regels van een ander." in page.text(".notice--warn")
    assert rows(page)[(SANNE, "2100")]["payroll"] == "15,00 + 10,00 van een ander + 5,00 van een ander"
    assert "15,00 uren van anderen" in page.text(".stats")
    assert page.text("tfoot") == "Totaal 45,00 45,00 45,00"
    assert set(rows(screen(nmbrs, alice, alleen="verschillen"))) == {(SANNE, "2100")}


def test_the_dry_run_reads_before_anything_is_sent(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    clerk(nmbrs, add=[entered(nmbrs, DAAN, "2100", "15.00")])
    alice, export = signed_in("alice"), nmbrs.export()
    page = alice.open(f"/portaal/exports/{export}/versturen").follow("Bekijk eerst het verschil")
    assert rows(page)[(DAAN, "2100")]["payroll"] == "–"
    page = read_now(page, crew)
    assert rows(page)[(DAAN, "2100")]["payroll"] == "0,00 + 15,00 van een ander"
    assert nmbrs.state()["call_counts"].get(INSERT, 0) == 0
    assert "3 verschillen" in page.text(".notice")
    assert page.follow("Verstuur").text("h1") == "Versturen naar Nmbrs"


def action(page: Page, name: str = DAAN) -> str:
    row = next(row for row in page.soup.select("main table tbody tr") if name in row.get_text())
    return " ".join(link.get_text(" ", strip=True) for link in row.select("a.button"))


def test_each_difference_has_one_action(nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    look: Callable[[], Page] = lambda: screen(nmbrs, alice)  # noqa: E731 - said often here
    assert action(look()) == "Maak export"
    assert look().follow("Maak export").text("h1").startswith("Controle van")
    export = nmbrs.export()
    assert action(look()) == "Verstuur"
    nmbrs.trouble(INSERT, "drop_before")
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = service.send(nmbrs.alice, export)
    assert action(look()) == "Volg de levering"
    service.cancel(nmbrs.alice, delivery)
    assert action(look()) == "Verstuur"
    service.resume(nmbrs.alice, delivery)
    seen: list[str] = []
    round_with(nmbrs, 2, lambda: seen.append(action(look())))
    assert seen == ["Volg de levering"]  # Daan's answer was lost: we look it up ourselves first
    deliver()
    assert action(look(), SANNE) == "Bekijk de levering"
    assert action(look(), YOUSSEF) == ""


def test_an_unknown_line_that_nobody_could_prove_asks_a_person(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    deliver()
    clerk(nmbrs, add=[entered(nmbrs, DAAN, "2100", "15.00")])
    an_hour_passes(nmbrs)
    deliver()
    alice = signed_in("alice")
    assert action(screen(nmbrs, alice)) == "Kijk na"
    page = screen(nmbrs, alice).follow("Kijk na")
    assert page.path == f"/portaal/leveringen/{delivery}"
    assert page.has("#onbekende-regels")
    page.submit("Staat er al")
    assert rows(screen(nmbrs, alice))[(DAAN, "2100")]["sent"] == "15,00"


def test_a_line_that_a_person_saw_has_no_id_and_still_counts_as_ours(
    nmbrs: Stage, deliver: Deliver, crew: Crew, signed_in: SignedIn
) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    deliver()
    an_hour_passes(nmbrs)
    service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[0].id, booked=True)
    page = screen(nmbrs, signed_in("alice"))
    assert "nog niet gelezen" in rows(page)[(DAAN, "2100")]["do"]
    assert CALM not in page.text()
    page = read_now(page, crew)
    assert rows(page)[(DAAN, "2100")]["payroll"] == "15,00"
    assert CALM in page.text()


def test_hours_that_came_later_are_not_exported_yet(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    send(nmbrs)
    deliver()
    bring(nmbrs, shift(PEOPLE[0], bounds(nmbrs.period)[0] + timedelta(days=9)))
    page = screen(nmbrs, signed_in("alice"), alleen="verschillen")
    assert {name: (row["approved"], row["sent"]) for name, row in rows(page).items()} == {
        (SANNE, "2100"): ("22,50", "15,00")
    }
    assert action(page, SANNE) == "Maak export"
    assert "Alle regels (3)" in page.text()
    assert "Alleen verschillen (1)" in page.text()


def test_hours_of_a_kind_without_a_code_are_named(nmbrs: Stage, signed_in: SignedIn) -> None:
    bring(nmbrs, shift(PEOPLE[0], bounds(nmbrs.period)[0] + timedelta(days=9), kind="ziek"))
    found = rows(screen(nmbrs, signed_in("alice")))
    assert "nog geen urencode gekozen" in found[(SANNE, "geen")]["do"]


def test_a_batch_shows_what_its_receipt_said(stage: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    alice = signed_in("alice")
    delivery = send(stage, "connexie")
    assert "niet na te lezen" in screen(stage, alice, "connexie").text("main table")
    deliver()
    page = screen(stage, alice, "connexie")
    receipt = info(stage, delivery).receipt
    assert {row["read"] for row in rows(page).values()} == {f"ontvangen, nummer {receipt}"}
    assert CALM in page.text()
    assert "Lees nu" not in page.text()
    alice.post(f"/portaal/verschil/lezen?vestiging={stage.venue}&doel=connexie&periode={slug(stage.period)}",
               csrf(alice), status=409)  # fmt: skip


def test_nothing_to_compare_is_said_calmly(stage: Stage, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    assert "Er is nog geen koppeling actief" in alice.open("/portaal/verschil").text()
    stage.connect_nmbrs()
    assert "Geen uren in" in screen(stage, alice).text()


@pytest.mark.parametrize(
    "query", ["doel=bestaatniet", "periode=2026-13-M", "vestiging=999999", "soort=month&jaar=2026&nummer=x",
              "soort=month&jaar=2026", "pagina=x"]
)  # fmt: skip
def test_a_wrong_address_is_not_found(nmbrs: Stage, signed_in: SignedIn, query: str) -> None:
    signed_in("alice").open(f"/portaal/verschil?{query}", status=404)


def test_both_forms_of_a_period_lead_here(nmbrs: Stage, signed_in: SignedIn) -> None:
    alice, period = signed_in("alice"), nmbrs.period
    words = screen(nmbrs, alice).text("h1")
    query = f"soort={period.kind.value}&jaar={period.year}&nummer={period.number}"
    assert alice.open(f"/portaal/verschil?{query}").text("h1") == words
    assert alice.open("/portaal/verschil").text("h1") == words


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("support", 403)])
def test_a2_another_organisation_sees_nothing(nmbrs: Stage, signed_in: SignedIn, name: str, status: int) -> None:
    stranger = signed_in(name)
    query = f"vestiging={nmbrs.venue}&doel=nmbrs&periode={slug(nmbrs.period)}"
    stranger.open(f"/portaal/verschil?{query}", status=status)
    stranger.open(f"/portaal/verschil/stand?{query}", status=status)
    stranger.post(f"/portaal/verschil/lezen?{query}", csrf(stranger), status=status)


def test_the_pages_that_lead_here(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    alice, delivery = signed_in("alice"), send(nmbrs)
    deliver()
    export = info(nmbrs, delivery).export_id
    for path in (f"/portaal/exports/{export}", f"/portaal/leveringen/{delivery}", "/portaal/uren"):
        assert alice.open(path).follow("Bekijk het verschil").text("h1").startswith("Verschil met Nmbrs")
