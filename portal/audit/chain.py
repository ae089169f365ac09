"""How the trail hangs together: each row has a MAC of its own, and each seal covers rows and the seal before it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC

from portal.audit.models import AuditEvent, AuditForgotten, AuditSeal
from portal.kernel.anchor import Anchor
from portal.kernel.chain import Chain, canonical, digest
from portal.kernel.vault import Vault

CHAIN = Chain("audit")
ANCHOR = Anchor(CHAIN, "audit.head")


def mac_of(vault: Vault, row: AuditEvent) -> str:
    """Over everything but the number, which the database gives only when the row is written; the seal covers that."""
    facts = {
        "at": row.at.astimezone(UTC).isoformat(timespec="microseconds"), "organisation": row.organisation_id,
        "actor_id": row.actor_id, "actor": row.actor, "action": row.action, "facts": row.facts, "once": row.once,
        "salt": row.salt,
    }  # fmt: skip
    return CHAIN.mac(vault, "row", canonical(facts))


def mark(vault: Vault, row: AuditEvent) -> AuditEvent:
    """Complete a row whose facts are all there."""
    row.salt = secrets.token_hex(16)
    row.mac = mac_of(vault, row)
    return row


def is_genuine(vault: Vault, row: AuditEvent) -> bool:
    return secrets.compare_digest(row.mac.encode(), mac_of(vault, row).encode())


def digest_of(vault: Vault, rows: Iterable[AuditEvent]) -> str:
    """Over numbers and contents, in order; the caller knows that the MACs are genuine. Rows of before have none."""
    lines = "".join(f"{row.id} {row.mac or mac_of(vault, row)}\n" for row in rows)
    return hashlib.sha256(lines.encode()).hexdigest()


def hash_of(seal: AuditSeal) -> str:
    return digest({
        "number": seal.number, "sealed_at": seal.sealed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "ids": seal.ids, "count": seal.count, "opening": seal.opening, "rows": seal.rows_digest,
        "previous": seal.previous,
    })  # fmt: skip


def sign(vault: Vault, seal: AuditSeal) -> AuditSeal:
    seal.hash = hash_of(seal)
    seal.signature = CHAIN.mac(vault, "seal", seal.hash)
    return seal


def is_signed(vault: Vault, seal: AuditSeal) -> bool:
    return CHAIN.is_mac(vault, "seal", seal.hash, seal.signature)


def sign_note(vault: Vault, note: AuditForgotten) -> None:
    note.signature = CHAIN.mac(vault, "forgotten", f"{note.upto} {note.rows}")


def is_signed_note(vault: Vault, note: AuditForgotten) -> bool:
    """A note that nothing was forgotten needs no signature: it claims nothing."""
    if (note.upto, note.rows) == (0, 0):
        return True
    return CHAIN.is_mac(vault, "forgotten", f"{note.upto} {note.rows}", note.signature)


def written(ids: Sequence[int]) -> str:
    """
    >>> written([4, 5, 6, 9])
    '4-6,9'
    """
    runs: list[list[int]] = []
    for number in ids:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def numbers(ids: str) -> list[int]:
    """
    >>> numbers("4-6,9")
    [4, 5, 6, 9]
    """
    runs = [run.partition("-") for run in ids.split(",")]
    return [number for first, _, last in runs for number in range(int(first), int(last or first) + 1)]
