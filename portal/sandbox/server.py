"""The stand-ins of Nmbrs, Connexie and Horecalonen on one port, over real sockets.

/nmbrs/soap/v3/{Service}.asmx    /connexie/v1/batches/{ref}    /horecalonen/v1/batches/{ref}
/<name>/_sandbox/...             the control addresses of each (portal.sandbox.control)
/livez                           200 when it answers
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from portal.integrations.providers.connexie.sandbox import ConnexieRules
from portal.integrations.providers.horecalonen.sandbox import HorecalonenRules
from portal.integrations.providers.nmbrs.sandbox import NmbrsStandIn
from portal.integrations.providers.nmbrs.sandbox_world import World, demo_world
from portal.sandbox.control import Served, StandIn
from portal.sandbox.payroll import PayrollStandIn

DEFAULT_PORT = 8090


class QuietHandler(WSGIRequestHandler):
    """Writes no access log: what was called is in /_sandbox/state, without tokens."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


def stand_ins(
    *,
    strict: bool = True,
    state_dir: Path | None = None,
    world: World | None = None,
    today: date | None = None,
) -> list[StandIn]:
    """All stand-ins with the demo world of `today`. `state_dir` keeps what they booked over a restart."""

    def kept(name: str) -> Path | None:
        return state_dir / f"{name}.json" if state_dir else None

    nmbrs_world = world or demo_world(today or date.today())  # noqa: DTZ011 - the day of this machine
    return [
        NmbrsStandIn(nmbrs_world, strict=strict, state_file=kept("nmbrs")),
        PayrollStandIn(ConnexieRules(), kept("connexie")),
        PayrollStandIn(HorecalonenRules(), kept("horecalonen")),
    ]


def compose(parts: Iterable[StandIn], stop: threading.Event) -> DispatcherMiddleware:
    """One application with each stand-in under its own name."""
    return DispatcherMiddleware(_front, {f"/{part.name}": Served(part, stop) for part in parts})


def _front(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    alive = environ["PATH_INFO"] == "/livez"
    answer = Response("ok" if alive else "not found", 200 if alive else 404, mimetype="text/plain")
    return answer(environ, start_response)


def build(host: str, port: int, parts: Iterable[StandIn], stop: threading.Event) -> BaseWSGIServer:
    """A threaded server, bound but not yet serving. Port 0 picks a free one (`server.port`)."""
    return make_server(host, port, compose(parts, stop), threaded=True, request_handler=QuietHandler)


@contextmanager
def running(
    *,
    strict: bool = True,
    state_dir: Path | None = None,
    world: World | None = None,
    today: date | None = None,
    parts: list[StandIn] | None = None,
    port: int = 0,
) -> Iterator[str]:
    """The stand-ins in a thread, for tests; gives the base address without a slash at the end.

    `parts` replaces the usual stand-ins. Every wait of a trouble switch ends when the block is left.
    """
    stop = threading.Event()
    chosen = stand_ins(strict=strict, state_dir=state_dir, world=world, today=today) if parts is None else parts
    server = build("127.0.0.1", port, chosen, stop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


def main(host: str = "127.0.0.1", port: int = DEFAULT_PORT, state_dir: Path | None = None, strict: bool = True) -> None:
    """Serve until SIGTERM or SIGINT, then close and return. Call it from the main thread."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    server = build(host, port, stand_ins(strict=strict, state_dir=state_dir), stop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    print(f"Stand-ins on http://{host}:{server.port} (nmbrs, connexie, horecalonen)", flush=True)
    while not stop.is_set():
        time.sleep(0.2)  # a signal that another thread gets is handled when this one wakes
    server.shutdown()
    thread.join()
    server.server_close()
