"""What a review found in deliveries, each as it would happen to somebody (B4, G1, G4, G5, H3)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from portal.audit.models import AuditEvent
from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryState, LineState, Parcel
from portal.exports import service as exports
from portal.exports.queries import export as find_export
from portal.hours.periods import bounds, period_of, previous
from portal.hours.types import BatchLine, PeriodKind, Person
from portal.integrations import service as koppelingen
from portal.integrations import setup
from portal.integrations.models import KoppelingState
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox_world import (
    DEMO_TOKEN,
    DEMO_USER,
    ONE_DEBTOR_TOKEN,
    ONE_DEBTOR_USER,
)
from portal.kernel.errors import Conflict, InvalidInput, Unavailable
from portal.kernel.remote.guard import finish_by
from portal.kernel.remote.http import Remote
from portal.secret import Secret
from portal.settings import Settings
from tests.browse import Visitor
from tests.deliveries.stage import Stage, shift
from tests.deliveries.steps import (
    ALL,
    INSERT,
    activate,
    bring,
    calls,
    info,
    koppeling,
    lines,
    round_with,
    send,
    states,
    where,
)
from tests.factories.setup import hand_over
from tests.integrations.flow import csrf
from tests.kernel.remote.stub import EASY, answer, says, serving

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
DAAN_ONLY = [(103, "15.00")]


def withdrawn(stage: Stage) -> tuple[int, int]:
    """An export that was planned, cancelled and withdrawn; returns it with its delivery."""
    export = stage.export()
    delivery = service.send(stage.alice, export)
    service.cancel(stage.alice, delivery)
    service.withdraw_export(stage.alice, export)
    return export, delivery


def everything_went(deliver: Deliver) -> None:
    while deliver():
        pass


def test_the_delivery_of_a_withdrawn_export_cannot_be_resumed(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    """G1: its hours are in the new export."""
    export, old = withdrawn(nmbrs)
    send(nmbrs)
    with pytest.raises(Conflict):
        service.resume(nmbrs.alice, old)
    with pytest.raises(Conflict):
        service.send(nmbrs.alice, export)
    alice = signed_in("alice")
    alice.post(f"/portaal/leveringen/{old}/hervatten", csrf(alice), status=409)
    alice.post(f"/portaal/exports/{export}/versturen", csrf(alice), status=409)
    everything_went(deliver)
    assert where(nmbrs, old) is DeliveryState.CANCELLED
    assert nmbrs.booked() == ALL


def test_the_worker_sends_nothing_of_a_withdrawn_export(nmbrs: Stage, deliver: Deliver) -> None:
    """G1: also when its delivery waits by some other mistake."""
    _export, old = withdrawn(nmbrs)
    new = send(nmbrs)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).where(Delivery.id == old).values(state=DeliveryState.WAITING))
        work.session.execute(update(Parcel).where(Parcel.delivery_id == old).values(halted=False))
    everything_went(deliver)
    assert where(nmbrs, old) is DeliveryState.PAUSED
    assert "ingetrokken" in info(nmbrs, old).cause
    assert states(nmbrs, old) == [LineState.PLANNED] * 3
    assert where(nmbrs, new) is DeliveryState.DONE
    assert nmbrs.booked() == ALL


def test_g5_no_byte_leaves_after_the_lease() -> None:
    """A process stood still (a laptop that slept) between writing the row and making the call."""
    with serving(says(answer())) as stub:
        remote = Remote("Nmbrs", stub.url, allow_private=True, limits=EASY)
        with finish_by(time.monotonic() - 1), pytest.raises(Unavailable):
            remote.call("POST", "/x", write=True, content=b"body")
        assert stub.requests == []
        remote.call("POST", "/x", write=True, content=b"body")  # the bound is gone again
        with finish_by(time.monotonic() - 1), pytest.raises(Unavailable):
            remote.call("POST", "/x", write=True, content=b"body")  # also over a connection that is open
        assert len(stub.requests) == 1
        remote.close()


def test_g5_the_sender_of_nmbrs_keeps_to_the_lease(nmbrs: Stage) -> None:
    sender = nmbrs.acting.part(Providers).line_sender("nmbrs")
    person = Person(1, "Daan Visser", "103", "", Secret(""))
    line = BatchLine(1, person, "gewerkt", "2100", 450, Decimal("7.50"), employee_ref="50103")
    key = {"token": Secret(DEMO_TOKEN), "email": Secret(DEMO_USER), "domain": Secret("brasserie-zon")}
    with finish_by(time.monotonic() - 1), pytest.raises(Unavailable):
        sender.insert(line, nmbrs.period, key)
    assert calls(nmbrs, INSERT) == 0
    assert sender.insert(line, nmbrs.period, key)
    assert nmbrs.booked() == [(103, "7.50")]


@pytest.mark.parametrize("key", ["nmbrs", "connexie"])
def test_g5_a_worker_whose_lease_is_over_books_nothing(stage: Stage, settings: Settings, key: str) -> None:
    """The start of a line waits longer than a lease for the database: it is written down, but nothing is sent."""
    stage.bring_hours()
    if key == "nmbrs":
        stage.connect_nmbrs()
    else:
        koppelingen.switch_on(stage.alice, key)
    delivery = send(stage, key)
    parts = {**stage.acting.parts, Settings: replace(settings, lease_seconds=3)}
    late = replace(stage, acting=replace(stage.acting, parts=parts))
    held, free = threading.Event(), threading.Event()

    def hold_the_row() -> None:
        with stage.acting.begin() as work:
            work.session.execute(select(Parcel.id).with_for_update()).all()
            held.set()
            free.wait(4)

    holder = threading.Thread(target=hold_the_row)

    def begin_to_hold() -> None:
        holder.start()
        held.wait()

    round_with(late, 1, begin_to_hold)
    holder.join()
    assert info(stage, delivery).counts == {LineState.PLANNED: 3}
    assert where(stage, delivery) is DeliveryState.WAITING
    assert calls(stage, INSERT) == calls(stage, "put_batch", "connexie") == 0


def test_g5_a_person_that_waited_longer_than_his_lease_is_not_begun(
    nmbrs: Stage, settings: Settings, deliver: Deliver
) -> None:
    """A process stood still between claiming and beginning: the sweep has what it held."""
    delivery = send(nmbrs)
    parts = {**nmbrs.acting.parts, Settings: replace(settings, lease_seconds=0)}
    round_with(replace(nmbrs, acting=replace(nmbrs.acting, parts=parts)), 99, lambda: None)
    assert info(nmbrs, delivery).counts == {LineState.PLANNED: 3}
    assert calls(nmbrs, INSERT) == 0
    everything_went(deliver)
    assert nmbrs.booked() == ALL
    assert where(nmbrs, delivery) is DeliveryState.DONE


def test_b4_switched_off_half_way_sends_no_line_more(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: koppelingen.switch_off(nmbrs.alice, "nmbrs"))
    everything_went(deliver)
    assert nmbrs.booked() == DAAN_ONLY
    assert states(nmbrs, delivery) == [LineState.ACCEPTED, LineState.PLANNED, LineState.PLANNED]
    assert where(nmbrs, delivery) is DeliveryState.PAUSED


def test_another_token_half_way_takes_over_at_the_next_line(nmbrs: Stage, deliver: Deliver) -> None:
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: hand_over(nmbrs.alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER))
    everything_went(deliver)
    assert nmbrs.booked() == ALL
    assert where(nmbrs, delivery) is DeliveryState.DONE
    with nmbrs.acting.read() as work:
        used = select(AuditEvent.facts).where(AuditEvent.action == "credential.used").order_by(AuditEvent.id)
        tokens = [facts["fingerprint"] for facts in work.session.scalars(used) if facts["why"] == "levering"]
    assert len(tokens) == len(set(tokens)) == 2


def test_switched_off_while_a_batch_is_read_keeps_it_here(stage: Stage, deliver: Deliver) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    delivery = send(stage, "connexie")
    round_with(stage, 1, lambda: koppelingen.switch_off(stage.alice, "connexie"))
    everything_went(deliver)
    assert stage.state("connexie")["batches"] == []
    assert where(stage, delivery) is DeliveryState.PAUSED


class Meanwhile:
    """Nmbrs, with something that happens once while it is being read."""

    def __init__(self, inner: Any, act: Callable[[], object]) -> None:
        self._inner, self._acts = inner, [act]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def booked(self, *given: Any) -> Any:
        if self._acts:
            self._acts.pop()()
        return self._inner.booked(*given)


def test_a_refused_old_token_does_not_disturb_the_new_one(nmbrs: Stage, deliver: Deliver) -> None:
    """The token was replaced because Nmbrs withdrew the old one; the worker still held that."""
    delivery = send(nmbrs)

    def replace_token() -> None:
        hand_over(nmbrs.alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
        nmbrs.trouble("HourComponentVar_Get", "fault:1001")

    known = cast("dict[str, Any]", nmbrs.acting.part(Providers).by_key)
    real = known["nmbrs"]
    known["nmbrs"] = Meanwhile(real, replace_token)
    deliver()
    known["nmbrs"] = real
    assert koppeling(nmbrs) is KoppelingState.ACTIVE
    if where(nmbrs, delivery) is DeliveryState.PAUSED:
        service.resume(nmbrs.alice, delivery)
    everything_went(deliver)
    assert nmbrs.booked() == ALL


def test_a_company_that_the_token_of_now_does_not_see_gets_nothing(stage: Stage, deliver: Deliver) -> None:
    """The employee numbers of this export mean nothing to another token."""
    stage.period = previous(period_of(datetime.now(UTC).date(), PeriodKind.WEEK))
    bring(stage, shift(("Iris Kuipers", "301", "123456782"), bounds(stage.period)[0]))
    activate(stage, DEMO_TOKEN, DEMO_USER)
    setup.choose_company(stage.alice, "nmbrs", stage.venue, "3303")
    setup.choose_codes(stage.alice, "nmbrs", stage.venue, {"gewerkt": "2100"})
    delivery = send(stage)
    koppelingen.switch_off(stage.alice, "nmbrs")
    activate(stage, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    everything_went(deliver)
    assert where(stage, delivery) is DeliveryState.PAUSED
    assert "bedrijf" in info(stage, delivery).cause
    assert calls(stage, INSERT) == 0


def test_the_files_of_a_withdrawn_export_are_gone(nmbrs: Stage, signed_in: SignedIn) -> None:
    export = nmbrs.export()
    exports.download(nmbrs.alice, export, "csv")
    service.withdraw_export(nmbrs.alice, export)
    with pytest.raises(Conflict):
        exports.download(nmbrs.alice, export, "csv")
    alice = signed_in("alice")
    for extension in ("csv", "xlsx"):
        page = alice.open(f"/portaal/exports/{export}/bestand.{extension}", status=409)
        assert "ingetrokken" in page.text()
    assert not alice.open(f"/portaal/exports/{export}").has("a[href*=bestand]")


def test_hours_of_a_downloaded_file_are_sent_only_after_a_promise(nmbrs: Stage, deliver: Deliver) -> None:
    export = nmbrs.export()
    exports.download(nmbrs.alice, export, "xlsx")
    with pytest.raises(InvalidInput, match="ingelezen"):
        service.send(nmbrs.alice, export)
    assert not deliver()
    delivery = service.send(nmbrs.alice, export, not_loaded=True)
    everything_went(deliver)
    assert service.send(nmbrs.alice, export) == delivery  # a second click asks nothing again
    assert nmbrs.booked() == ALL


def test_a_supplement_is_one_only_when_an_earlier_export_stands(nmbrs: Stage, signed_in: SignedIn) -> None:
    first = nmbrs.export()
    service.withdraw_export(nmbrs.alice, first)
    second = nmbrs.export()
    nmbrs.bring_hours(days=1, start=5)
    third = nmbrs.export()
    with nmbrs.alice.read() as work:
        found = [find_export(work, export) for export in (first, second, third)]
    assert [(export.revision, export.supplement) for export in found] == [(1, False), (2, False), (3, True)]
    alice = signed_in("alice")
    assert "2, zonder eerdere export van deze periode" in alice.open(f"/portaal/exports/{second}").text()
    assert "3, een aanvulling op eerdere exports" in alice.open(f"/portaal/exports/{third}").text()


def test_lines_that_wait_again_show_as_if_they_never_left(nmbrs: Stage, deliver: Deliver) -> None:
    """A refused right proves that nothing was booked: no reason and no moment stay behind."""
    nmbrs.trouble(INSERT, "fault:1002")
    delivery = send(nmbrs)
    deliver()
    assert [(line.state, line.reason, line.settled_at) for line in lines(nmbrs, delivery)] == [
        (LineState.PLANNED, "", None)
    ] * 3


def test_sending_after_a_cancel_and_a_download_asks_first(nmbrs: Stage) -> None:
    """Cancelled, then the file was taken and perhaps read in: neither way on may skip the question."""
    export = nmbrs.export()
    delivery = service.send(nmbrs.alice, export)
    service.cancel(nmbrs.alice, delivery)
    exports.download(nmbrs.alice, export, "csv")
    with pytest.raises(Conflict):
        service.resume(nmbrs.alice, delivery)
    with pytest.raises(InvalidInput):
        service.send(nmbrs.alice, export)
    assert service.send(nmbrs.alice, export, not_loaded=True) == delivery
