from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from portal.app import for_worker
from portal.deliveries.sending import Stop, work_once
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.deliveries.fix import SANNE, day
from tests.deliveries.stage import Stage, shift
from tests.deliveries.steps import bring, codes_booked, send
from tests.factories.people import Cast


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short waits, long enough for a machine that runs other tests beside this one."""
    return replace(settings, remote_seconds=5, lease_seconds=8, parallel=1)


@pytest.fixture
def stage(acting: Acting, cast: Cast, sandbox: str) -> Stage:
    return Stage(acting, cast, sandbox)


@pytest.fixture
def nmbrs(stage: Stage) -> Stage:
    """Hours of three people are ready and Nmbrs is set up."""
    stage.bring_hours()
    stage.connect_nmbrs()
    return stage


@pytest.fixture
def deliver(acting: Acting) -> Callable[[], bool]:
    """One round of the worker, for deliveries only."""
    robot = for_worker(acting, stop=Stop(threading.Event()))
    return lambda: work_once(robot)


@pytest.fixture
def sent(nmbrs: Stage, deliver: Callable[[], bool]) -> int:
    """The delivery of fifteen hours each."""
    delivery = send(nmbrs)
    deliver()
    return delivery


@pytest.fixture
def mixed(stage: Stage, deliver: Callable[[], bool]) -> int:
    """The delivery of Sanne with a day of work and a day of holiday, two components."""
    bring(stage, shift(SANNE, day(stage, 0)), shift(SANNE, day(stage, 1), kind="vakantie"))
    stage.connect_nmbrs()
    delivery = send(stage)
    deliver()
    assert codes_booked(stage) == [(101, "2100", "7.50"), (101, "3041", "7.50")]
    return delivery
