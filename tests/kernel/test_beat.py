"""The sign of life of workers, that `portal doctor` reads."""

from __future__ import annotations

import threading
from datetime import timedelta

import time_machine
from sqlalchemy import func, select

from portal.deliveries.crew import Crew
from portal.kernel.beat import beat, last
from portal.kernel.beat_models import WorkerBeat
from portal.kernel.clock import machine_now
from portal.kernel.wake import Waker
from portal.kernel.work import Acting
from portal.worker import jobs


def test_workers_of_one_machine_share_a_row_that_moves_on(acting: Acting) -> None:
    with acting.read() as work:
        assert last(work) is None
    at_once = [threading.Thread(target=beat, args=(acting,)) for _ in range(8)]
    for thread in at_once:
        thread.start()
    for thread in at_once:
        thread.join()
    with time_machine.travel(machine_now() + timedelta(hours=1)):
        beat(acting)
        with acting.read() as work:
            seen = last(work)
            assert seen is not None
            assert work.now - seen < timedelta(minutes=1)
            assert work.session.scalar(select(func.count()).select_from(WorkerBeat)) == 1


def test_a_machine_that_is_gone_is_forgotten(acting: Acting) -> None:
    with acting.begin() as work:
        work.session.add(WorkerBeat(machine="weg", seen_at=work.now - timedelta(days=8)))
    beat(acting)
    with acting.read() as work:
        assert "weg" not in list(work.session.scalars(select(WorkerBeat.machine)))


def test_the_worker_does_it(acting: Acting) -> None:
    stop, waker = threading.Event(), Waker(acting.engine)
    try:
        (job,) = [one for one in jobs(acting, Crew(acting, stop), stop, waker) if one.name == "beat"]
        job.run()
    finally:
        waker.close()
    with acting.read() as work:
        assert last(work) is not None
