"""A file that only the vault key opens: AES-256-GCM over pieces with a counter, so that no piece can be changed, moved
or cut off (the STREAM construction, Hoang and others, 2015). Made and read in one go, with little memory.

Layout: mark | id of the key | salt | pieces. The key of a file is its own: HKDF of the vault key and the salt.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.keys import BYTES, ID_BYTES, Keys, Root

MARK = b"koppelportaal backup 1\n"
SALT_BYTES, TAG_BYTES, PIECE_BYTES = 16, 16, 1 << 20
HEAD_BYTES = len(MARK) + ID_BYTES + SALT_BYTES


class NotOurs(Exception):
    """This is no backup, it was changed or cut off, or its key is not here. The message says which."""


class Sealing(io.RawIOBase):
    """Write into it; what is written counts only after `close`. Left by an error it has no end, and does not open."""

    def __init__(self, out: BinaryIO, keys: Keys) -> None:
        root, salt = keys.newest(), os.urandom(SALT_BYTES)
        self._out, self._head = out, MARK + root.id + salt
        self._key, self._count, self._left = _key(root, salt), 0, bytearray()
        out.write(self._head)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        content = bytes(data)  # type: ignore[call-overload]
        self._left += content
        while len(self._left) > PIECE_BYTES:  # the last piece is kept back: it is marked
            self._put(bytes(self._left[:PIECE_BYTES]), last=False)
            del self._left[:PIECE_BYTES]
        return len(content)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._out.write(self._key.encrypt(_nonce(self._count, last=last), piece, self._head))
        self._count += 1

    def finish(self) -> None:
        self._put(bytes(self._left), last=True)
        self._out.flush()
        os.fsync(self._out.fileno())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.finish()


def unseal(file: Path, keys: Keys, out: BinaryIO) -> None:
    """Write what a sealed file holds to `out`. Raises NotOurs, OSError; what was written before an error is worth
    nothing."""
    with file.open("rb") as source:
        head = source.read(HEAD_BYTES)
        if len(head) < HEAD_BYTES or not head.startswith(MARK):
            raise NotOurs("this file is no backup of the koppelportaal")
        root = keys.find(head[len(MARK) : len(MARK) + ID_BYTES])
        if root is None:
            raise NotOurs(
                "the vault key that made this backup is not here: add it to PORTAL_VAULT_KEY_OLD or the key file"
            )
        key, count = _key(root, head[-SALT_BYTES:]), 0
        piece = source.read(PIECE_BYTES + TAG_BYTES)
        while True:
            following = source.read(PIECE_BYTES + TAG_BYTES)
            out.write(_open(key, head, piece, count, last=not following))
            if not following:
                return
            piece, count = following, count + 1


def _open(key: AESGCM, head: bytes, piece: bytes, count: int, *, last: bool) -> bytes:
    try:
        return key.decrypt(_nonce(count, last=last), piece, head)
    except (InvalidTag, ValueError) as error:
        raise NotOurs("this backup was changed or cut off") from error


def _key(root: Root, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=BYTES, salt=salt, info=b"koppelportaal backup").derive(root.raw))


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])
