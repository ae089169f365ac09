"""Seals secrets with AES-256-GCM, bound to the place they belong to.

A sealed value opens only under the same binding (organisation, table, row, field): copied to
another row it is refused. Layout: version byte | 12 byte nonce | ciphertext and tag.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portal.secret import Secret

VERSION = 1
NONCE_BYTES = 12


class Tampered(Exception):
    """A sealed value does not belong here, was changed, or is of another key."""


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


class Vault:
    def __init__(self, key: Secret) -> None:
        root = base64.b64decode(key.reveal(), validate=True)
        self._aead = AESGCM(_derive(root, b"seal"))
        self._index = _derive(root, b"index")

    def seal(self, secret: Secret, binding: Binding) -> bytes:
        return self.seal_bytes(secret.reveal().encode(), binding)

    def open(self, sealed: bytes, binding: Binding) -> Secret:
        """Raises Tampered."""
        return Secret(self.open_bytes(sealed, binding).decode())

    def seal_bytes(self, content: bytes, binding: Binding) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return bytes([VERSION]) + nonce + self._aead.encrypt(nonce, content, binding.associated_data(VERSION))

    def open_bytes(self, sealed: bytes, binding: Binding) -> bytes:
        """Raises Tampered."""
        if not sealed or sealed[0] != VERSION:
            raise Tampered("unknown version of a sealed value")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, body, binding.associated_data(VERSION))
        except (InvalidTag, ValueError) as error:
            raise Tampered("a sealed value was changed or moved") from error

    def index(self, secret: Secret, organisation_id: int, purpose: str) -> str:
        """A keyed look-up value per organisation (requirement C4): never a bare hash."""
        message = f"{purpose}\0{organisation_id}\0{secret.reveal()}".encode()
        return hmac.new(self._index, message, hashlib.sha256).hexdigest()

    def fingerprint(self, secret: Secret, organisation_id: int) -> str:
        """Eight characters that tell two tokens apart and nothing more."""
        return self.index(secret, organisation_id, "fingerprint")[:8]


def _derive(root: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"koppelportaal " + purpose).derive(root)
