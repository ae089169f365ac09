"""How every command begins: the settings, the database, and words for who started it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from portal import app, migrate, settings
from portal.backup import leftovers
from portal.backup.postgres import is_unfinished
from portal.dangers import dangers
from portal.kernel.db import make_engine
from portal.kernel.errors import PortalError
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting
from portal.keycare import worker_key
from portal.keys import BadKey
from portal.privacy.replay import replay

# an address that cannot be read, a driver or a folder that is not there, no answer
DATABASE_FAULTS = (SQLAlchemyError, ModuleNotFoundError, OSError, ValueError)


def read_settings() -> settings.Settings:
    try:
        return settings.load()
    except settings.SettingsError as error:
        click.echo(f"The configuration cannot be used: {error}", err=True)
        sys.exit(2)


def safe_settings() -> settings.Settings:
    """The settings to serve people with; a line for each danger and exit code 2 when there is one (I7)."""
    found = read_settings()
    if stops := dangers(found):
        for one in stops:
            click.echo(f"This configuration is not safe: {one}", err=True)
        sys.exit(2)
    return found


def open_database(found: settings.Settings, *, current: bool = True, whole: bool = True) -> Engine:
    """Open the database; a message and exit code 2 when it cannot be used, or is not up to date."""
    try:
        engine = make_engine(found.database_url)
        if whole and is_unfinished(engine):
            engine.dispose()
            _stop("A backup was put back half. Run portal restore again, with --replace.", 2)
        if current and not migrate.is_current(engine):
            engine.dispose()
            _stop("The database is not up to date. Run: portal db upgrade", 2)
    except DATABASE_FAULTS as error:
        no_database(error)
    return engine


def prepare(found: settings.Settings, *, opens: bool) -> None:
    """What a process needs before it starts: a database that is up to date, and a key of the worker to lock with.
    `opens`: it opens tokens too."""
    engine = open_database(found)
    try:
        acting = app.wire(found, engine)
        (worker_key.ensure if opens else worker_key.ensure_any)(acting)
        leftovers.take_away(found)
        replay(acting)  # who was erased is erased again, before anybody sees a page of a backup that was put back
    except Tampered:
        _stop("The vault key is not the one of this database. Check PORTAL_VAULT_KEY and PORTAL_VAULT_KEY_OLD.", 2)
    except (BadKey, settings.SettingsError) as error:
        _stop(f"The key of the worker cannot be used: {error}", 2)
    except OSError as error:
        _stop(f"A file of the data or backup folder cannot be used: {error.strerror}.", 2)
    finally:
        engine.dispose()


def no_database(error: Exception) -> NoReturn:
    # the text of the error may hold the address with its password
    click.echo(f"The database cannot be used ({type(error).__name__}). Check DATABASE_URL and DATA.", err=True)
    sys.exit(2)


@contextmanager
def at_work() -> Iterator[Acting]:
    """What services need, for one command; a message and exit code 1 when what was asked cannot be done."""
    found = read_settings()
    engine = open_database(found)
    try:
        yield app.wire(found, engine)
    except PortalError as error:
        _stop(error.message, 1)
    except (BadKey, settings.SettingsError) as error:
        _stop(f"The configuration cannot be used: {error}", 2)
    finally:
        engine.dispose()


def _stop(words: str, code: int) -> NoReturn:
    click.echo(words, err=True)
    sys.exit(code)
