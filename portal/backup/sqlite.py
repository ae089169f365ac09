"""A copy of a SQLite database by its own backup API, while others read and write (sqlite.org/backup.html)."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from portal.backup.types import CannotRestore
from portal.keys import sync_folder

PAGES = 2_000  # a step; between steps writers go on
MEMBER = "portal.sqlite3"
IN_USE = "The database is in use. Stop `portal serve` and `portal worker` first."


@contextmanager
def copied(file: Path) -> Iterator[Path]:
    """A whole copy without data keys, and without what was deleted; gone at the end of the block."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix="backup-") as folder:
        copy = Path(folder) / MEMBER
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target, pages=PAGES)
            target.execute("DELETE FROM credential_key")
            target.commit()
            target.execute("PRAGMA journal_mode=DELETE")
            target.execute("VACUUM")  # what was deleted leaves no trace in the pages
            check(target)
        yield copy


def check(database: sqlite3.Connection) -> None:
    """Raises CannotRestore when the database is not whole."""
    if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise CannotRestore("The database in this backup is damaged.")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        raise CannotRestore("The database in this backup does not hang together.")


def require_free(file: Path, *, replace: bool) -> None:
    """Nobody else may have the database open, or what they write is lost. Raises CannotRestore."""
    if not file.exists() or not file.stat().st_size:
        return
    if not replace:
        raise CannotRestore(
            f"There is a database at {file.name} already. Add --replace to put the backup in its place."
        )
    with closing(sqlite3.connect(file, timeout=1)) as database:
        try:
            database.execute("PRAGMA journal_mode=DELETE")  # refused as long as anybody has it open
        except sqlite3.OperationalError as error:
            raise CannotRestore(IN_USE) from error
        except sqlite3.DatabaseError:
            return  # no database any more: that is what a backup is for


def put_in_place(fresh: Path, file: Path) -> None:
    """In one step the new one stands where the old one stood. Old write-ahead files must not be read with it."""
    for rest in ("-wal", "-shm", "-journal"):
        file.with_name(file.name + rest).unlink(missing_ok=True)
    fresh.replace(file)
    sync_folder(file.parent)
