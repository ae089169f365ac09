"""The trail: who did what, when. Rows are added, never changed: triggers of the database refuse it, but for sealing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key


class AuditEvent(Base):
    """`mac` covers all that stands before it; "" in rows from before migration 0008. `salt`: no two acts are equal.

    `once`: what may be there one time only (a look at one thing in ten minutes). `seal`: which seal covers this row,
    None as long as it is fresh; an index only, the seal itself knows its rows.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_organisation_id_id", "organisation_id", "id"),
        Index("ix_audit_event_organisation_id_action", "organisation_id", "action", "id"),
        Index("ix_audit_event_seal", "seal", "id"),
        Index("ix_audit_event_once", "once", unique=True),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    organisation_id: Mapped[int | None] = mapped_column(Key)
    actor_id: Mapped[int | None] = mapped_column(Key)
    actor: Mapped[str] = mapped_column(String(200))
    action: Mapped[str] = mapped_column(String(60))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    once: Mapped[str | None] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))
    mac: Mapped[str] = mapped_column(String(64))
    seal: Mapped[int | None] = mapped_column(Key)


class AuditSeal(Base):
    """One link of the chain: exactly these rows, as they were. `number` counts 1, 2, 3 …

    `ids`: "4-9,12". `opening`: it covers rows from before there were MACs; only the first seals can.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sealed_at: Mapped[datetime] = mapped_column(Instant)
    ids: Mapped[str] = mapped_column(Text)
    count: Mapped[int]
    opening: Mapped[bool]
    rows_digest: Mapped[str] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))


class AuditHead(Base):
    """The one row that says where the chain ends; its lock puts those who seal in a row."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    count: Mapped[int] = mapped_column(Key)
    hash: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(64))


class AuditForgotten(Base):
    """The one row that says of which seals the rows were forgotten: those up to and with `upto`, `rows` in all.

    Signed: who takes rows away himself cannot write this.
    """

    __tablename__ = "audit_forgotten"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    upto: Mapped[int] = mapped_column(Key)
    rows: Mapped[int] = mapped_column(Key)
    signature: Mapped[str] = mapped_column(String(64))
