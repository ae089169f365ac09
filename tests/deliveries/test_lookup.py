"""Asking what became of a batch whose answer was lost: one answer proves that it is not there (G4, G6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import lookup, service
from portal.deliveries.lookup import Found
from portal.deliveries.models import DeliveryState, LineState
from portal.integrations import service as koppelingen
from portal.kernel.errors import Conflict, NotFound, RemoteError
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import an_hour_passes, calls, info, lines, send, states, where

Deliver = Callable[[], bool]
Lose = Callable[[str], int]


@pytest.fixture(params=["connexie", "horecalonen"])
def target(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lose(stage: Stage, target: str, deliver: Deliver) -> Lose:
    """Send a batch whose answer gets lost, an hour ago; returns the delivery."""

    def lose_answer(kind: str) -> int:
        stage.bring_hours()
        koppelingen.switch_on(stage.alice, target)
        stage.trouble("put_batch", kind, name=target)
        delivery = send(stage, target)
        deliver()
        assert states(stage, delivery) == [LineState.UNCLEAR] * 3
        return delivery

    return lose_answer


def test_too_early_nobody_is_asked(stage: Stage, target: str, lose: Lose) -> None:
    """The call may still be under way and land after our question."""
    delivery = lose("drop_before")
    with pytest.raises(Conflict, match="drie minuten"):
        lookup.look_up(stage.alice, delivery)
    assert calls(stage, "get_batch", target) == 0
    assert states(stage, delivery) == [LineState.UNCLEAR] * 3


def test_a_batch_that_arrived_is_settled_with_its_receipt(
    stage: Stage, target: str, lose: Lose, deliver: Deliver
) -> None:
    delivery = lose("drop_after_booking")
    an_hour_passes(stage)
    assert lookup.look_up(stage.alice, delivery) is Found.BOOKED
    (batch,) = stage.state(target)["batches"]
    assert info(stage, delivery).receipt == batch["receipt"]
    assert [line.remote_ref for line in lines(stage, delivery)] == [line["id"] for line in batch["lines"]]
    assert states(stage, delivery) == [LineState.ACCEPTED] * 3
    assert where(stage, delivery) is DeliveryState.DONE
    assert not deliver()
    assert calls(stage, "put_batch", target) == 1


def test_a_batch_that_never_arrived_goes_again_once(stage: Stage, target: str, lose: Lose, deliver: Deliver) -> None:
    delivery = lose("drop_before")
    an_hour_passes(stage)
    assert lookup.look_up(stage.alice, delivery) is Found.UNKNOWN
    assert info(stage, delivery).counts == {LineState.PLANNED: 3}
    assert lookup.look_up(stage.alice, delivery) is Found.UNKNOWN  # a second click
    while deliver():
        pass
    (batch,) = stage.state(target)["batches"]
    assert len(batch["lines"]) == 3
    assert states(stage, delivery) == [LineState.ACCEPTED] * 3
    assert calls(stage, "put_batch", target) == 2


def test_a_batch_that_lands_after_the_question_is_not_booked_twice(
    stage: Stage, target: str, lose: Lose, deliver: Deliver
) -> None:
    """G1: planned again on "unknown reference"; then the resend is lost after booking, and asked again."""
    delivery = lose("drop_before")
    an_hour_passes(stage)
    lookup.look_up(stage.alice, delivery)
    stage.trouble("put_batch", "drop_after_booking", name=target)
    deliver()
    an_hour_passes(stage)
    assert lookup.look_up(stage.alice, delivery) is Found.BOOKED
    assert not deliver()
    assert len(stage.state(target)["batches"]) == 1


@pytest.mark.parametrize("kind", ["drop_before", "status_404", "html", "status_500", "status_401"])
@pytest.mark.parametrize("target", ["connexie"], indirect=True)
def test_any_other_answer_changes_nothing(
    stage: Stage, target: str, lose: Lose, deliver: Deliver, kind: str, signed_in: Callable[[str], Visitor]
) -> None:
    """A 404 of whoever stands in between proves nothing."""
    delivery = lose("drop_after_booking")
    an_hour_passes(stage)
    before = info(stage, delivery)
    stage.trouble("get_batch", kind, name=target)
    with pytest.raises(RemoteError):
        lookup.look_up(stage.alice, delivery)
    stage.trouble("get_batch", kind, name=target)
    page = signed_in("alice").open(f"/portaal/leveringen/{delivery}").submit("Vraag na bij Connexie")
    assert "Connexie" in page.text("[role=status]")
    assert info(stage, delivery) == before
    assert states(stage, delivery) == [LineState.UNCLEAR] * 3
    assert not deliver()


@pytest.mark.parametrize("target", ["connexie"], indirect=True)
def test_a_question_about_nothing_unknown_leaves_the_delivery_alone(
    stage: Stage, target: str, deliver: Deliver
) -> None:
    """Everything was refused and withdrawn: asking must not wake the delivery up."""
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, target)
    stage.trouble("put_batch", "status_422", name=target)
    delivery = send(stage, target)
    deliver()
    service.withdraw_export(stage.alice, info(stage, delivery).export_id)
    before = info(stage, delivery)
    lookup.look_up(stage.alice, delivery)
    assert info(stage, delivery) == before
    assert not deliver()


@pytest.mark.parametrize("target", ["connexie"], indirect=True)
def test_a_batch_is_not_said_to_be_absent_by_hand(stage: Stage, target: str, lose: Lose) -> None:
    """Part of a batch cannot go again; booked can be said per line."""
    delivery = lose("drop_before")
    an_hour_passes(stage)
    first, *_ = lines(stage, delivery)
    with pytest.raises(Conflict):
        service.decide(stage.alice, delivery, first.id, booked=False)
    service.decide(stage.alice, delivery, first.id, booked=True)
    assert states(stage, delivery) == [LineState.ACCEPTED, LineState.UNCLEAR, LineState.UNCLEAR]


@pytest.mark.parametrize("target", ["connexie"], indirect=True)
def test_another_customer_cannot_ask(stage: Stage, target: str, lose: Lose) -> None:
    delivery = lose("drop_before")
    an_hour_passes(stage)
    with pytest.raises(NotFound):
        lookup.look_up(stage.acting.as_actor(stage.cast.actors["charlie"]), delivery)


def test_nmbrs_has_nothing_to_ask(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble("HourComponentVar_Insert", "drop_before")
    delivery = send(nmbrs)
    deliver()
    an_hour_passes(nmbrs)
    with pytest.raises(Conflict, match="per regel"):
        lookup.look_up(nmbrs.alice, delivery)
