"""The data keys of tokens, in one file beside the backups that is always that of now.

A backup holds no data keys. So who withdraws a token has it gone from every backup, as soon as this file was written
again (C7). It is worth nothing without the key of the worker, and without the vault key.
"""

from __future__ import annotations

import base64
import io
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.backup.sealed_file import NotOurs, Sealing, unseal
from portal.integrations.models import Credential, CredentialKey
from portal.kernel.key_models import WorkerKey
from portal.kernel.locks import alone
from portal.kernel.work import Acting, Work
from portal.keys import Keys, sync_folder

NAME = "data-keys.sealed"


@dataclass(frozen=True)
class Brought:
    found: int
    lost: int


def file_of(folder: Path) -> Path:
    return folder / NAME


def write(acting: Acting, folder: Path, *, always: bool = False) -> int:
    """Write the data keys of now in one step; returns how many. Skipped when it holds them already.
    Raises OSError."""
    file = file_of(folder)
    with alone(folder / "data-keys.lock"):  # what is read last is what stays
        with acting.read() as work:
            rows = _rows(work)
        content = json.dumps(rows, sort_keys=True).encode()
        if always or not _holds(file, content, acting.vault.keys):
            _replace(file, content, acting.vault.keys)
    return len(rows)


def _holds(file: Path, content: bytes, keys: Keys) -> bool:
    """Whether this is in the file already, sealed with the newest key."""
    found = io.BytesIO()
    try:
        unseal(file, keys, found)
    except (OSError, NotOurs):
        return False
    return found.getvalue() == content


def _rows(work: Work) -> list[dict[str, str]]:
    query = (
        select(Credential.seal_row, CredentialKey.worker_key_id, CredentialKey.closed, WorkerKey.public)
        .join(CredentialKey, CredentialKey.credential_id == Credential.id)
        .join(WorkerKey, WorkerKey.id == CredentialKey.worker_key_id)
        .order_by(Credential.id)
    )
    return [
        {"row": row.seal_row, "key": row.worker_key_id, "closed": _text(row.closed), "public": _text(row.public)}
        for row in work.session.execute(query)
    ]


def _replace(file: Path, content: bytes, keys: Keys) -> None:
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{NAME}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as out, Sealing(out, keys) as sealing:
            sealing.write(content)
        fresh.replace(file)
        sync_folder(file.parent)
    finally:
        fresh.unlink(missing_ok=True)


def read(file: Path, keys: Keys) -> list[dict[str, str]]:
    """Empty when there is no such file. Raises NotOurs."""
    if not file.exists():
        return []
    content = io.BytesIO()
    unseal(file, keys, content)
    found: list[dict[str, str]] = json.loads(content.getvalue())
    return found


def bring_back(work: Work, rows: list[dict[str, str]]) -> Brought:
    """Give the credentials of a database that was put back their data keys; what has none is lost for good."""
    by_row = {row["row"]: row for row in rows}
    found = lost = 0
    for credential in work.session.scalars(select(Credential).where(Credential.sealed_token.is_not(None))):
        row = by_row.get(credential.seal_row)
        if row is None:
            credential.sealed_token = None
            lost += 1
            continue
        _publish(work, row)
        closed = base64.b64decode(row["closed"])
        work.session.add(CredentialKey(credential_id=credential.id, worker_key_id=row["key"], closed=closed))
        found += 1
    return Brought(found, lost)


def _publish(work: Work, row: dict[str, Any]) -> None:
    if work.session.get(WorkerKey, row["key"]) is None:
        work.session.add(WorkerKey(id=row["key"], public=base64.b64decode(row["public"]), created_at=work.now))
        work.session.flush()


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
