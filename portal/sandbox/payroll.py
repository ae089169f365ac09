"""The receiver of docs/contract-uren-json.md, for Horecalonen and Connexie alike.

Their own rules (how people are identified) come from the sandbox module of each provider.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, request

from portal.sandbox.payroll_contract import REFERENCE, Invalid, Json, check, load

MAX_BYTES = 5_000_000


class Rules(Protocol):
    """How one receiver differs: its name, the key of `employee`, the check of it, the token."""

    @property
    def name(self) -> str: ...

    @property
    def employee_key(self) -> str: ...

    @property
    def token(self) -> str: ...

    def problem(self, value: str) -> str: ...

    def shown(self, value: str) -> str: ...


class PayrollStandIn:
    """Keeps batches in memory, and in `state_file` when given: people as they may be shown, never a BSN."""

    def __init__(self, rules: Rules, state_file: Path | None = None) -> None:
        self.rules = rules
        self.name = rules.name
        self._path = state_file
        self._lock = threading.Lock()
        self._batches: dict[str, Json] = {}
        self._unknown: set[str] = set()
        self._token = rules.token
        if state_file is not None and state_file.exists():
            self._batches = json.loads(state_file.read_text(encoding="utf-8"))
        self.wsgi = self._app()

    def operation(self, environ: Mapping[str, Any], body: bytes) -> str:
        """put_batch or get_batch; "" for anything else."""
        del body
        names = {"PUT": "put_batch", "GET": "get_batch"}
        is_batch = str(environ.get("PATH_INFO", "")).startswith("/v1/batches/")
        return names.get(str(environ.get("REQUEST_METHOD")), "") if is_batch else ""

    def knows_trouble(self, kind: str) -> bool:
        del kind
        return False

    def snapshot(self) -> dict[str, object]:
        with self._lock:
            return {"batches": [batch["shown"] | batch["receipt"] for batch in self._batches.values()]}

    def reset(self) -> None:
        with self._lock:
            self._forget()
            self._save()

    def command(self, name: str, body: Json) -> bool:
        """`token` changes the token; `unknown` names people whose lines are refused from now on."""
        with self._lock:
            if name == "token":
                self._token = str(body["token"])
            elif name == "unknown":
                self._unknown = {str(person) for person in body["people"]}
            else:
                return False
        return True

    def _forget(self) -> None:
        self._batches = {}
        self._unknown = set()
        self._token = self.rules.token

    def _app(self) -> Flask:
        app = Flask(f"{self.name}_sandbox")
        app.json.sort_keys = False  # type: ignore[attr-defined]
        app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
        app.before_request(self._refuse_strangers)
        app.add_url_rule("/v1/batches/<reference>", "put", self._put, methods=["PUT"])
        app.add_url_rule("/v1/batches/<reference>", "get", self._get, methods=["GET"])
        app.register_error_handler(413, lambda _: ({"error": "too_large"}, 413))
        return app

    def _refuse_strangers(self) -> tuple[Json, int] | None:
        given = request.headers.get("Authorization", "")
        if self._token and not secrets.compare_digest(given.encode(), f"Bearer {self._token}".encode()):
            return {"error": "unauthorized"}, 401
        return None

    def _put(self, reference: str) -> tuple[Json, int]:
        if request.mimetype != "application/json":
            return {"error": "unsupported_media_type"}, 415
        try:
            batch = load(request.get_data())
        except (ValueError, RecursionError):
            return {"error": "unreadable"}, 400
        try:
            return self._book(reference, batch)
        except Invalid as error:
            return {"error": "invalid", "message": error.message, "lines": error.lines}, 422

    def _book(self, reference: str, batch: Json) -> tuple[Json, int]:
        if not REFERENCE.fullmatch(reference):
            raise Invalid("reference must be 8 to 64 letters, digits and hyphens")
        content = hashlib.sha256(json.dumps(batch, sort_keys=True).encode()).hexdigest()
        with self._lock:
            known = self._batches.get(reference)
            if known:
                same = known["content"] == content
                return (known["receipt"], 200) if same else ({"error": "reference_in_use"}, 409)
            check(batch, reference, self.rules.employee_key, self.rules.problem)
            fresh: Json = {"content": content, "receipt": self._receipt(batch), "shown": self._shown(batch)}
            self._batches[reference] = fresh
            self._save()
        return fresh["receipt"], 201

    def _get(self, reference: str) -> tuple[Json, int]:
        with self._lock:
            known = self._batches.get(reference)
        return (known["receipt"], 200) if known else ({"error": "unknown_reference"}, 404)

    def _receipt(self, batch: Json) -> Json:
        number = f"{self.name[:3].upper()}-{len(self._batches) + 1:06}"
        lines = [self._line_answer(line, f"{number}-{position}") for position, line in enumerate(batch["lines"], 1)]
        return {"reference": batch["reference"], "status": "booked", "receipt": number, "lines": lines}

    def _line_answer(self, line: Json, ref: str) -> Json:
        if line["employee"][self.rules.employee_key] in self._unknown:
            return {"line": line["line"], "status": "refused", "reason": "this person is not known here"}
        return {"line": line["line"], "status": "accepted", "id": ref}

    def _shown(self, batch: Json) -> Json:
        key = self.rules.employee_key
        lines = [{**line, "employee": {key: self.rules.shown(line["employee"][key])}} for line in batch["lines"]]
        return {"batch": {**batch, "lines": lines}}

    def _save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self._batches, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
