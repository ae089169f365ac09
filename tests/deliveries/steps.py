"""Steps and looks that the tests of deliveries share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import select, update

from portal.app import for_worker
from portal.deliveries import queries, service
from portal.deliveries.models import DeliveryLine, DeliveryState, LineState, Parcel, Reading
from portal.deliveries.sending import Stop, work_once
from portal.exports.queries import preview
from portal.exports.types import Preview
from portal.hours.service import import_file
from portal.integrations import setup
from portal.integrations.models import Koppeling, KoppelingState
from portal.integrations.parts import Providers
from portal.integrations.queries import own_request
from portal.support import service as support
from tests.deliveries.stage import Stage
from tests.factories.setup import hand_over
from tests.hours.sheets import csv_bytes

INSERT, GET = "HourComponentVar_Insert", "HourComponentVar_Get"
DAAN = ("Daan Visser", "103", "249566758")
ALL = [(101, "15.00"), (102, "15.00"), (103, "15.00")]
WITHOUT_DAAN = ALL[:2]  # lines go by name: Daan (103), Sanne, Youssef


class Between(threading.Event):
    """A stop that never comes; instead it does something just before the worker starts line `number`."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        super().__init__()
        self.left, self.act = number, act

    def is_set(self) -> bool:
        self.left -= 1
        if self.left == 0:
            self.act()
        return False


def round_with(stage: Stage, number: int, act: Callable[[], object]) -> bool:
    """One round of the worker, with `act` before line `number`."""
    return work_once(for_worker(stage.acting, stop=Stop(Between(number, act))))


def send(stage: Stage, key: str = "nmbrs") -> int:
    return service.send(stage.alice, stage.export(key))


def info(stage: Stage, delivery_id: int) -> queries.DeliveryInfo:
    with stage.alice.read() as work:
        return queries.delivery(work, delivery_id)


def lines(stage: Stage, delivery_id: int) -> list[queries.LineInfo]:
    with stage.alice.read() as work:
        return queries.lines(work, delivery_id)


def states(stage: Stage, delivery_id: int) -> list[LineState]:
    return [line.state for line in lines(stage, delivery_id)]


def where(stage: Stage, delivery_id: int) -> DeliveryState:
    return info(stage, delivery_id).state


def seen(stage: Stage, key: str = "nmbrs") -> Preview:
    """What the check before an export shows."""
    with stage.alice.read() as work:
        return preview(work, stage.acting.part(Providers), stage.venue, key, stage.period)


def an_hour_passes(stage: Stage) -> None:
    """Every call that was made, was made an hour ago."""
    with stage.acting.begin() as work:
        for line in work.session.scalars(select(DeliveryLine).where(DeliveryLine.started_at.is_not(None))):
            line.started_at = work.now - timedelta(hours=1)
        for parcel in work.session.scalars(select(Parcel)):
            parcel.next_at = min(parcel.next_at, work.now)


def nothing_read_since(stage: Stage) -> None:
    """What was read, was read before the calls of `an_hour_passes`."""
    with stage.acting.begin() as work:
        work.session.execute(update(Reading).values(read_at=work.now - timedelta(hours=2)))


def looked_in_vain(stage: Stage, deliver: Callable[[], bool], operation: str, name: str = "nmbrs") -> None:
    """Every look-up fails until the worker leaves it to a person (after six)."""
    before = calls(stage, operation, name)
    for _ in range(6):
        stage.trouble(operation, "html", name=name)  # a kind that the breaker does not count
        an_hour_passes(stage)
        deliver()
    assert calls(stage, operation, name) == before + 6
    an_hour_passes(stage)
    deliver()
    assert calls(stage, operation, name) == before + 6


def bring(stage: Stage, *rows: list[str]) -> None:
    import_file(stage.alice, stage.venue, "uren.csv", csv_bytes(rows))


def calls(stage: Stage, operation: str, name: str = "nmbrs") -> int:
    """How often a stand-in was called."""
    return int(stage.state(name)["call_counts"].get(operation, 0))


def codes_booked(stage: Stage) -> list[tuple[int, str, str]]:
    """Employee number, code and hours as the Nmbrs stand-in holds them."""
    rows = stage.state()["components"]
    return sorted((int(row["employee_number"]), str(row["code"]), str(row["hours"])) for row in rows)


def activate(stage: Stage, token: str, mail: str) -> None:
    """Hand a token over and let support activate it; no company is chosen."""
    hand_over(stage.alice, token, mail)
    with stage.alice.read() as work:
        request = own_request(work, "nmbrs")
    assert request is not None
    desk = stage.acting.as_actor(stage.cast.actors["support"])
    support.take(desk, request.id)
    support.activate(desk, request.id)


def choose_code(stage: Stage, code: str) -> None:
    """From now on the worked hours get another code."""
    setup.choose_codes(stage.alice, "nmbrs", stage.venue, {"gewerkt": code})


def koppeling(stage: Stage) -> KoppelingState:
    with stage.acting.read() as work:
        return work.session.scalars(select(Koppeling.state).where(Koppeling.provider == "nmbrs")).one()
