"""Many hands on one delivery: processes that share forty people, and a hundred clicks at once (G1, G5, I5)."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal.app import for_worker
from portal.deliveries import queries, service
from portal.deliveries.models import Delivery, DeliveryLine, LineState, Parcel
from portal.deliveries.sending import Stop, work_once
from portal.exports.models import Export
from portal.integrations.providers.nmbrs.sandbox_world import Worker, demo_world
from portal.sandbox.server import running
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import ALL, info, seen, send
from tests.deliveries.test_worker_process import start, state_of, wait_until_done, within
from tests.factories.people import Cast
from tests.integrations.flow import csrf

__all__ = ["start"]

Deliver = Callable[[], bool]
FORTY = tuple((f"Lid{n} de Vries", str(2000 + n), "") for n in range(40))
AGES = [timedelta(0), timedelta(hours=25), timedelta(days=35)]


@pytest.fixture(scope="module")
def stand_ins() -> Iterator[str]:
    """The demo world with forty people more in the company of the venue."""
    base = demo_world(datetime.now(UTC).date())
    crowd = tuple(Worker(60000 + n, int(number), name, "", str(n)) for n, (name, number, _) in enumerate(FORTY))
    first = replace(base.firms[0], workers=base.firms[0].workers + crowd)
    with running(world=replace(base, firms=(first, *base.firms[1:]))) as url:
        yield url


@pytest.fixture
def parallel() -> str:
    return "8"


def booked_once(stage: Stage, delivery: int, people: int) -> None:
    rows = stage.state()["components"]
    assert len(rows) == len({row["employee_number"] for row in rows}) == people
    with stage.alice.read() as work:
        assert {line.remote_ref for line in queries.lines(work, delivery)} == {str(row["id"]) for row in rows}


def test_eight_threads_of_one_worker_book_forty_people_once(stage: Stage, settings: Settings) -> None:
    stage.bring_hours(people=FORTY)
    stage.connect_nmbrs()
    delivery = send(stage)
    acting = replace(stage.acting, parts={**stage.acting.parts, Settings: replace(settings, parallel=8)})
    work_once(for_worker(acting, stop=Stop(threading.Event())))
    assert info(stage, delivery).counts == {LineState.ACCEPTED: 40}
    booked_once(stage, delivery, 40)


def test_three_workers_share_one_delivery_of_forty_people(
    stage: Stage, start: Callable[[], subprocess.Popen[str]]
) -> None:
    """One is killed and one is stopped politely half-way; every person is booked once."""
    stage.bring_hours(people=FORTY)
    stage.connect_nmbrs()
    delivery = send(stage)
    stage.trouble("HourComponentVar_Insert", "slow", times=40, seconds=0.3)
    killed, polite, _last = start(), start(), start()
    with within() as beat:
        while state_of(stage, delivery).counts.get(LineState.ACCEPTED, 0) < 4:
            beat()
    killed.send_signal(signal.SIGKILL)
    polite.send_signal(signal.SIGTERM)
    assert wait_until_done(stage, delivery).counts == {LineState.ACCEPTED: 40}
    assert polite.wait(timeout=30) == 0
    booked_once(stage, delivery, 40)


def older(stage: Stage, age: timedelta) -> None:
    """Everything that was written down about exports and deliveries, was written `age` earlier."""
    with stage.acting.begin() as work:
        for table in (Export, Delivery, Parcel, DeliveryLine):
            for row in work.session.scalars(select(table)):
                for column in table.__table__.columns:
                    if isinstance(moment := getattr(row, column.key), datetime):
                        setattr(row, column.key, moment - age)


def clicks(app: Flask, cast: Cast, export: int, count: int) -> list[str]:
    """As many people (browsers) that press "Verstuur nu" at the same moment; where each ends up."""
    address, ends, lock = f"/portaal/exports/{export}/versturen", [], threading.Lock()
    visitor = Visitor(app.test_client())
    visitor.sign_in(cast.mail("alice"), cast.password)
    form, cookie = csrf(visitor), visitor.client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie is not None
    ready = threading.Barrier(count)

    def press() -> None:
        client = app.test_client()
        client.set_cookie(cookie.key, cookie.value)
        ready.wait()
        answer = client.post(address, data=dict(form))
        with lock:
            ends.append(f"{answer.status_code} {answer.headers.get('Location')}")

    threads = [threading.Thread(target=press) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_g1_a_hundred_clicks_now_and_a_month_later_book_once(
    nmbrs: Stage, app: Flask, cast: Cast, deliver: Deliver
) -> None:
    export = nmbrs.export()
    for age in AGES:
        older(nmbrs, age)
        ends = clicks(app, cast, export, 100)
        assert len(ends) == 100
        assert len(set(ends)) == 1, set(ends)
        assert ends[0].startswith("303 /portaal/leveringen/")
        while deliver():
            pass
        assert nmbrs.booked() == ALL


def test_g1_the_same_file_a_month_later_books_nothing(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = send(nmbrs)
    deliver()
    older(nmbrs, timedelta(days=35))
    nmbrs.bring_hours()
    assert not seen(nmbrs).lines
    assert service.send(nmbrs.alice, info(nmbrs, delivery).export_id) == delivery
    assert not deliver()
    assert nmbrs.booked() == ALL
