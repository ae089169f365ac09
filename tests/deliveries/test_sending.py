"""Sending to the stand-ins over real sockets: each hour once, and the truth when an answer is lost (G1-G7)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select, update

from portal.app import for_worker
from portal.deliveries import claims, ledger, queries, service
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel
from portal.deliveries.protocol import Event
from portal.deliveries.sending import Stop, work_once
from portal.integrations import service as koppelingen
from portal.integrations.models import Koppeling, KoppelingState
from portal.kernel.errors import Conflict
from tests.deliveries.stage import Stage

ALL = [(101, "15.00"), (102, "15.00"), (103, "15.00")]
WITHOUT_FIRST = ALL[:2]  # lines go by name: Daan (103), Sanne, Youssef


def send(stage: Stage, key: str = "nmbrs") -> int:
    return service.send(stage.alice, stage.export(key))


def info(stage: Stage, delivery_id: int) -> queries.DeliveryInfo:
    with stage.alice.read() as work:
        return queries.delivery(work, delivery_id)


def lines(stage: Stage, delivery_id: int) -> list[queries.LineInfo]:
    with stage.alice.read() as work:
        return queries.lines(work, delivery_id)


def an_hour_passes(stage: Stage) -> None:
    with stage.acting.begin() as work:
        for line in work.session.scalars(select(DeliveryLine).where(DeliveryLine.started_at.is_not(None))):
            line.started_at = work.now - timedelta(hours=1)


def test_every_person_gets_one_component_with_its_id_kept(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    delivery = send(nmbrs)
    assert deliver()
    assert nmbrs.booked() == ALL
    assert info(nmbrs, delivery).state is DeliveryState.DONE
    ids = {str(row["id"]) for row in nmbrs.state()["components"]}
    assert {line.remote_ref for line in lines(nmbrs, delivery)} == ids
    assert {line.state for line in lines(nmbrs, delivery)} == {LineState.ACCEPTED}
    assert not deliver()


def test_g1_a_second_click_finds_the_same_delivery(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    export = nmbrs.export()
    first = service.send(nmbrs.alice, export)
    assert service.send(nmbrs.alice, export) == first
    deliver()
    assert service.send(nmbrs.alice, export) == first
    assert not deliver()
    assert nmbrs.booked() == ALL


def test_g1_thirty_clicks_at_once_book_once(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    export = nmbrs.export()
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(service.send(nmbrs.alice, export))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 30
    assert len(set(found)) == 1
    while deliver():
        pass
    assert nmbrs.booked() == ALL


def test_two_workers_at_once_book_once(nmbrs: Stage) -> None:
    send(nmbrs)
    robot = for_worker(nmbrs.acting, stop=Stop(threading.Event()))
    threads = [threading.Thread(target=work_once, args=(robot,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert nmbrs.booked() == ALL


# not ("hang", "before"): it would book in the middle of a later test
LOST = [
    "drop_after_booking",
    "hang",
    "html",
    "status_500",
    "status_503",
    "drop_before",
    "fault:9999",
    "fault_text:Er ging iets mis",
    "redirect_302",
    "doctype",
]


@pytest.mark.parametrize(
    ("kind", "when"),
    [*((kind, "after") for kind in LOST), *((kind, "before") for kind in LOST if kind not in ("hang", "doctype"))],
)
def test_g4_a_lost_answer_becomes_unknown_and_is_never_resent(
    nmbrs: Stage, deliver: Callable[[], bool], kind: str, when: str
) -> None:
    nmbrs.trouble("HourComponentVar_Insert", kind, when=when, seconds=20)
    delivery = send(nmbrs)
    while deliver():
        pass
    states = [line.state for line in lines(nmbrs, delivery)]
    assert states == [LineState.UNCLEAR, LineState.ACCEPTED, LineState.ACCEPTED]
    assert lines(nmbrs, delivery)[0].reason
    assert nmbrs.booked() == (ALL if when == "after" else WITHOUT_FIRST)
    inserts = nmbrs.state()["call_counts"]["HourComponentVar_Insert"]
    assert inserts == 3


@pytest.mark.parametrize(("booked", "expected"), [(True, ALL), (False, ALL)])
def test_a_person_decides_about_an_unknown_line(
    nmbrs: Stage, deliver: Callable[[], bool], booked: bool, expected: list[tuple[int, str]]
) -> None:
    nmbrs.trouble("HourComponentVar_Insert", "drop_after_booking" if booked else "drop_before")
    delivery = send(nmbrs)
    deliver()
    (unknown,) = [line for line in lines(nmbrs, delivery) if line.state is LineState.UNCLEAR]
    if not booked:
        with pytest.raises(Conflict):  # the call may still be under way
            service.decide(nmbrs.alice, delivery, unknown.id, booked=False)
        an_hour_passes(nmbrs)
    service.decide(nmbrs.alice, delivery, unknown.id, booked=booked)
    while deliver():
        pass
    assert nmbrs.booked() == expected
    assert {line.state for line in lines(nmbrs, delivery)} == {LineState.ACCEPTED}
    with pytest.raises(Conflict):
        service.decide(nmbrs.alice, delivery, unknown.id, booked=False)


@pytest.mark.parametrize(
    ("code", "word"),
    [("2001", "urencode"), ("2003", "medewerker"), ("2006", "periode"), ("2011", "periode"), ("2012", "")],
)
def test_a_refused_line_is_explained_and_the_others_go_on(
    nmbrs: Stage, deliver: Callable[[], bool], code: str, word: str
) -> None:
    nmbrs.trouble("HourComponentVar_Insert", f"fault:{code}")
    delivery = send(nmbrs)
    deliver()
    first, *others = lines(nmbrs, delivery)
    assert first.state is LineState.REFUSED
    assert word in first.reason.lower()
    assert {line.state for line in others} == {LineState.ACCEPTED}
    assert service.retry_refused(nmbrs.alice, delivery) == 1
    deliver()
    assert nmbrs.booked() == ALL


@pytest.mark.parametrize("code", ["1001", "1002", "1003"])
def test_a_refused_key_stops_everything_and_resumes_where_it_was(
    nmbrs: Stage, deliver: Callable[[], bool], code: str
) -> None:
    nmbrs.trouble("HourComponentVar_Insert", f"fault:{code}", skip=1)
    delivery = send(nmbrs)
    deliver()
    stopped = info(nmbrs, delivery)
    assert stopped.state is DeliveryState.PAUSED
    assert stopped.cause
    assert stopped.remedy
    assert stopped.counts == {LineState.ACCEPTED: 1, LineState.PLANNED: 2}
    with nmbrs.alice.read() as work:
        assert work.session.scalars(select(Koppeling.state)).one() is KoppelingState.BROKEN
    service.resume(nmbrs.alice, delivery)
    deliver()
    assert nmbrs.booked() == ALL
    with nmbrs.alice.read() as work:
        assert work.session.scalars(select(Koppeling.state)).one() is KoppelingState.ACTIVE


def test_nmbrs_down_is_tried_again_later_and_books_once(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    """The baseline read fails before any write: nothing is unclear, the delivery waits."""
    nmbrs.trouble("HourComponentVar_Get", "drop_before")
    delivery = send(nmbrs)
    deliver()
    waiting = info(nmbrs, delivery)
    assert waiting.state is DeliveryState.WAITING
    assert waiting.cause
    assert waiting.counts == {LineState.PLANNED: 3}
    assert not deliver()  # not before its time
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(next_at=work.now))
    deliver()
    assert nmbrs.booked() == ALL


def test_a_person_that_cannot_be_read_is_not_written(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    nmbrs.trouble("HourComponentVar_Get", "fault:2003")
    delivery = send(nmbrs)
    deliver()
    assert lines(nmbrs, delivery)[0].state is LineState.REFUSED
    assert nmbrs.booked() == WITHOUT_FIRST


def test_what_payroll_held_before_is_stored_before_the_first_write(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    nmbrs.trouble("HourComponentVar_Insert", "drop_before", times=3)
    send(nmbrs)
    deliver()
    with nmbrs.acting.read() as work:
        rows = work.session.scalars(select(Parcel)).all()
    assert len(rows) == 3
    assert all(row.baseline == [] for row in rows)


def test_a_worker_that_died_leaves_unknown_and_the_rest_goes_on(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    """G3: as after kill -9 between the row before the call and the row after it."""
    delivery = send(nmbrs)
    with nmbrs.acting.begin() as work:
        claims.open_due(work)
        (claim,) = claims.claim(work, 1, 4)
        first = work.session.scalars(select(DeliveryLine.id).order_by(DeliveryLine.id)).first()
        assert ledger.start(work, claim, [first or 0])
    deliver()  # the others go on; the lease of this one still holds
    assert not deliver()
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Parcel).values(lease_until=work.now - timedelta(seconds=1)))
    while deliver():
        pass
    assert [line.state for line in lines(nmbrs, delivery)] == [
        LineState.UNCLEAR,
        LineState.ACCEPTED,
        LineState.ACCEPTED,
    ]
    assert nmbrs.booked() == WITHOUT_FIRST


def test_g5_a_late_worker_cannot_write(nmbrs: Stage) -> None:
    send(nmbrs)
    with nmbrs.acting.begin() as work:
        claims.open_due(work)
        (late,) = claims.claim(work, 1, 4)
        line = work.session.scalars(select(DeliveryLine.id).order_by(DeliveryLine.id)).first() or 0
        assert ledger.start(work, late, [line])
        work.session.execute(update(Parcel).values(lease_until=work.now - timedelta(seconds=1)))
    with nmbrs.acting.begin() as work:
        assert ledger.sweep(work, timedelta(0)) == 1
        work.session.execute(update(Parcel).values(next_at=work.now))
        assert claims.claim(work, 1, 4)
    with nmbrs.acting.begin() as work:
        assert not ledger.settle(work, late, [line], Event.ACCEPT, remote_ref="1")
        assert not ledger.extend(work, late, 4, "token 1")
    with nmbrs.acting.read() as work:
        assert work.session.get_one(DeliveryLine, line).state is LineState.UNCLEAR


def test_b4_a_koppeling_that_was_switched_off_sends_nothing(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    delivery = send(nmbrs)
    koppelingen.switch_off(nmbrs.alice, "nmbrs")
    deliver()
    assert nmbrs.booked() == []
    assert info(nmbrs, delivery).state is DeliveryState.PAUSED


def test_cancelled_before_sending_sends_nothing_and_frees_the_hours(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    export = nmbrs.export()
    delivery = service.send(nmbrs.alice, export)
    service.cancel(nmbrs.alice, delivery)
    assert not deliver()
    service.withdraw_export(nmbrs.alice, export)
    assert nmbrs.export() != export


def test_an_export_that_left_cannot_be_withdrawn(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    export = nmbrs.export()
    service.send(nmbrs.alice, export)
    deliver()
    with pytest.raises(Conflict):
        service.withdraw_export(nmbrs.alice, export)


def test_later_hours_go_as_a_second_export_and_add_up(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    send(nmbrs)
    deliver()
    nmbrs.bring_hours(days=1, start=5)
    send(nmbrs)
    deliver()
    assert nmbrs.booked() == sorted([*ALL, (101, "7.50"), (102, "7.50"), (103, "7.50")])


def test_sigterm_hands_the_lease_back(nmbrs: Stage) -> None:
    """I5: a worker that is told to stop leaves a delivery that another takes at once."""
    delivery = send(nmbrs)
    stop = threading.Event()
    stop.set()
    work_once(for_worker(nmbrs.acting, stop=Stop(stop)))
    waiting = info(nmbrs, delivery)
    assert waiting.state is DeliveryState.WAITING
    assert waiting.counts == {LineState.PLANNED: 3}
    assert nmbrs.booked() == []


@pytest.fixture(params=["horecalonen", "connexie"])
def target(request: pytest.FixtureRequest, stage: Stage) -> str:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, request.param)
    return str(request.param)


def test_a_batch_goes_out_once_with_a_receipt(stage: Stage, target: str, deliver: Callable[[], bool]) -> None:
    delivery = send(stage, target)
    deliver()
    (batch,) = stage.state(target)["batches"]
    assert len(batch["lines"]) == 3
    assert {line.state for line in lines(stage, delivery)} == {LineState.ACCEPTED}
    assert info(stage, delivery).receipt
    assert not deliver()


@pytest.mark.parametrize("kind", ["drop_after_booking", "drop_before", "html", "status_500"])
def test_a_lost_answer_about_a_batch_is_unknown(
    stage: Stage, target: str, deliver: Callable[[], bool], kind: str
) -> None:
    stage.trouble("*", kind, name=target, seconds=20)
    delivery = send(stage, target)
    while deliver():
        pass
    assert {line.state for line in lines(stage, delivery)} == {LineState.UNCLEAR}
    assert len(stage.state(target)["batches"]) == (1 if kind == "drop_after_booking" else 0)


def test_a_batch_that_must_wait_goes_later(stage: Stage, target: str, deliver: Callable[[], bool]) -> None:
    """F3: 429 with Retry-After is obeyed."""
    stage.trouble("*", "status_429", name=target)
    delivery = send(stage, target)
    deliver()
    assert info(stage, delivery).counts == {LineState.PLANNED: 3}
    with stage.acting.begin() as work:
        found = work.session.scalars(select(Delivery)).one()
        assert found.next_at > work.now
        found.next_at = work.now
    deliver()
    assert len(stage.state(target)["batches"]) == 1


def test_a_lost_answer_that_asks_to_wait_holds_the_others_too(nmbrs: Stage, deliver: Callable[[], bool]) -> None:
    """F3: 503 with Retry-After on a write says nothing about that line, and still asks everybody to wait."""
    nmbrs.trouble("HourComponentVar_Insert", "busy_503", when="after")
    delivery = send(nmbrs)
    deliver()
    deliver()
    assert info(nmbrs, delivery).counts == {LineState.UNCLEAR: 1, LineState.PLANNED: 2}
    assert nmbrs.state()["call_counts"]["HourComponentVar_Insert"] == 1
    with nmbrs.acting.begin() as work:
        found = work.session.scalars(select(Delivery)).one()
        assert found.next_at - work.now > timedelta(seconds=100)
        assert found.tries == 0
        found.next_at = work.now
    deliver()
    assert info(nmbrs, delivery).counts == {LineState.UNCLEAR: 1, LineState.ACCEPTED: 2}
    assert nmbrs.booked() == ALL


def test_one_refused_person_in_a_batch_is_named(stage: Stage, deliver: Callable[[], bool]) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    httpx.post(f"{stage.sandbox}/connexie/_sandbox/unknown", json={"people": ["102"]}).raise_for_status()
    delivery = send(stage, "connexie")
    deliver()
    states = {line.personnel_number: line.state for line in lines(stage, delivery)}
    assert states == {"101": LineState.ACCEPTED, "102": LineState.REFUSED, "103": LineState.ACCEPTED}


def test_the_token_is_never_in_the_calls_that_were_logged(
    nmbrs: Stage, deliver: Callable[[], bool], capfd: pytest.CaptureFixture[str]
) -> None:
    """C8: a delivery that goes wrong in every way logs no secret."""
    nmbrs.trouble("HourComponentVar_Insert", "fault_text:token sandbox-nmbrs-token-0001 is fout")
    delivery = send(nmbrs)
    deliver()
    said = capfd.readouterr()
    assert "sandbox-nmbrs-token" not in said.err + said.out
    assert "sandbox-nmbrs-token" not in " ".join(line.reason for line in lines(nmbrs, delivery))
