"""Accidents between a worker and its database: answers that get lost, clocks that differ, faults of our own.

Each of these once lost an hour, booked one twice, or left a line where nobody looked.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import OperationalError

from portal.app import for_worker
from portal.deliveries import claims, ledger, receipt_check, receipt_queries, reconcile, service
from portal.deliveries.crew import Crew
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel
from portal.deliveries.protocol import Event
from portal.deliveries.sending import Stop, tend, work_parcel
from portal.hours.types import Period
from portal.integrations import service as koppelingen
from portal.integrations.contract import Component, Credentials
from portal.integrations.parts import Providers
from portal.kernel.clock import clock_of
from portal.kernel.work import Acting
from tests.deliveries import fix
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import (
    ALL,
    INSERT,
    an_hour_passes,
    bring,
    calls,
    codes_booked,
    info,
    lines,
    send,
    states,
    where,
)

Deliver = Callable[[], bool]
AHEAD = timedelta(minutes=10)


@contextmanager
def lost_answers(engine: Engine, every: int) -> Iterator[list[int]]:
    """Every so many commits take place, but the connection breaks before the database can say so. Commits are slow,
    so that several persons share one."""
    real, count, lock = engine.dialect.do_commit, [0], threading.Lock()

    def commit(connection: Any) -> None:
        real(connection)
        time.sleep(0.03)
        with lock:
            count[0] += 1
            lost = count[0] % every == 0
        if lost:
            raise OperationalError("COMMIT", {}, Exception("server closed the connection unexpectedly"))

    engine.dialect.do_commit = commit  # type: ignore[method-assign, assignment]
    try:
        yield count
    finally:
        engine.dialect.do_commit = real  # type: ignore[method-assign]


def crew_of(acting: Acting, threads: int = 1) -> Crew:
    stop = threading.Event()
    crew = Crew(for_worker(acting, stop=Stop(stop)), stop)
    crew.threads = threads
    return crew


def work_for(crew: Crew, seconds: float, done: Callable[[], bool]) -> None:
    """Threads of a worker until it is done, or so many seconds; a task that fails is tried again, as in worker.py."""
    ends = time.monotonic() + seconds

    def run(task: Callable[[Crew], bool]) -> None:
        while time.monotonic() < ends and not done():
            try:
                busy = task(crew)
            except OperationalError:
                busy = False
            if not busy:
                time.sleep(0.1)

    threads = [threading.Thread(target=run, args=(task,)) for task in [tend, *[work_parcel] * crew.threads]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("every", [3, 4])
@pytest.mark.parametrize("key", ["nmbrs", "connexie"])
def test_a_commit_whose_answer_is_lost_loses_no_hour(stage: Stage, key: str, every: int) -> None:
    """G1, G3: the database did what it was asked, only its answer got lost; nobody may take that for a no."""
    days = [fix.day(stage, number) for number in range(2)]
    bring(
        stage,
        *[
            shift(one, day, kind=kind)
            for one in PEOPLE
            for day, kind in zip(days, ("gewerkt", "vakantie"), strict=True)
        ],
    )
    stage.connect_nmbrs()
    if key == "connexie":
        koppelingen.switch_on(stage.alice, key)
    delivery = send(stage, key)
    crew = crew_of(stage.acting, threads=3)
    with lost_answers(stage.acting.engine, every) as commits:
        work_for(crew, 8, lambda: where(stage, delivery) is DeliveryState.DONE)
    assert commits[0] > every
    work_for(crew, 40, lambda: where(stage, delivery) is DeliveryState.DONE)
    assert where(stage, delivery) is DeliveryState.DONE
    assert set(states(stage, delivery)) == {LineState.ACCEPTED}
    if key == "nmbrs":
        assert codes_booked(stage) == [(n, code, "7.50") for n in (101, 102, 103) for code in ("2100", "3041")]
    else:
        assert len(stage.state(key)["batches"]) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_workers_on_machines_with_other_clocks_share_the_clock_of_the_database(nmbrs: Stage, time_machine: Any) -> None:
    """G5: a machine that is ten minutes ahead does not take the work of a living one for that of a dead one."""
    delivery, mine, other = send(nmbrs), crew_of(nmbrs.acting), crew_of(nmbrs.acting)
    with mine.take() as held:
        assert held is not None
        time_machine.move_to(datetime.now(UTC) + AHEAD, tick=True)
        theirs = crew_of(nmbrs.acting)
        assert abs(theirs.acting.clock() - mine.acting.clock()) < timedelta(seconds=1)
        assert (theirs.sweep(), other.sweep()) == (0, 0)
        assert info(nmbrs, delivery).state is DeliveryState.BUSY


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_clock_that_jumps_does_not_make_a_worker_rob_itself(nmbrs: Stage, time_machine: Any) -> None:
    """G5: a machine that slept, or whose clock is set, has calls under way all the same."""
    send(nmbrs)
    crew = crew_of(nmbrs.acting)
    with crew.take() as held:
        assert held is not None
        time_machine.move_to(datetime.now(UTC) + AHEAD, tick=True)
        assert crew.sweep() == 0
        assert crew_of(nmbrs.acting).sweep() > 0  # another process cannot know
    assert clock_of(nmbrs.acting.engine)() > datetime.now(UTC) - timedelta(seconds=1)


class Faulty:
    """A provider with a mistake in it, of a kind that nobody thought of."""

    def __init__(self, inner: Any, broken: Callable[[], bool]) -> None:
        self._inner, self._broken = inner, broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def booked(self, employee_ref: str, period: Period, credentials: Credentials) -> Sequence[Component]:
        if self._broken():
            raise ZeroDivisionError
        found: Sequence[Component] = self._inner.booked(employee_ref, period, credentials)
        return found


@pytest.fixture
def faulty(acting: Acting) -> Iterator[list[bool]]:
    """Nmbrs reads fail while the list is not empty."""
    switch = list[bool]()
    known = cast("dict[str, Any]", acting.part(Providers).by_key)
    real = known["nmbrs"]
    known["nmbrs"] = Faulty(real, lambda: bool(switch))
    yield switch
    known["nmbrs"] = real


def due_now(stage: Stage) -> None:
    an_hour_passes(stage)
    with stage.acting.begin() as work:
        work.session.execute(update(Delivery).values(next_at=work.now - timedelta(seconds=1)))


def test_a_fault_of_our_own_reaches_a_person(nmbrs: Stage, deliver: Deliver, faulty: list[bool]) -> None:
    faulty.append(True)
    delivery = send(nmbrs)
    for _ in range(6):
        due_now(nmbrs)
        deliver()
    found = info(nmbrs, delivery)
    assert found.state is DeliveryState.PAUSED
    assert "Bij ons gaat iets mis" in found.cause
    assert found.remedy
    faulty.clear()
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert (where(nmbrs, delivery), nmbrs.booked()) == (DeliveryState.DONE, ALL)


def test_a_fault_of_our_own_while_looking_up_reaches_a_person(
    nmbrs: Stage, deliver: Deliver, faulty: list[bool]
) -> None:
    nmbrs.trouble(INSERT, "drop_before")
    delivery = send(nmbrs)
    deliver()
    assert LineState.UNCLEAR in states(nmbrs, delivery)
    faulty.append(True)
    for _ in range(6):
        due_now(nmbrs)
        deliver()
    assert info(nmbrs, delivery).state is DeliveryState.PAUSED
    faulty.clear()
    service.resume(nmbrs.alice, delivery)
    due_now(nmbrs)
    deliver()
    assert (where(nmbrs, delivery), nmbrs.booked()) == (DeliveryState.DONE, ALL)


def test_an_answer_that_is_never_clear_is_left_to_a_person(nmbrs: Stage, deliver: Deliver) -> None:
    """G4: each new try is a new chance to pay twice, so it is not tried for ever."""
    delivery = send(nmbrs)
    before = calls(nmbrs, INSERT)
    for _ in range(6):
        nmbrs.trouble(INSERT, "drop_before")
        due_now(nmbrs)
        deliver()
    assert calls(nmbrs, INSERT) - before == 3 + 2  # the two others once each
    due_now(nmbrs)
    deliver()
    (line,) = [one for one in lines(nmbrs, delivery) if one.state is LineState.UNCLEAR]
    assert "nooit een duidelijk antwoord" in line.reason
    assert len(nmbrs.booked()) == 2


def test_a_worker_that_dies_while_a_delivery_is_stopped_leaves_no_false_alarm(nmbrs: Stage, deliver: Deliver) -> None:
    """G3, H2: `portal audit verify` complains of what was changed, never of a worker that died."""
    delivery = send(nmbrs)
    crew = crew_of(nmbrs.acting)
    with nmbrs.acting.begin() as work:
        claims.open_due(work)
        (claim,) = claims.claim(work, 1, 4)
        assert ledger.keep_baseline(work, claim, [])
        mine = select(DeliveryLine.id).where(DeliveryLine.parcel_id == claim.parcel_id)
        assert ledger.start(work, claim, list(work.session.scalars(mine)))
    service.cancel(nmbrs.alice, delivery)
    with nmbrs.acting.begin() as work:
        past = work.now - timedelta(seconds=1)
        work.session.execute(update(Parcel).where(Parcel.lease_until.is_not(None)).values(lease_until=past))
    tend(crew)
    assert receipt_check.verify(nmbrs.acting).wrong == ""
    an_hour_passes(nmbrs)
    deliver()
    assert receipt_check.verify(nmbrs.acting).wrong == ""
    assert LineState.UNCLEAR not in states(nmbrs, delivery)


def test_a_stopped_delivery_gets_its_receipt_when_its_worker_died_before(nmbrs: Stage) -> None:
    """G6: hours that payroll accepted stand on a receipt, whoever died in between."""
    delivery = send(nmbrs)
    with nmbrs.acting.begin() as work:
        claims.open_due(work)
        (claim,) = claims.claim(work, 1, 4)
        line = work.session.scalars(select(DeliveryLine.id).where(DeliveryLine.parcel_id == claim.parcel_id)).one()
        assert ledger.start(work, claim, [line])
        assert ledger.settle(work, claim, [line], Event.ACCEPT, remote_ref="900001")
        assert ledger.release(work, claim, work.now)
    service.cancel(nmbrs.alice, delivery)
    with nmbrs.acting.begin() as work:  # as if the worker had died before the stop was sealed
        work.session.execute(update(DeliveryLine).where(DeliveryLine.id == line).values(settled_at=work.now + AHEAD))
    tend(crew_of(nmbrs.acting))
    with nmbrs.alice.read() as work:
        (found,) = receipt_queries.of_delivery(work, delivery)[:1]
    assert found.accepted == 1


def test_a_receipt_of_nothing_is_genuine(nmbrs: Stage, deliver: Deliver) -> None:
    """H2: when payroll refused everything, the sum of accepted hours is nothing, and the receipt says so soundly."""
    for _ in range(3):
        nmbrs.trouble(INSERT, "fault:2011")
    delivery = send(nmbrs)
    deliver()
    assert set(states(nmbrs, delivery)) == {LineState.REFUSED}
    found = receipt_check.verify(nmbrs.acting)
    assert (found.checked, found.wrong) == (1, "")


def by_hand(stage: Stage, refused: str) -> None:
    """The payroll clerk enters the hours that were refused, as our own words advise."""
    row = {"employee_id": int(refused), "code": 2100, "hours": "15.00", "period": stage.period.number,
           "year": stage.period.year}  # fmt: skip
    fix.clerk(stage, add=[row])


def test_hours_that_a_clerk_entered_since_are_not_sent_again_and_never_ours(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:2011")
    delivery = send(nmbrs)
    deliver()
    refused = next(line for line in lines(nmbrs, delivery) if line.state is LineState.REFUSED)
    with nmbrs.acting.read() as work:
        about = select(Parcel.employee_ref).join(DeliveryLine, DeliveryLine.parcel_id == Parcel.id)
        by_hand_ref = work.session.scalars(about.where(DeliveryLine.id == refused.id)).one()
    by_hand(nmbrs, by_hand_ref)
    theirs = max(int(row["id"]) for row in nmbrs.state()["components"])
    service.retry_refused(nmbrs.alice, delivery)
    deliver()
    line = next(one for one in lines(nmbrs, delivery) if one.id == refused.id)
    assert (line.state, nmbrs.booked()) == (LineState.REFUSED, ALL)
    assert "zelf ingevoerd" in line.reason
    service.retry_refused(nmbrs.alice, delivery)  # somebody looked: these are other hours
    nmbrs.trouble(INSERT, "drop_before")
    deliver()
    an_hour_passes(nmbrs)
    deliver()
    line = next(one for one in lines(nmbrs, delivery) if one.id == refused.id)
    assert line.state is LineState.ACCEPTED
    assert line.remote_ref != str(theirs)
    assert len(nmbrs.booked()) == 4


def test_what_python_says_is_what_the_database_holds_when_a_group_is_written_again(
    nmbrs: Stage, deliver: Deliver
) -> None:
    """A correction of a component that somebody changed is refused; the commit of the group fails once."""
    send(nmbrs)
    deliver()
    fix.change(nmbrs, fix.until(nmbrs, fix.SANNE, "18:00"))
    delivery = fix.correct(nmbrs)
    component = next(row for row in nmbrs.state()["components"] if row["employee_number"] == 101)
    fix.clerk(nmbrs, change=[{"id": component["id"], "hours": "3.00"}])
    crew = crew_of(nmbrs.acting, threads=2)
    with lost_answers(nmbrs.acting.engine, 2):
        work_for(crew, 6, lambda: False)
    work_for(crew, 20, lambda: where(nmbrs, delivery) is DeliveryState.DONE)
    assert states(nmbrs, delivery) == [LineState.REFUSED]
    assert where(nmbrs, delivery) is DeliveryState.DONE


class LandsLate(Faulty):
    """After the first reading with nothing in it, the call that was given up lands all the same."""

    def __init__(self, inner: Any, land: Callable[[str], None]) -> None:
        super().__init__(inner, lambda: False)
        self._land, self.armed = land, False

    def booked(self, employee_ref: str, period: Period, credentials: Credentials) -> Sequence[Component]:
        found = super().booked(employee_ref, period, credentials)
        if self.armed and not found:
            self.armed = False
            self._land(employee_ref)
        return found


def test_a_call_that_lands_after_its_look_up_is_found_and_not_sent_again(nmbrs: Stage, deliver: Deliver) -> None:
    """G1, G4: payroll processed it much later than a call may take. Once in payroll, and ours."""
    known = cast("dict[str, Any]", nmbrs.acting.part(Providers).by_key)
    real = known["nmbrs"]
    late = known["nmbrs"] = LandsLate(real, lambda ref: by_hand(nmbrs, ref))
    try:
        nmbrs.trouble(INSERT, "drop_before")
        delivery = send(nmbrs)
        deliver()
        assert states(nmbrs, delivery).count(LineState.UNCLEAR) == 1
        late.armed = True
        an_hour_passes(nmbrs)
        deliver()
        (line,) = [one for one in lines(nmbrs, delivery) if one.state is LineState.UNCLEAR]
        assert "eerst niet en daarna wel" in line.reason
        an_hour_passes(nmbrs)
        deliver()
    finally:
        known["nmbrs"] = real
    assert set(states(nmbrs, delivery)) == {LineState.ACCEPTED}
    assert nmbrs.booked() == ALL
    assert receipt_check.verify(nmbrs.acting).wrong == ""


def test_the_last_call_of_a_line_that_lands_after_its_look_up_is_found_too(nmbrs: Stage, deliver: Deliver) -> None:
    """G4: before a line goes to a person because it was lost too often, there is a second look, a good while later."""
    known = cast("dict[str, Any]", nmbrs.acting.part(Providers).by_key)
    real = known["nmbrs"]
    late = known["nmbrs"] = LandsLate(real, lambda ref: by_hand(nmbrs, ref))
    try:
        delivery = send(nmbrs)
        for _ in range(reconcile.MOST_LOSSES):
            nmbrs.trouble(INSERT, "drop_before")
            due_now(nmbrs)
            deliver()
        late.armed = True
        for _ in range(2):
            due_now(nmbrs)
            deliver()
    finally:
        known["nmbrs"] = real
    assert set(states(nmbrs, delivery)) == {LineState.ACCEPTED}
    assert nmbrs.booked() == ALL
