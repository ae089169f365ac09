"""Taking a delivery back: hours are free when payroll gave them back, never before, and nobody is paid twice (G1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from portal.deliveries import corrections, sending, service, take_backs
from portal.deliveries.correction_types import Way
from portal.deliveries.models import DeliveryLine, DeliveryState, LineState
from portal.exports.models import Export
from portal.exports.service import download
from portal.hours.models import Shift
from portal.integrations import setup
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, NotFound
from tests.deliveries.fix import DAAN, DELETE, SANNE, change, day, diffs, make, subject, sums, until
from tests.deliveries.stage import Stage, shift
from tests.deliveries.steps import (
    ALL,
    GET,
    an_hour_passes,
    bring,
    calls,
    codes_booked,
    info,
    lines,
    round_with,
    seen,
    send,
    states,
    where,
)
from tests.factories.setup import activate_file_target

Deliver = Callable[[], bool]
ACCEPTED, REFUSED, UNCLEAR = LineState.ACCEPTED, LineState.REFUSED, LineState.UNCLEAR


@pytest.fixture
def sent(nmbrs: Stage, deliver: Deliver) -> int:
    """The delivery of fifteen hours each."""
    delivery = send(nmbrs)
    deliver()
    return delivery


@pytest.fixture
def mixed(stage: Stage, deliver: Deliver) -> int:
    """The delivery of Sanne with a day of work and a day of holiday, two components."""
    bring(stage, shift(SANNE, day(stage, 0)), shift(SANNE, day(stage, 1), kind="vakantie"))
    stage.connect_nmbrs()
    delivery = send(stage)
    deliver()
    assert codes_booked(stage) == [(101, "2100", "7.50"), (101, "3041", "7.50")]
    return delivery


def make_back(stage: Stage, delivery: int, way: Way = Way.SAME) -> int:
    """The export of the correction that takes a delivery back, as the page makes it."""
    with stage.alice.read() as work:
        about = corrections.subject_of(work, stage.acting.part(Providers), delivery)
    return make(stage, way, about)


def back(stage: Stage, delivery: int, way: Way = Way.SAME) -> int:
    return service.send(stage.alice, make_back(stage, delivery, way))


def free(stage: Stage) -> list[tuple[str, str]]:
    """Day of the month and kind of hours that no export holds."""
    query = select(Shift).where(Shift.export_id.is_(None)).order_by(Shift.member_id, Shift.workday)
    with stage.acting.read() as work:
        return [(str(row.workday.day), row.kind) for row in work.session.scalars(query)]


def leaving(stage: Stage) -> int:
    with stage.acting.read() as work:
        return len(work.session.scalars(select(Shift).where(Shift.taken_back_by.is_not(None))).all())


def nothing_to_export(stage: Stage, key: str = "nmbrs") -> None:
    with pytest.raises(Conflict, match="niets om te exporteren"):
        stage.export(key)


def test_withdrawn_the_hours_stay_where_they_were(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    made = make_back(nmbrs, sent)
    service.withdraw_export(nmbrs.alice, made)
    assert (free(nmbrs), leaving(nmbrs), diffs(nmbrs)) == ([], 0, [])
    nothing_to_export(nmbrs)
    deliver()
    assert nmbrs.booked() == ALL
    back(nmbrs, sent)
    deliver()
    assert (nmbrs.booked(), len(free(nmbrs)), sums(nmbrs)) == ([], 6, {})


def test_refused_and_left_the_hours_stay_where_they_were(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    taking = back(nmbrs, sent)
    for _ in range(3):
        nmbrs.trouble(DELETE, "fault:2001")
    deliver()
    assert states(nmbrs, taking) == [REFUSED] * 3
    nothing_to_export(nmbrs)
    service.release_refused(nmbrs.alice, taking)
    service.release_refused(nmbrs.alice, taking)
    assert (free(nmbrs), leaving(nmbrs), diffs(nmbrs)) == ([], 0, [])
    nothing_to_export(nmbrs)
    assert nmbrs.booked() == ALL
    back(nmbrs, sent)  # and it can be tried again
    deliver()
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (ALL, [])


def test_not_sent_yet_the_hours_wait(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    made = make_back(nmbrs, sent)
    problem = next(one for one in seen(nmbrs).problems if one.title == "Wordt teruggedraaid")
    assert (problem.target_id, problem.shifts) == (made, 6)
    assert "komen vrij zodra Nmbrs de correctie heeft verwerkt" in problem.detail
    nothing_to_export(nmbrs)
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (ALL, [])
    with pytest.raises(Conflict, match="draait deze levering al terug"):
        make_back(nmbrs, sent)
    service.send(nmbrs.alice, made)
    nothing_to_export(nmbrs)
    deliver()
    assert (nmbrs.booked(), len(free(nmbrs))) == ([], 6)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (ALL, [])


def test_who_is_refused_stays_and_the_others_are_free(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    taking = back(nmbrs, sent)
    nmbrs.trouble(DELETE, "fault:2001")
    deliver()
    assert states(nmbrs, taking) == [REFUSED, ACCEPTED, ACCEPTED]
    assert (len(free(nmbrs)), leaving(nmbrs)) == (4, 2)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert nmbrs.booked() == ALL
    service.retry_refused(nmbrs.alice, taking)
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs), nmbrs.booked()) == (2, 0, ALL[:2])
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (ALL, [])


@pytest.mark.parametrize("left", [False, True], ids=["sent again", "left as it is"])
def test_one_code_is_refused_and_the_other_is_free(stage: Stage, deliver: Deliver, mixed: int, left: bool) -> None:
    taking = back(stage, mixed)
    stage.trouble(DELETE, "fault:2001", skip=1)
    deliver()
    assert states(stage, taking) == [ACCEPTED, REFUSED]
    assert (free(stage), leaving(stage)) == ([("1", "gewerkt")], 1)
    service.send(stage.alice, stage.export())
    deliver()
    assert codes_booked(stage) == [(101, "2100", "7.50"), (101, "3041", "7.50")]
    if left:
        service.release_refused(stage.alice, taking)
        assert (free(stage), leaving(stage), diffs(stage)) == ([], 0, [])
        back(stage, mixed)
    else:
        service.retry_refused(stage.alice, taking)
    deliver()
    assert codes_booked(stage) == [(101, "2100", "7.50")]
    assert free(stage) == [("2", "vakantie")]
    service.send(stage.alice, stage.export())
    deliver()
    assert (codes_booked(stage), diffs(stage)) == ([(101, "2100", "7.50"), (101, "3041", "7.50")], [])


def test_changed_hours_are_free_only_when_everything_is_back(stage: Stage, deliver: Deliver, mixed: int) -> None:
    """The day of work is a day of holiday by now, and payroll keeps the work: that day must not go out again."""
    change(stage, until(stage, SANNE, "17:00", kind="vakantie"))
    taking = back(stage, mixed)
    stage.trouble(DELETE, "fault:2001")
    deliver()
    assert states(stage, taking) == [REFUSED, ACCEPTED]
    assert free(stage) == []
    service.release_refused(stage.alice, taking)
    assert (free(stage), leaving(stage)) == ([], 0)
    assert diffs(stage) == [("Sanne", "2100", "-7.50"), ("Sanne", "3041", "15.00")]
    service.send(stage.alice, make(stage))
    deliver()
    assert (codes_booked(stage), diffs(stage)) == ([(101, "3041", "15.00")], [])
    nothing_to_export(stage)


def test_hours_that_change_while_they_are_taken_back(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    """They come out as they are now; when payroll keeps them, the change is a correction as ever."""
    taking = back(nmbrs, sent)
    nmbrs.trouble(DELETE, "fault:2001")
    change(nmbrs, until(nmbrs, SANNE, "15:00"), until(nmbrs, DAAN, "16:00"))
    assert diffs(nmbrs) == []
    deliver()
    service.release_refused(nmbrs.alice, taking)
    assert diffs(nmbrs) == [("Daan", "2100", "-1.00")]
    service.send(nmbrs.alice, make(nmbrs))
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == ([(101, "13.00"), (102, "15.00"), (103, "14.00")], [])


def test_an_unknown_line_frees_nothing_until_a_person_has_looked(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    taking = back(nmbrs, sent)
    nmbrs.trouble(DELETE, "drop_after_booking")
    deliver()
    for _ in range(6):
        nmbrs.trouble(GET, "html")
        an_hour_passes(nmbrs)
        deliver()
    assert (where(nmbrs, taking), states(nmbrs, taking)) == (DeliveryState.DONE, [UNCLEAR, ACCEPTED, ACCEPTED])
    assert (len(free(nmbrs)), leaving(nmbrs)) == (4, 2)
    service.decide(nmbrs.alice, taking, lines(nmbrs, taking)[0].id, booked=True)
    assert (len(free(nmbrs)), leaving(nmbrs), nmbrs.booked()) == (6, 0, [])


def test_an_unknown_line_that_is_sent_again_frees_nothing_until_it_is_accepted(
    nmbrs: Stage, deliver: Deliver, sent: int
) -> None:
    taking = back(nmbrs, sent)
    nmbrs.trouble(DELETE, "drop_before")
    deliver()
    an_hour_passes(nmbrs)
    service.decide(nmbrs.alice, taking, lines(nmbrs, taking)[0].id, booked=False)
    assert (len(free(nmbrs)), leaving(nmbrs)) == (4, 2)
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs), nmbrs.booked()) == (6, 0, [])


def test_a_lost_answer_is_read_back_and_then_the_hours_are_free(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    back(nmbrs, sent)
    nmbrs.trouble(DELETE, "drop_after_booking")
    deliver()
    assert leaving(nmbrs) == 6  # the delivery is not over: a little later is always safe
    an_hour_passes(nmbrs)
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs)) == (6, 0)


def test_stopped_halfway_only_what_is_back_is_free(nmbrs: Stage, deliver: Deliver, sent: int) -> None:
    taking = back(nmbrs, sent)
    round_with(nmbrs, 3, lambda: service.cancel(nmbrs.alice, taking))
    done = states(nmbrs, taking).count(ACCEPTED)
    assert 0 < done < 3
    assert (len(free(nmbrs)), leaving(nmbrs)) == (2 * done, 6 - 2 * done)
    with pytest.raises(Conflict):
        service.withdraw_export(nmbrs.alice, info(nmbrs, taking).export_id)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert [hours for _who, hours in nmbrs.booked()] == ["15.00"] * 3
    service.resume(nmbrs.alice, taking)
    deliver()
    assert (len(free(nmbrs)), leaving(nmbrs)) == (6 - 2 * done, 0)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert (nmbrs.booked(), diffs(nmbrs)) == (ALL, [])


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
    taking = service.send(nmbrs.alice, made)
    deliver()
    again = nmbrs.export()
    with nmbrs.acting.begin() as work:  # a late line of the same correction changes nothing any more
        work.session.scalars(select(DeliveryLine).where(DeliveryLine.delivery_id == taking)).first()
        work.session.get_one(Export, made)
    take_backs.settle_alone(nmbrs.alice, made)
    assert free(nmbrs) == []
    service.withdraw_export(nmbrs.alice, again)
    assert len(free(nmbrs)) == 6
