"""Team members, uploads and shifts. Minutes are whole numbers, moments are UTC."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.kernel.db import Base, Instant, Key, new_ref


class TeamMember(Base):
    """A person of one venue. `seal_row` is the row name in the binding of the sealed BSN.

    `erased_at`: the row stays without the person, because hours that were paid point at it. `erased_keys`: keyed
    hashes of the number, address and BSN, as long as an old file could bring those hours once more.
    """

    __tablename__ = "team_member"
    __table_args__ = (
        UniqueConstraint("venue_id", "personnel_number"),
        UniqueConstraint("venue_id", "email"),
        UniqueConstraint("venue_id", "bsn_index"),
        Index("ix_team_member_ref", "ref", unique=True),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str | None] = mapped_column(String(254))
    personnel_number: Mapped[str | None] = mapped_column(String(20))
    seal_row: Mapped[str] = mapped_column(String(32))
    bsn_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    bsn_index: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ref: Mapped[str] = mapped_column(String(32), default=new_ref, server_default="")
    erased_at: Mapped[datetime | None] = mapped_column(Instant)
    erased_keys: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class Upload(Base):
    """One file that was read. The file itself is not kept; its name is data only."""

    __tablename__ = "upload"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    file_name: Mapped[str] = mapped_column(String(120))
    sha256: Mapped[str] = mapped_column(String(64))
    added: Mapped[int]
    changed: Mapped[int]
    removed: Mapped[int]
    unchanged: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Instant)


class Shift(Base):
    """Worked time of one person. `export_id` set means frozen: it left in that export.

    `taken_back_by`: the correction that takes it back. Until payroll gave it back it belongs to its export.
    `freed_at`: when an export let it go, so that there is time to export it again.
    """

    __tablename__ = "shift"
    __table_args__ = (
        UniqueConstraint("member_id", "starts_at"),
        CheckConstraint("minutes > 0", name="positive"),
        Index("ix_shift_venue_id_workday", "venue_id", "workday"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("team_member.id"), index=True)
    upload_id: Mapped[int] = mapped_column(ForeignKey("upload.id"), index=True)
    workday: Mapped[date]
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    break_minutes: Mapped[int]
    minutes: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    approved: Mapped[bool]
    export_id: Mapped[int | None] = mapped_column(Key, index=True)
    taken_back_by: Mapped[int | None] = mapped_column(Key, index=True)
    freed_at: Mapped[datetime | None] = mapped_column(Instant)
