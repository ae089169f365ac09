"""Taking a delivery back, and what is around it: batches, files, other exports and venues, a process that dies."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.accounts.queries import venues
from portal.accounts.service import add_venue
from portal.deliveries import sending, service, take_backs
from portal.deliveries.correction_types import Way
from portal.deliveries.models import LineState
from portal.exports import service as exports
from portal.exports.queries import preview
from portal.exports.service import download
from portal.hours.models import Shift
from portal.hours.service import import_file
from portal.integrations import setup
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, NotFound
from tests.deliveries.fix import DELETE, SANNE, change, day, diffs, make, subject, sums, until
from tests.deliveries.stage import COMPANY, Stage, shift
from tests.deliveries.steps import (
    ALL,
    calls,
    info,
    send,
    states,
)
from tests.deliveries.taking import back, free, leaving, make_back, nothing_to_export
from tests.factories.setup import activate_file_target
from tests.hours.sheets import csv_bytes

Deliver = Callable[[], bool]
ACCEPTED, REFUSED, UNCLEAR = LineState.ACCEPTED, LineState.REFUSED, LineState.UNCLEAR


def test_what_a_dead_process_left_is_freed_by_the_next(
    nmbrs: Stage, deliver: Deliver, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies after the last line was accepted, and the delivery was stopped: nothing is left to do for a worker."""
    taking = back(nmbrs, sent)
    with monkeypatch.context() as dies:
        dies.setattr(sending, "end", lambda *_: None)
        deliver()
        dies.setattr(take_backs, "settle_alone", lambda *_: None)
        service.cancel(nmbrs.alice, taking)
    assert states(nmbrs, taking) == [ACCEPTED] * 3
    assert leaving(nmbrs) == 6
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs)) == (6, 0)


def test_as_a_difference_line_in_the_next_period(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    setup.refresh(nmbrs.alice, "nmbrs", nmbrs.venue)
    back(nmbrs, sent, Way.NEXT)
    assert leaving(nmbrs) == 6
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs), diffs(nmbrs)) == (6, 0, [])
    assert sum(float(hours) for _who, hours in nmbrs.booked()) == 0


def test_a_batch_frees_the_hours_with_its_answer(stage: Stage, deliver: Deliver) -> None:
    stage.bring_hours()
    activate_file_target(stage.acting, stage.cast, "connexie")
    first = send(stage, "connexie")
    deliver()
    back(stage, first)
    nothing_to_export(stage, "connexie")
    deliver()
    assert (len(free(stage)), leaving(stage)) == (6, 0)
    service.send(stage.alice, stage.export("connexie"))
    deliver()
    batches = [one["batch"]["totals"]["hours"] for one in stage.state("connexie")["batches"]]
    assert batches == ["45.00", "-45.00", "45.00"]


