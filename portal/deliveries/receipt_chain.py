"""How the receipts hang together: each hash covers the one before, and only who has the vault key can sign one."""

from __future__ import annotations

from typing import Protocol

from portal.deliveries.receipt_models import Receipt
from portal.kernel.anchor import Anchor
from portal.kernel.chain import Chain, digest
from portal.kernel.vault import Binding, Vault

CHAIN = Chain("receipt")
ANCHOR = Anchor(CHAIN, "receipts.head")


class Signed(Protocol):
    hash: str
    signature: str


def hash_of(row: Receipt, seq: int | None = None) -> str:
    """The SHA-256 over everything but the body, which is there by its digest. `seq`: as if it stood there.

    Hours have two decimals here whatever they had when they were summed: the database gives them back so.
    """
    return digest({
        "seq": row.seq if seq is None else seq, "organisation": row.organisation_id, "delivery": row.delivery_id,
        "code": row.code, "sealed_at": row.sealed_at.isoformat(timespec="microseconds"), "state": row.state.value,
        "replaces": row.replaces, "accepted": row.accepted, "refused": row.refused, "unclear": row.unclear,
        "unsent": row.unsent, "hours": f"{row.hours:.2f}", "body": row.body_sha256, "previous": row.previous,
    })  # fmt: skip


def sign(vault: Vault, row: Receipt) -> None:
    """Complete a row whose facts are all there."""
    row.hash = hash_of(row)
    row.signature = CHAIN.mac(vault, "receipt", row.hash)


def is_signed(vault: Vault, row: Signed) -> bool:
    return CHAIN.is_mac(vault, "receipt", row.hash, row.signature)


def body_binding(row: Receipt) -> Binding:
    return Binding(row.organisation_id, "receipt", row.code, "body")
