"""When a backup was put back: what happened between the backup and that moment is not in the database."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key
from portal.kernel.work import Work

AHEAD = timedelta(days=62)  # hours can be read in a month ahead, and booked in the period that payroll works on


class Restore(Base):
    __tablename__ = "restore"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    backup_at: Mapped[datetime] = mapped_column(Instant)
    restored_at: Mapped[datetime] = mapped_column(Instant)


def restored_at(work: Work) -> datetime | None:
    """The last time; None when this installation was never put back."""
    return work.session.scalar(select(func.max(Restore.restored_at)))


def is_blind(work: Work, first_day: date) -> bool:
    """Whether hours of a period that begins on `first_day` may have been sent without this database knowing."""
    moment = restored_at(work)
    return moment is not None and first_day <= moment.date() + AHEAD
