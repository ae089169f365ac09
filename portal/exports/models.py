"""Exports: a frozen batch with its lines and its files. Rows never change but for the state."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.hours.types import PeriodKind
from portal.kernel.db import Base, Hundredths, Instant, Key, state_column


class ExportState(StrEnum):
    READY = "klaar"
    WITHDRAWN = "ingetrokken"


class ExportKind(StrEnum):
    HOURS = "uren"
    CORRECTION = "correctie"


class Export(Base):
    """`revision` counts the exports of one venue, target and period: 2 and up hold what came later.

    A correction holds differences (also negative). `book_year` and `book_number`: the period in which payroll gets
    it, when that is another one. `unprotected`: a person chose to write in a closed period. `takes_back`: the export
    that this correction takes back as a whole. `processed_at`: a person said that payroll processed its file.
    """

    __tablename__ = "export"
    __table_args__ = (
        UniqueConstraint("organisation_id", "provider", "venue_id", "period_kind", "year", "number", "revision"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    venue_id: Mapped[int] = mapped_column(ForeignKey("venue.id"))
    provider: Mapped[str] = mapped_column(String(30))
    kind: Mapped[ExportKind] = mapped_column(state_column(ExportKind), default=ExportKind.HOURS)
    period_kind: Mapped[PeriodKind] = mapped_column(state_column(PeriodKind))
    year: Mapped[int]
    number: Mapped[int]
    revision: Mapped[int]
    book_year: Mapped[int | None]
    book_number: Mapped[int | None]
    unprotected: Mapped[bool] = mapped_column(default=False)
    takes_back: Mapped[int | None] = mapped_column(Key, index=True)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
    reference: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[ExportState] = mapped_column(state_column(ExportState))
    organisation_name: Mapped[str] = mapped_column(String(100))
    venue_name: Mapped[str] = mapped_column(String(100))
    company_ref: Mapped[str] = mapped_column(String(40))
    first_day: Mapped[date]
    last_day: Mapped[date]
    shifts: Mapped[int]
    created_by: Mapped[str] = mapped_column(String(100))
    created_at: Mapped[datetime] = mapped_column(Instant)


class ExportLine(Base):
    """Hours of one person and one code. The natural key is unique for ever (G2).

    `released_at`: payroll refused the line and its hours are free for a new export.
    """

    __tablename__ = "export_line"
    __table_args__ = (UniqueConstraint("export_id", "member_id", "code"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("team_member.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    personnel_number: Mapped[str] = mapped_column(String(20))
    email: Mapped[str] = mapped_column(String(254))
    bsn_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    employee_ref: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(200))
    code: Mapped[str] = mapped_column(String(40))
    minutes: Mapped[int]
    hours: Mapped[Decimal] = mapped_column(Hundredths)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    released_at: Mapped[datetime | None] = mapped_column(Instant)


class ExportFile(Base):
    """The bytes of a file as they were made, sealed: they may hold a BSN. After some days only `sha256` is left."""

    __tablename__ = "export_file"
    __table_args__ = (UniqueConstraint("export_id", "extension"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"), index=True)
    extension: Mapped[str] = mapped_column(String(4))
    sha256: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class SettledHours(Base):
    """What is left of the shifts of an export that are forgotten: their sum, by person, kind and approval.

    So that what was exported still equals what is there: without it a correction would take the hours back from
    payroll. `shifts`: how many they were.
    """

    __tablename__ = "settled_hours"
    __table_args__ = (UniqueConstraint("export_id", "member_id", "kind", "approved"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("team_member.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    approved: Mapped[bool]
    minutes: Mapped[int]
    shifts: Mapped[int]
