"""Payroll that stores other hours than we booked: nobody is blamed, and it is never silently right."""

from __future__ import annotations

from collections.abc import Callable

from portal.deliveries.crew import Crew
from portal.deliveries.models import LineState
from tests.browse import Page, Visitor
from tests.deliveries import fix
from tests.deliveries.stage import Stage, shift
from tests.deliveries.steps import bring, round_with, send, states
from tests.deliveries.test_difference import CALM, SANNE, clerk, component, crew, read_now, rows, screen

__all__ = ["crew"]

SignedIn = Callable[[str], Visitor]


def told(page: Page) -> str:
    return rows(page)[(SANNE, "2100")]["do"]


def stored_as(stage: Stage, hours: str) -> None:
    """Sanne's 7.45 hours become something else before we read them for the first time."""
    bring(stage, fix.until(stage, fix.SANNE, "16:57"), shift(fix.SANNE, fix.day(stage, 1), kind="vakantie"))
    stage.connect_nmbrs()
    delivery = send(stage)
    round_with(stage, 2, lambda: clerk(stage, change=[{"id": component(stage, SANNE), "hours": hours}]))
    assert states(stage, delivery) == [LineState.ACCEPTED, LineState.ACCEPTED]


def test_payroll_is_said_to_have_stored_it_so(stage: Stage, signed_in: SignedIn) -> None:
    stored_as(stage, "7.00")
    page = screen(stage, signed_in("alice"))
    assert CALM not in page.text()
    text = told(page)
    assert text.startswith("veranderd in Nmbrs Nmbrs heeft onze regel (kenmerk ")
    assert "als 7,00 uur opgeslagen. Wij stuurden 7,45 uur." in text
    assert "Vraag je salarisadministratie of Nmbrs uren afrondt." in text
    assert "Iemand anders" not in text


def test_read_again_it_may_be_rounding(stage: Stage, crew: Crew, signed_in: SignedIn) -> None:
    stored_as(stage, "7.50")
    alice = signed_in("alice")
    text = told(read_now(screen(stage, alice), crew))
    assert "staat er met 7,50 uur. Wij stuurden 7,45 uur. Misschien rondt Nmbrs af" in text
    fix.change(stage, fix.until(stage, fix.SANNE, "18:00"))
    query = {"vestiging": stage.venue, "doel": "nmbrs", "periode": "", "soort": "month"}
    query |= {"jaar": str(stage.period.year), "nummer": str(stage.period.number)}
    page = alice.open("/portaal/verschil/correctie", query=query)
    assert "In Nmbrs staat onze regel van 7,45 uur als 7,50 uur." in page.text()


def test_with_those_hours_approved_it_is_right(stage: Stage, crew: Crew, signed_in: SignedIn) -> None:
    stored_as(stage, "7.50")
    fix.change(stage, fix.until(stage, fix.SANNE, "17:00"))
    page = screen(stage, signed_in("alice"))
    assert told(page) == "klopt"
    assert CALM in screen(stage, signed_in("alice")).text()


def test_a_person_who_changes_it_later_is_named(stage: Stage, crew: Crew, signed_in: SignedIn) -> None:
    stored_as(stage, "7.45")
    alice = signed_in("alice")
    assert told(screen(stage, alice)) == "klopt"
    clerk(stage, change=[{"id": component(stage, SANNE), "hours": "6.00"}])
    assert "Iemand anders heeft onze regel" in told(read_now(screen(stage, alice), crew))
