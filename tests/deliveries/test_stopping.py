"""A stop that comes too late: when payroll answered every line the delivery is done, and nothing is left to resume."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryState, LineState
from portal.deliveries.receipt_queries import of_delivery
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import ALL, GET, INSERT, an_hour_passes, lines, round_with, send, states, where

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


@pytest.fixture
def too_late(nmbrs: Stage, deliver: Deliver) -> int:
    """Stopped while the answer about its last line was still out."""
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    deliver()
    service.cancel(nmbrs.alice, delivery)
    assert where(nmbrs, delivery) is DeliveryState.CANCELLED
    return delivery


def receipts(stage: Stage, delivery: int) -> list[str]:
    with stage.alice.read() as work:
        return [receipt.state.value for receipt in of_delivery(work, delivery)]


def test_a_stop_that_came_too_late_ends_as_done(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn, too_late: int
) -> None:
    an_hour_passes(nmbrs)
    deliver()
    assert states(nmbrs, too_late) == [LineState.ACCEPTED] * 3
    assert where(nmbrs, too_late) is DeliveryState.DONE
    assert receipts(nmbrs, too_late) == ["klaar"]
    page = signed_in("alice").open(f"/portaal/leveringen/{too_late}")
    assert page.text("main .badge") == "alles geaccepteerd"
    assert "Hervat" not in page.text()
    assert nmbrs.booked() == ALL


def test_a_person_who_settles_the_last_line_ends_it(nmbrs: Stage, deliver: Deliver, too_late: int) -> None:
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "fault:2003")
    deliver()
    assert where(nmbrs, too_late) is DeliveryState.CANCELLED
    service.decide(nmbrs.alice, too_late, lines(nmbrs, too_late)[0].id, booked=True)
    assert where(nmbrs, too_late) is DeliveryState.DONE
    assert receipts(nmbrs, too_late)[0] == "klaar"


def test_one_that_was_stopped_too_late_before_is_ended_by_a_worker(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = send(nmbrs)
    deliver()
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(state=DeliveryState.CANCELLED))
    deliver()
    assert where(nmbrs, delivery) is DeliveryState.DONE


def test_refused_lines_of_it_can_go_again(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:2001", times=3)
    delivery = send(nmbrs)
    deliver()
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(state=DeliveryState.BUSY))
    service.cancel(nmbrs.alice, delivery)
    assert where(nmbrs, delivery) is DeliveryState.DONE
    service.retry_refused(nmbrs.alice, delivery)
    deliver()
    assert nmbrs.booked() == ALL


def test_after_a_stop_nobody_is_told_to_download(nmbrs: Stage, signed_in: SignedIn) -> None:
    """Half is in payroll: a file would pay it twice."""
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    text = signed_in("alice").open("/portaal").text()
    assert f"Levering {delivery} is gestopt" in text
    assert "download" not in text.casefold().replace("versturen of downloaden", "")
