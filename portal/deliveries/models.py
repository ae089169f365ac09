"""The ledger of what is sent. `ledger.py` is the only writer of a state."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.deliveries.protocol import Action, LineState, ParcelState
from portal.hours.types import PeriodKind
from portal.kernel.codes import LONGEST
from portal.kernel.db import Base, Hundredths, Instant, Key, state_column

__all__ = [
    "FREED", "FREED_WORD", "Action", "Delivery", "DeliveryLine", "DeliveryState", "LineState", "Parcel", "ParcelState",
    "Reading", "freed",
]  # fmt: skip

ONE_AT_A_TIME = text("state = 'bezig' AND employee_ref <> ''")


class DeliveryState(StrEnum):
    WAITING = "wacht"
    BUSY = "bezig"
    PAUSED = "gepauzeerd"
    DONE = "klaar"
    CANCELLED = "geannuleerd"


class Delivery(Base):
    """One export on its way; there is never a second delivery of the same export.

    `cause_code` is the code of `cause`. `waits_for_mend`: paused because the koppeling was refused; it goes on by
    itself once that is mended.
    """

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"), unique=True)
    provider: Mapped[str] = mapped_column(String(30))
    state: Mapped[DeliveryState] = mapped_column(state_column(DeliveryState), index=True)
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(String(400), default="")
    cause_code: Mapped[str] = mapped_column(String(LONGEST), default="", server_default="")
    remedy: Mapped[str] = mapped_column(String(400), default="")
    waits_for_mend: Mapped[bool] = mapped_column(default=False)
    receipt: Mapped[str] = mapped_column(String(100), default="")
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)


class Parcel(Base):
    """What one worker does at a time: a person of a delivery, or (`employee_ref` "") a whole batch.

    `attempt` grows with each claim: a worker with an older number can write nothing any more. `halted`: a person
    stopped the delivery, or it is paused. `look_up`: an answer was lost and is looked up by itself at `next_at`.
    The period is the one in which it is booked. `baseline`: what payroll held before our first write.
    """

    __tablename__ = "delivery_parcel"
    __table_args__ = (
        UniqueConstraint("delivery_id", "employee_ref"),
        Index("ix_delivery_parcel_state_position", "state", "position"),
        Index("ix_delivery_parcel_person", "employee_ref", "provider"),
        # one worker at a time for a person and period, whatever the delivery: a reading back must be unambiguous
        Index(
            "uq_delivery_parcel_busy", "provider", "employee_ref", "period_kind", "year", "number", unique=True,
            sqlite_where=ONE_AT_A_TIME, postgresql_where=ONE_AT_A_TIME,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"))
    provider: Mapped[str] = mapped_column(String(30))
    employee_ref: Mapped[str] = mapped_column(String(40))
    period_kind: Mapped[PeriodKind] = mapped_column(state_column(PeriodKind))
    year: Mapped[int]
    number: Mapped[int]
    position: Mapped[int]
    state: Mapped[ParcelState] = mapped_column(state_column(ParcelState))
    attempt: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    look_up: Mapped[bool] = mapped_column(default=False)
    looks: Mapped[int] = mapped_column(default=0)
    halted: Mapped[bool] = mapped_column(default=False)
    baseline: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    baseline_at: Mapped[datetime | None] = mapped_column(Instant)


class DeliveryLine(Base):
    """One booking of a person and code. `remote_ref` is payroll's id once it answered; `losses`: how often the other
    side gave no clear answer, and not 0 once a worker died over it. `reason_code` is the code of `reason`.

    An update or delete names our own component (`target_ref`) and what it must hold until then (`hours_before`).
    `hours` is what the component holds afterwards. `released_at`: refused, and given free for a new export. Without
    `settled_at` it was not refused but never sent (`freed`).
    """

    __tablename__ = "delivery_line"
    __table_args__ = (UniqueConstraint("export_line_id", "step"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), index=True)
    parcel_id: Mapped[int] = mapped_column(ForeignKey("delivery_parcel.id"), index=True)
    export_line_id: Mapped[int] = mapped_column(ForeignKey("export_line.id"))
    step: Mapped[int] = mapped_column(default=0)
    action: Mapped[Action] = mapped_column(state_column(Action))
    hours: Mapped[Decimal] = mapped_column(Hundredths)
    target_ref: Mapped[str] = mapped_column(String(60), default="")
    hours_before: Mapped[Decimal | None] = mapped_column(Hundredths)
    state: Mapped[LineState] = mapped_column(state_column(LineState))
    attempt: Mapped[int] = mapped_column(default=0)
    remote_ref: Mapped[str] = mapped_column(String(60), default="")
    reason: Mapped[str] = mapped_column(String(600), default="")
    reason_code: Mapped[str] = mapped_column(String(LONGEST), default="", server_default="")
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    losses: Mapped[int] = mapped_column(default=0, server_default="0")


def freed(state: LineState, released_at: datetime | None, settled_at: datetime | None) -> bool:
    """Whether a line was given free before it was sent: payroll never saw it, and it is never sent any more."""
    return state is LineState.REFUSED and released_at is not None and settled_at is None


FREED = (
    (DeliveryLine.state == LineState.REFUSED)
    & DeliveryLine.released_at.is_not(None)
    & DeliveryLine.settled_at.is_(None)
)
FREED_WORD = "vrijgegeven"  # in receipts and on pages, where the states of lines stand


class Reading(Base):
    """What payroll held for a person and period when we last looked, ours and others'; `asked_at`: look again."""

    __tablename__ = "payroll_reading"
    __table_args__ = (UniqueConstraint("organisation_id", "provider", "employee_ref", "period_kind", "year", "number"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    provider: Mapped[str] = mapped_column(String(30))
    employee_ref: Mapped[str] = mapped_column(String(40))
    period_kind: Mapped[PeriodKind] = mapped_column(state_column(PeriodKind))
    year: Mapped[int]
    number: Mapped[int]
    components: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    read_at: Mapped[datetime | None] = mapped_column(Instant)
    asked_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    error: Mapped[str] = mapped_column(String(400), default="")
