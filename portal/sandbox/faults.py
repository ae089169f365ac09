"""Trouble on purpose, for any stand-in: which switch is armed, and what it does to one call.

Kinds of every stand-in (those of SOAP alone are in the Nmbrs stand-in):

* drop_before, drop_after_booking   the connection closes without an HTTP answer
* hang                              nothing for `seconds`, then the answer
* slow                              the same with a short default
* drip                              the true answer, a byte a second
* endless                           a body that never ends
* html                              200 with a web page
* status_<n>                        that status with an empty body (429 with Retry-After)
* busy_503                          503 with Retry-After: 120
* redirect_302                      to a path that does not exist here

`when` says whether the call is carried out ("after") or not ("before") before the trouble starts.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.wrappers import Request, Response

WSGIApp = Callable[[dict[str, Any], Any], Iterable[bytes]]
SHARED = frozenset(
    {"drop_before", "drop_after_booking", "hang", "slow", "drip", "endless", "html", "redirect_302", "busy_503"},
)
SECONDS = {"hang": 60.0, "slow": 2.0, "drip": 1.0}
PAGE = "<!doctype html><html><head><title>Onderhoud</title></head><body><h1>Even geduld</h1></body></html>"


@dataclass(frozen=True)
class Trouble:
    """A switch: skips `skip` calls of `operation` ("*": any), then works for `times` calls."""

    operation: str
    kind: str
    times: int
    skip: int
    seconds: float
    when: str

    def concerns(self, call: str) -> bool:
        return self.operation in {"*", call, call.rpartition("/")[2]}


def read_trouble(body: dict[str, Any], knows: Callable[[str], bool]) -> Trouble:
    """A switch from the JSON of a control call. Raises ValueError, TypeError or KeyError."""
    strange = set(body) - {"operation", "kind", "times", "skip", "seconds", "when"}
    kind = str(body["kind"])
    if strange or not (kind in SHARED or re.fullmatch(r"status_[2-5]\d\d", kind) or knows(kind)):
        raise ValueError(f"unknown kind or key: {kind} {sorted(strange)}")
    when = body.get("when", "after" if kind == "drop_after_booking" else "before")
    if when not in {"before", "after"}:
        raise ValueError("when is before or after")
    return Trouble(
        operation=str(body.get("operation", "*")),
        kind=kind,
        times=int(body.get("times", 1)),
        skip=int(body.get("skip", 0)),
        seconds=float(body.get("seconds", SECONDS.get(kind, 0.0))),
        when=when,
    )


class Switches:
    """The armed switches, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[Trouble] = []

    def arm(self, trouble: Trouble) -> None:
        with self._lock:
            self._armed.append(trouble)

    def clear(self) -> None:
        with self._lock:
            self._armed.clear()

    def armed(self) -> list[dict[str, object]]:
        with self._lock:
            return [vars(trouble) for trouble in self._armed]

    def take(self, call: str) -> Trouble | None:
        """Use up one turn of the first switch that concerns this call."""
        with self._lock:
            for index, trouble in enumerate(self._armed):
                if trouble.concerns(call):
                    return self._use(index, trouble)
        return None

    def _use(self, index: int, trouble: Trouble) -> Trouble | None:
        if trouble.skip:
            self._armed[index] = replace(trouble, skip=trouble.skip - 1)
            return None
        if trouble.times > 1:
            self._armed[index] = replace(trouble, times=trouble.times - 1)
        else:
            del self._armed[index]
        return trouble


def answer_with(trouble: Trouble, app: WSGIApp, request: Request, stop: threading.Event) -> Response:
    """The answer under a shared kind of trouble. `stop` ends every wait, so that the server can close."""
    name = trouble.kind
    if name in {"hang", "slow"}:
        return _late(trouble, app, request, stop)
    if name == "drip":
        return _drip(Response.from_app(app, request.environ, buffered=True), trouble.seconds, stop)
    if trouble.when == "after":
        Response.from_app(app, request.environ, buffered=True)
    if name.startswith("drop"):
        drop(request)
    if name == "endless":
        return Response(_endless(stop), mimetype="text/xml")
    return _wrong_answer(name)


def drop(request: Request) -> None:
    """Close the connection without an answer; werkzeug takes the error as a client that went away."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped on purpose")


def _wrong_answer(kind: str) -> Response:
    if kind == "html":
        return Response(PAGE, mimetype="text/html")
    if kind == "redirect_302":
        return Response("", 302, {"Location": "/elsewhere"})
    if kind == "busy_503":
        return Response("", 503, {"Retry-After": "120"})
    status = int(kind.removeprefix("status_"))
    return Response("", status, {"Retry-After": "2"} if status == 429 else {})


def _late(trouble: Trouble, app: WSGIApp, request: Request, stop: threading.Event) -> Response:
    if trouble.when == "before":
        stop.wait(trouble.seconds)
        if stop.is_set():
            drop(request)
    answer = Response.from_app(app, request.environ, buffered=True)
    if trouble.when == "after":
        stop.wait(trouble.seconds)
    return answer


def _drip(answer: Response, seconds: float, stop: threading.Event) -> Response:
    def bytes_one_by_one() -> Iterator[bytes]:
        for value in answer.get_data():
            yield bytes([value])
            if stop.wait(seconds):
                return

    return Response(bytes_one_by_one(), answer.status_code, mimetype=answer.mimetype)


def _endless(stop: threading.Event) -> Iterator[bytes]:
    yield b'<?xml version="1.0" encoding="utf-8"?>\n<endless>'
    while not stop.is_set():
        yield b"x" * 65536
