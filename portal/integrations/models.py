"""Koppelingen of an organisation, credential requests, sealed credentials and the set-up per venue."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.codes import LONGEST
from portal.kernel.db import Base, Instant, Key, state_column


class KoppelingState(StrEnum):
    OFF = "uit"
    REQUESTED = "aangevraagd"
    ACTIVE = "actief"
    BROKEN = "gestoord"


class RequestState(StrEnum):
    NEW = "nieuw"
    TAKEN = "in behandeling"
    WAITING = "wacht op klant"
    ACTIVATED = "geactiveerd"
    REJECTED = "afgewezen"
    WITHDRAWN = "ingetrokken"


class Koppeling(Base):
    """`cause`, its `cause_code` and `remedy` are filled while the state is `gestoord`. `checked_at`: when the worker
    last tried its token by itself."""

    __tablename__ = "koppeling"
    __table_args__ = (UniqueConstraint("organisation_id", "provider"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    provider: Mapped[str] = mapped_column(String(30))
    state: Mapped[KoppelingState] = mapped_column(state_column(KoppelingState))
    cause: Mapped[str] = mapped_column(String(400), default="")
    cause_code: Mapped[str] = mapped_column(String(LONGEST), default="", server_default="")
    remedy: Mapped[str] = mapped_column(String(400), default="")
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credential.id"))
    changed_at: Mapped[datetime] = mapped_column(Instant)
    checked_at: Mapped[datetime | None] = mapped_column(Instant)


class Credential(Base):
    """A token as it was handed over. `sealed_token` becomes NULL when it is withdrawn, and its `CredentialKey` goes.
    `unused_since`: when the daily job first saw that nothing uses it."""

    __tablename__ = "credential"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    provider: Mapped[str] = mapped_column(String(30))
    seal_row: Mapped[str] = mapped_column(String(32), unique=True)
    sealed_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(String(8))
    email: Mapped[str] = mapped_column(String(254))
    domain: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)
    unused_since: Mapped[datetime | None] = mapped_column(Instant)


class CredentialKey(Base):
    """The data key of one credential, in a box that only the worker opens. Without this row the token is lost."""

    __tablename__ = "credential_key"

    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"), primary_key=True, autoincrement=False)
    worker_key_id: Mapped[str] = mapped_column(ForeignKey("worker_key.id"), index=True)
    closed: Mapped[bytes]


class TokenDraft(Base):
    """A token that was found right and waits for who reviews and sends it. `found` is the check report; the token is
    sealed in its `Credential`, as ever. One at a time; lives for an hour (`drafts.LIFETIME`)."""

    __tablename__ = "token_draft"
    __table_args__ = (UniqueConstraint("organisation_id", "provider"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    provider: Mapped[str] = mapped_column(String(30))
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"))
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(100))
    made_at: Mapped[datetime] = mapped_column(Instant)


class CredentialRequest(Base):
    """What support handles. `found` is the check report: environment, companies, rights; no secret."""

    __tablename__ = "credential_request"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    provider: Mapped[str] = mapped_column(String(30))
    credential_id: Mapped[int] = mapped_column(ForeignKey("credential.id"))
    state: Mapped[RequestState] = mapped_column(state_column(RequestState), index=True)
    asked_by: Mapped[str] = mapped_column(String(100))
    taken_by: Mapped[str] = mapped_column(String(100), default="")
    message: Mapped[str] = mapped_column(Text, default="")
    answer: Mapped[str] = mapped_column(Text, default="")
    found: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class VenueCompany(Base):
    """Which company in payroll a venue is, with what payroll last said of it."""

    __tablename__ = "venue_company"
    __table_args__ = (UniqueConstraint("venue_id", "provider"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    provider: Mapped[str] = mapped_column(String(30))
    domain: Mapped[str] = mapped_column(String(100))
    company_ref: Mapped[str] = mapped_column(String(40))
    company_number: Mapped[str] = mapped_column(String(40))
    company_name: Mapped[str] = mapped_column(String(200))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    read_at: Mapped[datetime] = mapped_column(Instant)


class KindCode(Base):
    """The code at the target for a kind of hours of a venue."""

    __tablename__ = "kind_code"
    __table_args__ = (UniqueConstraint("venue_id", "provider", "kind"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    provider: Mapped[str] = mapped_column(String(30))
    kind: Mapped[str] = mapped_column(String(40))
    code: Mapped[str] = mapped_column(String(20))


class MemberLink(Base):
    """A team member tied by hand to an employee in payroll; one employee has one team member."""

    __tablename__ = "member_link"
    __table_args__ = (
        UniqueConstraint("member_id", "provider"),
        UniqueConstraint("venue_id", "provider", "employee_ref"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("team_member.id"))
    provider: Mapped[str] = mapped_column(String(30))
    employee_ref: Mapped[str] = mapped_column(String(40))


class Question(Base):
    """What a page wants to know of payroll and only the worker can ask there. Lives for a minute; what a page
    that died left behind goes within a day."""

    __tablename__ = "question"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    asked_by: Mapped[str] = mapped_column(String(100))
    provider: Mapped[str] = mapped_column(String(30))
    company_ref: Mapped[str] = mapped_column(String(40))
    seal_row: Mapped[str] = mapped_column(String(32))
    asked_at: Mapped[datetime] = mapped_column(Instant, index=True)
    taken_at: Mapped[datetime | None] = mapped_column(Instant)
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)
