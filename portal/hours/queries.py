"""Reads of hours, each limited to the own organisation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import and_, case, func, select

from portal.accounts.queries import venue as require_venue
from portal.audit.queries import acts
from portal.hours import retention
from portal.hours.models import Shift, TeamMember, Upload
from portal.hours.periods import bounds
from portal.hours.types import Period
from portal.kernel.errors import NotFound
from portal.kernel.work import Work


@dataclass(frozen=True)
class MemberInfo:
    """`bsn_known` says whether there is a BSN; the number itself stays sealed."""

    id: int
    venue_id: int
    name: str
    email: str
    personnel_number: str
    bsn_known: bool


@dataclass(frozen=True)
class MemberHours:
    member: MemberInfo
    approved: int
    waiting: int
    exported: int


@dataclass(frozen=True)
class ShiftInfo:
    id: int
    member_id: int
    workday: date
    starts_at: datetime
    ends_at: datetime
    break_minutes: int
    minutes: int
    kind: str
    approved: bool
    export_id: int | None
    taken_back_by: int | None = None


@dataclass(frozen=True)
class UploadInfo:
    """`left`: rows that were left out; `corrected`: exports of which this file changed hours."""

    id: int
    venue_id: int
    file_name: str
    added: int
    changed: int
    removed: int
    unchanged: int
    created_at: datetime
    left: int = 0
    corrected: tuple[int, ...] = ()


def members(work: Work, venue_id: int) -> list[MemberInfo]:
    require_venue(work, venue_id)
    query = select(TeamMember).where(TeamMember.venue_id == venue_id).order_by(TeamMember.name, TeamMember.id)
    return [_member(row) for row in work.session.scalars(query)]


def member(work: Work, member_id: int) -> MemberInfo:
    """Raises NotFound for somebody of another organisation too."""
    own = TeamMember.organisation_id == work.organisation_id
    row = work.session.scalar(select(TeamMember).where(TeamMember.id == member_id, own))
    if row is None:
        raise NotFound
    return _member(row)


def overview(work: Work, venue_id: int, period: Period) -> list[MemberHours]:
    """Minutes per person in a period: approved and open, not approved, and in an export already."""
    require_venue(work, venue_id)
    first, last = bounds(period)
    open_ = Shift.export_id.is_(None)
    sums = [
        func.sum(case((condition, Shift.minutes), else_=0))
        for condition in (and_(open_, Shift.approved), and_(open_, ~Shift.approved), ~open_)
    ]
    query = (
        select(TeamMember, *sums)
        .join(Shift, Shift.member_id == TeamMember.id)
        .where(Shift.venue_id == venue_id, Shift.workday.between(first, last))
        .group_by(TeamMember.id)
        .order_by(TeamMember.name, TeamMember.id)
    )
    return [MemberHours(_member(row), int(a), int(w), int(e)) for row, a, w, e in work.session.execute(query)]


def shifts(work: Work, venue_id: int, period: Period, member_id: int | None = None) -> list[ShiftInfo]:
    """The shifts that start in a period, by person and time."""
    require_venue(work, venue_id)
    first, last = bounds(period)
    query = select(Shift).where(Shift.venue_id == venue_id, Shift.workday.between(first, last))
    if member_id is not None:
        query = query.where(Shift.member_id == member_id)
    return [_shift(row) for row in work.session.scalars(query.order_by(Shift.member_id, Shift.starts_at))]


@dataclass(frozen=True)
class Fading:
    """Approved hours that no export took and that will be forgotten soon; `first`: the oldest day."""

    shifts: int
    first: date | None


def fading(work: Work) -> Fading:
    soon = retention.today(work.now) - retention.HOURS + retention.WARN
    mine = (Shift.organisation_id == work.organisation_id) & Shift.export_id.is_(None) & Shift.approved
    query = select(func.count(), func.min(Shift.workday)).where(mine, Shift.workday < soon)
    return Fading(*work.session.execute(query).one())


def kinds(work: Work, venue_id: int) -> list[str]:
    """The kinds of hours that occur at a venue."""
    require_venue(work, venue_id)
    query = select(Shift.kind).where(Shift.venue_id == venue_id).distinct().order_by(Shift.kind)
    return list(work.session.scalars(query))


def uploads(work: Work, limit: int = 20) -> list[UploadInfo]:
    own = Upload.organisation_id == work.organisation_id
    query = select(Upload).where(own).order_by(Upload.id.desc()).limit(limit)
    return [_upload(row) for row in work.session.scalars(query)]


def upload(work: Work, upload_id: int) -> UploadInfo:
    """Raises NotFound."""
    own = Upload.organisation_id == work.organisation_id
    row = work.session.scalar(select(Upload).where(Upload.id == upload_id, own))
    if row is None:
        raise NotFound
    told = next((facts for facts, _at in acts(work, "hours.imported") if facts.get("upload") == row.id), {})
    numbers = str(told.get("corrected", "")).split(",")
    corrected = tuple(int(number) for number in numbers if number)
    return replace(_upload(row), left=int(told.get("left", 0)), corrected=corrected)


def latest_workday(work: Work, venue_id: int) -> date | None:
    require_venue(work, venue_id)
    return work.session.scalar(select(func.max(Shift.workday)).where(Shift.venue_id == venue_id))


def newest_day(work: Work, venue_id: int) -> date:
    """The day of the newest hours, today when there are none: what a page shows when no period was asked for."""
    return latest_workday(work, venue_id) or retention.today(work.now)


def _member(row: TeamMember) -> MemberInfo:
    return MemberInfo(
        row.id,
        row.venue_id,
        row.name,
        row.email or "",
        row.personnel_number or "",
        row.bsn_sealed is not None,
    )


def _shift(row: Shift) -> ShiftInfo:
    return ShiftInfo(
        row.id, row.member_id, row.workday, row.starts_at, row.ends_at, row.break_minutes, row.minutes,
        row.kind, row.approved, row.export_id, row.taken_back_by,
    )  # fmt: skip


def _upload(row: Upload) -> UploadInfo:
    return UploadInfo(
        row.id,
        row.venue_id,
        row.file_name or "bestand",
        row.added,
        row.changed,
        row.removed,
        row.unchanged,
        row.created_at,
    )
