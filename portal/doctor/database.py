"""What the database tells: whether it is there, of this version, sealed with this key, unbroken and looked after."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from portal import app, migrate
from portal.audit import check as trail_check
from portal.backup.postgres import is_unfinished
from portal.dangers import Finding, is_loopback
from portal.deliveries import receipt_check
from portal.doctor.files import database_file
from portal.health import key_fits
from portal.kernel.beat import last
from portal.kernel.clock import clock_of, machine_now
from portal.kernel.db import make_engine
from portal.kernel.work import Acting
from portal.keys import BadKey
from portal.settings import Settings, SettingsError

FAULTS = (SQLAlchemyError, ModuleNotFoundError, OSError, ValueError)
KEY_FAULTS = (BadKey, SettingsError)
QUIET = timedelta(minutes=5)
APART, FAR_APART = timedelta(seconds=2), timedelta(seconds=30)


def examine(settings: Settings, *, real_keys: bool, chains: bool) -> list[Finding]:
    """Makes no database: one that is not there is a finding. `chains` False: the walk through them may take long."""
    file = database_file(settings)
    if file is not None and not file.is_file():
        return [Finding(f"There is no database at {file}.", "Run: portal db upgrade")]
    try:
        engine = make_engine(settings.database_url)
    except FAULTS as error:
        return [_unusable(error)]
    try:
        return list(_of(settings, engine, real_keys=real_keys, chains=chains))
    except FAULTS as error:
        return [_unusable(error)]
    except KEY_FAULTS as error:
        return [Finding(f"The keys cannot be used: {error}", "Look at the file with keys again.")]
    finally:
        engine.dispose()


def _unusable(error: Exception) -> Finding:
    # the text of the error may hold the address with its password
    return Finding(f"The database cannot be used ({type(error).__name__}).", "Check DATABASE_URL and DATA.")


def _of(settings: Settings, engine: Engine, *, real_keys: bool, chains: bool) -> Iterator[Finding]:
    yield from _transport(settings)
    if is_unfinished(engine):
        yield Finding("A backup was put back half.", "Run: portal restore again, with --replace.")
        return
    if not migrate.is_current(engine):
        yield Finding("The database is not of this version.", "Run: portal db upgrade")
        return
    acting = app.wire(settings, engine)
    yield from _clock(engine)
    yield from _worker(acting)
    if not real_keys:
        return
    if not key_fits(acting):
        yield Finding(
            "PORTAL_VAULT_KEY is not the key of this database.", "Find the right key, or mend the audit chain."
        )
    elif chains:
        yield from _chains(acting)


def _transport(settings: Settings) -> Iterator[Finding]:
    address = make_url(settings.database_url)
    if address.get_backend_name() != "postgresql" or not address.host or is_loopback(address.host):
        return
    if address.query.get("sslmode") not in ("verify-full", "verify-ca", "require"):
        yield Finding(
            "The connection to PostgreSQL on another machine need not be encrypted.",
            "Add ?sslmode=verify-full to DATABASE_URL.", wrong=False,
        )  # fmt: skip


def _clock(engine: Engine) -> Iterator[Finding]:
    apart = abs(clock_of(engine)() - machine_now())
    if apart > APART:
        seconds = f"The clock of this machine and that of the database are {apart.total_seconds():.0f} seconds apart."
        yield Finding(seconds, "Let both keep time (NTP).", wrong=apart > FAR_APART)


def _worker(acting: Acting) -> Iterator[Finding]:
    with acting.read() as work:
        seen, now = last(work), work.now
    if seen is None or now - seen > QUIET:
        when = "There was no worker" if seen is None else f"No worker was seen since {_moment(seen)}"
        yield Finding(f"{when}: no mail and no hours are sent.", "Start: portal worker")


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _chains(acting: Acting) -> Iterator[Finding]:
    for name, wrong in (("receipts", receipt_check.verify(acting).wrong), ("trail", trail_check.verify(acting).wrong)):
        if wrong:
            yield Finding(
                f"The chain of the {name} is broken at {wrong}.", "Run: portal audit verify, and find out why."
            )
