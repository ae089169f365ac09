"""When a worker was last at work."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant


class WorkerBeat(Base):
    """One row per machine with a worker: several on one machine write the same row."""

    __tablename__ = "worker_beat"

    machine: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Instant)
