"""The ledger of what is sent. `ledger.py` is the only writer of a state."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key, state_column


class DeliveryState(StrEnum):
    WAITING = "wacht"
    BUSY = "bezig"
    PAUSED = "gepauzeerd"
    DONE = "klaar"
    CANCELLED = "geannuleerd"


class LineState(StrEnum):
    PLANNED = "gepland"
    BUSY = "bezig"
    ACCEPTED = "geaccepteerd"
    REFUSED = "geweigerd"
    UNCLEAR = "onbekend"


class Delivery(Base):
    """One export on its way; there is never a second delivery of the same export.

    `attempt` grows with each claim: a worker with an older number can write nothing any more.
    """

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"), unique=True)
    provider: Mapped[str] = mapped_column(String(30))
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState), index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(400), default="")
    remedy: Mapped[str] = mapped_column(String(400), default="")
    receipt: Mapped[str] = mapped_column(String(100), default="")
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class DeliveryLine(Base):
    """One booking: hours of a person and code. `remote_ref` is payroll's id once it answered.

    `released_at`: refused, and its hours were given free for a new export.
    """

    __tablename__ = "delivery_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    export_line_id: Mapped[int] = mapped_column(ForeignKey("export_line.id"), unique=True)
    state: Mapped[LineState] = mapped_column(state_column(LineState))
    attempt: Mapped[int] = mapped_column(default=0)
    remote_ref: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(600), default="")
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)


class Baseline(Base):
    """What payroll held for a person and period before our first write: needed to find a lost answer back."""

    __tablename__ = "delivery_baseline"
    __table_args__ = (UniqueConstraint("delivery_id", "employee_ref"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"))
    employee_ref: Mapped[str] = mapped_column(String(40))
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    read_at: Mapped[datetime] = mapped_column(Instant)
