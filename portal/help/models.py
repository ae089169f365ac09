"""What readers say about the help pages: numbers per day and remarks. No row says who it came from."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Key


class HelpVote(Base):
    """How often "Was dit nuttig?" was answered on a page on one day. `page` is the key of an article."""

    __tablename__ = "help_vote"
    __table_args__ = (UniqueConstraint("page", "day"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    page: Mapped[str] = mapped_column(String(255))
    day: Mapped[date] = mapped_column(index=True)
    yes: Mapped[int] = mapped_column(default=0)
    no: Mapped[int] = mapped_column(default=0)


class HelpRemark(Base):
    """What a reader missed, cleaned. The day and no moment: a log of the server must not lead back to a person."""

    __tablename__ = "help_remark"
    __table_args__ = (Index("ix_help_remark_handled_id", "handled", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    page: Mapped[str] = mapped_column(String(255))
    day: Mapped[date] = mapped_column(index=True)
    text: Mapped[str] = mapped_column(Text)
    handled: Mapped[bool] = mapped_column(default=False)


class HelpMiss(Base):
    """How often a search for these words found nothing on one day."""

    __tablename__ = "help_miss"
    __table_args__ = (UniqueConstraint("words", "day"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    words: Mapped[str] = mapped_column(String(60))
    day: Mapped[date] = mapped_column(index=True)
    times: Mapped[int]
