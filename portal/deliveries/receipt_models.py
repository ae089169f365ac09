"""The chain of receipts. Rows are added, never changed: triggers of the database refuse it, but for erasing a body."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.deliveries.models import DeliveryState
from portal.kernel.db import Base, Hundredths, Instant, Key, state_column


class Receipt(Base):
    """What was sent and what came of it, at one moment. `seq` counts 1, 2, 3 over the whole installation.

    `replaces`: the earlier receipt of the same delivery. `body` is sealed and holds the people; only its digest is in
    the chain, so that a body can be erased (None) and the chain still holds. `hours`: what payroll accepted.
    """

    __tablename__ = "receipt"

    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    code: Mapped[str] = mapped_column(String(22), unique=True)
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState))
    replaces: Mapped[int | None] = mapped_column(ForeignKey("receipt.seq"), unique=True)
    accepted: Mapped[int]
    refused: Mapped[int]
    unclear: Mapped[int]
    unsent: Mapped[int]
    hours: Mapped[Decimal] = mapped_column(Hundredths)
    body: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))


class ReceiptHead(Base):
    """The one row that says where the chain ends; its lock puts those who seal in a row."""

    __tablename__ = "receipt_head"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    count: Mapped[int] = mapped_column(Key)
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))
