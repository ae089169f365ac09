"""Taking a delivery back: hours are free when payroll gave them back, never before, and nobody is paid twice (G1)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.models import DeliveryState, LineState
from portal.kernel.errors import Conflict
from tests.deliveries.fix import DAAN, DELETE, SANNE, change, diffs, make, sums, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    an_hour_passes,
    codes_booked,
    info,
    lines,
    nothing_read_since,
    round_with,
    seen,
    states,
    where,
)
from tests.deliveries.taking import back, free, leaving, make_back, nothing_to_export

Deliver = Callable[[], bool]
ACCEPTED, REFUSED, UNCLEAR = LineState.ACCEPTED, LineState.REFUSED, LineState.UNCLEAR


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
    nothing_read_since(nmbrs)
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
