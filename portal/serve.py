"""The web process: granian with two workers that are started again when one dies."""

from __future__ import annotations

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

WORKERS = 2
THREADS = 8  # a thread waits while a slow client sends its form; see README for the proxy in front


def main(host: str, port: int, workers: int = WORKERS, app: str = "portal.wsgi:app") -> None:
    """Serve until SIGTERM or SIGINT; requests under way are finished. `app`: a benchmark compares with another one."""
    Server(
        app, address=host, port=port, interface=Interfaces.WSGI, workers=workers,
        blocking_threads=THREADS, respawn_failed_workers=True, websockets=False, log_access=False,
        log_level=LogLevels.warning, workers_kill_timeout=20,
    ).serve()  # fmt: skip
