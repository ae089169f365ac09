"""Somebody else entered hours under our code in Nmbrs: a person says per teamlid that it is not double."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.deliveries.crew import Crew
from portal.hours.models import TeamMember
from tests.browse import Page, Visitor
from tests.deliveries import fix
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import ALL, bring
from tests.deliveries.test_difference import (
    CALM,
    DAAN,
    SANNE,
    action,
    clerk,
    crew,
    entered,
    read_now,
    rows,
    screen,
)  # fmt: skip
from tests.integrations.flow import csrf

__all__ = ["crew"]

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
ASKED = "Heb je nagekeken of het dubbel is?"


@pytest.fixture
def alice(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> Visitor:
    """Nmbrs was read; it holds hours of somebody else for Sanne and Daan."""
    clerk(nmbrs, add=[entered(nmbrs, name, "2100", hours) for name, hours in ((SANNE, "10.00"), (DAAN, "4.00"))])
    visitor = signed_in("alice")
    nmbrs.export()
    read_now(screen(nmbrs, visitor), crew)
    return visitor


def review(visitor: Visitor) -> Page:
    return visitor.open("/portaal/exports/1/versturen")


def member(stage: Stage, name: str) -> int:
    with stage.acting.read() as work:
        return work.session.scalars(select(TeamMember.id).where(TeamMember.name == name)).one()


def said(stage: Stage) -> list[tuple[int | None, str, dict[str, Any]]]:
    with stage.acting.read() as work:
        query = select(AuditEvent).where(AuditEvent.action == "export.not_double").order_by(AuditEvent.id)
        return [(row.actor_id, row.actor, row.facts) for row in work.session.scalars(query)]


def test_what_is_said_is_kept_and_shown_with_the_export(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    page = review(alice)
    assert [label.get_text(strip=True) for label in page.soup.select("#not_double label")] == [
        f"{DAAN}: dit is niet dubbel", f"{SANNE}: dit is niet dubbel",
    ]  # fmt: skip
    sanne = member(nmbrs, SANNE)
    page.submit("Verstuur nu", {"not_double": str(sanne)})
    deliver()
    who = nmbrs.cast.actors["alice"].user_id
    [(by, name, facts)] = said(nmbrs)
    assert (by, name, facts["export"], facts["member"]) == (who, "Alice Appel", 1, sanne)
    assert len(facts["rows"].split()) == 1
    shown = alice.open("/portaal/exports/1").text()
    assert f"{SANNE}: gezegd door Alice Appel op " in shown
    assert f"{DAAN}: gezegd door" not in shown
    assert "Gezegd: niet dubbel" in alice.open("/portaal/bedrijf/logboek").text()
    assert [row for row in nmbrs.booked() if row in ALL] == ALL


def test_it_stays_a_warning_for_who_says_nothing(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    review(alice).submit("Verstuur nu")
    deliver()
    assert said(nmbrs) == []
    assert "Nagekeken: niet dubbel" not in alice.open("/portaal/exports/1").text()


def test_only_people_of_the_export_and_only_once(nmbrs: Stage, alice: Visitor) -> None:
    sanne = member(nmbrs, SANNE)
    form = {**csrf(alice), "not_double": [str(sanne), str(sanne), "9999999999999999999", "0"]}
    for _ in range(2):
        alice.post("/portaal/exports/1/versturen", form)
    assert [(facts["export"], facts["member"]) for _id, _name, facts in said(nmbrs)] == [(1, sanne)]


def test_nonsense_says_nothing_and_does_not_stop_the_sending(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    alice.post("/portaal/exports/1/versturen", {**csrf(alice), "not_double": ["x" * 5000, str(member(nmbrs, SANNE))]})
    deliver()
    assert said(nmbrs) == []
    assert [row for row in nmbrs.booked() if row in ALL] == ALL


def test_a_tick_is_kept_when_another_question_was_forgotten(nmbrs: Stage, alice: Visitor) -> None:
    alice.open("/portaal/exports/1/bestand.csv")
    page = review(alice).submit("Verstuur nu", {"not_double": str(member(nmbrs, DAAN))}, status=422)
    assert [box.get("value") for box in page.soup.select("#not_double input[checked]")] == [str(member(nmbrs, DAAN))]
    assert said(nmbrs) == []


def told(page: Page) -> str:
    return rows(page)[(SANNE, "2100")]["do"]


@pytest.fixture
def ticked(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> Visitor:
    """Both were looked at and sent."""
    review(alice).submit("Verstuur nu", {"not_double": [str(member(nmbrs, SANNE)), str(member(nmbrs, DAAN))]})
    deliver()
    return alice


def test_after_the_word_all_is_well(nmbrs: Stage, ticked: Visitor) -> None:
    page = screen(nmbrs, ticked)
    assert CALM in page.text()
    row = rows(page)[(SANNE, "2100")]
    assert row["do"].startswith("klopt Er staat ook 10,00 uur onder deze code, van een ander.")
    assert row["payroll"] == "15,00 + 10,00 van een ander"
    assert "Er staan al uren van een ander" not in ticked.open("/portaal/exports/1").text()


def test_more_hours_of_others_warn_again(nmbrs: Stage, crew: Crew, ticked: Visitor) -> None:
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", "2.00")])
    page = read_now(screen(nmbrs, ticked), crew)
    found = rows(page)
    assert found[(SANNE, "2100")]["do"].startswith("misschien dubbel Er staat al 2,00 uur")
    assert found[(DAAN, "2100")]["do"].startswith("klopt")
    assert CALM not in page.text()


def test_a_row_of_others_with_other_hours_warns_again(nmbrs: Stage, crew: Crew, ticked: Visitor) -> None:
    theirs = next(row["id"] for row in nmbrs.state()["components"] if str(row["hours"]) == "10.00")
    clerk(nmbrs, change=[{"id": theirs, "hours": "15.00"}])
    assert told(read_now(screen(nmbrs, ticked), crew)).startswith("misschien dubbel Er staat al 15,00 uur")


def test_hours_that_go_out_later_are_asked_about_by_themselves(nmbrs: Stage, crew: Crew, ticked: Visitor) -> None:
    """What is not the same as the first hours may be the same as the next."""
    bring(nmbrs, shift(PEOPLE[0], fix.day(nmbrs, 9)))
    page = screen(nmbrs, ticked)
    assert told(page).startswith("nog niet geëxporteerd")
    assert action(page, SANNE) == "Maak export"
    nmbrs.export()
    page = screen(nmbrs, ticked)
    assert told(page).startswith("misschien dubbel Er staat al 10,00 uur")
    assert page.follow("Verstuur").has("#not_double")


def test_who_said_nothing_sees_what_else_is_to_be_done(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    review(alice).submit("Verstuur nu")
    deliver()
    assert action(screen(nmbrs, alice), SANNE) == ""
    bring(nmbrs, shift(PEOPLE[0], fix.day(nmbrs, 9)))
    page = screen(nmbrs, alice)
    assert told(page).startswith("misschien dubbel Er staat al 10,00 uur")
    assert action(page, SANNE) == "Maak export"


def test_it_can_be_said_afterwards_of_what_is_on_the_screen(
    nmbrs: Stage, crew: Crew, deliver: Deliver, alice: Visitor
) -> None:
    review(alice).submit("Verstuur nu", {"not_double": str(member(nmbrs, DAAN))})
    deliver()
    page = screen(nmbrs, alice)
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", "5.00")])
    read_now(screen(nmbrs, alice), crew)
    assert "Er staat intussen iets anders" in page.submit("Dit is niet dubbel", status=409).text()
    assert len(said(nmbrs)) == 1
    page = screen(nmbrs, alice).submit("Dit is niet dubbel")
    assert told(page).startswith("klopt Er staat ook 15,00 uur onder deze code, van een ander.")
    assert CALM in page.text()
    assert f"{SANNE}: gezegd door Alice Appel" in alice.open("/portaal/exports/1").text()


def test_without_hours_of_others_nothing_is_asked(nmbrs: Stage, signed_in: SignedIn) -> None:
    nmbrs.export()
    assert ASKED not in review(signed_in("alice")).text()
