"""Making a backup while everything goes on, and putting one back so that nothing is sent twice."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from sqlalchemy.engine import make_url

from portal.audit.service import record
from portal.backup import data_keys, postgres, sqlite
from portal.backup.leftovers import one_at_a_time
from portal.backup.sealed_file import Sealing, unseal
from portal.backup.types import MANIFEST, CannotRestore, Made, Manifest
from portal.kernel.work import Acting
from portal.keys import Keys
from portal.migrate import current_revision
from portal.settings import Settings

SUFFIX = ".backup"


def make(acting: Acting, folder: Path, keep: int) -> Made:
    """Make a backup and the file with data keys beside it; only the newest `keep` backups stay. Raises OSError,
    CannotRestore when one is going on.

    Safe while people and workers go on, and to call twice. A backup that was not finished leaves no file.
    """
    with one_at_a_time(acting.part(Settings)):
        return _make(acting, folder, keep)


def _make(acting: Acting, folder: Path, keep: int) -> Made:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made_at = acting.clock()
    path = folder / f"portal-{made_at:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}{SUFFIX}"
    fresh = path.with_suffix(".part")
    try:
        _write(acting, fresh, made_at)
        keys = data_keys.write(acting, folder, always=True)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _prune(folder, keep)
    with acting.begin() as work:
        record(work, "backup.made", size=path.stat().st_size)
    return Made(path, path.stat().st_size, keys)


def _write(acting: Acting, file: Path, made_at: datetime) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with (
        os.fdopen(handle, "wb") as out,
        Sealing(out, acting.vault.keys) as sealing,
        ZipFile(sealing, "w", ZIP_DEFLATED, compresslevel=1) as archive,
    ):
        columns = _copy(acting, archive)
        kind, revision = acting.engine.dialect.name, current_revision(acting.engine)
        facts = {"kind": kind, "revision": revision, "made_at": made_at.isoformat(), "columns": columns}
        archive.writestr(MANIFEST, json.dumps(facts))


def _copy(acting: Acting, archive: ZipFile) -> dict[str, list[str]]:
    if acting.engine.dialect.name == "postgresql":
        return postgres.write(acting.engine, archive)
    with sqlite.copied(sqlite_file(acting.part(Settings))) as copy:
        archive.write(copy, sqlite.MEMBER)
    return {}


def sqlite_file(settings: Settings) -> Path:
    return Path(make_url(settings.database_url).database or "")


def _prune(folder: Path, keep: int) -> None:
    for old in backups(folder)[:-keep] if keep else []:
        old.unlink(missing_ok=True)


def backups(folder: Path) -> list[Path]:
    """The oldest first."""
    return sorted(folder.glob(f"portal-*{SUFFIX}"))


@contextmanager
def opened(file: Path, keys: Keys, beside: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """A backup, opened in a file without a name. Raises NotOurs, CannotRestore, OSError."""
    beside.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryFile(dir=beside) as plain:
        unseal(file, keys, plain)
        plain.seek(0)
        try:
            with ZipFile(plain) as archive:
                yield archive, _manifest(archive.open(MANIFEST))
        except (BadZipFile, KeyError) as error:
            raise CannotRestore("This backup cannot be read.") from error


def _manifest(source: IO[bytes]) -> Manifest:
    facts = json.load(source)
    return Manifest(facts["kind"], facts["revision"], datetime.fromisoformat(facts["made_at"]), facts["columns"])


def tend_keys(acting: Acting) -> bool:
    """Keep the file with data keys up to date where backups are made; for the worker. Never more to do at once."""
    folder = acting.part(Settings).backups
    if backups(folder):
        with suppress(FileNotFoundError):
            data_keys.write(acting, folder)
    return False
