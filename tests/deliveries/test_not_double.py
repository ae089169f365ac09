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
from tests.deliveries.stage import Stage
from tests.deliveries.steps import ALL
from tests.deliveries.test_difference import DAAN, SANNE, clerk, crew, entered, read_now, screen
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
    assert said(nmbrs) == [(who, "Alice Appel", {"export": 1, "member": sanne})]
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
    assert [facts for _id, _name, facts in said(nmbrs)] == [{"export": 1, "member": sanne}]


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


def test_without_hours_of_others_nothing_is_asked(nmbrs: Stage, signed_in: SignedIn) -> None:
    nmbrs.export()
    assert ASKED not in review(signed_in("alice")).text()
