"""Erasing a team member (wissing, H5): the person goes, the amounts that were paid stay without them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select, true, update

from portal.accounts.models import Venue
from portal.audit.service import record
from portal.deliveries import forgetting
from portal.deliveries.models import Delivery, DeliveryLine, Parcel, Reading
from portal.exports.models import ExportFile, ExportLine, SettledHours
from portal.exports.settled import settle
from portal.hours.models import Shift, TeamMember, Upload
from portal.hours.team import hidden_keys
from portal.integrations.models import MemberLink, VenueCompany
from portal.kernel.errors import Conflict
from portal.kernel.work import Work

UNDER_WAY = (
    "Uren van dit teamlid zijn nog onderweg naar het salarispakket, of wachten op een besluit. Handel die eerst af bij "
    "Exports, en probeer het dan opnieuw. Er is niets gewist."
)
WAITING = (
    "Van dit teamlid staan nog diensten klaar die niemand exporteerde: {count}. Exporteer ze eerst, of geef "
    "--drop-hours mee om ze ook te wissen. Er is niets gewist."
)


def require_at_rest(work: Work, members: Sequence[TeamMember], drop_until: datetime | None = None) -> None:
    """Raises Conflict when wages of these people could get lost, or payroll is not done with them.

    `drop_until`: hours that no export took may be lost, if they came in before this moment.
    """
    ids = [row.id for row in members]
    if forgetting.under_way(work, forgetting.exports_of(work, ids), ids):
        raise Conflict(UNDER_WAY)
    free = Shift.member_id.in_(ids) & Shift.export_id.is_(None)
    if drop_until is not None:
        free &= Shift.upload_id.in_(select(Upload.id).where(Upload.created_at > drop_until))
    count = len(work.session.scalars(select(Shift.id).where(free)).all())
    if count:
        raise Conflict(WAITING.format(count=count))


def forget_member(work: Work, row: TeamMember) -> None:
    """Take a person out of everything. The organisation must be locked, and `require_at_rest` was asked."""
    exports = forgetting.exports_of(work, [row.id])
    _hours(work, row, [export.id for export in exports])
    _payroll(work, row)
    forgetting.forget_names(work, ExportLine.member_id == row.id)
    files = ExportFile.export_id.in_([export.id for export in exports])
    work.session.execute(update(ExportFile).where(files).values(sealed=None))
    work.session.execute(delete(MemberLink).where(MemberLink.member_id == row.id))
    record(work, "person.erased", row.organisation_id, member=row.id)
    paid = select(true()).where(
        exists().where(ExportLine.member_id == row.id) | exists().where(SettledHours.member_id == row.id)
    )
    if work.session.scalar(paid):
        _empty(work, row)
    else:
        work.session.delete(row)
    work.session.flush()


def _hours(work: Work, row: TeamMember, export_ids: list[int]) -> None:
    """Sums take the place of hours that went out; what is left is nobody's. What a file was called may be a name."""
    mine = Shift.member_id == row.id
    brought = select(Shift.upload_id).where(mine)
    work.session.execute(update(Upload).where(Upload.id.in_(brought)).values(file_name="", sha256=""))
    settle(work, export_ids, mine)
    work.session.execute(delete(Shift).where(mine))


def _payroll(work: Work, row: TeamMember) -> None:
    """What payroll told of this person: readings, what was there before we wrote, the list of employees."""
    lines = select(ExportLine.employee_ref).where(ExportLine.member_id == row.id, ExportLine.employee_ref != "")
    linked = select(MemberLink.employee_ref).where(MemberLink.member_id == row.id)
    refs = {*work.session.scalars(lines), *work.session.scalars(linked)}
    here = Reading.organisation_id == row.organisation_id
    work.session.execute(delete(Reading).where(here, Reading.employee_ref.in_(refs)))
    parcels = (
        select(DeliveryLine.parcel_id)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(ExportLine.member_id == row.id)
    )
    work.session.execute(update(Parcel).where(Parcel.id.in_(parcels)).values(baseline=None))
    venues = select(Venue.id).where(Venue.organisation_id == row.organisation_id)
    for company in work.session.scalars(select(VenueCompany).where(VenueCompany.venue_id.in_(venues))):
        company.facts = {
            **company.facts,
            "employees": [one for one in company.facts.get("employees", ()) if not _is(one, row, refs)],
        }


def _is(employee: dict[str, object], row: TeamMember, refs: set[str]) -> bool:
    number = str(employee.get("number", ""))
    return employee.get("ref") in refs or (row.personnel_number is not None and number == row.personnel_number)


def _empty(work: Work, row: TeamMember) -> None:
    known = (("number", row.personnel_number), ("email", row.email), ("bsn", row.bsn_index))
    row.erased_keys = hidden_keys(work, [(kind, value) for kind, value in known if value]) or None
    row.name, row.email, row.personnel_number = forgetting.NOBODY, None, None
    row.bsn_sealed, row.bsn_index, row.erased_at = None, None, work.now
