"""I2, G1, C7: the machine is lost, an older backup is put back, and still every hour is in payroll once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import OneTimeLink, WebSession
from portal.app import for_worker
from portal.backup import data_keys
from portal.deliveries import service
from portal.deliveries.models import DeliveryState, LineState, Parcel, ParcelState
from portal.deliveries.sending import Stop, work_once
from portal.exports.models import Export, ExportLine
from portal.hours.periods import bounds, following, period_of
from portal.hours.types import PeriodKind
from portal.integrations import handing_over, strongbox
from portal.integrations import service as koppelingen
from portal.integrations.models import Credential, CredentialKey, Koppeling, KoppelingState, TokenDraft
from portal.kernel.errors import InvalidInput
from portal.kernel.key_models import WorkerKey
from portal.kernel.restore_models import Restore, is_blind
from portal.kernel.work import Work
from portal.notifications.mails import Mail
from portal.notifications.models import OutboxMail
from portal.settings import Settings
from tests.backup.machine import Machine, again
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.deliveries.steps import ALL, INSERT, an_hour_passes, calls, info, lines, round_with, send, states
from tests.deliveries.test_lookup import somebody_else_books
from tests.factories.setup import draft

Deliver = Callable[[], bool]
MakeApp = Callable[..., Flask]


@pytest.fixture
def machine(stage: Stage, settings: Settings) -> Machine:
    return Machine(stage, settings)


def work(stage: Stage) -> None:
    """The worker does all there is; a wait is over an hour later."""
    robot = for_worker(stage.acting, stop=Stop(threading.Event()))
    for _ in range(4):
        while work_once(robot):
            pass
        with stage.acting.read() as reading:
            if set(reading.session.scalars(select(Parcel.state))) <= {ParcelState.DONE}:
                return  # a receipt was made: from here on nothing changes, not even by a test
        an_hour_passes(stage)


def test_g1_lost_in_the_middle_of_a_delivery(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """One person was sent before the backup, two after it: nobody knows of those any more but payroll."""
    taken: list[Path] = []
    delivery = send(nmbrs)
    round_with(nmbrs, 3, lambda: taken.append(machine.backup()))
    work(nmbrs)
    assert nmbrs.booked() == ALL
    before = calls(nmbrs, INSERT)
    said = machine.restore(taken[0]).stdout
    assert "looked up first" in said
    put_back = again(machine, make_app)
    assert LineState.UNCLEAR in states(put_back, delivery)
    work(put_back)
    assert put_back.booked() == ALL
    assert calls(put_back, INSERT) == before
    assert states(put_back, delivery) == [LineState.ACCEPTED] * 3
    refs = {line.remote_ref for line in lines(put_back, delivery)}
    assert refs == {str(row["id"]) for row in put_back.state()["components"]}
    machine.run("audit", "verify")


def test_g1_what_was_not_sent_goes_when_a_person_says_so(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """It may have been cancelled after the backup, and paid in another way."""
    delivery = send(nmbrs)
    machine.restore(machine.backup())
    put_back = again(machine, make_app)
    work(put_back)
    assert put_back.booked() == []
    assert info(put_back, delivery).state is DeliveryState.CANCELLED
    assert "teruggezet" in info(put_back, delivery).cause
    with put_back.acting.read() as reading:
        assert Mail.DELIVERY_PAUSED.value in reading.session.scalars(select(OutboxMail.mail)).all()
    service.resume(put_back.alice, delivery)
    work(put_back)
    assert put_back.booked() == ALL
    assert states(put_back, delivery) == [LineState.ACCEPTED] * 3


def test_g1_a_delivery_that_was_stopped_and_resumed_after_the_backup(
    machine: Machine, nmbrs: Stage, make_app: MakeApp
) -> None:
    """It was read before, so it has a first reading: that is older than what was sent."""
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    taken = machine.backup()
    service.resume(nmbrs.alice, delivery)
    work(nmbrs)
    assert nmbrs.booked() == ALL
    machine.restore(taken)
    put_back = again(machine, make_app)
    work(put_back)
    if info(put_back, delivery).state is DeliveryState.CANCELLED:
        service.resume(put_back.alice, delivery)
        work(put_back)
    assert put_back.booked() == ALL
    assert LineState.PLANNED not in states(put_back, delivery)


def test_g1_not_booked_is_believed(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """What a person saw and said is not ours, is not taken for ours by the next reading: those hours are sent."""
    machine.restore(machine.backup())
    put_back = again(machine, make_app)
    somebody_else_books(put_back, "15.00")
    delivery = send(put_back)
    work(put_back)
    unclear = [line for line in lines(put_back, delivery) if line.state is LineState.UNCLEAR]
    assert [line.name for line in unclear] == ["Daan Visser"]
    an_hour_passes(put_back)
    service.decide(put_back.alice, delivery, unclear[0].id, booked=False)
    work(put_back)
    assert set(states(put_back, delivery)) == {LineState.ACCEPTED}
    assert sorted(put_back.booked()) == sorted([*ALL, (103, "15.00")])


def test_g1_hours_of_a_period_that_has_yet_to_begin(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """They were exported ahead, after the backup."""
    nmbrs.period = following(period_of(datetime.now(UTC).date(), PeriodKind.MONTH))
    with nmbrs.acting.begin() as writing:
        assert is_blind_after(writing, bounds(nmbrs.period)[0])


def is_blind_after(writing: Work, first_day: date) -> bool:
    writing.session.add(Restore(backup_at=writing.now, restored_at=writing.now))
    writing.session.flush()
    return is_blind(writing, first_day)


def test_g1_nothing_is_sent_while_a_call_of_the_lost_machine_may_land(
    machine: Machine, nmbrs: Stage, make_app: MakeApp
) -> None:
    send(nmbrs)
    machine.restore(machine.backup())
    put_back = again(machine, make_app)
    robot = for_worker(put_back.acting, stop=Stop(threading.Event()))
    while work_once(robot):
        pass
    assert put_back.booked() == []


def test_g1_a_delivery_that_the_backup_never_heard_of(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """The customer exports and sends again: what stands in payroll is for a person to say, and is not sent twice."""
    taken = machine.backup()
    send(nmbrs)
    work(nmbrs)
    assert nmbrs.booked() == ALL
    machine.restore(taken)
    put_back = again(machine, make_app)
    delivery = send(put_back)
    work(put_back)
    assert put_back.booked() == ALL
    assert states(put_back, delivery) == [LineState.UNCLEAR] * 3
    assert all("teruggezet" in line.reason for line in lines(put_back, delivery))
    for line in lines(put_back, delivery):
        service.decide(put_back.alice, delivery, line.id, booked=True)
    assert put_back.booked() == ALL


def test_g1_said_not_to_be_double_is_for_a_person(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """Somebody knew of hours of another that look like ours: then looking alike proves nothing."""
    export = nmbrs.export()
    with nmbrs.alice.read() as reading:
        everybody = reading.session.scalars(select(ExportLine.member_id).where(ExportLine.export_id == export)).all()
    delivery = service.send(nmbrs.alice, export, not_double=everybody)
    taken = machine.backup()
    work(nmbrs)
    machine.restore(taken)
    put_back = again(machine, make_app)
    work(put_back)
    assert put_back.booked() == ALL
    assert states(put_back, delivery) == [LineState.UNCLEAR] * 3


def test_g1_a_batch_is_asked_for_by_its_reference(machine: Machine, stage: Stage, make_app: MakeApp) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    delivery = send(stage, "connexie")
    taken = machine.backup()
    work(stage)
    held = stage.state("connexie")
    machine.restore(taken)
    put_back = again(machine, make_app)
    work(put_back)
    assert set(states(put_back, delivery)) == {LineState.ACCEPTED}
    assert put_back.state("connexie")["batches"] == held["batches"]


def test_g1_a_new_batch_after_a_restore_asks_a_person_first(machine: Machine, stage: Stage, make_app: MakeApp) -> None:
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    machine.restore(machine.backup())
    put_back = again(machine, make_app)
    export = put_back.export("connexie")
    with pytest.raises(InvalidInput, match="salariskantoor"):
        service.send(put_back.alice, export)
    alice = Visitor(make_app().test_client())
    alice.sign_in(put_back.cast.mail("alice"), put_back.cast.password)
    page = alice.open(f"/portaal/exports/{export}/versturen")
    page.submit("Verstuur nu", status=422)
    page.submit("Verstuur nu", {"not_sent": "y"})
    work(put_back)
    assert put_back.state("connexie")["batches"]


def test_c7_a_token_that_was_withdrawn_does_not_come_back(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    taken = machine.backup()
    koppelingen.switch_off(nmbrs.alice, "nmbrs")
    data_keys.write(nmbrs.acting, machine.settings.backups)  # as the worker does, within seconds
    said = machine.restore(taken).stdout
    assert "0 back, 1 to be handed over again" in said
    put_back = again(machine, make_app)
    with put_back.acting.read() as reading:
        assert reading.session.scalars(select(Credential.sealed_token)).one() is None
        assert reading.session.scalars(select(CredentialKey)).all() == []
        koppeling = reading.session.scalars(select(Koppeling)).one()
    assert koppeling.state is KoppelingState.BROKEN
    assert "token" in koppeling.cause


def test_c7_the_backup_holds_no_data_key(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    taken = machine.backup()
    data_keys.file_of(machine.settings.backups).unlink()
    assert "data-keys.sealed is not here" in machine.restore(taken, code=1).stderr
    assert "0 back, 1 to be handed over again" in machine.restore(taken, "--without-tokens").stdout


def test_the_token_works_again_when_its_keys_are_there(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    assert "1 back, 0 to be" in machine.restore(machine.backup()).stdout
    put_back = again(machine, make_app)
    with put_back.acting.read() as reading:
        credential = reading.session.scalars(select(Credential)).one()
        assert strongbox.take(reading, credential).reveal() == "sandbox-nmbrs-token-0001"
        assert len(reading.session.scalars(select(WorkerKey)).all()) == 1


def test_without_the_key_of_the_worker_it_says_so_first(machine: Machine, nmbrs: Stage) -> None:
    taken, key = machine.backup(), machine.settings.data / "worker.key"
    key.rename(key.with_name("elsewhere"))
    said = machine.restore(taken, code=1)
    assert "1 tokens cannot be opened" in said.stderr
    assert "0 back, 1 to be" in machine.restore(taken, "--without-tokens").stdout


def test_a13_doors_that_were_closed_since_stay_closed(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """A session that was ended, an invitation that was used after the backup."""
    machine.run("invite", "nieuw@dezon.example", "--role", "beheerder", "--organisation", "Brasserie De Zon")
    app = make_app()
    visitor = Visitor(app.test_client())
    visitor.sign_in(nmbrs.cast.mail("alice"), nmbrs.cast.password)
    taken = machine.backup()
    app.extensions["portal"].engine.dispose()
    machine.restore(taken)
    put_back = again(machine, make_app)
    with put_back.acting.read() as reading:
        assert all(row.ended_at for row in reading.session.scalars(select(WebSession)))
        now = datetime.now(UTC)
        assert all(row.expires_at <= now for row in reading.session.scalars(select(OneTimeLink)))


def test_j5_a_token_that_was_not_sent_does_not_come_back(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """It may have been cancelled since, and its hour is over; the token in use comes back."""
    seen = draft(nmbrs.alice)
    said = machine.restore(machine.backup()).stdout
    assert "1 back" in said
    put_back = again(machine, make_app)
    with put_back.acting.read() as reading:
        assert reading.session.scalars(select(TokenDraft)).all() == []
        kept = reading.session.scalars(select(Credential).where(Credential.sealed_token.is_not(None))).one()
        assert reading.session.scalars(select(CredentialKey.credential_id)).all() == [kept.id]
        assert reading.session.scalars(select(Koppeling.credential_id)).one() == kept.id
    with pytest.raises(handing_over.NothingToSend):
        handing_over.submit(put_back.alice, "nmbrs", seen)
    machine.run("audit", "verify")


def test_nothing_stands_in_the_way_of_new_rows(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """The numbers of new rows go on after those that came back."""
    send(nmbrs)
    machine.restore(machine.backup())
    put_back = again(machine, make_app)
    put_back.bring_hours(days=1, start=10)
    export = put_back.export(leave_out=True)
    with put_back.acting.read() as reading:
        assert export > min(reading.session.scalars(select(Export.id)).all())
