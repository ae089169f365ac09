"""Where the chain of receipts ended, noted outside the database: who cuts its tail, and the head along, is found.

The file is written after the commit, so it is never ahead of the truth; it only goes forward. Each machine has its
own, with what it sealed or verified last.
"""

from __future__ import annotations

import fcntl
import hmac
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from portal.deliveries.receipt_chain import Head, head_signature
from portal.kernel.logs import warn
from portal.kernel.vault import Vault

NAME = "receipts.head"
OPTION = "portal_receipts_head"


class Damaged(Exception):
    """The file is there, but it was not written by us."""


def keep_at(engine: Engine, folder: Path) -> None:
    """From now on, what is sealed through `engine` is noted in a file in `folder`."""
    engine.update_execution_options(**{OPTION: folder / NAME})


def place(engine: Engine) -> Path | None:
    found: Path | None = engine.get_execution_options().get(OPTION)
    return found


def read(vault: Vault, file: Path) -> Head | None:
    """None when there is no file yet. Raises Damaged."""
    try:
        found = json.loads(file.read_bytes())
        head = Head(int(found["count"]), str(found["hash"]))
        genuine = hmac.compare_digest(str(found["signature"]), head_signature(vault, head, "anchor"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise Damaged from error
    if not genuine:
        raise Damaged
    return head


def note(vault: Vault, file: Path, head: Head) -> None:
    """Write the head down, unless a later one is there already. Raises OSError, Damaged."""
    if not head.count:
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(file):
        known = read(vault, file)
        if known is not None and known.count >= head.count:
            return
        signature = head_signature(vault, head, "anchor")
        _replace(file, json.dumps({"count": head.count, "hash": head.hash, "signature": signature}).encode() + b"\n")


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process that holds it."""
    with file.with_suffix(".lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(file: Path, content: bytes) -> None:
    """Either the old content or the new one, also after a power cut."""
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def after_commit(session: Session, vault: Vault, head: Head) -> None:
    """Note `head` once this transaction is committed; a transaction that rolls back leaves nothing behind."""
    file: Path | None = session.connection().get_execution_options().get(OPTION)
    if file is None:
        return
    first = "receipt head" not in session.info
    session.info["receipt head"] = head
    if not first:
        return

    def committed(done: Session) -> None:
        if not done.in_nested_transaction():
            _try(vault, file, done.info.pop("receipt head", None))

    def undone(done: Session, _transaction: SessionTransaction) -> None:
        done.info.pop("receipt head", None)

    event.listen(session, "after_commit", committed)
    event.listen(session, "after_soft_rollback", undone)


def _try(vault: Vault, file: Path, head: Head | None) -> None:
    """The receipt is committed whatever happens here; the next one, or a check, brings the file up to date."""
    if head is None:
        return
    try:
        note(vault, file, head)
    except (OSError, Damaged) as error:
        warn("receipt_head_not_noted", error=type(error).__name__)
