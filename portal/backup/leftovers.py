"""A backup or restore that was killed leaves a plain copy of the database in a folder of its own: it is taken away."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from portal.backup.types import CannotRestore
from portal.kernel.locks import alone
from portal.kernel.logs import warn
from portal.settings import Settings

COPIES, HALF = ("backup-*", "restore-*"), ("portal-*.part", "data-keys.sealed.*")
BUSY = "A backup or a restore is going on here. Wait until it is done."


@contextmanager
def one_at_a_time(settings: Settings) -> Iterator[None]:
    """Hold what no other backup or restore of this machine holds, with the leftovers of killed ones taken away. Raises
    CannotRestore, OSError."""
    try:
        with alone(settings.data / "backup.lock", wait=False):
            _take_away(settings)
            yield
    except BlockingIOError as error:
        raise CannotRestore(BUSY) from error


def take_away(settings: Settings) -> None:
    """At the start of a process; nothing when a backup is going on."""
    with suppress(CannotRestore), one_at_a_time(settings):
        pass


def _take_away(settings: Settings) -> None:
    for folder in (found for name in COPIES for found in settings.data.glob(name) if found.is_dir()):
        warn("a broken off backup was taken away")
        shutil.rmtree(folder, ignore_errors=True)
    for file in (found for name in HALF for found in settings.backups.glob(name)):
        file.unlink(missing_ok=True)
