"""What a person does with a delivery: send, stop, resume, retry, decide."""

from __future__ import annotations

from sqlalchemy import func, select

from portal.audit.service import record
from portal.deliveries import ledger
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.exports import service as exports
from portal.exports.models import ExportLine, ExportState
from portal.integrations.contract import BatchSender, LineSender
from portal.integrations.parts import Providers
from portal.integrations.queries import require_active
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.work import Acting, Work


def send(acting: Acting, export_id: int) -> int:
    """Plan an export for sending and return the id of its delivery.

    Safe to call twice, also at the same time: an export has one delivery, for ever.
    Raises NotFound, Conflict.
    """
    with acting.begin() as work:
        export = exports.locked(work, export_id)
        if export.state is not ExportState.READY:
            raise Conflict("Deze export is ingetrokken en kan niet worden verstuurd.")
        require_active(work, export.provider)
        provider = acting.part(Providers).get(export.provider)
        if not isinstance(provider, LineSender | BatchSender):
            raise Conflict(f"Voor {provider.name} is geen adres ingesteld. Download het bestand.")
        found = work.session.scalar(select(Delivery).where(Delivery.export_id == export.id))
        if found is not None:
            ledger.resume(work, found.id) if found.state is DeliveryState.CANCELLED else None
            return found.id
        delivery = _plan(work, export_id, export.provider)
        record(work, "delivery.planned", delivery=delivery.id, export=export.id)
        return delivery.id


def _plan(work: Work, export_id: int, provider: str) -> Delivery:
    delivery = Delivery(
        organisation_id=work.organisation_id, export_id=export_id, provider=provider, state=DeliveryState.WAITING,
        attempt=0, tries=0, next_at=work.now, cause="", remedy="", receipt="", created_by=work.actor.name,
        created_at=work.now,
    )  # fmt: skip
    work.session.add(delivery)
    work.session.flush()
    lines = select(ExportLine.id).where(ExportLine.export_id == export_id).order_by(ExportLine.id)
    work.session.add_all(
        DeliveryLine(
            delivery_id=delivery.id, export_line_id=line, state=LineState.PLANNED, attempt=0, remote_ref="", reason=""
        )
        for line in work.session.scalars(lines).all()
    )  # fmt: skip
    return delivery


def cancel(acting: Acting, delivery_id: int) -> None:
    """Stop a delivery that waits. Raises NotFound, Conflict."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        if not ledger.cancel(work, delivery.id):
            raise Conflict("Deze levering wordt nu verstuurd of is al klaar, en kan niet meer worden geannuleerd.")
        record(work, "delivery.cancelled", delivery=delivery_id)


def resume(acting: Acting, delivery_id: int) -> None:
    """Go on with a paused delivery: what was accepted is not sent again. Safe to call twice."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        require_active(work, delivery.provider)
        ledger.resume(work, delivery.id)
        record(work, "delivery.resumed", delivery=delivery_id)


def retry_refused(acting: Acting, delivery_id: int) -> int:
    """Send the refused lines again after a mend; only for targets that take one line at a time."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        if not isinstance(acting.part(Providers).get(delivery.provider), LineSender):
            raise Conflict("Deze regels kun je niet opnieuw versturen. Trek ze recht bij je salariskantoor.")
        require_active(work, delivery.provider)
        count = ledger.retry_refused(work, delivery.id)
        record(work, "delivery.retried", delivery=delivery_id, count=count)
        return count


def decide(acting: Acting, delivery_id: int, line_id: int, *, booked: bool) -> None:
    """Settle an `onbekend` line after looking in payroll. Raises NotFound, Conflict."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        one_by_one = isinstance(acting.part(Providers).get(delivery.provider), LineSender)
        if not booked and not one_by_one:
            raise Conflict("Deze regels gaan als één pakket. Vraag je salariskantoor of het pakket er is.")
        if not ledger.decide(work, delivery.id, line_id, booked=booked):
            raise Conflict("Deze regel is niet (meer) onbekend. Ververs de pagina.")
        record(work, "delivery.decided", delivery=delivery_id, line=line_id, booked=booked)


def withdraw_export(acting: Acting, export_id: int) -> None:
    """Take an export back, when nothing of it left. Raises NotFound, Conflict."""
    with acting.begin() as work:
        export = exports.locked(work, export_id)
        delivery = work.session.scalar(select(Delivery).where(Delivery.export_id == export.id).with_for_update())
        if delivery is not None and not _untouched(work, delivery):
            raise Conflict("Van deze export zijn al uren verstuurd. Intrekken kan niet meer.")
        exports.withdraw_in(work, export_id)


def _untouched(work: Work, delivery: Delivery) -> bool:
    """Cancelled before the first line was started."""
    touched = (DeliveryLine.delivery_id == delivery.id) & (
        (DeliveryLine.state != LineState.PLANNED) | DeliveryLine.started_at.is_not(None)
    )
    left = work.session.scalar(select(func.count()).where(touched))
    return delivery.state is DeliveryState.CANCELLED and not left


def own(work: Work, delivery_id: int) -> Delivery:
    """A delivery of the own organisation. Raises NotFound."""
    mine = Delivery.organisation_id == work.organisation_id
    found = work.session.scalar(select(Delivery).where(Delivery.id == delivery_id, mine).with_for_update())
    if found is None:
        raise NotFound
    return found
