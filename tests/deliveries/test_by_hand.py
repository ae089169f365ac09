"""Somebody removed our line in payroll and entered the hours again: that is seen, and never sent or touched by us."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.correction_types import Way
from portal.deliveries.crew import Crew
from portal.deliveries.models import LineState
from portal.kernel.errors import Conflict
from tests.browse import Page, Visitor
from tests.deliveries import fix
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import INSERT, bring, lines, send, states
from tests.deliveries.taking import make_back
from tests.deliveries.test_difference import (
    CALM,
    DAAN,
    SANNE,
    action,
    clerk,
    component,
    crew,
    entered,
    read_now,
    rows,
    screen,
)

__all__ = ["crew"]

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
MENDED = "Met de hand hersteld: er staat nu {} uur, ingevoerd door een ander."


@pytest.fixture
def alice(nmbrs: Stage, sent: int, signed_in: SignedIn) -> Visitor:
    return signed_in("alice")


def again(stage: Stage, *hours: str, name: str = SANNE) -> None:
    """Our line is removed, and these are entered instead."""
    clerk(stage, remove=[component(stage, name)], add=[entered(stage, name, "2100", one) for one in hours])


def told(page: Page, name: str = SANNE, code: str = "2100") -> str:
    return rows(page)[(name, code)]["do"]


def correction(stage: Stage, visitor: Visitor) -> Page:
    return visitor.open(f"/portaal/verschil/correctie?vestiging={stage.venue}&doel=nmbrs"
                        f"&soort=month&jaar={stage.period.year}&nummer={stage.period.number}")  # fmt: skip


def held(stage: Stage) -> list[tuple[int, str]]:
    return [row for row in stage.booked() if row[0] == 101]


def test_hours_that_were_entered_again_are_right(nmbrs: Stage, crew: Crew, alice: Visitor) -> None:
    again(nmbrs, "15.00")
    page = read_now(screen(nmbrs, alice), crew)
    row = rows(page)[(SANNE, "2100")]
    assert row["payroll"] == "0,00 + 15,00 van een ander"
    assert row["do"] == f"klopt {MENDED.format('15,00')} Onze regel is daar weg."
    assert CALM in page.text()


def test_as_one_was_told_so_it_is_well(nmbrs: Stage, crew: Crew, alice: Visitor) -> None:
    """The approved hours changed too: payroll holds those, in two rows."""
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    clerk(nmbrs, remove=[component(nmbrs, SANNE)])
    page = read_now(screen(nmbrs, alice), crew)
    assert "pas daar de uren aan tot wat is goedgekeurd. Er hoort 13,00 uur te staan onder code 2100." in told(page)
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", hours) for hours in ("6.00", "7.00")])
    page = read_now(screen(nmbrs, alice), crew)
    assert told(page).startswith(f"klopt {MENDED.format('13,00')}")
    assert CALM in page.text()
    assert "zijn veranderd" not in alice.open("/portaal").text()
    assert "Niets om te corrigeren" in correction(nmbrs, alice).text()
    with pytest.raises(Conflict):
        fix.make(nmbrs)


@pytest.mark.parametrize("hours", [["15.00", "15.00"], ["14.00"], ["10.00", "4.00"], ["15.00", "15.00", "2.00"]])
def test_what_is_not_certain_stays_a_question(nmbrs: Stage, crew: Crew, alice: Visitor, hours: list[str]) -> None:
    again(nmbrs, *hours)
    fix.change(nmbrs, fix.until(nmbrs, fix.DAAN, "15:00"), fix.until(nmbrs, fix.SANNE, "15:30"))
    page = read_now(screen(nmbrs, alice), crew)
    assert told(page).startswith("weg uit Nmbrs")
    assert [row.name for row in fix.seen(nmbrs).ready] == [DAAN]


def test_what_stood_there_first_does_not_stand_in(
    nmbrs: Stage, crew: Crew, deliver: Deliver, signed_in: SignedIn
) -> None:
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", "15.00")])
    theirs = component(nmbrs, SANNE)
    send(nmbrs)
    deliver()
    ours = next(row["id"] for row in nmbrs.state()["components"]
                if row["employee_number"] == 101 and row["id"] != theirs)  # fmt: skip
    clerk(nmbrs, remove=[ours])
    assert told(read_now(screen(nmbrs, signed_in("alice")), crew)).startswith("weg uit Nmbrs")


def test_another_code_of_this_person_can_be_corrected(
    stage: Stage, mixed: int, crew: Crew, deliver: Deliver, signed_in: SignedIn
) -> None:
    """And what others entered stands as they entered it."""
    again(stage, "7.50")
    theirs = next(row for row in stage.state()["components"] if str(row["code"]) == "2100")
    alice = signed_in("alice")
    read_now(screen(stage, alice), crew)
    fix.change(stage, fix.until(stage, fix.SANNE, "15:30", 1, kind="vakantie"))
    delivery = fix.correct(stage)
    deliver()
    assert states(stage, delivery) == [LineState.ACCEPTED]
    assert held(stage) == [(101, "6.00"), (101, "7.50")]
    assert theirs in stage.state()["components"]
    assert CALM in screen(stage, alice).text()


def test_hours_that_change_after_that_stay_with_who_entered_them(
    nmbrs: Stage, crew: Crew, deliver: Deliver, alice: Visitor
) -> None:
    again(nmbrs, "15.00")
    read_now(screen(nmbrs, alice), crew)
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "18:00"), fix.until(nmbrs, fix.DAAN, "18:00"))
    page = screen(nmbrs, alice)
    assert "Pas ze in Nmbrs zelf aan tot wat is goedgekeurd. Er hoort 16,00 uur te staan." in told(page)
    assert action(screen(nmbrs, alice)) == "Corrigeer"
    assert action(screen(nmbrs, alice), SANNE) == "Lees nu"
    assert "uren van code 2100 met de hand aangepast" in correction(nmbrs, alice).text()
    for way in (Way.SAME, Way.NEXT):
        fix.correct(nmbrs, way) if fix.seen(nmbrs).ready else None
        deliver()
    assert held(nmbrs) == [(101, "15.00")]
    theirs = component(nmbrs, SANNE)
    clerk(nmbrs, change=[{"id": theirs, "hours": "16.00"}])
    page = read_now(screen(nmbrs, alice), crew)
    assert told(page).startswith(f"klopt {MENDED.format('16,00')}")
    assert CALM in page.text()


def test_what_others_entered_is_not_taken_back(
    nmbrs: Stage, sent: int, crew: Crew, deliver: Deliver, alice: Visitor
) -> None:
    again(nmbrs, "15.00")
    read_now(screen(nmbrs, alice), crew)
    page = alice.open(f"/portaal/leveringen/{sent}/terugdraaien")
    assert "uren van code 2100 met de hand aangepast" in page.text()
    service.send(nmbrs.alice, make_back(nmbrs, sent))
    deliver()
    assert nmbrs.booked() == [(101, "15.00")]
    assert action(screen(nmbrs, alice)) == "Maak export"
    assert action(screen(nmbrs, alice), SANNE) == ""


def test_another_delivery_can_be_taken_back(
    stage: Stage, mixed: int, crew: Crew, deliver: Deliver, signed_in: SignedIn
) -> None:
    """Somebody put the one code right; the other went with a delivery of its own."""
    bring(stage, shift(PEOPLE[0], fix.day(stage, 9), kind="vakantie"))
    second = send(stage)
    deliver()
    fix.change(stage, fix.until(stage, fix.SANNE, "16:00"))
    again(stage, "6.50")
    read_now(screen(stage, signed_in("alice")), crew)
    service.send(stage.alice, make_back(stage, second))
    deliver()
    assert held(stage) == [(101, "6.50"), (101, "7.50")]


def test_hours_that_still_go_out_are_asked_about(nmbrs: Stage, crew: Crew, deliver: Deliver, alice: Visitor) -> None:
    """What was entered by hand may be just these."""
    again(nmbrs, "15.00")
    read_now(screen(nmbrs, alice), crew)
    bring(nmbrs, *(shift(PEOPLE[0], fix.day(nmbrs, number)) for number in (8, 9)))
    page = screen(nmbrs, alice)
    assert action(page, SANNE) == "Maak export"
    assert told(page).startswith("misschien dubbel Er staat al 15,00 uur onder deze code, van een ander.")
    export = nmbrs.export()
    page = screen(nmbrs, alice).follow("Verstuur")
    assert page.has("#not_double")
    service.send(nmbrs.alice, export)
    deliver()
    assert told(screen(nmbrs, alice)).startswith(f"klopt {MENDED.format('15,00')}")


def test_a_line_that_is_lost_may_be_what_stands_there(
    nmbrs: Stage, crew: Crew, deliver: Deliver, alice: Visitor
) -> None:
    bring(nmbrs, *(shift(PEOPLE[0], fix.day(nmbrs, number)) for number in (8, 9)))
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    first = component(nmbrs, SANNE)
    deliver()
    assert [line.state for line in lines(nmbrs, delivery)] == [LineState.UNCLEAR]
    clerk(nmbrs, remove=[first])
    page = read_now(screen(nmbrs, alice), crew)
    assert MENDED.format("15,00") not in page.text()
    assert told(page).startswith("onbekend")
