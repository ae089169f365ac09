"""The ledger under two hands at once: no line is lost, no lease runs out in silence, no deadlock (G3, G5, I5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update

from portal.app import for_worker
from portal.deliveries import ledger, service
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState
from portal.deliveries.sending import Stop, work_once
from portal.exports import service as exports
from portal.integrations import service as koppelingen
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    WITHOUT_DAAN,
    an_hour_passes,
    calls,
    info,
    lines,
    round_with,
    send,
    states,
    where,
)
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]


def test_a_line_planned_again_while_the_others_go_is_not_lost(
    nmbrs: Stage, deliver: Deliver, signed_in: Callable[[str], Visitor]
) -> None:
    """The worker is past this person already: he is taken again."""
    nmbrs.trouble(INSERT, "drop_before")
    delivery = send(nmbrs)
    alice = signed_in("alice")

    def say_it_is_not_there() -> None:
        an_hour_passes(nmbrs)
        first = lines(nmbrs, delivery)[0]
        assert first.state is LineState.UNCLEAR
        page = alice.post(f"/portaal/leveringen/{delivery}/regels/{first.id}/staat-er-niet", csrf(alice))
        assert "Genoteerd." in page.text()
        assert where(nmbrs, delivery) is DeliveryState.BUSY

    assert round_with(nmbrs, 3, say_it_is_not_there)
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert set(states(nmbrs, delivery)) == {LineState.ACCEPTED}
    assert calls(nmbrs, INSERT) == 4
    assert nmbrs.booked() == ALL
    assert not deliver()


def test_a_line_said_to_be_booked_meanwhile_is_not_sent(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    round_with(nmbrs, 3, lambda: service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[0].id, booked=True))
    assert set(states(nmbrs, delivery)) == {LineState.ACCEPTED}
    an_hour_passes(nmbrs)  # the look-up that was planned finds nothing to look up
    deliver()
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert not deliver()
    assert calls(nmbrs, INSERT) == 3
    assert nmbrs.booked() == ALL


def test_a_worker_that_lost_its_lease_while_reading_refuses_nothing(nmbrs: Stage) -> None:
    """G5: the answer of a reading comes late; whoever has the person now decides, and no line is left `bezig`."""
    nmbrs.trouble(GET, "hang", when="before", seconds=1.6)
    delivery = send(nmbrs)
    with nmbrs.acting.begin() as work:  # payroll does not know this person
        work.session.execute(update(Parcel).where(Parcel.position == 0).values(employee_ref="99999"))
    worker = threading.Thread(target=work_once, args=(for_worker(nmbrs.acting, stop=Stop(threading.Event())),))
    worker.start()
    while not (calls(nmbrs, GET) and _is_busy(nmbrs)):
        time.sleep(0.02)
    with nmbrs.acting.begin() as work:
        busy = update(Parcel).where(Parcel.state == ParcelState.BUSY, Parcel.position == 0)
        work.session.execute(busy.values(lease_until=work.now - timedelta(seconds=1)))
        swept = ledger.sweep(work, timedelta(0))
    worker.join()
    assert swept == 1
    with nmbrs.acting.read() as work:
        rows = work.session.execute(select(DeliveryLine.state, DeliveryLine.attempt).order_by(DeliveryLine.id))
        assert rows.first() == (LineState.REFUSED, 2)  # by the second who took it, not by the late one
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert nmbrs.booked() == WITHOUT_DAAN


def _is_busy(nmbrs: Stage) -> bool:
    """Whether the worker has the first person."""
    with nmbrs.acting.read() as work:
        return work.session.scalar(select(Parcel.state).where(Parcel.position == 0)) is ParcelState.BUSY


def waits_for_a_lock(acting: Acting, worker: threading.Thread) -> None:
    """Return when a statement of another connection waits for a row that this test holds."""
    if acting.engine.dialect.name == "sqlite":
        return  # one writer at a time: there is nothing to wait for half-way
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    while worker.is_alive():
        with acting.read() as work:
            if work.session.scalar(query):
                return
        time.sleep(0.02)
    raise AssertionError("the worker never waited")


@pytest.fixture(params=["nmbrs", "connexie"])
def target(request: pytest.FixtureRequest, stage: Stage) -> str:
    """Hours of three people, and a koppeling that sends line by line or as a batch."""
    stage.bring_hours()
    if request.param == "nmbrs":
        stage.connect_nmbrs()
    else:
        koppelingen.switch_on(stage.alice, request.param)
    return str(request.param)


def test_finishing_waits_for_a_person_and_never_the_other_way_round(stage: Stage, target: str) -> None:
    """Everybody locks organisation, export, delivery in that order; a worker that took the delivery
    first would stand in a deadlock with somebody who withdraws."""
    delivery = send(stage, target)
    robot = for_worker(stage.acting, stop=Stop(threading.Event()))
    worker = threading.Thread(target=work_once, args=(robot,))
    with stage.alice.begin() as work:
        exports.locked(work, info(stage, delivery).export_id)
        worker.start()
        waits_for_a_lock(stage.acting, worker)
        held = work.session.scalar(select(Delivery.id).where(Delivery.id == delivery).with_for_update())
        assert held == delivery
    worker.join()
    assert where(stage, delivery) is DeliveryState.DONE
    assert set(states(stage, delivery)) == {LineState.ACCEPTED}


def test_withdrawing_while_the_worker_finishes_ends_one_way_or_the_other(stage: Stage, target: str) -> None:
    """G1: after the withdrawal nothing is booked; after the booking nothing is withdrawn."""
    robot = for_worker(stage.acting, stop=Stop(threading.Event()))

    def careful(act: Callable[[], object]) -> None:
        with suppress(Conflict):  # any other fault in a thread fails the test
            act()

    def until_nothing_waits(delivery: int) -> None:
        while where(stage, delivery) is not DeliveryState.DONE:  # one that a person holds is passed over, as always
            work_once(robot)

    for number in range(4):
        stage.bring_hours(days=1, start=10 + number)
        delivery = send(stage, target)
        export = info(stage, delivery).export_id
        withdraw = partial(service.withdraw_export, stage.alice, export)
        acts = [partial(until_nothing_waits, delivery), *[withdraw] * 6]
        threads = [threading.Thread(target=careful, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(states(stage, delivery)) == {LineState.ACCEPTED}
