"""Hours that payroll is done with are forgotten after ninety days (H4); what is under way never is.

All exports of one venue, target and period are looked at together: a correction compares them all. Of hours in them
that are old the sums stay (`exports.settled`), of their lines the BSN goes. What payroll held at the time is forgotten
too; the Verschil page reads it again when somebody asks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, exists, func, select, update

from portal.audit.service import record
from portal.deliveries import forgetting
from portal.deliveries.models import Delivery, Parcel, Reading
from portal.exports.models import Export, ExportLine
from portal.exports.settled import settle
from portal.hours import retention
from portal.hours.models import Shift
from portal.hours.team import lock_organisation
from portal.kernel.work import Acting, Work

Place = tuple[object, ...]
NAMES = timedelta(days=730)


def forget_hours(acting: Acting) -> int:
    """Forget what may go of the acting organisation; returns how many shifts. A transaction for each venue, target and
    period: a run that is killed continues where it was, and two at once take turns. Safe to call at any time."""
    with acting.read() as work:
        places = _places(work)
    total = 0
    for place in places:
        with acting.begin() as work:
            lock_organisation(work)
            total += _forget(work, _exports(work, place))
    return total


def forget_readings(work: Work) -> int:
    """What payroll held ninety days ago, of all customers; a reading that is asked for stays. Returns how many."""
    old = (Reading.read_at < work.now - retention.HOURS) & Reading.asked_at.is_(None)
    return len(work.session.execute(delete(Reading).where(old).returning(Reading.id)).all())


def _places(work: Work) -> list[Place]:
    """Where there is something old: hours, or a BSN in a line."""
    first, sealed = retention.today(work.now) - retention.HOURS, exists().where(
        ExportLine.export_id == Export.id, ExportLine.bsn_sealed.is_not(None)
    )  # fmt: skip
    hours = exists().where(Shift.export_id == Export.id, retention.old(work.now))
    own = (Export.organisation_id == work.organisation_id) & (Export.first_day < first)
    query = select(Export).where(own, hours | (sealed & (Export.last_day < first))).order_by(Export.id)
    return list(dict.fromkeys(_place(row) for row in work.session.scalars(query)))


def _place(row: Export) -> Place:
    return row.organisation_id, row.venue_id, row.provider, row.period_kind, row.year, row.number


def _exports(work: Work, place: Place) -> list[Export]:
    columns = (
        Export.organisation_id, Export.venue_id, Export.provider, Export.period_kind, Export.year, Export.number,
    )  # fmt: skip
    same = [column == value for column, value in zip(columns, place, strict=True)]
    return list(work.session.scalars(select(Export).where(*same).order_by(Export.id)))


def _forget(work: Work, exports: Sequence[Export]) -> int:
    """Forget the old hours of one place, unless something of it is under way."""
    if forgetting.under_way(work, exports):
        return 0
    ids = [export.id for export in exports]
    count = settle(work, ids, retention.old(work.now))
    if count:
        record(work, "hours.forgotten", count=count)
    if exports[0].last_day < retention.today(work.now) - retention.HOURS:
        forgetting.forget_bsn(work, ExportLine.export_id.in_(ids))
        here = select(Delivery.id).where(Delivery.export_id.in_(ids))
        work.session.execute(update(Parcel).where(Parcel.delivery_id.in_(here)).values(baseline=None))
    return count


def forget_names(acting: Acting) -> int:
    """Forget who was in lines that were exported two years ago, of the acting organisation; returns how many lines.
    A transaction for each export. The amounts stay: they say that an hour was paid."""
    with acting.read() as work:
        own = (Export.organisation_id == work.organisation_id) & (Export.created_at < work.now - NAMES)
        named = exists().where(ExportLine.export_id == Export.id, forgetting.NAMED)
        found = list(work.session.scalars(select(Export.id).where(own, named).order_by(Export.id)))
    total = 0
    for export_id in found:
        with acting.begin() as work:
            lock_organisation(work)
            if not forgetting.under_way(work, list(work.session.scalars(select(Export).where(Export.id == export_id)))):
                total += forgetting.forget_names(work, ExportLine.export_id == export_id)
    return total


def kept(work: Work) -> dict[int, int]:
    """Old hours that stay because they are under way, by organisation; for whoever looks after the installation."""
    mine = retention.old(work.now) & Shift.export_id.is_not(None)
    query = select(Shift.organisation_id, func.count()).where(mine).group_by(Shift.organisation_id)
    found: dict[int, int] = defaultdict(int)
    for organisation_id, count in work.session.execute(query):
        found[organisation_id] += count
    return found
