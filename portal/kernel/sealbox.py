"""Two keys: everybody may close a box, only who has the private key opens it (HPKE, RFC 9180, base mode).

The web process closes the data keys of credentials; the worker opens them.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from portal.kernel.vault import Binding, Tampered
from portal.keys import Keys, Root

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
VERSION = 1


class NoKeyHere(Exception):
    """This process has no key that opens the box."""


def key_id(public: bytes) -> str:
    return hashlib.sha256(b"koppelportaal worker key" + public).hexdigest()[:16]


def public_of(root: Root) -> bytes:
    return X25519PrivateKey.from_private_bytes(root.raw).public_key().public_bytes_raw()


def close(content: bytes, public: bytes, binding: Binding) -> bytes:
    return SUITE.encrypt(content, X25519PublicKey.from_public_bytes(public), info=binding.associated_data(VERSION))


class OpeningKeys:
    """The private keys of the worker."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys

    def ids(self) -> tuple[str, ...]:
        """The newest first."""
        return tuple(key_id(public_of(root)) for root in self.keys.all())

    def open(self, box: bytes, of_key: str, binding: Binding) -> bytes:
        """Raises NoKeyHere, Tampered."""
        root = next((root for root in self.keys.all() if key_id(public_of(root)) == of_key), None)
        if root is None:
            raise NoKeyHere(of_key)
        private = X25519PrivateKey.from_private_bytes(root.raw)
        try:
            return SUITE.decrypt(box, private, info=binding.associated_data(VERSION))
        except (InvalidTag, ValueError) as error:
            raise Tampered("a box was changed or moved") from error
