"""Corrections at Nmbrs: exactly our own components change, each hour counts once, and a person chooses the way."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.deliveries import service
from portal.deliveries.correction_types import Choice, Way
from portal.deliveries.corrections import create
from portal.deliveries.models import LineState
from portal.exports import service as exports
from portal.hours.models import Shift
from portal.hours.periods import bounds, following, previous
from portal.integrations import setup
from portal.kernel.errors import Conflict, InvalidInput
from tests.deliveries.fix import (
    DAAN,
    DELETE,
    SANNE,
    UPDATE,
    YOUSSEF,
    change,
    clerk,
    correct,
    diffs,
    entries,
    make,
    nmbrs_settings,
    seen,
    steps,
    subject,
    sums,
    until,
)
from tests.deliveries.stage import COMPANY, Stage, shift
from tests.deliveries.steps import INSERT, an_hour_passes, calls, choose_code, codes_booked, lines, send, states

Deliver = Callable[[], bool]


@pytest.fixture
def sent(nmbrs: Stage, deliver: Deliver) -> Stage:
    """Three people have fifteen hours each in payroll: two shifts, one component."""
    send(nmbrs)
    deliver()
    assert len(nmbrs.booked()) == 3
    return nmbrs


def of(stage: Stage, number: int) -> list[str]:
    return [hours for who, hours in stage.booked() if who == number]


def test_fewer_hours_change_our_own_component(sent: Stage, deliver: Deliver) -> None:
    change(sent, until(sent, SANNE, "15:00"))
    assert diffs(sent) == [("Sanne", "2100", "-2.00")]
    delivery = correct(sent)
    assert steps(sent, delivery) == [("update", "13.00", "gepland")]
    deliver()
    assert states(sent, delivery) == [LineState.ACCEPTED]
    assert sent.booked() == [(101, "13.00"), (102, "15.00"), (103, "15.00")]
    assert calls(sent, INSERT) == 3
    assert diffs(sent) == []


def test_more_hours_change_our_own_component(sent: Stage, deliver: Deliver) -> None:
    change(sent, until(sent, SANNE, "18:20"))
    correct(sent)
    deliver()
    assert of(sent, 101) == ["16.33"]
    change(sent, until(sent, SANNE, "18:40"))
    assert diffs(sent) == [("Sanne", "2100", "0.34")]  # 1:20 and 0:20 are 1.67 together
    correct(sent)
    deliver()
    assert of(sent, 101) == ["16.67"]


def test_no_approval_any_more_takes_our_component_away(sent: Stage, deliver: Deliver) -> None:
    change(sent, *(shift(SANNE, bounds(sent.period)[0] + timedelta(days=n), approved="nee") for n in range(2)))
    delivery = correct(sent)
    assert steps(sent, delivery) == [("delete", "0.00", "gepland")]
    deliver()
    assert of(sent, 101) == []
    change(sent, until(sent, SANNE, "17:00"))
    again = correct(sent)
    assert steps(sent, again) == [("insert", "7.50", "gepland")]  # nothing of ours is left to change
    deliver()
    assert of(sent, 101) == ["7.50"]


def test_a_replaced_shift_is_a_correction_and_a_new_export(sent: Stage, deliver: Deliver) -> None:
    row = until(sent, SANNE, "20:00")
    row[5] = "16:00"
    change(sent, row)
    assert diffs(sent) == [("Sanne", "2100", "-7.50")]
    correct(sent)
    deliver()
    assert of(sent, 101) == ["7.50"]
    service.send(sent.alice, sent.export())
    deliver()
    assert of(sent, 101) == ["3.50", "7.50"]
    assert diffs(sent) == []


def test_two_components_of_ours(sent: Stage, deliver: Deliver) -> None:
    """The newest gives way first; one that is exactly the difference goes before it."""
    sent.bring_hours(days=1, people=(SANNE,), start=5)
    send(sent)
    deliver()
    assert of(sent, 101) == ["15.00", "7.50"]
    change(sent, until(sent, SANNE, "17:00", number=5, approved="nee"), until(sent, SANNE, "11:30"))
    delivery = correct(sent)
    assert steps(sent, delivery) == [("delete", "0.00", "gepland"), ("update", "9.50", "gepland")]
    deliver()
    assert of(sent, 101) == ["9.50"]


def test_another_kind_moves_the_hours(sent: Stage, deliver: Deliver) -> None:
    change(sent, until(sent, SANNE, "17:00", kind="vakantie"))
    assert diffs(sent) == [("Sanne", "2100", "-7.50"), ("Sanne", "3041", "7.50")]
    correct(sent)
    deliver()
    assert [row for row in codes_booked(sent) if row[0] == 101] == [(101, "2100", "7.50"), (101, "3041", "7.50")]
    setup.choose_codes(sent.alice, "nmbrs", sent.venue, {"gewerkt": "2190", "vakantie": "3063"})
    assert diffs(sent) == []  # what was sent keeps its code


def test_another_code_today_does_not_move_what_was_sent(sent: Stage, deliver: Deliver) -> None:
    choose_code(sent, "2190")
    change(sent, until(sent, SANNE, "16:00"))
    assert diffs(sent) == [("Sanne", "2100", "-1.00")]
    correct(sent)
    deliver()
    assert [row for row in codes_booked(sent) if row[0] == 101] == [(101, "2100", "14.00")]


def test_a_kind_without_a_code_is_said_and_nobody_else_waits(sent: Stage) -> None:
    change(sent, until(sent, SANNE, "17:00", kind="feestdag"), until(sent, DAAN, "16:00"))
    shown = seen(sent)
    assert [row.name for row in shown.ready] == ["Daan Visser"]
    assert {row.obstacle.text for row in shown.waiting if row.obstacle} == {
        "Kies eerst bij de koppeling een urencode voor ‘feestdag’."
    }


def test_somebody_who_left_can_still_be_corrected(sent: Stage, deliver: Deliver) -> None:
    """Unlinked, and with another name by now: payroll knows them as they were."""
    employee = next(row for row in sent.state()["components"] if row["employee_number"] == 101)["employee_id"]
    nobody = [*SANNE]
    row = until(sent, SANNE, "15:00")
    row[0] = "Sanne Jansen"
    change(sent, row)
    with sent.alice.read() as work:
        member = work.session.scalars(select(Shift.member_id).where(Shift.minutes == 330)).one()
    setup.link_member(sent.alice, "nmbrs", member, "50110")
    assert seen(sent).ready[0].name == nobody[0]
    correct(sent)
    deliver()
    changed = [row for row in sent.state()["components"] if row["hours"] == "13.00"]
    assert [row["employee_id"] for row in changed] == [employee]


def test_what_others_entered_is_left_alone(sent: Stage, deliver: Deliver) -> None:
    where = {"year": sent.period.year, "period": sent.period.number}
    clerk(sent, add=[{"employee_id": 50101, "code": 2100, "hours": "15.00", **where}])
    change(sent, *(shift(SANNE, bounds(sent.period)[0] + timedelta(days=n), approved="nee") for n in range(2)))
    correct(sent)
    deliver()
    assert of(sent, 101) == ["15.00"]


def test_a_component_that_the_clerk_changed_is_refused_in_words(sent: Stage, deliver: Deliver) -> None:
    ours = next(row for row in sent.state()["components"] if row["employee_number"] == 101)["id"]
    clerk(sent, change=[{"id": ours, "hours": "14.00"}])
    change(sent, until(sent, SANNE, "15:00"))
    delivery = correct(sent)
    deliver()
    (line,) = lines(sent, delivery)
    assert line.state is LineState.REFUSED
    assert "iemand heeft hem daar aangepast" in line.reason
    assert of(sent, 101) == ["14.00"]
    service.retry_refused(sent.alice, delivery)
    deliver()
    assert states(sent, delivery) == [LineState.REFUSED]  # looked at once more, not overwritten
    assert of(sent, 101) == ["14.00"]
    service.release_refused(sent.alice, delivery)
    assert diffs(sent) == [("Sanne", "2100", "-2.00")]
    (row,) = seen(sent).waiting  # the worker saw it: another correction of 15 hours would give a wrong sum
    assert row.obstacle
    assert "van 15,00 in 14,00 uur" in row.obstacle.text
    with pytest.raises(Conflict):
        make(sent, Way.NEXT)
    assert of(sent, 101) == ["14.00"]


def test_one_changed_component_holds_back_the_whole_correction(sent: Stage, deliver: Deliver) -> None:
    sent.bring_hours(days=1, people=(SANNE,), start=5)
    send(sent)
    deliver()
    ours = [row["id"] for row in sent.state()["components"] if row["employee_number"] == 101]
    clerk(sent, change=[{"id": ours[0], "hours": "14.00"}])
    change(sent, until(sent, SANNE, "17:00", number=5, approved="nee"), until(sent, SANNE, "11:30"))
    delivery = correct(sent)
    deliver()
    assert states(sent, delivery) == [LineState.REFUSED, LineState.REFUSED]
    assert of(sent, 101) == ["14.00", "7.50"]


def test_a_half_booked_correction_keeps_the_half(sent: Stage, deliver: Deliver) -> None:
    """Payroll takes the first step and refuses the second: what was released is only what was refused."""
    sent.bring_hours(days=1, people=(SANNE,), start=5)
    send(sent)
    deliver()
    change(sent, until(sent, SANNE, "17:00", number=5, approved="nee"), until(sent, SANNE, "11:30"))
    sent.trouble(UPDATE, "fault:2011")
    delivery = correct(sent)
    deliver()
    assert states(sent, delivery) == [LineState.ACCEPTED, LineState.REFUSED]
    service.release_refused(sent.alice, delivery)
    assert diffs(sent) == [("Sanne", "2100", "-5.50")]
    correct(sent)
    deliver()
    assert of(sent, 101) == ["9.50"]
    assert diffs(sent) == []


@pytest.mark.parametrize("code", [2011, 2012, 9999])
def test_a_closed_period_goes_on_as_a_difference_line(sent: Stage, deliver: Deliver, code: int) -> None:
    now = following(sent.period)
    change(sent, until(sent, SANNE, "15:00"))
    if code == 2012:
        nmbrs_settings(sent, filed={COMPANY: [sent.period.year, sent.period.number]})
    else:
        nmbrs_settings(sent, protected_code=code, current={COMPANY: [now.year, now.number]})
    delivery = correct(sent)
    deliver()
    assert states(sent, delivery) == [LineState.REFUSED]
    assert of(sent, 101) == ["15.00"]
    service.release_refused(sent.alice, delivery)
    nmbrs_settings(sent, current={COMPANY: [now.year, now.number]})
    setup.refresh(sent.alice, "nmbrs", sent.venue)
    shown = seen(sent)
    assert (shown.default, shown.book) == (Way.NEXT, now)
    correct(sent, Way.NEXT)
    deliver()
    assert {row for row in entries(sent) if row[0] == 101} == {
        (101, now.number, 2100, "-2.00"),
        (101, sent.period.number, 2100, "15.00"),
    }
    assert diffs(sent) == []


def test_a_difference_line_elsewhere_is_not_changed_here(sent: Stage, deliver: Deliver) -> None:
    """More hours went to the next period; when this one is open again, only what stands in it is improved."""
    now = following(sent.period)
    for current, end, way in ((now, "19:00", Way.NEXT), (sent.period, "18:00", Way.SAME)):
        nmbrs_settings(sent, current={COMPANY: [current.year, current.number]})
        setup.refresh(sent.alice, "nmbrs", sent.venue)
        change(sent, until(sent, SANNE, end))
        correct(sent, way)
        deliver()
    assert {row for row in entries(sent) if row[0] == 101} == {
        (101, now.number, 2100, "2.00"),
        (101, sent.period.number, 2100, "14.00"),
    }


def test_a_closed_period_is_written_only_after_a_tick(sent: Stage, deliver: Deliver) -> None:
    now = following(sent.period)
    nmbrs_settings(sent, current={COMPANY: [now.year, now.number]})
    change(sent, until(sent, SANNE, "15:00"))
    change(sent, *(shift(DAAN, bounds(sent.period)[0] + timedelta(days=n), approved="nee") for n in range(2)))
    with pytest.raises(InvalidInput):
        make(sent, Way.FORCE, sure=True)  # as far as we know the period is open
    setup.refresh(sent.alice, "nmbrs", sent.venue)
    with pytest.raises(InvalidInput) as refused:
        make(sent, Way.FORCE)
    assert refused.value.field == "sure"
    delivery = correct(sent, Way.FORCE, sure=True)
    deliver()
    # taking away knows no UnprotectedMode: that component stays, with nothing in it
    assert steps(sent, delivery) == [("update", "0.00", "geaccepteerd"), ("update", "13.00", "geaccepteerd")]
    assert (of(sent, 101), of(sent, 103)) == (["13.00"], ["0.00"])


@pytest.mark.parametrize("kind", ["drop_before", "drop_after_booking"])
@pytest.mark.parametrize("operation", [UPDATE, DELETE])
def test_a_lost_answer_is_read_back(sent: Stage, deliver: Deliver, operation: str, kind: str) -> None:
    if operation == UPDATE:
        change(sent, until(sent, SANNE, "15:00"))
    else:
        change(sent, *(shift(SANNE, bounds(sent.period)[0] + timedelta(days=n), approved="nee") for n in range(2)))
    sent.trouble(operation, kind)
    delivery = correct(sent)
    deliver()
    assert states(sent, delivery) == [LineState.UNCLEAR]
    an_hour_passes(sent)
    deliver()
    assert states(sent, delivery) == [LineState.ACCEPTED]
    assert of(sent, 101) == (["13.00"] if operation == UPDATE else [])
    assert diffs(sent) == []
    change(sent, until(sent, SANNE, "16:00"))  # a second one on top knows what is there now
    correct(sent)
    deliver()
    assert of(sent, 101) == (["14.00"] if operation == UPDATE else ["6.50"])


def test_what_is_not_settled_comes_first(nmbrs: Stage, deliver: Deliver) -> None:
    export = nmbrs.export()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    (row,) = seen(nmbrs).waiting
    assert row.obstacle
    assert row.obstacle.export_id == export
    nmbrs.trouble(INSERT, "drop_after_booking", skip=1)
    delivery = service.send(nmbrs.alice, export)
    (row,) = seen(nmbrs).waiting
    assert row.obstacle
    assert row.obstacle.delivery_id == delivery
    with pytest.raises(Conflict):
        make(nmbrs)
    deliver()
    assert LineState.UNCLEAR in states(nmbrs, delivery)
    an_hour_passes(nmbrs)
    deliver()
    assert seen(nmbrs).ready


def test_a_correction_waits_its_turn_when_it_is_sent(sent: Stage) -> None:
    """Made, downloaded, and then the hours change again: the second is made, and both add up."""
    change(sent, until(sent, SANNE, "15:00"))
    first = make(sent)
    change(sent, until(sent, SANNE, "14:00"))
    assert not seen(sent).ready
    exports.download(sent.alice, first, "csv")
    second = make(sent)
    service.send(sent.alice, second)
    with pytest.raises(Conflict, match="nog niet weg"):
        service.send(sent.alice, first, not_loaded=True)


def test_twenty_clicks_make_one_correction(sent: Stage, deliver: Deliver) -> None:
    change(sent, until(sent, SANNE, "15:00"))
    about, shown = subject(sent), seen(sent)

    def click(_number: int) -> int | None:
        try:
            return create(sent.alice, about, Choice(Way.SAME), shown.fingerprint)
        except Conflict:
            return None

    with ThreadPoolExecutor(20) as pool:
        made = [number for number in pool.map(click, range(20)) if number]
    assert len(made) == 1
    service.send(sent.alice, made[0])
    deliver()
    assert of(sent, 101) == ["13.00"]


def test_one_person_alone(sent: Stage, deliver: Deliver) -> None:
    change(sent, until(sent, SANNE, "15:00"), until(sent, YOUSSEF, "15:00"))
    member = next(row.difference.member_id for row in seen(sent).rows if row.name.startswith("Youssef"))
    correct(sent, about=subject(sent, member_id=member))
    deliver()
    assert sent.booked() == [(101, "15.00"), (102, "13.00"), (103, "15.00")]
    assert diffs(sent) == [("Sanne", "2100", "-2.00")]


def test_a_withdrawn_correction_leaves_the_difference_open(sent: Stage) -> None:
    change(sent, until(sent, SANNE, "15:00"))
    before = sums(sent)
    made = make(sent)
    assert diffs(sent) == []
    service.withdraw_export(sent.alice, made)
    assert diffs(sent) == [("Sanne", "2100", "-2.00")]
    assert sums(sent) == before
    assert previous(following(sent.period)) == sent.period
