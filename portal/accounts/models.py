"""Organisations with their venues, people, server-side sessions and one-time links."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.kernel.db import Base, Instant, Key, new_ref, state_column
from portal.kernel.work import Role


class Organisation(Base):
    """`ref` never changes and is never given out again; `erased_at`: all that is left is a number without a name."""

    __tablename__ = "organisation"
    __table_args__ = (Index("ix_organisation_ref", "ref", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ref: Mapped[str] = mapped_column(String(32), default=new_ref, server_default="")
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class Venue(Base):
    __tablename__ = "venue"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))


class User(Base):
    """`password_hash` is NULL until the invitation is accepted; `email` is in lower case. `passkey_handle` is how
    passkeys name this person: random, so that a lost key tells nobody whose it is. `erased_at`: the row stays without
    the person, because others point at it."""

    __tablename__ = "app_user"
    __table_args__ = (Index("ix_app_user_ref", "ref", unique=True),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    role: Mapped[Role] = mapped_column(state_column(Role))
    password_hash: Mapped[str | None] = mapped_column(String(255))
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    passkey_handle: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, index=True)
    ref: Mapped[str] = mapped_column(String(32), default=new_ref, server_default="")
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    organisation: Mapped[Organisation | None] = relationship(lazy="joined")


class WebSession(Base):
    """A sign-in that the server can end. Only the SHA-256 of the id is kept. `factor_at`: when the second factor was
    shown; a session of somebody who has one is worth nothing before."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    id_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    authenticated_at: Mapped[datetime] = mapped_column(Instant)
    factor_at: Mapped[datetime | None] = mapped_column(Instant)
    device: Mapped[str] = mapped_column(String(60), default="", server_default="")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    user: Mapped[User] = relationship(lazy="joined")


class SecondFactor(Base):
    """An app that makes codes (TOTP). `last_step` is the last one that was used: each works once (A5)."""

    __tablename__ = "second_factor"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), unique=True)
    seal_row: Mapped[str] = mapped_column(String(32))
    sealed_secret: Mapped[bytes]
    last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)


class RecoveryCode(Base):
    """Works once, in place of the app. Only the SHA-256 is kept: 80 random bits need no slow hash."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class Passkey(Base):
    """The public half of a key that never leaves somebody's device (WebAuthn). `sign_count` only goes up; most
    passkeys leave it at 0."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes]
    sign_count: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[str] = mapped_column(String(100))
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class PasskeyQuestion(Base):
    """What a passkey was asked to sign. Used once, by who holds it: `holder` is the hash of a session's id, or of a
    text in the cookie of who is not signed in."""

    __tablename__ = "passkey_question"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    challenge: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    purpose: Mapped[str] = mapped_column(String(20))
    holder: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Note(Base):
    """Something that is kept for one person for a short while, sealed: recovery codes until they are written down, the
    text of a form until its owner signed in again. `holder` is a hash, as in PasskeyQuestion."""

    __tablename__ = "note"
    __table_args__ = (UniqueConstraint("kind", "holder"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    holder: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    seal_row: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Tries(Base):
    """When something was tried (microseconds, with blanks between); `key` is hashed (see throttle.py)."""

    __tablename__ = "tries"
    __table_args__ = (UniqueConstraint("what", "key"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    what: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(64))
    moments: Mapped[str] = mapped_column(Text)
    touched_at: Mapped[datetime] = mapped_column(Instant, index=True)


class LinkPurpose(StrEnum):
    INVITATION = "uitnodiging"
    RESET = "wachtwoord"


class OneTimeLink(Base):
    """An invitation or reset. Redeemed by POST only, once; only the SHA-256 of the token is kept. `user_id`: whose
    password; `created_by`: who invited."""

    __tablename__ = "one_time_link"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[LinkPurpose] = mapped_column(state_column(LinkPurpose))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    email: Mapped[str] = mapped_column(String(254), index=True)
    role: Mapped[Role | None] = mapped_column(state_column(Role))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_by: Mapped[int | None] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)
