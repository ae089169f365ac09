"""Is it alive, is it ready: for the machine that watches over this one (requirement I4)."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import inspect, text
from sqlalchemy.exc import SQLAlchemyError

from portal.audit.chain import CHAIN
from portal.audit.models import AuditHead
from portal.kernel.access import Audience, access
from portal.kernel.logs import warn
from portal.kernel.vault import Binding, Tampered
from portal.kernel.work import Acting
from portal.keys import BadKey
from portal.migrate import is_current
from portal.secret import Secret
from portal.settings import Settings
from portal.tables import metadata

bp = Blueprint("health", __name__)
LEAST_FREE_BYTES = 50_000_000
ANSWER_SECONDS = 0.9


@bp.get("/livez")
@access(Audience.PUBLIC)
def alive() -> ResponseReturnValue:
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@bp.get("/readyz")
@access(Audience.PUBLIC)
def ready() -> ResponseReturnValue:
    checks = _all(current_app.extensions["portal"])
    answer = jsonify(checks)
    answer.headers["Cache-Control"] = "no-store"
    answer.status_code = 200 if all(checks.values()) else 503
    return answer


def _all(acting: Acting) -> dict[str, bool]:
    """Every check at the same time. One that does not answer in time has failed; it is not started again while it still
    hangs, so that who asks each second does not fill this process with threads."""
    asked = {name: PENDING.ask(name, acting) for name in CHECKS}
    until = time.monotonic() + ANSWER_SECONDS
    return {name: bool(one and _answer(name, one, until)) for name, one in asked.items()}


def _answer(name: str, asked: Future[bool], until: float) -> bool:
    try:
        return asked.result(timeout=max(0.0, until - time.monotonic()))
    except FutureTimeout:
        warn("not ready", where=name, error="does not answer")
        return False


class Pending:
    """The checks that run, one of each kind and application at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[tuple[int, str]] = set()

    def ask(self, name: str, acting: Acting) -> Future[bool] | None:
        """None when the one before still hangs."""
        key, answer = (id(acting.engine), name), Future[bool]()
        with self._lock:
            if key in self._running:
                return None
            self._running.add(key)

        def run() -> None:
            try:
                answer.set_result(_passes(name, acting))
            finally:
                with self._lock:
                    self._running.discard(key)

        threading.Thread(target=run, name=f"ready {name}", daemon=True).start()
        return answer


PENDING = Pending()


def _passes(name: str, acting: Acting) -> bool:
    try:
        passed = CHECKS[name](acting)
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        warn("not ready", where=name, error=type(error).__name__)
        return False
    return passed


def _database(acting: Acting) -> bool:
    with acting.read() as work:
        return work.session.scalar(text("SELECT 1")) == 1


def _key(acting: Acting) -> bool:
    probe, binding = Secret("probe"), Binding(0, "readyz", "0", "probe")
    return acting.vault.open(acting.vault.seal(probe, binding), binding) == probe and key_fits(acting)


def key_fits(acting: Acting) -> bool:
    """Whether the trail of this database was sealed with our key: another one opens nothing that is stored. True when
    the database does not say; that is another check."""
    try:
        with acting.read() as work:
            return CHAIN.head_of(work.vault, work.session.get_one(AuditHead, 1)) is not None
    except SQLAlchemyError:
        return True
    except (Tampered, BadKey):
        return False


def _disk(acting: Acting) -> bool:
    folder = acting.part(Settings).data
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"probe")
    return shutil.disk_usage(folder).free > LEAST_FREE_BYTES


def _schema(acting: Acting) -> bool:
    if not is_current(acting.engine):
        return False
    with acting.read() as work:
        found = inspect(work.session.connection()).get_table_names()
    return set(metadata.tables) <= set(found)


CHECKS: dict[str, Callable[[Acting], bool]] = {"database": _database, "key": _key, "disk": _disk, "schema": _schema}
