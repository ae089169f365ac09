"""The outbox: a mail is committed with the act that causes it and sent afterwards by the worker."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key, state_column


class MailState(StrEnum):
    WAITING = "wacht"
    SENT = "verstuurd"
    FAILED = "mislukt"


class OutboxMail(Base):
    """`sealed` holds the whole message (it may carry a link that signs in); emptied once sent."""

    __tablename__ = "outbox_mail"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    mail: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(254))
    state: Mapped[MailState] = mapped_column(state_column(MailState), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
