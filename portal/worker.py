"""The worker process: sends mails and deliveries until it is told to stop. Every task may run twice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from portal.app import for_worker, wire
from portal.audit import seals
from portal.backup import service as backup
from portal.deliveries.crew import Crew
from portal.deliveries.readings import read_asked
from portal.deliveries.sending import Stop, tend, work_parcel
from portal.integrations import checkup, drafts, questions
from portal.kernel import logs
from portal.kernel.beat import beat
from portal.kernel.wake import Waker
from portal.kernel.work import Acting
from portal.keycare import worker_key
from portal.notifications.tasks import TASKS as MAILS
from portal.privacy.replay import replay
from portal.privacy.tasks import DAILY
from portal.settings import Settings

IDLE_SECONDS = 0.5
ANSWERERS = 4  # one payroll that hangs must not keep the pages of others waiting
WAKE_SECONDS = 1.0
TEND_SECONDS = 1.0
DRAFT_SECONDS = 60.0
CHECKUP_SECONDS = 300.0
SEAL_SECONDS = 15.0  # how long a row of the trail stays unsealed; each seal is a row too
BEAT_SECONDS = 30.0
AFTER_FAILURE_SECONDS = 5.0
DAY_SECONDS = 86_400.0
# the system may give a signal to any thread, and Python acts on it only when the first thread does something
SIGNAL_SECONDS = 0.5


@dataclass(frozen=True)
class Job:
    """`run` says whether there may be more to do at once; else `rest` waits."""

    name: str
    run: Callable[[], bool]
    rest: Callable[[], object]


def stop_on_signal() -> threading.Event:
    """Have SIGTERM and SIGINT say stop, from here on: a worker that is stopped while it starts ends in order too."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def main(settings: Settings, stop: threading.Event) -> None:
    """Run until `stop`; what is under way is finished first, the rest is handed back."""
    logs.configure()
    acting = for_worker(wire(settings), stop=Stop(stop))
    worker_key.adopt(acting)
    replay(acting)  # before anything is sent: a backup may have been put back
    crew, waker = Crew(acting, stop), Waker(acting.engine)
    logs.log("worker started")
    work = jobs(acting, crew, stop, waker)
    threads = [threading.Thread(target=_run, args=(job, stop), name=job.name) for job in work]
    for thread in threads:
        thread.start()
    while not stop.wait(SIGNAL_SECONDS):
        pass
    _hand_back(crew)  # others go on with what is not begun, while the calls under way end
    for thread in threads:
        while thread.is_alive():
            thread.join(SIGNAL_SECONDS)
    _hand_back(crew)
    waker.close()
    logs.log("worker stopped")


def _hand_back(crew: Crew) -> None:
    """A database that does not answer now must not keep a process from ending: the leases end by themselves."""
    try:
        crew.hand_back()
    except SQLAlchemyError as error:
        logs.warn("nothing could be handed back", error=type(error).__name__)


def jobs(acting: Acting, crew: Crew, stop: threading.Event, waker: Waker) -> list[Job]:
    """What the threads of a worker do, one each. An announcement wakes those that rest until there is work; what is
    due at a time (a look-up, a back-off) is found by asking now and then."""
    idle = partial(waker.wait, stop, WAKE_SECONDS)
    send = Job("send", partial(work_parcel, crew), partial(crew.wait_for_work, IDLE_SECONDS))
    return [
        *[send] * crew.threads,
        Job("look for work", crew.look_for_work, idle),
        Job("read", partial(read_asked, crew), idle),
        *[Job("answer pages", partial(questions.answer_one, acting), idle)] * ANSWERERS,
        Job("tend", partial(tend, crew), partial(stop.wait, TEND_SECONDS)),
        Job("beat", partial(beat, acting), partial(stop.wait, BEAT_SECONDS)),
        Job("destroy drafts", partial(drafts.tend, acting), partial(stop.wait, DRAFT_SECONDS)),
        Job("try tokens", partial(checkup.check_next, acting), partial(stop.wait, CHECKUP_SECONDS)),
        Job("seal the trail", partial(seals.tend, acting), partial(stop.wait, SEAL_SECONDS)),
        Job("keep data keys", partial(backup.tend_keys, acting), partial(stop.wait, SEAL_SECONDS)),
        *[Job(name, partial(task, acting), idle) for name, task in MAILS],
        *[Job(name, partial(task, acting), partial(stop.wait, DAY_SECONDS)) for name, task in DAILY],
    ]


def _run(job: Job, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            busy = job.run()
        except Exception as error:  # noqa: BLE001 - a broken row must not end the worker; it is tried again
            logs.warn("task failed", job=job.name, error=type(error).__name__)
            stop.wait(AFTER_FAILURE_SECONDS)
            continue
        if not busy:
            job.rest()