def test_the_hours_of_another_export_are_no_part_of_it(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    nmbrs.bring_hours(days=1, people=(SANNE,), start=5)
    second = send(nmbrs)
    deliver()
    taking = back(nmbrs, sent)
    deliver()
    assert (len(free(nmbrs)), states(nmbrs, taking)) == (6, [ACCEPTED] * 3)
    with nmbrs.acting.read() as work:
        left = select(Shift.export_id).where(Shift.export_id.is_not(None))
        assert work.session.scalars(left).all() == [info(nmbrs, second).export_id]
    assert (nmbrs.booked(), diffs(nmbrs)) == ([(101, "7.50")], [])


def test_the_same_person_at_another_venue_is_no_part_of_it(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    add_venue(nmbrs.alice, "Tweede zaak")
    with nmbrs.alice.read() as work:
        other = max(venue.id for venue in venues(work))
    setup.choose_company(nmbrs.alice, "nmbrs", other, COMPANY)
    setup.choose_codes(nmbrs.alice, "nmbrs", other, {"gewerkt": "2100", "vakantie": "3041"})
    import_file(nmbrs.alice, other, "uren.csv", csv_bytes([shift(SANNE, day(nmbrs, 9))]))
    with nmbrs.alice.read() as work:
        shown = preview(work, nmbrs.acting.part(Providers), other, "nmbrs", nmbrs.period)
    theirs = exports.create(nmbrs.alice, other, "nmbrs", nmbrs.period, shown.fingerprint, leave_out=False)
    service.send(nmbrs.alice, theirs)
    deliver()
    back(nmbrs, sent)
    deliver()
    assert (nmbrs.booked(), len(free(nmbrs))) == ([(101, "7.50")], 6)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (sorted([*ALL, (101, "7.50")]), [])


def test_what_waits_on_one_code_of_a_person_is_in_the_way_of_all(stage: Stage, deliver: Deliver, mixed: int) -> None:
    """A correction of Sanne's holiday is not settled: taking her work back alone would free what may be paid."""
    change(stage, until(stage, SANNE, "17:00", number=1, kind="vakantie", approved="nee"))
    stage.trouble(DELETE, "fault:2001")
    service.send(stage.alice, make(stage))
    deliver()
    with pytest.raises(Conflict, match="niets om te corrigeren"):
        make_back(stage, mixed)


def test_a_file_frees_the_hours_when_a_person_says_so(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    made = make_back(nmbrs, sent)
    with pytest.raises(Conflict, match="nog niet gedownload"):
        take_backs.processed(nmbrs.alice, made)
    download(nmbrs.alice, made, "csv")
    nothing_to_export(nmbrs)
    with pytest.raises(NotFound):
        take_backs.processed(nmbrs.acting.as_actor(nmbrs.cast.actors["charlie"]), made)
    take_backs.processed(nmbrs.alice, made)
    take_backs.processed(nmbrs.alice, made)
    assert (len(free(nmbrs)), leaving(nmbrs), sums(nmbrs)) == (6, 0, {})
    for act in (
        lambda: service.withdraw_export(nmbrs.alice, made),
        lambda: service.send(nmbrs.alice, made, not_loaded=True),
    ):
        with pytest.raises(Conflict, match="dubbel"):
            act()
    assert deliver() is False


def test_a_file_is_said_to_be_processed_in_no_other_state(nmbrs: Stage, sent: int) -> None:
    with pytest.raises(Conflict, match="alleen bij een correctie"):
        take_backs.processed(nmbrs.alice, info(nmbrs, sent).export_id)
    made = make_back(nmbrs, sent)
    download(nmbrs.alice, made, "csv")
    service.withdraw_export(nmbrs.alice, made)
    with pytest.raises(Conflict, match="niet is ingetrokken"):
        take_backs.processed(nmbrs.alice, made)
    again = make_back(nmbrs, sent)
    download(nmbrs.alice, again, "csv")
    service.send(nmbrs.alice, again, not_loaded=True)
    with pytest.raises(Conflict, match="wordt verstuurd"):
        take_backs.processed(nmbrs.alice, again)
    assert free(nmbrs) == []


def test_an_export_that_is_taken_back_is_not_withdrawn(stage: Stage) -> None:
    activate_file_target(stage.acting, stage.cast, "horecalonen")
    stage.bring_hours()
    first = stage.export("horecalonen")
    download(stage.alice, first, "csv")
    made = make(stage, about=subject(stage, "horecalonen", first))
    with pytest.raises(Conflict, match=f"Correctie {made} draait deze export terug"):
        service.withdraw_export(stage.alice, first)
    service.withdraw_export(stage.alice, made)
    service.withdraw_export(stage.alice, first)
    assert (len(free(stage)), leaving(stage), sums(stage)) == (6, 0, {})


def test_it_is_safe_to_settle_at_any_moment(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    made = make_back(nmbrs, sent)
    first = info(nmbrs, sent).export_id
    for export_id in (made, first):
        take_backs.settle_alone(nmbrs.alice, export_id)
    assert (free(nmbrs), leaving(nmbrs), calls(nmbrs, DELETE)) == ([], 6, 0)
    service.send(nmbrs.alice, made)
    deliver()
    again = nmbrs.export()
    take_backs.settle_alone(nmbrs.alice, made)
    assert free(nmbrs) == []
    service.withdraw_export(nmbrs.alice, again)
    assert len(free(nmbrs)) == 6
