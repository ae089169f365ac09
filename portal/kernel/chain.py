"""What chains of signed entries share: where one ends, and how one is signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from portal.kernel.vault import Vault
from portal.secret import Secret

GENESIS = "0" * 64


@dataclass(frozen=True)
class Head:
    """Where a chain ends: how many entries there are, and the hash of the last one."""

    count: int
    hash: str


EMPTY = Head(0, GENESIS)


class HeadRow(Protocol):
    count: int
    hash: str
    signature: str


def digest(facts: Mapping[str, object]) -> str:
    """The SHA-256 over facts in a form that has one spelling."""
    return hashlib.sha256(canonical(facts).encode()).hexdigest()


def canonical(facts: Mapping[str, object]) -> str:
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Chain:
    """Signs for one chain. `name` keeps its signatures apart from those of another."""

    name: str

    def mac(self, vault: Vault, purpose: str, text: str) -> str:
        """HMAC-SHA256 with a key that HKDF derives from the vault key; organisation 0 is nobody's."""
        return vault.index(Secret(text), 0, f"{self.name} chain {purpose}")

    def is_mac(self, vault: Vault, purpose: str, text: str, found: str) -> bool:
        return hmac.compare_digest(found.encode(), self.mac(vault, purpose, text).encode())

    def head_signature(self, vault: Vault, head: Head, purpose: str = "head") -> str:
        """Sign where the chain ends; an empty chain has no signature. `purpose`: "head", or "anchor" for the file."""
        return self.mac(vault, purpose, f"{head.count} {head.hash}") if head.count else ""

    def head_of(self, vault: Vault, row: HeadRow | None) -> Head | None:
        """The head as the database tells it, or None when it is not there or not signed by us."""
        if row is None:
            return None
        head = Head(row.count, row.hash)
        genuine = head == EMPTY or hmac.compare_digest(row.signature, self.head_signature(vault, head))
        return head if genuine else None
