"""Lists of keys of 32 bytes, the newest first; a list in a file is read again when the file was changed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from portal.secret import Secret

BYTES, ID_BYTES, DIFFERENT = 32, 4, 8


class BadKey(Exception):
    """A text is not a key, or a file with keys cannot be used. The message never holds what was read."""


@dataclass(frozen=True)
class Root:
    """One key. `id` tells which one sealed something, and tells nothing of the key."""

    id: bytes
    raw: bytes = field(repr=False)


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(BYTES)).decode()


def root_of(text: str) -> Root:
    """Read one key. Raises BadKey."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != BYTES or len(set(raw)) < DIFFERENT:
        raise BadKey("a key must be 32 random bytes in base64")
    return Root(hashlib.sha256(b"koppelportaal key id" + raw).digest()[:ID_BYTES], raw)


class Keys:
    """Given once (from the environment), then the lines of a file that is looked at again each time."""

    def __init__(self, given: Sequence[Secret] = (), file: Path | None = None) -> None:
        """Raises BadKey."""
        self.file, self._seen = file, (0, 0, 0)
        self.given = self._roots = tuple(root_of(key.reveal()) for key in given)
        self._refresh()

    def all(self) -> tuple[Root, ...]:
        """The newest first; empty when there is no key here. Raises BadKey."""
        self._refresh()
        return self._roots

    def newest(self) -> Root:
        """Raises BadKey when there is none."""
        roots = self.all()
        if not roots:
            raise BadKey("there is no key here")
        return roots[0]

    def find(self, key_id: bytes) -> Root | None:
        return next((root for root in self.all() if root.id == key_id), None)

    def _refresh(self) -> None:
        """Cheap when nothing changed: one look at the folder."""
        if self.file is None or not (seen := _stamp(self.file)) or seen == self._seen:
            return
        self._roots = (*self.given, *(root_of(line) for line in read_lines(self.file)))
        self._seen = seen


def _stamp(file: Path) -> tuple[int, int, int] | None:
    """None while it is not there: a list that was read stays."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_lines(file: Path) -> list[str]:
    """The keys in a file that only its owner may read, newest first; none when there is no file. Raises BadKey."""
    try:
        if file.stat().st_mode & 0o077:
            raise BadKey("the file with keys is readable for others: chmod 600 it")
        return file.read_text(encoding="ascii").split()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"the file with keys cannot be read: {type(error).__name__}") from error


def write_lines(file: Path, lines: Sequence[str]) -> None:
    """Put keys in a file in one step: who reads it sees the old ones or the new ones. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write("".join(f"{line}\n" for line in lines))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Have a new name in a folder on the disk. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_file(file: Path) -> bool:
    """A file with one fresh key; False when there is one. Safe from several processes at once. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    write_lines(fresh, [new_key()])
    try:
        os.link(fresh, file)  # the whole file at once, or not at all
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True
