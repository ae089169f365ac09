"""Is it alive, is it ready: for the machine that watches over this one (requirement I4)."""

from __future__ import annotations

import shutil
import tempfile

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import inspect, text

from portal.kernel.access import Audience, access
from portal.kernel.logs import warn
from portal.kernel.vault import Binding
from portal.kernel.work import Acting
from portal.migrate import is_current
from portal.secret import Secret
from portal.settings import Settings
from portal.tables import metadata

bp = Blueprint("health", __name__)
LEAST_FREE_BYTES = 50_000_000


@bp.get("/livez")
@access(Audience.PUBLIC)
def alive() -> ResponseReturnValue:
    return "ok", 200, {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}


@bp.get("/readyz")
@access(Audience.PUBLIC)
def ready() -> ResponseReturnValue:
    checks = {name: _passes(name, check) for name, check in CHECKS.items()}
    answer = jsonify(checks)
    answer.headers["Cache-Control"] = "no-store"
    answer.status_code = 200 if all(checks.values()) else 503
    return answer


def _passes(name: str, check: object) -> bool:
    try:
        passed = bool(check(current_app.extensions["portal"]))  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        warn("not ready", where=name, error=type(error).__name__)
        return False
    return passed


def _database(acting: Acting) -> bool:
    with acting.read() as work:
        return work.session.scalar(text("SELECT 1")) == 1


def _key(acting: Acting) -> bool:
    probe, binding = Secret("probe"), Binding(0, "readyz", "0", "probe")
    return acting.vault.open(acting.vault.seal(probe, binding), binding) == probe


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


CHECKS = {"database": _database, "key": _key, "disk": _disk, "schema": _schema}
