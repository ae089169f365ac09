"""Reads of receipts: those of the own organisation, and what anybody may know who has the code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from portal.deliveries import codes, receipt_chain
from portal.deliveries.models import DeliveryState
from portal.deliveries.receipt_body import Body
from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.deliveries.receipts import opened
from portal.kernel.chain import GENESIS, Head
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.work import Work


@dataclass(frozen=True)
class ReceiptInfo:
    """`replaces` and `followed_by` are codes, "" when there is none."""

    seq: int
    delivery_id: int
    code: str
    sealed_at: datetime
    state: DeliveryState
    accepted: int
    refused: int
    unclear: int
    unsent: int
    hours: Decimal
    body_sha256: str
    replaces: str
    followed_by: str

    @property
    def lines(self) -> int:
        return self.accepted + self.refused + self.unclear + self.unsent


@dataclass(frozen=True)
class Checked:
    """What anybody may know of a receipt. `sound`: it is signed by us and hangs in the chain as it was sealed."""

    receipt: ReceiptInfo
    sound: bool


def of_delivery(work: Work, delivery_id: int) -> list[ReceiptInfo]:
    """The receipts of a delivery of the own organisation, newest first."""
    own = (Receipt.delivery_id == delivery_id) & (Receipt.organisation_id == work.organisation_id)
    rows = work.session.scalars(select(Receipt).where(own).order_by(Receipt.seq.desc())).all()
    return _infos(rows)


def told(work: Work, delivery_id: int, code: str = "") -> tuple[ReceiptInfo, Body]:
    """A receipt with its people: the one with this code, or the newest of the delivery.

    Raises NotFound, or Conflict when its body was erased.
    """
    found = next((info for info in of_delivery(work, delivery_id) if code in ("", info.code)), None)
    if found is None:
        raise NotFound("Van deze levering is nog geen ontvangstbewijs.", code=codes.NO_RECEIPT)
    row = work.session.get_one(Receipt, found.seq)
    if row.body is None:
        message = "De gegevens van dit ontvangstbewijs zijn gewist. De code kun je nog wel controleren."
        raise Conflict(message, code=codes.RECEIPT_ERASED)
    return found, opened(work, row)


def check(work: Work, code: str) -> Checked:
    """Look a code up, for anybody. Raises NotFound.

    The code has 80 random bits: guessing one takes longer than anybody lives, so there is no limit on asking, and
    the time of the answer tells no more than the answer itself.
    """
    row = work.session.scalar(select(Receipt).where(Receipt.code == code))
    if row is None:
        raise NotFound("Deze code kennen we niet.", code=codes.RECEIPT_UNKNOWN)
    rows = work.session.scalars(select(Receipt).where(Receipt.delivery_id == row.delivery_id)).all()
    info = next(info for info in _infos(rows) if info.seq == row.seq)
    return Checked(info, _is_sound(work, row))


def _is_sound(work: Work, row: Receipt) -> bool:
    """The entry itself, and its link to the one before and the one after."""
    if receipt_chain.hash_of(row) != row.hash or not receipt_chain.is_signed(work.vault, row):
        return False
    before = work.session.scalar(select(Receipt.hash).where(Receipt.seq == row.seq - 1))
    if row.previous != (before or GENESIS) or (before is None and row.seq > 1):
        return False
    after = work.session.scalar(select(Receipt.previous).where(Receipt.seq == row.seq + 1))
    if after is None:
        head = receipt_chain.CHAIN.head_of(work.vault, work.session.get(ReceiptHead, 1))
        return head == Head(row.seq, row.hash)
    return after == row.hash


def _infos(rows: Sequence[Receipt]) -> list[ReceiptInfo]:
    """All receipts of one delivery, so that each knows its neighbours."""
    codes = {row.seq: row.code for row in rows}
    followers = {row.replaces: row.code for row in rows}
    return [
        ReceiptInfo(
            row.seq, row.delivery_id, row.code, row.sealed_at, row.state, row.accepted, row.refused, row.unclear,
            row.unsent, row.hours, row.body_sha256, codes.get(row.replaces or 0, ""), followers.get(row.seq, ""),
        )
        for row in rows
    ]  # fmt: skip
