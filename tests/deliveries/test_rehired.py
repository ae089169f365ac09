"""A member who was hired again is another employee in payroll: hours that went to the first one stay where they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries.crew import Crew
from portal.integrations import setup
from tests.browse import Visitor
from tests.deliveries import fix
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import bring, send
from tests.deliveries.test_difference import (
    CALM,
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
from tests.deliveries.test_not_double import member, said

__all__ = ["crew"]

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
AGAIN = 50104


@pytest.fixture
def alice(nmbrs: Stage, sent: int, deliver: Deliver, signed_in: SignedIn) -> Visitor:
    """Sanne's first hours went to employee 101, a later day to the employee that she is now."""
    setup.link_member(nmbrs.alice, "nmbrs", member(nmbrs, SANNE), str(AGAIN))
    bring(nmbrs, shift(PEOPLE[0], fix.day(nmbrs, 9)))
    send(nmbrs)
    deliver()
    assert nmbrs.booked()[0] == (101, "15.00")
    assert [row["hours"] for row in nmbrs.state()["components"] if row["employee_id"] == AGAIN] == ["7.50"]
    return signed_in("alice")


def test_each_line_is_compared_with_its_own_employee(nmbrs: Stage, crew: Crew, alice: Visitor) -> None:
    page = screen(nmbrs, alice)
    assert CALM in page.text()
    row = rows(page)[(SANNE, "2100")]
    assert (row["approved"], row["sent"], row["payroll"], row["do"]) == ("22,50", "22,50", "22,50", "klopt")


def test_both_are_read(nmbrs: Stage, crew: Crew, alice: Visitor) -> None:
    clerk(nmbrs, change=[{"id": component(nmbrs, SANNE), "hours": "12.00"}])
    page = screen(nmbrs, alice)
    assert CALM in page.text()  # nobody looked yet
    page = read_now(page, crew)
    row = rows(page)[(SANNE, "2100")]
    assert row["payroll"] == "19,50"
    assert "veranderd van 15,00 in 12,00 uur" in row["do"]


def test_hours_of_the_first_one_can_be_corrected(nmbrs: Stage, deliver: Deliver, alice: Visitor) -> None:
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "15:00"))
    assert action(screen(nmbrs, alice), SANNE) == "Corrigeer"
    fix.correct(nmbrs)
    deliver()
    page = screen(nmbrs, alice)
    assert CALM in page.text()
    assert rows(page)[(SANNE, "2100")]["payroll"] == "20,50"


def test_hours_of_the_other_one_do_not_stand_in(nmbrs: Stage, crew: Crew, alice: Visitor) -> None:
    where = {"year": nmbrs.period.year, "period": nmbrs.period.number}
    clerk(nmbrs, remove=[component(nmbrs, SANNE)],
          add=[{"employee_id": AGAIN, **where, "code": "2100", "hours": "15.00"}])  # fmt: skip
    page = read_now(screen(nmbrs, alice), crew)
    assert rows(page)[(SANNE, "2100")]["do"].startswith("weg uit Nmbrs")


def test_two_members_who_were_one_employee_are_not_each_others_strangers(
    nmbrs: Stage, deliver: Deliver, alice: Visitor
) -> None:
    """Sanne was matched with Fleur by mistake; that is mended, and Fleur's own hours went out too."""
    setup.link_member(nmbrs.alice, "nmbrs", member(nmbrs, SANNE), "50101")
    bring(nmbrs, shift(("Fleur Bakker", "104", ""), fix.day(nmbrs, 3)))
    send(nmbrs)
    deliver()
    assert len([row for row in nmbrs.state()["components"] if row["employee_id"] == AGAIN]) == 2
    page = screen(nmbrs, alice)
    assert CALM in page.text()
    assert "van een ander" not in page.text("main")


def test_what_was_said_of_both_holds(nmbrs: Stage, crew: Crew, deliver: Deliver, alice: Visitor) -> None:
    clerk(nmbrs, add=[entered(nmbrs, SANNE, "2100", "3.00")])
    read_now(screen(nmbrs, alice), crew)
    bring(nmbrs, shift(PEOPLE[0], fix.day(nmbrs, 12)))
    export = nmbrs.export()
    page = alice.open(f"/portaal/exports/{export}/versturen")
    assert f"{SANNE}: er staat al 3,00 uur" in page.text()
    page.submit("Verstuur nu", {"not_double": str(member(nmbrs, SANNE))})
    deliver()
    [facts] = [facts for _who, _name, facts in said(nmbrs)]
    assert len(facts["rows"].split()) == 3  # of both employees: two of ours, which say nothing, and theirs
