"""The difference screen around a correction: it leads there, and afterwards everything is well again (G6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.correction_types import Way
from portal.deliveries.models import LineState
from portal.hours.periods import following, slug
from portal.integrations import setup
from tests.browse import Visitor
from tests.deliveries import fix
from tests.deliveries.stage import COMPANY, Stage
from tests.deliveries.steps import round_with, send, states
from tests.deliveries.test_difference import CALM, SANNE, action, rows, screen

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


@pytest.fixture
def changed(nmbrs: Stage, deliver: Deliver) -> Stage:
    """Fifteen hours each were delivered; after that Sanne's first day turned out two hours shorter."""
    send(nmbrs)
    deliver()
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    return nmbrs


def test_changed_hours_lead_to_a_correction_and_then_all_is_well(
    changed: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    page = screen(changed, alice)
    row = rows(page)[(SANNE, "2100")]
    assert (row["approved"], row["sent"], row["payroll"]) == ("13,00", "15,00", "15,00")
    assert action(page, SANNE) == "Corrigeer"
    assert page.follow("Corrigeer").text("h1").startswith("Correctie op")
    delivery = fix.correct(changed)
    assert action(screen(changed, alice), SANNE) == "Volg de levering"
    lines = alice.open(f"/portaal/leveringen/{delivery}").text("main table")
    assert "-2,00" in lines
    assert "verbetert onze regel" in lines
    deliver()
    page = screen(changed, alice)
    row = rows(page)[(SANNE, "2100")]
    assert (row["approved"], row["sent"], row["payroll"], row["do"]) == ("13,00", "13,00", "13,00", "klopt")
    assert CALM in page.text()


def test_hours_of_an_export_that_nobody_sent_can_still_be_withdrawn(nmbrs: Stage, signed_in: SignedIn) -> None:
    delivery, alice = send(nmbrs), signed_in("alice")
    service.cancel(nmbrs.alice, delivery)
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    page = screen(nmbrs, alice)
    assert "Trek de export in en maak een nieuwe." in rows(page)[(SANNE, "2100")]["do"]
    assert screen(nmbrs, alice).follow("Bekijk export 1").path == "/portaal/exports/1"


def test_hours_of_a_delivery_that_stopped_half_way_are_given_free(nmbrs: Stage, signed_in: SignedIn) -> None:
    """Daan's hours went out, so the export cannot be withdrawn any more."""
    delivery, alice = send(nmbrs), signed_in("alice")
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    assert states(nmbrs, delivery)[:2] == [LineState.ACCEPTED, LineState.PLANNED]
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    page = screen(nmbrs, alice)
    told = f"Maak deze uren vrij bij levering {delivery} en maak daarna een nieuwe export."
    assert told in rows(page)[(SANNE, "2100")]["do"]
    assert page.follow(f"Bekijk levering {delivery}").path == f"/portaal/leveringen/{delivery}"


def test_a_difference_line_in_the_next_period_is_told_in_both(
    changed: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    now = following(changed.period)
    fix.nmbrs_settings(changed, current={COMPANY: [now.year, now.number]})
    setup.refresh(changed.alice, "nmbrs", changed.venue)
    fix.correct(changed, Way.NEXT)
    deliver()
    alice = signed_in("alice")
    page = screen(changed, alice)
    row = rows(page)[(SANNE, "2100")]
    assert (row["approved"], row["payroll"], row["do"]) == ("13,00", "15,00", "klopt")
    assert row["sent"] == "15,00 en -2,00 in een andere periode"
    assert CALM in page.text()
    page = screen(changed, alice, periode=slug(now))
    row = rows(page)[(SANNE, "2100")]
    assert (row["approved"], row["payroll"], row["do"]) == ("0,00", "-2,00", "klopt")
    assert row["sent"] == "-2,00 waarvan -2,00 voor een andere periode"


def test_what_was_taken_back_is_open_again_and_nothing_of_ours_is_left(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    delivery = send(nmbrs)
    deliver()
    alice = signed_in("alice")
    alice.open(f"/portaal/leveringen/{delivery}/terugdraaien").submit("Maak correctie")
    alice.open("/portaal/exports/2/versturen").submit("Verstuur nu")
    deliver()
    assert nmbrs.booked() == []
    row = rows(screen(nmbrs, alice))[(SANNE, "2100")]
    assert (row["approved"], row["sent"], row["payroll"]) == ("15,00", "0,00", "0,00")
    assert action(screen(nmbrs, alice), SANNE) == "Maak export"
    assert row["do"].startswith("teruggedraaid")
