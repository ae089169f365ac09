"""Somebody changed or removed our component in payroll: no correction of ours makes a sum that nobody approved."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from portal.app import for_worker
from portal.deliveries import readings, service
from portal.deliveries.correction_types import Way
from portal.deliveries.crew import Crew
from portal.deliveries.difference_queries import Place
from portal.deliveries.models import LineState
from portal.deliveries.sending import Stop, crew_of
from portal.hours.periods import following
from portal.integrations import setup
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict
from tests.deliveries.fix import DAAN, SANNE, change, clerk, correct, make, nmbrs_settings, seen, until
from tests.deliveries.stage import COMPANY, Stage
from tests.deliveries.steps import send, states

Deliver = Callable[[], bool]


@pytest.fixture
def crew(nmbrs: Stage) -> Crew:
    """Of a worker that reads."""
    return crew_of(for_worker(nmbrs.acting, stop=Stop(threading.Event())))


@pytest.fixture
def sent(nmbrs: Stage, deliver: Deliver) -> Stage:
    send(nmbrs)
    deliver()
    return nmbrs


def of(stage: Stage, number: int) -> list[str]:
    return [hours for who, hours in stage.booked() if who == number]


@pytest.mark.parametrize("order", ["change", "remove", "code"])
def test_a_difference_line_never_builds_on_what_somebody_changed(sent: Stage, deliver: Deliver, order: str) -> None:
    """Nobody read payroll since: the worker looks in the period of the hours before it books in the next one."""
    setup_next(sent)
    change(sent, until(sent, SANNE, "15:00"), until(sent, DAAN, "15:00"))
    ours = next(row for row in sent.state()["components"] if row["employee_number"] == 101)["id"]
    orders = {"change": {"change": [{"id": ours, "hours": "13.00"}]}, "remove": {"remove": [ours]},
              "code": {"change": [{"id": ours, "code": "3041"}]}}  # fmt: skip
    delivery = correct(sent, Way.NEXT)
    clerk(sent, **orders[order])
    before = of(sent, 101)
    deliver()
    assert states(sent, delivery) == [LineState.ACCEPTED, LineState.REFUSED]  # Daan's goes
    assert of(sent, 101) == before
    service.retry_refused(sent.alice, delivery)
    deliver()
    assert of(sent, 101) == before
    service.release_refused(sent.alice, delivery)
    with pytest.raises(Conflict):
        make(sent, Way.NEXT)


def test_a_component_that_is_put_back_can_be_corrected(sent: Stage, deliver: Deliver, crew: Crew) -> None:
    ours = next(row for row in sent.state()["components"] if row["employee_number"] == 101)["id"]
    clerk(sent, change=[{"id": ours, "hours": "13.00"}])
    read_all(sent, crew)
    change(sent, until(sent, SANNE, "15:30"))
    assert not seen(sent).ready
    with pytest.raises(Conflict):
        make(sent)
    clerk(sent, change=[{"id": ours, "hours": "15.00"}])
    read_all(sent, crew)
    correct(sent, Way.NEXT)
    deliver()
    assert of(sent, 101) == ["-1.50", "15.00"]


def setup_next(stage: Stage) -> None:
    """Payroll works on the next period."""
    now = following(stage.period)
    nmbrs_settings(stage, current={COMPANY: [now.year, now.number]})
    setup.refresh(stage.alice, "nmbrs", stage.venue)


def read_all(stage: Stage, crew: Crew) -> None:
    """As by the button 'Lees nu'."""
    readings.ask(stage.alice, Place(stage.venue, stage.acting.part(Providers).get("nmbrs"), stage.period))
    while readings.read_asked(crew):
        pass
