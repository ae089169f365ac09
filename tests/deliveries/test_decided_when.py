"""What a person decided of an unknown line counts from the moment of the decision: on the receipt and at Verschil."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from portal.deliveries import service
from portal.deliveries.crew import Crew
from portal.deliveries.models import DeliveryLine, LineState
from portal.kernel.filters import AMSTERDAM
from tests.browse import Visitor
from tests.deliveries.receipt_steps import csv_rows
from tests.deliveries.stage import Stage
from tests.deliveries.steps import GET, INSERT, an_hour_passes, lines, round_with, send, states
from tests.deliveries.test_difference import DAAN, crew, read_now, rows, screen

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
HOUR = timedelta(hours=1)
__all__ = ["crew"]


def lose(stage: Stage, deliver: Deliver, delivery: int) -> int:
    """Daan's answer was lost an hour ago, and nobody could read what is there; the line."""
    an_hour_passes(stage)
    stage.trouble(GET, "fault:2003")
    deliver()
    assert states(stage, delivery)[0] is LineState.UNCLEAR
    with stage.acting.begin() as work:
        settled = DeliveryLine.settled_at.is_not(None)
        work.session.execute(update(DeliveryLine).where(settled).values(settled_at=work.now - HOUR))
    return lines(stage, delivery)[0].id


@pytest.fixture
def delivery(nmbrs: Stage) -> int:
    nmbrs.trouble(INSERT, "drop_after_booking")
    return send(nmbrs)


def test_a_receipt_says_when_it_was_decided(nmbrs: Stage, deliver: Deliver, delivery: int, signed_in: SignedIn) -> None:
    deliver()
    line, before = lose(nmbrs, deliver, delivery), datetime.now(UTC)
    service.decide(nmbrs.alice, delivery, line, booked=True)
    row = csv_rows(signed_in("alice"), delivery)[0]
    assert (row["Teamlid"], row["Stand"], row["Reden"]) == (DAAN, "geaccepteerd", "Nagekeken door Alice Appel.")
    assert _moment(row["Antwoord op"]) >= before - timedelta(seconds=5)
    assert _moment(row["Verstuurd op"]) < before - HOUR / 2


def test_a_receipt_knows_no_moments_of_a_line_that_is_not_there(
    nmbrs: Stage, deliver: Deliver, delivery: int, signed_in: SignedIn
) -> None:
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    line = lose(nmbrs, deliver, delivery)
    service.decide(nmbrs.alice, delivery, line, booked=False)
    row = csv_rows(signed_in("alice"), delivery)[0]
    assert (row["Teamlid"], row["Stand"], row["Reden"]) == (DAAN, "niet verstuurd", "")
    assert (row["Verstuurd op"], row["Antwoord op"]) == ("", "")


def test_a_reading_from_before_the_decision_tells_nothing_of_it(
    nmbrs: Stage, deliver: Deliver, delivery: int, crew: Crew, signed_in: SignedIn
) -> None:
    deliver()
    line, alice = lose(nmbrs, deliver, delivery), signed_in("alice")
    read_now(screen(nmbrs, alice), crew)
    service.decide(nmbrs.alice, delivery, line, booked=True)
    page = screen(nmbrs, alice)
    assert "nog niet gelezen" in rows(page)[(DAAN, "2100")]["do"]
    assert rows(read_now(page, crew))[(DAAN, "2100")]["do"] == "klopt"


def _moment(told: str) -> datetime:
    return datetime.strptime(told, "%d-%m-%Y %H:%M:%S").replace(tzinfo=AMSTERDAM).astimezone(UTC)
