"""How the receipts hang together: each hash covers the one before, and only who has the vault key can sign one."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Protocol

from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.kernel.vault import Binding, Vault
from portal.secret import Secret

GENESIS = "0" * 64


@dataclass(frozen=True)
class Head:
    """Where a chain ends: how many receipts there are, and the hash of the last one."""

    count: int
    hash: str


class Signed(Protocol):
    hash: str
    signature: str


def hash_of(row: Receipt, seq: int | None = None) -> str:
    """The SHA-256 over everything but the body, which is there by its digest. `seq`: as if it stood there.

    Hours have two decimals here whatever they had when they were summed: the database gives them back so.
    """
    facts = {
        "seq": row.seq if seq is None else seq, "organisation": row.organisation_id, "delivery": row.delivery_id,
        "code": row.code, "sealed_at": row.sealed_at.isoformat(timespec="microseconds"), "state": row.state.value,
        "replaces": row.replaces, "accepted": row.accepted, "refused": row.refused, "unclear": row.unclear,
        "unsent": row.unsent, "hours": f"{row.hours:.2f}", "body": row.body_sha256, "previous": row.previous,
    }  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sign(vault: Vault, row: Receipt) -> None:
    """Complete a row whose facts are all there."""
    row.hash = hash_of(row)
    row.signature = _mac(vault, "receipt", row.hash)


def is_signed(vault: Vault, row: Signed) -> bool:
    return hmac.compare_digest(row.signature.encode(), _mac(vault, "receipt", row.hash).encode())


def head_signature(vault: Vault, head: Head, purpose: str = "head") -> str:
    """Sign where the chain ends; an empty chain has no signature. `purpose`: "head", or "anchor" for the file."""
    return _mac(vault, purpose, f"{head.count} {head.hash}") if head.count else ""


def head_of(vault: Vault, row: ReceiptHead | None) -> Head | None:
    """The head as the database tells it, or None when it is not there or not signed by us."""
    if row is None:
        return None
    head = Head(row.count, row.hash)
    genuine = head == Head(0, GENESIS) or hmac.compare_digest(row.signature, head_signature(vault, head))
    return head if genuine else None


def body_binding(row: Receipt) -> Binding:
    return Binding(row.organisation_id, "receipt", row.code, "body")


def _mac(vault: Vault, purpose: str, text: str) -> str:
    """HMAC-SHA256 with a key that HKDF derives from the vault key; organisation 0 is nobody's."""
    return vault.index(Secret(text), 0, f"receipt chain {purpose}")
