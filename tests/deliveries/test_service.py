"""Hours that payroll refused: free again, once, under another code, and rounded as if they never left (G1, G2, D4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import update

from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryState, LineState
from portal.exports.queries import export as find_export
from portal.hours.periods import bounds
from portal.integrations import service as koppelingen
from portal.kernel.errors import Conflict, NotFound
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    DAAN,
    INSERT,
    bring,
    choose_code,
    codes_booked,
    info,
    lines,
    seen,
    send,
    states,
    where,
)

Deliver = Callable[[], bool]


@pytest.fixture
def refused(nmbrs: Stage, deliver: Deliver) -> int:
    """A delivery whose first line, of Daan, payroll refused; the two others it accepted."""
    nmbrs.trouble(INSERT, "fault:2001")
    delivery = send(nmbrs)
    deliver()
    assert states(nmbrs, delivery) == [LineState.REFUSED, LineState.ACCEPTED, LineState.ACCEPTED]
    return delivery


def everything_went(deliver: Deliver) -> None:
    while deliver():
        pass


def test_an_export_that_payroll_refused_as_a_whole_can_be_withdrawn(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:2001", times=3)
    delivery = send(nmbrs)
    deliver()
    service.withdraw_export(nmbrs.alice, info(nmbrs, delivery).export_id)
    choose_code(nmbrs, "2190")
    send(nmbrs)
    everything_went(deliver)
    assert codes_booked(nmbrs) == [(number, "2190", hours) for number, hours in ALL]


def test_refused_lines_of_a_withdrawn_export_are_not_sent_again(nmbrs: Stage, deliver: Deliver) -> None:
    """G1: the same hours may be in another export by now."""
    nmbrs.trouble(INSERT, "fault:2001", times=3)
    delivery = send(nmbrs)
    deliver()
    service.withdraw_export(nmbrs.alice, info(nmbrs, delivery).export_id)
    with pytest.raises(Conflict):
        service.retry_refused(nmbrs.alice, delivery)
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert not deliver()


def test_an_export_of_which_a_line_was_accepted_cannot_be_withdrawn(nmbrs: Stage, refused: int) -> None:
    with pytest.raises(Conflict):
        service.withdraw_export(nmbrs.alice, info(nmbrs, refused).export_id)


def test_only_the_refused_hours_become_free(nmbrs: Stage, refused: int) -> None:
    assert not seen(nmbrs).lines
    assert service.release_refused(nmbrs.alice, refused) == 1
    offered = seen(nmbrs)
    assert [(line.person.name, line.hours) for line in offered.lines] == [("Daan Visser", Decimal("15.00"))]
    assert len(offered.shift_ids) == 2
    assert [line.released for line in lines(nmbrs, refused)] == [True, False, False]
    assert info(nmbrs, refused).releasable == 0
    assert service.release_refused(nmbrs.alice, refused) == 0


def test_freed_hours_are_booked_under_the_mended_code_and_once(nmbrs: Stage, refused: int, deliver: Deliver) -> None:
    service.release_refused(nmbrs.alice, refused)
    choose_code(nmbrs, "2190")
    fresh = send(nmbrs)
    assert [line.code for line in lines(nmbrs, fresh)] == ["2190"]
    everything_went(deliver)
    assert service.retry_refused(nmbrs.alice, refused) == 0
    service.resume(nmbrs.alice, refused)
    everything_went(deliver)
    assert codes_booked(nmbrs) == [(101, "2100", "15.00"), (102, "2100", "15.00"), (103, "2190", "15.00")]
    assert service.release_refused(nmbrs.alice, refused) == 0  # the hours are in the new export now
    assert not seen(nmbrs).lines


def test_freed_hours_do_not_go_along_when_the_old_code_is_still_right(
    nmbrs: Stage, refused: int, deliver: Deliver
) -> None:
    """G1: nothing was mended here, so only the mark on the line keeps it from being sent again."""
    service.release_refused(nmbrs.alice, refused)
    assert service.retry_refused(nmbrs.alice, refused) == 0
    assert not deliver()
    send(nmbrs)
    everything_went(deliver)
    assert nmbrs.booked() == ALL


def test_a_refused_line_is_not_repeated_after_another_code_was_chosen(
    nmbrs: Stage, refused: int, deliver: Deliver
) -> None:
    choose_code(nmbrs, "2190")
    with pytest.raises(Conflict, match="vrij"):
        service.retry_refused(nmbrs.alice, refused)
    assert not deliver()
    choose_code(nmbrs, "2100")
    assert service.retry_refused(nmbrs.alice, refused) == 1


def test_nothing_becomes_free_while_the_delivery_is_under_way(nmbrs: Stage, refused: int) -> None:
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(state=DeliveryState.BUSY))
    with pytest.raises(Conflict):
        service.release_refused(nmbrs.alice, refused)
    assert not seen(nmbrs).lines


def test_hours_of_another_customer_cannot_be_given_free(nmbrs: Stage, refused: int) -> None:
    charlie = nmbrs.acting.as_actor(nmbrs.cast.actors["charlie"])
    with pytest.raises(NotFound):
        service.release_refused(charlie, refused)


def twenty_minutes(stage: Stage, day: int) -> list[str]:
    name, number, bsn = DAAN
    date = bounds(stage.period)[0] + timedelta(days=day)
    return [name, "daan@dezon.example", number, bsn, f"{date:%d-%m-%Y}", "09:00", "09:20", "0", "gewerkt", "ja"]


@pytest.fixture
def short(stage: Stage) -> Stage:
    """Daan alone, with a shift of twenty minutes."""
    bring(stage, twenty_minutes(stage, 0))
    stage.connect_nmbrs()
    return stage


def test_freed_hours_are_rounded_as_if_they_never_left(short: Stage, deliver: Deliver) -> None:
    """D4: 20 minutes are 0.33; after 20 booked minutes they would be 0.34, but nothing is booked."""
    short.trouble(INSERT, "fault:2001")
    delivery = send(short)
    deliver()
    service.release_refused(short.alice, delivery)
    send(short)
    everything_went(deliver)
    assert short.booked() == [(103, "0.33")]


def test_freed_hours_are_rounded_after_what_was_accepted(short: Stage, deliver: Deliver) -> None:
    """D4: 20 minutes were accepted and 20 refused; together payroll gets 40 minutes, 0.67."""
    send(short)
    deliver()
    bring(short, twenty_minutes(short, 1))
    short.trouble(INSERT, "fault:2001")
    refused = send(short)
    deliver()
    service.release_refused(short.alice, refused)
    send(short)
    everything_went(deliver)
    assert short.booked() == [(103, "0.33"), (103, "0.34")]


def test_a_refused_right_then_cancelled_leaves_an_export_that_can_be_withdrawn(nmbrs: Stage, deliver: Deliver) -> None:
    """Fault 1002 says that nothing was booked: the line is as if it never started."""
    nmbrs.trouble(INSERT, "fault:1002")
    delivery = send(nmbrs)
    deliver()
    service.cancel(nmbrs.alice, delivery)
    service.withdraw_export(nmbrs.alice, info(nmbrs, delivery).export_id)
    send(nmbrs)
    everything_went(deliver)
    assert nmbrs.booked() == ALL


def test_too_busy_then_cancelled_leaves_an_export_that_can_be_withdrawn(stage: Stage, deliver: Deliver) -> None:
    """F3: 429 says that nothing was booked."""
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    stage.trouble("put_batch", "status_429", name="connexie")
    delivery = send(stage, "connexie")
    deliver()
    service.cancel(stage.alice, delivery)
    service.withdraw_export(stage.alice, info(stage, delivery).export_id)
    send(stage, "connexie")
    everything_went(deliver)
    assert len(stage.state("connexie")["batches"]) == 1


def test_a_batch_refused_as_a_whole_goes_again_under_a_new_reference(stage: Stage, deliver: Deliver) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    stage.trouble("put_batch", "status_422", name="connexie")
    old = send(stage, "connexie")
    deliver()
    assert states(stage, old) == [LineState.REFUSED] * 3
    assert service.release_refused(stage.alice, old) == 3
    fresh = send(stage, "connexie")
    everything_went(deliver)
    assert states(stage, fresh) == [LineState.ACCEPTED] * 3
    with stage.alice.read() as work:
        first = find_export(work, info(stage, old).export_id)
        second = find_export(work, info(stage, fresh).export_id)
    (batch,) = stage.state("connexie")["batches"]
    assert batch["reference"] == second.reference != first.reference
