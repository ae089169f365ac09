"""The worker process: sends mails and deliveries until it is told to stop. Every task may run twice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from portal.app import for_worker, wire
from portal.deliveries.sending import Stop
from portal.deliveries.tasks import TASKS as DELIVERIES
from portal.kernel import logs
from portal.kernel.work import Acting
from portal.notifications.tasks import TASKS as MAILS
from portal.settings import Settings

IDLE_SECONDS = 0.5
AFTER_FAILURE_SECONDS = 5.0


def main(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; what is under way is finished first, the rest is handed back."""
    logs.configure()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    acting = for_worker(wire(settings), stop=Stop(stop))
    logs.log("worker started")
    threads = [
        threading.Thread(target=_run, args=(acting, name, task, stop), name=name)
        for name, task in (*DELIVERIES, *MAILS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    logs.log("worker stopped")


def _run(acting: Acting, name: str, task: Callable[[Acting], bool], stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            busy = task(acting)
        except Exception as error:  # noqa: BLE001 - a broken row must not end the worker; it is tried again
            logs.warn("task failed", job=name, error=type(error).__name__)
            stop.wait(AFTER_FAILURE_SECONDS)
            continue
        if not busy:
            stop.wait(IDLE_SECONDS)
