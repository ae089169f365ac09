"""The last look at a correction before it is sent, and the way on when payroll closed the period meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.correction_types import Way
from portal.deliveries.receipt_queries import told
from portal.deliveries.receipt_words import Sheet
from portal.hours.periods import following, label
from portal.integrations import setup
from tests.browse import Page, Visitor
from tests.deliveries.fix import SANNE, UPDATE, change, correct, make, nmbrs_settings, until
from tests.deliveries.stage import COMPANY, Stage
from tests.deliveries.steps import send
from tests.deliveries.test_correction_pages import address, rows
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
READ = "Lees de loonperiode opnieuw"


@pytest.fixture
def changed(nmbrs: Stage, deliver: Deliver) -> Stage:
    """Sanne's fifteen hours went out and became thirteen."""
    send(nmbrs)
    deliver()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    return nmbrs


def closes(stage: Stage) -> str:
    """Payroll goes on to the next period; its name."""
    now = following(stage.period)
    nmbrs_settings(stage, current={COMPANY: [now.year, now.number]})
    return label(now)


def last_look(visitor: Visitor, export: int) -> Page:
    return visitor.open(f"/portaal/exports/{export}/versturen")


def test_it_says_per_line_what_was_and_becomes(changed: Stage, signed_in: SignedIn) -> None:
    page = last_look(signed_in("alice"), make(changed))
    assert rows(page)[0] == (
        f"Sanne de Boer 2100 onze regel aanpassen {label(changed.period)} 15,00 13,00 -2,00"
    )  # fmt: skip
    assert "niet terughalen" not in page.text()
    assert "maak je hier een correctie" in page.text()


def test_a_difference_line_is_a_new_line_in_another_period(changed: Stage, signed_in: SignedIn) -> None:
    now = closes(changed)
    setup.refresh(changed.alice, "nmbrs", changed.venue)
    page = last_look(signed_in("alice"), make(changed, Way.NEXT))
    assert rows(page)[0] == f"Sanne de Boer 2100 nieuwe regel {now} – -2,00 -2,00"
    assert f"Verschilregel in {now}" in page.text()


def test_the_choice_for_a_closed_period_stays_in_sight(changed: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    closes(changed)
    setup.refresh(changed.alice, "nmbrs", changed.venue)
    export = make(changed, Way.FORCE, sure=True)
    assert "Dit schrijft in een afgesloten periode" in last_look(signed_in("alice"), export).text()
    delivery = service.send(changed.alice, export)
    deliver()
    with changed.alice.read() as work:
        info, body = told(work, delivery)
    assert "Afgesloten periode" in dict(Sheet(body, "Nmbrs", "", info.body_sha256).facts)


def test_after_the_period_closed_the_clerk_of_hours_finds_the_way_on(
    changed: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    """Bob is no beheerder: he sees the refusal, reads the period again and books a difference line."""
    now, bob = closes(changed), signed_in("bob")
    changed.trouble(UPDATE, "fault:2011")
    delivery = correct(changed)
    deliver()
    page = bob.open(f"/portaal/leveringen/{delivery}")
    assert "Doe niet allebei" in page.text()
    page = page.submit("Maak vrij")
    assert page.text("h1") == f"Correctie op {label(changed.period)}"
    assert f"Verschilregel in {now}" not in page.text()
    page = page.submit(READ)
    assert "We hebben de loonperiode opnieuw gelezen." in page.text("[role=status]")
    assert page.has("input[value=verschilregel][checked]")
    assert f"Verschilregel in {now}" in page.text()


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("support", 403)])
def test_a2_nobody_else_has_the_period_read(changed: Stage, signed_in: SignedIn, name: str, status: int) -> None:
    stranger = signed_in(name)
    path = address(changed).replace("/correctie?", "/correctie/loonperiode?")
    stranger.post(path, csrf(stranger), status=status)
