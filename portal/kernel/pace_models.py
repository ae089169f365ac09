"""Who may make how many calls a second to an outside system, of all processes on this database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key


class CallShare(Base):
    """`calls` a second belong to `holder` until `until`; `wants` is what it could use. The sum of the live rows of
    a system never exceeds its limit."""

    __tablename__ = "call_share"
    __table_args__ = (UniqueConstraint("system", "holder"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    system: Mapped[str] = mapped_column(String(30))
    holder: Mapped[str] = mapped_column(String(64))
    calls: Mapped[int]
    wants: Mapped[int]
    until: Mapped[datetime] = mapped_column(Instant)
