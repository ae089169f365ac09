"""Seals secrets with AES-256-GCM, bound to the place they belong to (docs/security.md).

A sealed value opens only under the same binding (organisation, table, row, field): copied to
another row it is refused. Layout: version byte 2 | id of the key | 12 byte nonce | ciphertext and tag.
Version 1 had no id of the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.keys import BYTES, ID_BYTES, BadKey, Keys, Root
from portal.secret import Secret

VERSION, FIRST_VERSION = 2, 1
NONCE_BYTES = 12


class Tampered(Exception):
    """A sealed value does not belong here, was changed, or is of another key."""


class KeyAway(Tampered):
    """A sealed value is of a key that is not here, or not yet."""


@dataclass(frozen=True)
class Binding:
    """Where a secret lives. `row` is a text that never changes for the life of the row."""

    organisation_id: int
    table: str
    row: str
    field: str

    def associated_data(self, version: int) -> bytes:
        parts = (str(self.organisation_id), self.table, self.row, self.field, str(version))
        return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def seal_with(key: bytes, content: bytes, associated: bytes) -> bytes:
    """AES-256-GCM under a fresh nonce, which comes first."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, associated)


def open_with(key: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Raises Tampered."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
    except (InvalidTag, ValueError) as error:
        raise Tampered("a sealed value was changed or moved") from error


class Box:
    """Where the key of an index comes from and is kept: it outlives the keys that seal (see `Vault.index`)."""

    def __init__(self, stored: Callable[[Vault], bytes | None]) -> None:
        self.stored, self.lock, self.index_key = stored, threading.Lock(), b""


@dataclass(frozen=True)
class Vault:
    """`opener` opens data keys of credentials; None where nothing may open them (`sealbox.OpeningKeys`)."""

    keys: Keys
    box: Box
    opener: Any = None

    @classmethod
    def of(cls, key: Secret) -> Vault:
        """With one key and nothing stored. Raises BadKey."""
        return cls(Keys([key]), Box(lambda _vault: None))

    def with_opener(self, opener: Any) -> Vault:
        return replace(self, opener=opener)

    def seal(self, secret: Secret, binding: Binding) -> bytes:
        return self.seal_bytes(secret.reveal().encode(), binding)

    def open(self, sealed: bytes, binding: Binding) -> Secret:
        """Raises Tampered."""
        return Secret(self.open_bytes(sealed, binding).decode())

    def seal_bytes(self, content: bytes, binding: Binding) -> bytes:
        root = self.keys.newest()
        start = bytes([VERSION]) + root.id
        return start + seal_with(_derive(root, b"seal"), content, binding.associated_data(VERSION) + root.id)

    def open_bytes(self, sealed: bytes, binding: Binding) -> bytes:
        """Raises Tampered."""
        if sealed[:1] == bytes([FIRST_VERSION]):
            return self._open_first(sealed[1:], binding)
        key_id = key_of(sealed)
        if key_id is None:
            raise Tampered("unknown version of a sealed value")
        root = self.keys.find(key_id)
        if root is None:
            raise KeyAway("a sealed value is of a key that is not here")
        body = sealed[1 + ID_BYTES :]
        return open_with(_derive(root, b"seal"), body, binding.associated_data(VERSION) + key_id)

    def _open_first(self, body: bytes, binding: Binding) -> bytes:
        for root in self.keys.all():
            try:
                return open_with(_derive(root, b"seal"), body, binding.associated_data(FIRST_VERSION))
            except Tampered:
                continue
        raise Tampered("a sealed value was changed or moved")

    def index(self, secret: Secret, organisation_id: int, purpose: str) -> str:
        """A keyed look-up value per organisation (requirement C4): never a bare hash.

        Its key stays the same when the keys that seal are changed, or nobody would be found any more.
        """
        message = f"{purpose}\0{organisation_id}\0{secret.reveal()}".encode()
        return hmac.new(self.index_key(), message, hashlib.sha256).hexdigest()

    def fingerprint(self, secret: Secret, organisation_id: int) -> str:
        """Eight characters that tell two tokens apart and nothing more."""
        return self.index(secret, organisation_id, "fingerprint")[:8]

    def index_key(self) -> bytes:
        """What was stored at the first change of keys; before that it follows from the first key."""
        if not self.box.index_key:
            with self.box.lock:
                self.box.index_key = self.box.stored(self) or _derive(self.first_key(), b"index")
        return self.box.index_key

    def first_key(self) -> Root:
        """The oldest key that is known here. Raises BadKey."""
        roots = self.keys.all()
        if not roots:
            raise BadKey("there is no key here")
        return roots[-1]


def key_of(sealed: bytes) -> bytes | None:
    """The id of the key that sealed a value; None for version 1 and for what is no sealed value."""
    return sealed[1 : 1 + ID_BYTES] if sealed[:1] == bytes([VERSION]) and len(sealed) > ID_BYTES else None


def _derive(root: Root, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=b"koppelportaal " + purpose).derive(root.raw)
