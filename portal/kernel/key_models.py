"""Keys as the database holds them: sealed, or public."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant


class VaultSecret(Base):
    """A key that must outlive the keys that seal, sealed by them. `name` is "index": the key of look-up values."""

    __tablename__ = "vault_secret"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Instant)


class WorkerKey(Base):
    """The public half of a key of the worker; `id` follows from it. With `retired_at` nothing new is closed with it."""

    __tablename__ = "worker_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    public: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
