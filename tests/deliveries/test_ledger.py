"""The ledger under two hands at once: no line is lost, no lease runs out in silence, no deadlock (G3, G5, I5)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from portal.app import for_worker
from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.deliveries.sending import Stop, work_once
from portal.exports import service as exports
from portal.integrations import service as koppelingen
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    WITHOUT_DAAN,
    an_hour_passes,
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
    """The worker is past this line already: another round sends it."""
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
    assert info(nmbrs, delivery).counts == {LineState.PLANNED: 1, LineState.ACCEPTED: 2}
    assert where(nmbrs, delivery) is DeliveryState.WAITING
    assert nmbrs.booked() == WITHOUT_DAAN
    assert deliver()
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert nmbrs.booked() == ALL
    assert not deliver()


def test_a_line_said_to_be_booked_meanwhile_is_not_sent(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    round_with(nmbrs, 3, lambda: service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[0].id, booked=True))
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert not deliver()
    assert nmbrs.booked() == ALL


def test_a_person_that_cannot_be_read_renews_the_lease(nmbrs: Stage, settings: Settings) -> None:
    """A venue of many unreadable people must not run out of its lease while the worker is well."""
    nmbrs.trouble(GET, "fault:2003")
    send(nmbrs)
    found: list[tuple[datetime | None, datetime | None]] = []

    def look() -> None:
        with nmbrs.acting.read() as work:
            lease = work.session.scalars(select(Delivery.lease_until)).one()
            refused = select(DeliveryLine.started_at).where(DeliveryLine.state == LineState.REFUSED)
            found.append((lease, work.session.scalars(refused).one()))

    round_with(nmbrs, 2, look)
    ((lease, started),) = found
    assert started is not None
    assert lease == started + timedelta(seconds=settings.lease_seconds)


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

    for number in range(4):
        stage.bring_hours(days=1, start=10 + number)
        delivery = send(stage, target)
        export = info(stage, delivery).export_id
        acts = [lambda: work_once(robot), *[lambda export=export: service.withdraw_export(stage.alice, export)] * 6]
        threads = [threading.Thread(target=careful, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(states(stage, delivery)) == {LineState.ACCEPTED}
