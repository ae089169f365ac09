"""Hours that are taken back become free when payroll accepted that, never before.

Done under the lock of the organisation, when a delivery ends and after what a person does with it; not with each
line: that lock comes before all others. Until then the hours belong to their export a little longer, which is safe.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import exists, select

from portal.audit.service import record
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.exports import service as exports
from portal.exports import take_back
from portal.exports.give_back import Line, Outcome
from portal.exports.models import Export, ExportLine, ExportState
from portal.exports.queries import downloads
from portal.hours.models import Shift
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting, Actor, Work

OVER = (DeliveryState.DONE, DeliveryState.CANCELLED)


def settle(work: Work, export_id: int) -> None:
    """Free what payroll gave back of an export that this correction takes back. Safe to call at any moment, and twice.

    Does nothing for another export. The organisation must be locked.
    """
    export = work.session.get_one(Export, export_id, populate_existing=True)
    if export.takes_back is not None and export.state is ExportState.READY:
        take_back.end(work, export, _told(work, export))


def settle_alone(acting: Acting, export_id: int) -> None:
    """As `settle`, in a transaction of its own. For acts that lock a delivery or its parcels: the organisation comes
    before those."""
    with acting.read() as work:
        takes_back = work.session.scalar(select(Export.takes_back).where(Export.id == export_id))
    if takes_back is not None:
        with acting.begin() as work:
            exports.locked(work, export_id)
            settle(work, export_id)


def settle_left(acting: Acting, robot: str) -> None:
    """What a process that died left: payroll gave everything of a person back, and their hours still wait."""
    line = exists().where(ExportLine.export_id == Shift.taken_back_by, ExportLine.member_id == Shift.member_id)
    line = line.where(DeliveryLine.export_line_id == ExportLine.id)
    query = (
        select(Shift.taken_back_by, Shift.organisation_id)
        .join(Delivery, Delivery.export_id == Shift.taken_back_by)
        .where(Delivery.state.in_(OVER), line, ~line.where(DeliveryLine.state != LineState.ACCEPTED))
        .distinct()
    )
    with acting.read() as work:
        found = work.session.execute(query).all()
    for export_id, organisation_id in found:
        settle_alone(acting.as_actor(Actor(robot, organisation_id=organisation_id)), export_id or 0)


def processed(acting: Acting, export_id: int) -> None:
    """A person says that payroll processed the file of a correction that takes an export back: a file has no answer.

    From then on it cannot be withdrawn or sent. Raises NotFound, Conflict. Safe to call twice.
    """
    with acting.begin() as work:
        export = exports.locked(work, export_id)
        if export.processed_at is not None:
            return
        _require_file(work, export)
        export.processed_at = work.now
        record(work, "export.processed", export=export.id)
        work.session.flush()
        settle(work, export.id)


def _require_file(work: Work, export: Export) -> None:
    if export.takes_back is None or export.state is not ExportState.READY:
        raise Conflict("Dit kan alleen bij een correctie die een levering terugdraait en die niet is ingetrokken.")
    if work.session.scalar(select(Delivery.id).where(Delivery.export_id == export.id)) is not None:
        raise Conflict("Deze correctie wordt verstuurd. De uren komen vrij zodra elke regel is geaccepteerd.")
    if export.id not in downloads(work):
        raise Conflict("Het bestand van deze correctie is nog niet gedownload. Download het en lees het eerst in.")


def _told(work: Work, export: Export) -> list[Line]:
    """What came of each line: of all its steps together."""
    lines = select(
        ExportLine.id, ExportLine.member_id, ExportLine.code, ExportLine.minutes, ExportLine.released_at
    ).where(ExportLine.export_id == export.id)
    steps: dict[int, list[tuple[LineState, datetime | None]]] = defaultdict(list)
    sent = select(DeliveryLine.export_line_id, DeliveryLine.state, DeliveryLine.released_at)
    sent = sent.join(Delivery, Delivery.id == DeliveryLine.delivery_id).where(Delivery.export_id == export.id)
    for line_id, state, freed_at in work.session.execute(sent):
        steps[line_id].append((state, freed_at))
    return [
        Line(member, code, minutes, _outcome(steps[line_id], freed_at, processed=export.processed_at is not None))
        for line_id, member, code, minutes, freed_at in work.session.execute(lines.order_by(ExportLine.id))
    ]


def _outcome(steps: list[tuple[LineState, datetime | None]], freed_at: datetime | None, *, processed: bool) -> Outcome:
    if freed_at is not None or any(step_freed is not None for _state, step_freed in steps):
        return Outcome.FAILED
    if processed or (steps and all(state is LineState.ACCEPTED for state, _freed in steps)):
        return Outcome.BACK
    return Outcome.OPEN
