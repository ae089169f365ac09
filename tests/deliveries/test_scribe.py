"""What several persons write at one moment shares a transaction; nobody's mistake takes the others along."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, event, select, text
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEvent
from portal.audit.service import record
from portal.deliveries import claims, service, writes
from portal.deliveries.claims import Claim
from portal.deliveries.models import DeliveryLine, DeliveryState, LineState, Parcel
from portal.deliveries.scribe import Fast, Scribe
from portal.kernel.work import Acting, Work
from tests.deliveries.stage import Stage
from tests.deliveries.steps import codes_booked, send, states, where
from tests.deliveries.test_accidents import crew_of, work_for

LEASE = 60


def claimed(stage: Stage) -> list[Claim]:
    with stage.acting.begin() as work:
        claims.open_due(work)
        return claims.claim(work, 10, LEASE)


def first_line(stage: Stage, claim: Claim) -> int:
    with stage.acting.read() as work:
        mine = select(DeliveryLine.id).where(DeliveryLine.parcel_id == claim.parcel_id).order_by(DeliveryLine.id)
        return work.session.scalars(mine).first() or 0


def starting(claim: Claim, line: int) -> Fast:
    return Fast(lambda now: (writes.starting(claim, line, now),), answer="fast")


def noted(acting: Acting, action: str) -> int:
    with acting.read() as work:
        return len(work.session.scalars(select(AuditEvent.id).where(AuditEvent.action == action)).all())


def at_once(tasks: list[Callable[[], Any]]) -> list[Any]:
    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(lambda task: task(), tasks))


def test_everybody_gets_the_own_answer_and_everything_is_written(stage: Stage) -> None:
    scribe = Scribe(stage.acting)

    def entry(number: int) -> Callable[[Work], int]:
        def write(work: Work) -> int:
            record(work, "delivery.done", delivery=number)
            return number

        return write

    answers = at_once([partial(scribe.write, entry(n), n) for n in range(40)])
    assert answers == list(range(40))
    assert noted(stage.acting, "delivery.done") == 40


def test_one_that_fails_is_told_so_and_takes_nobody_along(stage: Stage) -> None:
    scribe, gate = Scribe(stage.acting), threading.Barrier(8)

    def good(work: Work) -> str:
        record(work, "delivery.done")
        return "written"

    def bad(work: Work) -> str:
        record(work, "delivery.resumed")
        work.session.execute(text("INSERT INTO organisation (id, name, created_at) VALUES (1, NULL, NULL)"))
        return "never"

    def run(entry: Callable[[Work], str], order: int) -> str:
        gate.wait()
        with suppress(IntegrityError):
            return scribe.write(entry, order)
        return "refused"

    entries = [bad if number % 4 == 0 else good for number in range(8)]
    answers = at_once([partial(run, entry, number) for number, entry in enumerate(entries)])
    assert answers == ["refused" if entry is bad else "written" for entry in entries]
    assert (noted(stage.acting, "delivery.done"), noted(stage.acting, "delivery.resumed")) == (6, 0)


def test_a_start_of_several_persons_is_one_transaction(nmbrs: Stage) -> None:
    send(nmbrs)
    held, scribe, commits = claimed(nmbrs), Scribe(nmbrs.acting), [0]
    lines = [first_line(nmbrs, claim) for claim in held]
    blocked, go = threading.Event(), threading.Event()

    def blocker(_work: Work) -> None:
        blocked.set()
        go.wait(10)

    def count(_connection: Connection) -> None:
        commits[0] += 1

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(scribe.write, blocker, 0)
        blocked.wait(10)
        event.listen(nmbrs.acting.engine, "commit", count)
        told = [
            pool.submit(scribe.write, lambda _work: "slow", claim.parcel_id, starting(claim, line))
            for claim, line in zip(held, lines, strict=True)
        ]
        while len(scribe._waiting) < len(held):
            pass
        go.set()
        first.result()
        assert [one.result() for one in told] == ["fast"] * len(held)
    assert len(held) > 1
    assert commits[0] == 1  # the blocker began before we counted


def test_who_lost_the_claim_finds_out_and_the_others_go_on(nmbrs: Stage) -> None:
    """G5: of several in one transaction, the late one changes nothing and is told by its own entry."""
    delivery = send(nmbrs)
    held, scribe = claimed(nmbrs), Scribe(nmbrs.acting)
    late, other = held[0], held[1]
    with nmbrs.acting.begin() as work:
        work.session.get_one(Parcel, late.parcel_id).attempt += 1
    fast = [starting(claim, first_line(nmbrs, claim)) for claim in (late, other)]

    def alone(claim: Claim, line: int) -> Callable[[Work], str]:
        return lambda work: "started" if writes.done(work, writes.starting(claim, line, work.now)) else "late"

    entries = [alone(claim, first_line(nmbrs, claim)) for claim in (late, other)]
    pairs = list(zip(entries, (late, other), fast, strict=True))
    answers = at_once([partial(scribe.write, entry, claim.parcel_id, own) for entry, claim, own in pairs])
    assert answers[0] == "late"
    assert answers[1] in ("started", "fast")
    assert states(nmbrs, delivery).count(LineState.BUSY) == 1


def test_a_stop_and_many_writers_do_not_wait_for_each_other(nmbrs: Stage) -> None:
    """A person who stops a delivery locks all of its parcels; so does the scribe, by the same order."""
    delivery = send(nmbrs)
    held, scribe = claimed(nmbrs), Scribe(nmbrs.acting)

    def extend(claim: Claim) -> object:
        fast = Fast(lambda now: (writes.extending(claim, now, "token 1"), writes.releasing(claim, now)), answer=True)
        return scribe.write(lambda _work: False, claim.parcel_id, fast)

    tasks = [partial(extend, claim) for claim in held]
    at_once([*tasks, partial(service.cancel, nmbrs.alice, delivery), *tasks])
    assert where(nmbrs, delivery) is DeliveryState.CANCELLED


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_database_that_cuts_every_connection_loses_and_doubles_nothing(nmbrs: Stage, database_url: str) -> None:
    """G1: a restart of PostgreSQL in the middle of a delivery, again and again."""
    delivery, crew = send(nmbrs), crew_of(nmbrs.acting, threads=3)
    over, cut = threading.Event(), [0]
    admin = create_engine(database_url, isolation_level="AUTOCOMMIT")

    def saw() -> None:
        others = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
        with admin.connect() as connection:
            while not over.wait(0.15) and cut[0] < 40:
                cut[0] += connection.execute(text(others + "AND pid <> pg_backend_pid()")).scalar_one()

    thread = threading.Thread(target=saw)
    thread.start()
    try:
        work_for(crew, 4, lambda: cut[0] >= 40)
    finally:
        over.set()
        thread.join()
        admin.dispose()
    assert cut[0] > 0
    work_for(crew, 60, lambda: where(nmbrs, delivery) is DeliveryState.DONE)
    assert set(states(nmbrs, delivery)) == {LineState.ACCEPTED}
    assert codes_booked(nmbrs) == [(n, "2100", "15.00") for n in (101, 102, 103)]
