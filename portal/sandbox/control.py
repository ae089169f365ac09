"""One stand-in as it is served: its own application, the trouble switches and the control addresses.

GET  /_sandbox/state      what is booked, the calls so far, the armed switches; never a token or BSN
POST /_sandbox/reset      back to the beginning
POST /_sandbox/faults     arm a switch (portal.sandbox.faults); {} as body disarms all
POST /_sandbox/<name>     a command of the stand-in itself (rights, token, settings, clerk, unknown)
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Protocol

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from portal.sandbox.faults import SHARED, Switches, Trouble, WSGIApp, answer_with, read_trouble

CONTROL = "/_sandbox/"
MAX_BYTES = 10_000_000


class StandIn(Protocol):
    """What a stand-in offers to the server around it. `wsgi` leaves log facts in `sandbox.note`."""

    name: str

    @property
    def wsgi(self) -> WSGIApp: ...

    def operation(self, environ: Mapping[str, Any], body: bytes) -> str: ...

    def knows_trouble(self, kind: str) -> bool: ...

    def snapshot(self) -> dict[str, object]: ...

    def reset(self) -> None: ...

    def command(self, name: str, body: dict[str, Any]) -> bool: ...


@dataclass
class CallLog:
    """What was called, in order of arrival. `answer` is "" for a good answer, else a code or status."""

    calls: list[dict[str, object]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, call: str, trouble: Trouble | None) -> dict[str, object]:
        service, _, operation = call.rpartition("/")
        kind = trouble.kind if trouble else ""
        note: dict[str, object] = {"operation": operation, "service": service, "trouble": kind, "answer": ""}
        with self.lock:
            self.calls.append(note)
        return note

    def shown(self) -> dict[str, object]:
        with self.lock:
            calls = [dict(call) for call in self.calls]
        return {"calls": calls, "call_counts": Counter(str(call["operation"]) for call in calls)}

    def clear(self) -> None:
        with self.lock:
            self.calls.clear()


class Served:
    """A WSGI application: the stand-in with its trouble and its control addresses. Safe for threads."""

    def __init__(self, stand_in: StandIn, stop: threading.Event) -> None:
        self.stand_in = stand_in
        self._stop = stop
        self._switches = Switches()
        self._log = CallLog()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = MAX_BYTES
        try:
            answer = self._answer(request)
        except HTTPException as error:
            answer = Response(error.name, error.code, mimetype="text/plain")
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        body = request.get_data(cache=False)
        # Whoever comes next reads the same body, chunked or not.
        request.environ.update({"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))})
        request.environ.pop("HTTP_TRANSFER_ENCODING", None)
        if request.path.startswith(CONTROL):
            return self._control(request, request.path.removeprefix(CONTROL), body)
        call = self.stand_in.operation(request.environ, body)
        trouble = self._switches.take(call)
        request.environ["sandbox.note"] = self._log.open(call, trouble)
        if trouble and (trouble.kind in SHARED or trouble.kind.startswith("status_")):
            return answer_with(trouble, self.stand_in.wsgi, Request(request.environ), self._stop)
        if trouble:
            request.environ["sandbox.trouble"] = (trouble.kind, trouble.when)
        return Response.from_app(self.stand_in.wsgi, request.environ, buffered=True)

    def _control(self, request: Request, name: str, body: bytes) -> Response:
        if request.method == "GET" and name == "state":
            return _json(self._state())
        if request.method != "POST":
            return _json({"error": "use GET for state, POST for the rest"}, 405)
        try:
            data = json.loads(body or b"{}")
            return self._obey(name, data)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return _json({"error": f"{type(error).__name__}: {error}"}, 422)

    def _obey(self, name: str, data: dict[str, Any]) -> Response:
        if name == "reset":
            self._switches.clear()
            self._log.clear()
            self.stand_in.reset()
        elif name == "faults" and data:
            self._switches.arm(read_trouble(data, self.stand_in.knows_trouble))
        elif name == "faults":
            self._switches.clear()
        elif not self.stand_in.command(name, data):
            return _json({"error": "unknown_control"}, 404)
        return _json({"ok": True, "armed": self._switches.armed()})

    def _state(self) -> dict[str, object]:
        return {**self.stand_in.snapshot(), **self._log.shown(), "armed": self._switches.armed()}


def _json(data: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(data), status, mimetype="application/json")
