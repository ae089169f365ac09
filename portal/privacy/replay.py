"""Everybody who was erased, erased once more: after a restore, or after a crash in the middle (H5)."""

from __future__ import annotations

from pathlib import Path

from portal.kernel.errors import Conflict
from portal.kernel.logs import log, warn
from portal.kernel.work import ROBOT, Acting, Actor
from portal.privacy import journal, service
from portal.settings import Settings


def replay(acting: Acting, folder: Path | None = None) -> int:
    """Go through the journal of erasures; returns how many had to be done. Safe to call at any time, and twice.

    `folder`: of a backup that was brought from elsewhere; what its journal tells is written into the one here too.

    Run at the start of the web process, of the worker and every day, and after a restore. What has hours under way is
    left for the next time: first it must be certain what was paid.
    """
    robot, done = acting.as_actor(Actor(ROBOT)), 0
    own = acting.part(Settings).backups
    entries = list(journal.read(acting.vault, own))
    if folder is not None and folder.resolve() != own.resolve():
        brought = [entry for entry in journal.read(acting.vault, folder) if entry not in entries]
        if brought:
            journal.note(acting.vault, own, *brought)
        entries += brought
    for entry in entries:
        try:
            done += service.again(robot, entry)
        except Conflict:
            warn("erasure_waits", reason=entry.kind.value)
        except Exception as error:  # noqa: BLE001 - one that cannot be done must not keep the portal from starting
            warn("erasure_failed", reason=entry.kind.value, error=type(error).__name__)
    if done:
        log("erased again", count=done)
    return done
