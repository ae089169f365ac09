"""The Nmbrs stand-in: SOAP v3 over HTTP, written from reference nmbrs-soap-v3 (section 16) alone.

`portal.sandbox` serves `NmbrsStandIn.wsgi` and talks to the rest of the object for its control addresses.
It reads two keys of the WSGI environment: `sandbox.trouble` (kind, when), the switch that is armed for this
call, and `sandbox.note`, a dict in which it leaves what the call log may show (never a token).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from lxml.etree import _Element as Element

from portal.integrations.providers.nmbrs import sandbox_hours, sandbox_lists
from portal.integrations.providers.nmbrs.sandbox_clerk import clerk
from portal.integrations.providers.nmbrs.sandbox_desk import Desk, Operation, identify
from portal.integrations.providers.nmbrs.sandbox_schema import read
from portal.integrations.providers.nmbrs.sandbox_soap import (
    MEDIA_TYPES,
    SERVICES,
    Message,
    SoapFault,
    Value,
    answer,
    fault,
    local,
    nmbrs_fault,
    parse,
    space,
    unreadable,
    write,
)
from portal.integrations.providers.nmbrs.sandbox_state import Memory
from portal.integrations.providers.nmbrs.sandbox_troubles import trouble_fault, twist
from portal.integrations.providers.nmbrs.sandbox_world import World

OPERATIONS = {operation.call: operation for operation in (*sandbox_lists.OPERATIONS, *sandbox_hours.OPERATIONS)}
NAMES = frozenset(call.split("/")[0] for call in OPERATIONS)
MAX_BYTES = 10_000_000


class NmbrsStandIn:
    """`strict` refuses wrong or misplaced elements; with `state_file` bookings survive a restart."""

    name = "nmbrs"

    def __init__(
        self, world: World, *, strict: bool = True, state_file: Path | None = None, calls_a_second: int = 150
    ) -> None:
        self.strict = strict
        self.memory = Memory(world, state_file)
        self._pace = _Pace(calls_a_second)
        self.wsgi = Flask("nmbrs_sandbox")
        self.wsgi.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
        self.wsgi.add_url_rule("/soap/v3/<service>.asmx", "call", self._call, methods=["GET", "POST"])

    def operation(self, environ: Mapping[str, Any], body: bytes) -> str:
        """What is called, as "Service/Operation"; "" when that cannot be said."""
        action = _action(environ)
        if action:
            return action.removeprefix(SERVICES)
        try:
            element = parse(body).body
        except SoapFault:
            return ""
        return f"{space(element)}/{local(element)}".removeprefix(SERVICES)

    def knows_trouble(self, kind: str) -> bool:
        return kind in {"extra_elements", "moved_elements", "doctype"} or trouble_fault(kind) is not None

    def snapshot(self) -> dict[str, object]:
        with self.memory.lock:
            numbers = {w.id: w.number for firm in self.memory.world.firms for w in firm.workers}
            rows = [
                {**vars(c), "hours": str(c.hours), "employee_number": numbers.get(c.employee_id)}
                for c in self.memory.components.values()
            ]
            days = [
                dict(zip(("employee_id", "year", "period", "days"), (*key, number), strict=True))
                for key, number in self.memory.days.items()
            ]
        return {"components": rows, "days": days, "delayed": self._pace.delayed, "strict": self.strict}

    def reset(self) -> None:
        self._pace.delayed = 0
        with self.memory.lock:
            self.memory.forget()

    def command(self, name: str, body: dict[str, Any]) -> bool:
        """Obey rights, token, settings or clerk; False for another name. Raises KeyError, ValueError, TypeError."""
        commands: dict[str, Callable[[dict[str, Any]], None]] = {
            "rights": self._set_rights, "token": self._set_token, "settings": self._set_switches,
            "clerk": partial(clerk, self.memory),
        }  # fmt: skip
        if name not in commands:
            return False
        with self.memory.lock:
            commands[name](body)
        return True

    def _set_rights(self, body: dict[str, Any]) -> None:
        wanted = [call for call in OPERATIONS if body["operation"] in {call, call.split("/")[1]}]
        if not wanted:
            raise ValueError("unknown operation")
        for call in wanted:
            self.memory.set_right(body["username"], call, allowed=bool(body["allowed"]))

    def _set_token(self, body: dict[str, Any]) -> None:
        self.memory.set_token(body["username"], str(body["token"]))

    def _set_switches(self, body: dict[str, Any]) -> None:
        switches = self.memory.switches
        for key, value in body.items():
            if key == "strict":
                self.strict = bool(value)
            elif key in {"filed", "current"}:
                getattr(switches, key).update({int(ref): (when[0], when[1]) for ref, when in value.items()})
            elif key == "suffixes":
                switches.suffixes.update(value)
            elif key in vars(switches):
                setattr(switches, key, value)
            else:
                raise ValueError(f"unknown setting {key}")

    def _call(self, service: str) -> Response:
        if service not in NAMES:
            return Response("No such service here.", 404, mimetype="text/plain")
        if request.method != "POST":
            return Response("This stand-in gives no WSDL; send a SOAP request.", 404, mimetype="text/plain")
        version = "1.2" if "soap+xml" in (request.content_type or "") else "1.1"
        note = request.environ.get("sandbox.note", {})
        try:
            message = parse(request.get_data())
            version = message.version
            envelope = self._run(service, message, note)
        except SoapFault as error:
            note["answer"] = str(error.code or error.text)
            return _reply(version, fault(version, error), 500)
        return _reply(version, envelope, 200)

    def _run(self, service: str, message: Message, note: dict[str, object]) -> Element:
        self._pace.wait()
        kind, when = request.environ.get("sandbox.trouble", ("", ""))
        planned = trouble_fault(kind)
        if planned and when == "before":
            raise planned
        operation = self._find(service, message)
        result = self._perform(operation, message, note)
        if planned:
            raise planned
        return twist(kind, answer(message.version, service, operation.name, result))

    def _find(self, service: str, message: Message) -> Operation:
        action = _action(request.environ)
        element = f"{space(message.body)}/{local(message.body)}"
        operation = OPERATIONS.get((action or element).removeprefix(SERVICES))
        if operation is None or operation.service != service:
            text = f"Server did not recognize the value of HTTP Header SOAPAction: {action}."
            raise SoapFault(text, "Client")
        if element != SERVICES + operation.call:
            raise unreadable(f"element {local(message.body)} does not belong to {operation.name}")
        if self.strict:
            _check_transport(message.version, action)
        return operation

    def _perform(self, operation: Operation, message: Message, note: dict[str, object]) -> Value:
        with self.memory.lock:
            login = identify(self.memory, operation, message.headers, strict=self.strict)
            note["user"] = login.username
            if operation.call in login.off:
                raise nmbrs_fault(1002)
            values = read(message.body, operation.fields, strict=self.strict)
            note.update({key: values[key] for key in ("EmployeeId", "Year", "Period") if key in values})
            return operation.run(Desk(self.memory, login), values)


class _Pace:
    """Above so many calls a second each call waits half a second (reference section 11.3)."""

    def __init__(self, calls_a_second: int) -> None:
        self._recent: deque[float] = deque(maxlen=calls_a_second)
        self._lock = threading.Lock()
        self.delayed = 0

    def wait(self) -> None:
        now = time.monotonic()
        with self._lock:
            full = len(self._recent) == self._recent.maxlen and now - self._recent[0] < 1
            self._recent.append(now)
            self.delayed += full
        if full:
            time.sleep(0.5)


def _action(environ: Mapping[str, Any]) -> str:
    """The SOAP action of 1.1 (a header, quoted or not) or 1.2 (a parameter of the content type)."""
    plain = str(environ.get("HTTP_SOAPACTION", "")).strip().strip('"')
    if plain:
        return plain
    parts = [part.strip() for part in str(environ.get("CONTENT_TYPE", "")).split(";")]
    found = [part.removeprefix("action=").strip('"') for part in parts if part.startswith("action=")]
    return found[0] if found else ""


def _check_transport(version: str, action: str) -> None:
    if version == "1.1" and not action:
        raise SoapFault("strict: no SOAPAction header", "Client")
    if request.mimetype != MEDIA_TYPES[version]:
        raise SoapFault(f"strict: Content-Type {request.mimetype} under SOAP {version}", "Client")


def _reply(version: str, envelope: Element, status: int) -> Response:
    body = write(envelope)
    if request.environ.get("sandbox.trouble", ("", ""))[0] == "doctype":
        body = body.replace(b"?>\n", b'?>\n<!DOCTYPE answer [<!ENTITY x "y">]>\n', 1)
    return Response(body, status, content_type=f"{MEDIA_TYPES[version]}; charset=utf-8")
