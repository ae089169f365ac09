"""Reading back what became of lines whose answer was lost, over the real stand-in of Nmbrs (G4, G6, I5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from sqlalchemy import select, update

from portal.deliveries import claims, service
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState, Parcel, ParcelState
from portal.hours.types import BatchLine, Person
from portal.integrations import service as koppelingen
from portal.integrations.models import KoppelingState
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting
from portal.secret import Secret
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    WITHOUT_DAAN,
    an_hour_passes,
    calls,
    info,
    koppeling,
    lines,
    send,
    states,
    where,
)
from tests.factories.setup import hand_over

Deliver = Callable[[], bool]
DEMO_KEY = {"token": Secret(DEMO_TOKEN), "email": Secret(DEMO_USER), "domain": Secret("brasserie-zon")}
DAAN_REF = "50103"


def everything_went(deliver: Deliver) -> None:
    while deliver():
        pass


def lost(stage: Stage, deliver: Deliver, kind: str = "drop_before", times: int = 1) -> int:
    """A delivery of which the answer about the first line (or lines) is lost."""
    stage.trouble(INSERT, kind, times=times)
    delivery = send(stage)
    deliver()
    assert info(stage, delivery).counts[LineState.UNCLEAR] == times
    return delivery


def somebody_else_books(stage: Stage, hours: str, times: int = 1) -> None:
    """The office enters hours for Daan under our code, by its own tools."""
    sender = stage.acting.part(Providers).line_sender("nmbrs")
    line = BatchLine(1, Person(1, "Daan", "103", "", Secret("")), "gewerkt", "2100", 0, Decimal(hours), DAAN_REF)
    for _ in range(times):
        sender.insert(line, stage.period, DEMO_KEY)


def parcel(stage: Stage) -> Parcel:
    """The one of the first person."""
    with stage.acting.read() as work:
        return work.session.scalars(select(Parcel).order_by(Parcel.id)).first() or Parcel()


def test_booked_and_lost_is_found_by_its_id_and_not_sent_again(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver, "drop_after_booking")
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert {line.remote_ref for line in lines(nmbrs, delivery)} == {
        str(row["id"]) for row in nmbrs.state()["components"]
    }
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert calls(nmbrs, INSERT) == 3
    assert nmbrs.booked() == ALL


def test_lost_and_not_booked_is_sent_again_once(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver)
    assert nmbrs.booked() == WITHOUT_DAAN
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert calls(nmbrs, INSERT) == 4
    assert nmbrs.booked() == ALL


@pytest.mark.parametrize("kind", ["drop_before", "drop_after_booking"])
def test_several_lost_lines_are_each_looked_up(nmbrs: Stage, deliver: Deliver, kind: str) -> None:
    delivery = lost(nmbrs, deliver, kind, times=3)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert nmbrs.booked() == ALL


def test_never_before_the_call_can_no_longer_land(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver)
    before = calls(nmbrs, GET)
    with nmbrs.acting.read() as work:
        (line,) = work.session.scalars(select(DeliveryLine).where(DeliveryLine.state == LineState.UNCLEAR))
        assert line.started_at is not None
        assert parcel(nmbrs).next_at >= line.started_at + timedelta(seconds=4 + 2)
    service.look_again(nmbrs.alice, delivery)
    assert not deliver()
    assert calls(nmbrs, GET) == before
    assert states(nmbrs, delivery)[0] is LineState.UNCLEAR


@pytest.mark.parametrize(("kind", "count"), [("drop_before", 2), ("drop_after_booking", 1)])
def test_more_equal_components_than_lines_prove_nothing(nmbrs: Stage, deliver: Deliver, kind: str, count: int) -> None:
    delivery = lost(nmbrs, deliver, kind)
    somebody_else_books(nmbrs, "15.00", count)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    first = lines(nmbrs, delivery)[0]
    assert first.state is LineState.UNCLEAR
    assert "meer dan één regel" in first.reason
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert calls(nmbrs, INSERT) == 3 + count  # theirs, and ours once


def test_the_same_code_with_other_hours_proves_nothing(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver)
    somebody_else_books(nmbrs, "14.75")
    an_hour_passes(nmbrs)
    everything_went(deliver)
    first = lines(nmbrs, delivery)[0]
    assert first.state is LineState.UNCLEAR
    assert "andere uren" in first.reason


def test_what_stood_there_before_is_not_ours(nmbrs: Stage, deliver: Deliver) -> None:
    somebody_else_books(nmbrs, "15.00")
    delivery = lost(nmbrs, deliver)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert nmbrs.booked() == sorted([*ALL, (103, "15.00")])


@pytest.mark.parametrize("kind", ["status_500", "endless", "fault:9999"])
def test_a_reading_that_fails_is_tried_again_and_then_left_to_a_person(
    nmbrs: Stage, deliver: Deliver, kind: str
) -> None:
    delivery = lost(nmbrs, deliver)
    for look in range(1, 7):
        assert states(nmbrs, delivery)[0] is LineState.UNCLEAR
        assert where(nmbrs, delivery) is DeliveryState.BUSY
        nmbrs.trouble(GET, kind)
        an_hour_passes(nmbrs)
        deliver()
        assert parcel(nmbrs).looks == look % 6
    first = lines(nmbrs, delivery)[0]
    assert first.state is LineState.UNCLEAR
    assert first.reason.startswith("Nalezen lukte niet: ")
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert calls(nmbrs, INSERT) == 3
    httpx.post(f"{nmbrs.sandbox}/nmbrs/_sandbox/faults", json={})


def test_an_answer_to_a_look_up_that_asks_to_wait_holds_everybody(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking", times=2)
    delivery = send(nmbrs)
    deliver()
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "busy_503")
    before = calls(nmbrs, GET)
    deliver()
    assert calls(nmbrs, GET) == before + 1
    with nmbrs.acting.begin() as work:
        found = work.session.scalars(select(Delivery)).one()
        assert (found.state, found.tries, found.next_at > work.now) == (DeliveryState.WAITING, 0, True)
        found.next_at = work.now
    an_hour_passes(nmbrs)
    deliver()
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert nmbrs.booked() == ALL


def test_a_right_that_is_refused_pauses_and_the_look_up_follows_the_mend(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver, "drop_after_booking")
    nmbrs.trouble(GET, "fault:1002")
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert where(nmbrs, delivery) is DeliveryState.PAUSED
    assert koppeling(nmbrs) is KoppelingState.BROKEN
    assert states(nmbrs, delivery)[0] is LineState.UNCLEAR
    hand_over(nmbrs.alice)  # a new check mends it
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert nmbrs.booked() == ALL


@pytest.mark.parametrize("kind", ["drop_before", "drop_after_booking"])
def test_two_deliveries_of_the_same_person_and_period(nmbrs: Stage, deliver: Deliver, kind: str) -> None:
    """The second goes on while the answer of the first is lost; each finds its own component."""
    first = lost(nmbrs, deliver, kind)
    nmbrs.bring_hours(days=2, start=5)  # the same hours again, on other days
    second = send(nmbrs)
    deliver()
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, first) == states(nmbrs, second) == [LineState.ACCEPTED] * 3
    assert nmbrs.booked() == sorted(ALL * 2)


def test_two_lost_lines_with_equal_hours_in_two_deliveries_are_left_to_a_person(nmbrs: Stage, deliver: Deliver) -> None:
    first = lost(nmbrs, deliver)
    nmbrs.bring_hours(days=2, start=5)
    second = lost(nmbrs, deliver, "drop_after_booking")
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert LineState.UNCLEAR in (states(nmbrs, first)[0], states(nmbrs, second)[0])
    assert LineState.ACCEPTED not in (states(nmbrs, first)[0], states(nmbrs, second)[0])
    assert calls(nmbrs, INSERT) == 6


def test_two_customers_with_one_employee_know_of_each_other_s_lost_lines(nmbrs: Stage, deliver: Deliver) -> None:
    """Each customer sees only its own rows (B2); what a look-up proves is about all of them."""
    theirs = Other(nmbrs.acting, nmbrs.cast, nmbrs.sandbox)
    theirs.bring_hours()
    theirs.connect_nmbrs()
    first = lost(nmbrs, deliver)
    second = lost(theirs, deliver, "drop_after_booking")
    an_hour_passes(nmbrs)
    everything_went(deliver)
    settled = [lines(nmbrs, first)[0], lines(theirs, second)[0]]
    assert [line.state for line in settled].count(LineState.ACCEPTED) == 0
    assert calls(nmbrs, INSERT) == 6


class Other(Stage):
    """Another customer."""

    @property
    def alice(self) -> Acting:
        return self.acting.as_actor(self.cast.actors["charlie"])

    @property
    def venue(self) -> int:
        return self.cast.venue("charlie")


def test_a_line_that_a_person_said_is_booked_keeps_its_component(nmbrs: Stage, deliver: Deliver) -> None:
    """Said by hand, so without an id: its component is not taken for that of another lost line."""
    first = lost(nmbrs, deliver)
    nmbrs.bring_hours(days=2, start=5)
    second = lost(nmbrs, deliver)
    somebody_else_books(nmbrs, "15.00")  # the call of the first lands after all
    service.decide(nmbrs.alice, first, lines(nmbrs, first)[0].id, booked=True)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, second)[0] is LineState.UNCLEAR


def test_a_worker_that_dies_between_reading_back_and_writing_down(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = lost(nmbrs, deliver, "drop_after_booking")
    an_hour_passes(nmbrs)
    with nmbrs.acting.begin() as work:  # it claimed, read, and was killed
        (claim,) = claims.claim(work, 1, 4)
        assert claim.look_up
    assert not deliver()
    with pytest.raises(Conflict):  # nobody decides meanwhile
        service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[0].id, booked=False)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Parcel).values(lease_until=work.now - timedelta(seconds=1)))
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert nmbrs.booked() == ALL


@pytest.mark.parametrize("booked", [True, False])
def test_a_person_decides_while_the_look_up_waits(nmbrs: Stage, deliver: Deliver, booked: bool) -> None:
    delivery = lost(nmbrs, deliver, "drop_after_booking" if booked else "drop_before")
    with nmbrs.acting.begin() as work:  # long ago, but the look-up has still to come
        work.session.execute(update(DeliveryLine).values(started_at=work.now - timedelta(hours=1)))
    service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[0].id, booked=booked)
    everything_went(deliver)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    assert states(nmbrs, delivery) == [LineState.ACCEPTED] * 3
    assert where(nmbrs, delivery) is DeliveryState.DONE
    assert nmbrs.booked() == ALL


@pytest.mark.parametrize("kind", ["drop_before", "drop_after_booking"])
def test_after_a_cancel_a_lost_line_is_read_back_and_nothing_more_is_sent(
    nmbrs: Stage, deliver: Deliver, kind: str
) -> None:
    delivery = lost(nmbrs, deliver, kind)
    with nmbrs.acting.begin() as work:  # the next person has still to go
        work.session.execute(update(DeliveryLine).where(DeliveryLine.id == lines(nmbrs, delivery)[2].id)
                             .values(state=LineState.PLANNED, remote_ref=""))  # fmt: skip
    service.cancel(nmbrs.alice, delivery)
    an_hour_passes(nmbrs)
    everything_went(deliver)
    found = LineState.ACCEPTED if kind == "drop_after_booking" else LineState.PLANNED
    assert states(nmbrs, delivery) == [found, LineState.ACCEPTED, LineState.PLANNED]
    assert where(nmbrs, delivery) is DeliveryState.CANCELLED
    assert calls(nmbrs, INSERT) == 3


def test_a_cancelled_look_up_without_a_koppeling_ends_with_a_person(nmbrs: Stage, deliver: Deliver) -> None:
    """Nothing pauses it any more: it must not go round and round."""
    delivery = lost(nmbrs, deliver)
    service.cancel(nmbrs.alice, delivery)
    koppelingen.switch_off(nmbrs.alice, "nmbrs")
    for _ in range(6):
        an_hour_passes(nmbrs)
        everything_went(deliver)
    assert "Nalezen lukte niet" in lines(nmbrs, delivery)[0].reason
    assert parcel(nmbrs).state is ParcelState.DONE
    an_hour_passes(nmbrs)
    assert not deliver()


@pytest.fixture(params=["connexie", "horecalonen"])
def target(request: pytest.FixtureRequest, stage: Stage) -> str:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, request.param)
    return str(request.param)


def lost_batch(stage: Stage, target: str, deliver: Deliver, kind: str) -> int:
    stage.trouble("put_batch", kind, name=target)
    delivery = send(stage, target)
    deliver()
    assert states(stage, delivery) == [LineState.UNCLEAR] * 3
    assert not deliver()
    assert calls(stage, "get_batch", target) == 0
    an_hour_passes(stage)
    return delivery


def test_a_batch_that_arrived_is_settled_with_its_receipt(stage: Stage, target: str, deliver: Deliver) -> None:
    delivery = lost_batch(stage, target, deliver, "drop_after_booking")
    everything_went(deliver)
    (batch,) = stage.state(target)["batches"]
    assert info(stage, delivery).receipt == batch["receipt"]
    assert [line.remote_ref for line in lines(stage, delivery)] == [line["id"] for line in batch["lines"]]
    assert states(stage, delivery) == [LineState.ACCEPTED] * 3
    assert where(stage, delivery) is DeliveryState.DONE
    assert calls(stage, "put_batch", target) == 1


def test_only_unknown_reference_sends_a_batch_again_under_the_same_one(
    stage: Stage, target: str, deliver: Deliver
) -> None:
    """And when that resend is lost after booking it is asked about again."""
    delivery = lost_batch(stage, target, deliver, "drop_before")
    stage.trouble("put_batch", "drop_after_booking", name=target)
    everything_went(deliver)
    an_hour_passes(stage)
    everything_went(deliver)
    assert states(stage, delivery) == [LineState.ACCEPTED] * 3
    assert len(stage.state(target)["batches"]) == 1
    assert calls(stage, "put_batch", target) == 2


@pytest.mark.parametrize("kind", ["drop_before", "status_404", "html", "status_500"])
def test_a_batch_about_which_nothing_can_be_said_changes_nothing(
    stage: Stage, target: str, deliver: Deliver, kind: str
) -> None:
    """A 404 of whoever stands in between proves nothing."""
    delivery = lost_batch(stage, target, deliver, "drop_after_booking")
    stage.trouble("get_batch", kind, name=target)
    everything_went(deliver)
    assert states(stage, delivery) == [LineState.UNCLEAR] * 3
    assert calls(stage, "put_batch", target) == 1


def test_a_cancelled_batch_is_asked_about_and_not_sent_again(stage: Stage, target: str, deliver: Deliver) -> None:
    delivery = lost_batch(stage, target, deliver, "drop_before")
    service.cancel(stage.alice, delivery)
    everything_went(deliver)
    an_hour_passes(stage)
    assert not deliver()
    assert states(stage, delivery) == [LineState.PLANNED] * 3
    assert calls(stage, "get_batch", target) == 1
    assert calls(stage, "put_batch", target) == 1


def test_a_batch_is_not_said_to_be_absent_by_hand(stage: Stage, target: str, deliver: Deliver) -> None:
    """Part of a batch cannot go again; booked can be said per line."""
    delivery = lost_batch(stage, target, deliver, "drop_before")
    first = lines(stage, delivery)[0].id
    with pytest.raises(Conflict):
        service.decide(stage.alice, delivery, first, booked=False)
    service.decide(stage.alice, delivery, first, booked=True)
    assert states(stage, delivery) == [LineState.ACCEPTED, LineState.UNCLEAR, LineState.UNCLEAR]
