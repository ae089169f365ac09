"""Reading what payroll holds because a person asked: once, without a transaction, and with an error in words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from portal.app import for_worker
from portal.audit.models import AuditEvent
from portal.deliveries.crew import Crew
from portal.deliveries.models import Reading
from portal.deliveries.readings import GIVE_UP, read_asked
from portal.deliveries.sending import Stop, crew_of
from portal.hours.periods import slug
from portal.integrations import keyring
from portal.integrations import service as koppelingen
from portal.integrations.models import KoppelingState
from tests.browse import Page, Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import GET, calls, koppeling, send
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
CHECKED = 1  # the check of a new token tries this call once


@pytest.fixture
def crew(stage: Stage) -> Crew:
    return crew_of(for_worker(stage.acting, stop=Stop(threading.Event())))


def screen(stage: Stage, visitor: Visitor) -> Page:
    return visitor.open(f"/portaal/verschil?vestiging={stage.venue}&doel=nmbrs&periode={slug(stage.period)}")


def stored(stage: Stage) -> list[Reading]:
    with stage.acting.read() as work:
        return list(work.session.scalars(select(Reading).order_by(Reading.employee_ref)))


def later(stage: Stage, *, minutes: int = 10) -> None:
    """Some time passes: pauses and leases are over."""
    with stage.acting.begin() as work:
        ago = work.now - timedelta(minutes=minutes)
        work.session.execute(update(Reading).where(Reading.asked_at.is_not(None)).values(asked_at=ago))
        work.session.execute(update(Reading).where(Reading.lease_until.is_not(None)).values(lease_until=ago))


def uses(stage: Stage) -> int:
    """How often the token was opened to read."""
    with stage.acting.read() as work:
        events = work.session.scalars(select(AuditEvent).where(AuditEvent.action == "credential.used"))
        return sum(1 for event in events if event.facts.get("why") == "nalezen")


def test_a_question_is_shown_while_it_is_open_and_answered_once(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    page = screen(nmbrs, alice).submit("Lees nu")
    assert "We lezen in Nmbrs na wat er staat van 3 teamleden." in page.text("[role=status]")
    assert "0 van 3 teamleden" in page.text("[data-live-url]")
    assert "Lees nu" not in page.text("#nalezen")
    address = str(page.soup.select_one("[data-live-url]")["data-live-url"])  # type: ignore[index]
    assert "X-Live" not in alice.client.get(address).headers
    assert read_asked(crew)
    assert not read_asked(crew)
    assert calls(nmbrs, GET) == CHECKED + 3
    assert alice.client.get(address).headers["X-Live"] == "done"
    page = screen(nmbrs, alice)
    assert "Iedereen is gelezen" in page.text("#nalezen")
    assert not page.has("[data-live-url]")
    assert {row.error for row in stored(nmbrs)} == {""}
    assert uses(nmbrs) == 1  # once for all people, not once for each


def test_asking_twice_and_many_workers_read_each_person_once(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    page = screen(nmbrs, alice)
    page.submit("Lees nu")
    page.submit("Lees nu")
    with ThreadPoolExecutor(4) as pool:
        busy = list(pool.map(read_asked, [crew] * 4))
    assert any(busy)
    assert calls(nmbrs, GET) == CHECKED + 3
    assert len(stored(nmbrs)) == 3


def test_a_dead_worker_leaves_a_question_that_another_takes(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    screen(nmbrs, signed_in("alice")).submit("Lees nu")
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Reading).values(lease_until=work.now + timedelta(seconds=60)))
    assert not read_asked(crew)
    later(nmbrs)
    assert read_asked(crew)
    assert {row.asked_at for row in stored(nmbrs)} == {None}


def test_a_reading_of_the_sender_that_is_newer_stays(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    screen(nmbrs, signed_in("alice")).submit("Lees nu")
    with nmbrs.acting.begin() as work:
        newer = [{"ref": "1", "code": "2100", "hours": "8.00"}]
        values = {"components": newer, "read_at": work.now + timedelta(minutes=1)}
        work.session.execute(update(Reading).where(Reading.employee_ref == "50101").values(**values))
    read_asked(crew)
    assert [len(row.components) for row in stored(nmbrs)] == [1, 0, 0]


@pytest.mark.parametrize("code", ["1001", "1002"])
def test_a_refused_key_stops_asking_and_shows_the_koppeling_as_broken(
    nmbrs: Stage, crew: Crew, signed_in: SignedIn, code: str
) -> None:
    nmbrs.trouble(GET, f"fault:{code}", times=9)
    alice = signed_in("alice")
    screen(nmbrs, alice).submit("Lees nu")
    read_asked(crew)
    assert not read_asked(crew)
    assert koppeling(nmbrs) is KoppelingState.BROKEN
    page = screen(nmbrs, alice)
    assert not page.has("[data-live-url]")
    assert "Nmbrs" in page.text("#nalezen .notice")
    assert "lezen mislukt" in page.text("main table")


def test_an_employee_who_is_gone_is_said_in_words_and_the_others_are_read(
    nmbrs: Stage, crew: Crew, signed_in: SignedIn
) -> None:
    nmbrs.trouble(GET, "fault:2003")
    alice = signed_in("alice")
    screen(nmbrs, alice).submit("Lees nu")
    read_asked(crew)
    found = stored(nmbrs)
    assert sorted(bool(row.error) for row in found) == [False, False, True]
    assert {row.asked_at for row in found} == {None}
    assert "lezen mislukt" in screen(nmbrs, alice).text("main table")


def test_nmbrs_is_away_so_it_is_tried_again_later_and_not_for_ever(
    nmbrs: Stage, crew: Crew, signed_in: SignedIn
) -> None:
    nmbrs.trouble(GET, "status_429", times=99)
    alice = signed_in("alice")
    screen(nmbrs, alice).submit("Lees nu")
    read_asked(crew)
    assert not read_asked(crew)  # it rests first
    page = screen(nmbrs, alice)
    assert "We proberen het vanzelf opnieuw." in page.text("[data-live-url]")
    later(nmbrs, minutes=int(GIVE_UP.total_seconds() // 60) + 1)
    read_asked(crew)
    page = screen(nmbrs, alice)
    assert not page.has("[data-live-url]")
    assert "Lees nu" in page.text("#nalezen")


def test_a_koppeling_that_was_switched_off_is_said_in_words(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    page = screen(nmbrs, alice)
    page.submit("Lees nu")
    koppelingen.switch_off(nmbrs.alice, "nmbrs")
    read_asked(crew)
    assert calls(nmbrs, GET) == CHECKED
    assert {row.asked_at for row in stored(nmbrs)} == {None}
    page = screen(nmbrs, alice)
    assert "is niet actief" in page.text("#nalezen")
    query = f"vestiging={nmbrs.venue}&doel=nmbrs&periode={slug(nmbrs.period)}"
    alice.post(f"/portaal/verschil/lezen?{query}", csrf(alice), status=409)


def test_the_end_of_a_delivery_is_a_reading_too(nmbrs: Stage, deliver: Deliver, crew: Crew) -> None:
    send(nmbrs)
    deliver()
    assert [[row["hours"] for row in one.components] for one in stored(nmbrs)] == [["15.00"]] * 3
    assert not read_asked(crew)


def test_who_asks_us_to_wait_is_asked_nothing_for_the_others(nmbrs: Stage, crew: Crew, signed_in: SignedIn) -> None:
    nmbrs.trouble(GET, "busy_503")
    screen(nmbrs, signed_in("alice")).submit("Lees nu")
    assert read_asked(crew)
    assert not read_asked(crew)
    assert calls(nmbrs, GET) == CHECKED + 1
    later(nmbrs)
    assert read_asked(crew)
    assert {(row.error, row.asked_at) for row in stored(nmbrs)} == {("", None)}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_payroll_holds_is_written_while_somebody_makes_an_export(nmbrs: Stage) -> None:
    """Who locks an organisation locks out who else does, not a row that names it: a worker would stand still."""
    with nmbrs.alice.begin() as work, nmbrs.alice.begin() as other:
        keyring.hold(work, work.organisation_id, "nmbrs")
        other.session.execute(text("SET LOCAL lock_timeout = '2s'"))
        other.session.add(
            Reading(
                organisation_id=other.organisation_id, provider="nmbrs", employee_ref="50101", components=[],
                period_kind=nmbrs.period.kind, year=nmbrs.period.year, number=nmbrs.period.number,
            )
        )  # fmt: skip
        other.session.flush()
    assert len(stored(nmbrs)) == 1
