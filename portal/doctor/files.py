"""What the folders and files tell: who can read them, what is left on the disk, whether there is a backup."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from portal.dangers import Finding
from portal.health import LEAST_FREE_BYTES
from portal.settings import Settings

OTHERS = 0o077
LITTLE_FREE_BYTES, LITTLE_FREE_SHARE = 1_000_000_000, 0.05
BACKUP_SECONDS = 2 * 86_400


def examine(settings: Settings, secret_files: Mapping[str, Path]) -> list[Finding]:
    if not settings.data.is_dir():
        return [Finding(f"The data folder {settings.data} is not there.", "Run: portal db upgrade")]
    return [*_readable(settings), *_keys(settings, secret_files), *_disk(settings), *_backups(settings)]


def database_file(settings: Settings) -> Path | None:
    """The file of SQLite; None for PostgreSQL, and for an address that cannot be read."""
    try:
        address = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        return None
    return Path(address.database) if address.get_backend_name() == "sqlite" and address.database else None


def _readable(settings: Settings) -> Iterator[Finding]:
    if _open(settings.data):
        yield Finding(f"The data folder {settings.data} is open to others.", f"chmod 700 {settings.data}")
    file = database_file(settings)
    for one in [file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))] if file else ():
        if one is not None and _open(one):
            yield Finding(f"{one} is open to others.", f"chmod 600 {one}")
    if _open(settings.backups):
        yield Finding(f"The backups in {settings.backups} are open to others.", f"chmod 700 {settings.backups}")


def _open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & OTHERS)
    except OSError:
        return False


def _keys(settings: Settings, secret_files: Mapping[str, Path]) -> Iterator[Finding]:
    for name, file in secret_files.items():
        if any(file.resolve().is_relative_to(folder) for folder in (settings.data, settings.backups)):
            yield Finding(
                f"{name} lies with the data: who copies that has the key too.", "Move it to a folder of its own."
            )


def _disk(settings: Settings) -> Iterator[Finding]:
    disk = shutil.disk_usage(settings.data)
    left = f"{disk.free // 1_000_000} MB is left on the disk of {settings.data}."
    if disk.free < LEAST_FREE_BYTES:
        yield Finding(left, "Make place: nothing can be written.")
    elif disk.free < LITTLE_FREE_BYTES or disk.free < LITTLE_FREE_SHARE * disk.total:
        yield Finding(left, "Make place soon.", wrong=False)


def _backups(settings: Settings) -> Iterator[Finding]:
    try:
        made = [file.stat().st_mtime for file in settings.backups.glob("*.backup")]
        same_disk = settings.backups.stat().st_dev == settings.data.stat().st_dev
    except OSError:
        made, same_disk = [], False
    if not made:
        yield Finding(f"There is no backup in {settings.backups}.", "Run: portal backup, each day.")
    elif time.time() - max(made) > BACKUP_SECONDS:
        yield Finding(f"The last backup in {settings.backups} is older than two days.", "Run: portal backup, each day.")
    if settings.backups.is_relative_to(settings.data) or same_disk:
        together = f"The backups in {settings.backups} are on the disk of the data."
        yield Finding(together, "Set PORTAL_BACKUP_DIR to another disk, or copy them elsewhere.", wrong=False)
