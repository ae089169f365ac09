"""What a person says of an unknown update or delete, held against what we read since: the component is our own, so a
reading can tell that it is not so. Believed all the same, hours would be free that payroll still holds."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import select

from portal.deliveries.decisions import readings_of
from portal.deliveries.models import Action, DeliveryLine, LineState, Parcel, Reading
from portal.deliveries.protocol import Booked, Event, Sought, own_verdict
from portal.exports.models import ExportLine
from portal.kernel.filters import datumtijd, uren
from portal.kernel.work import Work

NOT_SO = (
    "Bij onze laatste lezing ({moment}) stond onze regel {told}. Is dat nu anders? Kies bij Verschil ‘Lees nu’, of bij "
    "de levering ‘Lees nog een keer na’. Zeg daarna opnieuw wat je ziet."
)


def contradicted(work: Work, delivery_id: int, line_id: int, *, booked: bool) -> str:
    """Why the word of a person cannot be true, "" when nothing that we read tells otherwise.

    Only a reading since the line was started counts. The delivery must be of the own organisation.
    """
    query = select(DeliveryLine, ExportLine.code).join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
    own = (DeliveryLine.id == line_id) & (DeliveryLine.delivery_id == delivery_id)
    own &= (DeliveryLine.action != Action.INSERT) & (DeliveryLine.state == LineState.UNCLEAR)
    found = work.session.execute(query.where(own)).one_or_none()
    reading = _reading_since(work, found[0]) if found else None
    if found is None or reading is None:
        return ""
    line, code = found
    sought = Sought(line.id, line.action, code, line.hours, line.target_ref, line.hours_before)
    shown = [Booked(one["ref"], one["code"], Decimal(one["hours"])) for one in reading.components]
    if (own_verdict(sought, shown).event is Event.FOUND) is booked:
        return ""
    return NOT_SO.format(moment=datumtijd(reading.read_at), told=_told(sought, shown))


def _reading_since(work: Work, line: DeliveryLine) -> Reading | None:
    parcel = work.session.get_one(Parcel, line.parcel_id)
    since = Reading.read_at > line.started_at
    return work.session.scalar(select(Reading).where(since, *readings_of(parcel)))


def _told(line: Sought, shown: list[Booked]) -> str:
    row = next((row for row in shown if row.ref == line.target_ref), None)
    if row is None:
        return f"{line.target_ref} er niet (meer)"
    return f"{line.target_ref} er met {uren(row.hours)} uur onder code {row.code}"
