"""Where a chain ended, noted outside the database: who cuts its tail, and the head along, is found.

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
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session, SessionTransaction

from portal.kernel.chain import Chain, Head
from portal.kernel.logs import warn
from portal.kernel.vault import Vault


class Damaged(Exception):
    """The file is there, but it was not written by us."""


@dataclass(frozen=True)
class Anchor:
    """The note of one chain. `name`: of the file."""

    chain: Chain
    name: str

    def keep_at(self, engine: Engine, folder: Path) -> None:
        """From now on, what is sealed through `engine` is noted in a file in `folder`."""
        engine.update_execution_options(**{self._option: folder / self.name})

    def place(self, engine: Engine) -> Path | None:
        found: Path | None = engine.get_execution_options().get(self._option)
        return found

    def read(self, vault: Vault, file: Path) -> Head | None:
        """None when there is no file yet. Raises Damaged."""
        try:
            found = json.loads(file.read_bytes())
            head = Head(int(found["count"]), str(found["hash"]))
            genuine = hmac.compare_digest(str(found["signature"]), self.chain.head_signature(vault, head, "anchor"))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise Damaged from error
        if not genuine:
            raise Damaged
        return head

    def note(self, vault: Vault, file: Path, head: Head) -> None:
        """Write the head down, unless a later one is there already. Raises OSError, Damaged."""
        if not head.count:
            return
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(file):
            known = self.read(vault, file)
            if known is not None and known.count >= head.count:
                return
            facts = {"count": head.count, "hash": head.hash}
            signed = {**facts, "signature": self.chain.head_signature(vault, head, "anchor")}
            _replace(file, json.dumps(signed).encode() + b"\n")

    def after_commit(self, session: Session, vault: Vault, head: Head) -> None:
        """Note `head` once this transaction is committed; a transaction that rolls back leaves nothing behind."""
        file: Path | None = session.connection().get_execution_options().get(self._option)
        if file is None:
            return
        first = self._option not in session.info
        session.info[self._option] = head
        if not first:
            return

        def committed(done: Session) -> None:
            if not done.in_nested_transaction():
                self._try(vault, file, done.info.pop(self._option, None))

        def undone(done: Session, _transaction: SessionTransaction) -> None:
            done.info.pop(self._option, None)

        event.listen(session, "after_commit", committed)
        event.listen(session, "after_soft_rollback", undone)

    @property
    def _option(self) -> str:
        return f"portal_{self.name}"

    def _try(self, vault: Vault, file: Path, head: Head | None) -> None:
        """The entry is committed whatever happens here; the next one, or a check, brings the file up to date."""
        if head is None:
            return
        try:
            self.note(vault, file, head)
        except (OSError, Damaged) as error:
            warn("head_not_noted", chain=self.chain.name, error=type(error).__name__)


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
