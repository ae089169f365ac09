"""Who was erased, outside the database: after a restore of an older backup they are erased once more (H5).

A line says what kind of thing it was, its reference (random, given out once) and when; no personal data. Each line has
a MAC, so nobody can have somebody erased by adding one. The file is only added to, and every line is on the disk
before its erasure is committed.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from portal.kernel.chain import Chain, canonical
from portal.kernel.logs import warn
from portal.kernel.vault import Vault
from portal.keys import sync_folder

CHAIN = Chain("forgotten")
NAME = "forgotten.jsonl"


class Kind(StrEnum):
    MEMBER = "member"
    ACCOUNT = "account"
    ORGANISATION = "organisation"


@dataclass(frozen=True)
class Entry:
    kind: Kind
    ref: str
    at: datetime


def note(vault: Vault, folder: Path, *entries: Entry) -> None:
    """Write these down; they are on the disk when this returns. Raises OSError: then nothing may be erased."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lines = "".join(f"{_line(vault, entry)}\n" for entry in entries).encode()
    file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":
            lines = b"\n" + lines  # a power cut left half a line: it must not swallow this one
        written = os.write(file, lines)
        os.fsync(file)
    finally:
        os.close(file)
    if written != len(lines):
        raise OSError("the journal of erasures could not be written")
    sync_folder(folder)


def read(vault: Vault, folder: Path) -> Iterator[Entry]:
    """Every line that we wrote, oldest first. A line that is not ours, or half a one, is passed over with a warning."""
    try:
        lines = (folder / NAME).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        entry = _entry(vault, line)
        if entry is None:
            warn("erasure_not_ours", line=number)
        else:
            yield entry


def _line(vault: Vault, entry: Entry) -> str:
    facts = {"at": entry.at.astimezone(UTC).isoformat(), "kind": entry.kind.value, "ref": entry.ref}
    return canonical({**facts, "mac": CHAIN.mac(vault, "line", canonical(facts))})


def _entry(vault: Vault, line: str) -> Entry | None:
    try:
        found: dict[str, Any] = json.loads(line)
        mac = str(found.pop("mac"))
        entry = Entry(Kind(found["kind"]), str(found["ref"]), datetime.fromisoformat(found["at"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return entry if CHAIN.is_mac(vault, "line", canonical(found), mac) else None
