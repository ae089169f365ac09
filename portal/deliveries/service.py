"""What a person does with a delivery: send, stop, resume, retry, decide."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy import select

from portal.audit.service import record
from portal.deliveries import codes, decisions, ledger, receipts, take_backs
from portal.deliveries.candidates import candidates
from portal.deliveries.components import booked_parts
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.deliveries.not_double import say as say_not_double
from portal.deliveries.own_lines import contradicted
from portal.deliveries.planning import Call, foresee, plan
from portal.deliveries.protocol import quiet
from portal.exports import service as exports
from portal.exports.codes import EXPORT, PROCESSED
from portal.exports.models import Export, ExportKind, ExportLine, ExportState
from portal.exports.queries import downloads
from portal.integrations.contract import BatchSender, LineSender
from portal.integrations.parts import Providers
from portal.integrations.queries import VenueSetup, require_active, venue_setup
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.restore_models import is_blind
from portal.kernel.work import Acting, Work
from portal.settings import Settings

WITHDRAWN = EXPORT[ExportState.WITHDRAWN]

CHECK_FIRST = (
    "Kijk eerst bij je salariskantoor of deze uren al verstuurd of ingelezen zijn, en vink dat aan. "
    "Het portaal is teruggezet naar een back-up en weet dat niet meer."
)


def send(
    acting: Acting, export_id: int, *, not_loaded: bool = False, not_sent: bool = False,
    not_double: Collection[int] = (),
) -> int:  # fmt: skip
    """Plan an export for sending and return the id of its delivery.

    Safe to call twice, also at the same time: an export has one delivery, for ever. `not_loaded`: a person
    said that the file, which was downloaded, was not read into payroll. `not_double`: members of whom a person said
    that what somebody else entered in payroll is not the same. `not_sent`: a person made sure, after a backup was put
    back. Raises NotFound, Conflict, InvalidInput on `not_loaded` and `not_sent`.
    """
    with acting.begin() as work:
        export = exports.locked(work, export_id)
        if export.state is not ExportState.READY:
            raise Conflict("Deze export is ingetrokken en kan niet worden verstuurd.", code=WITHDRAWN)
        if export.processed_at is not None:
            raise Conflict(exports.PROCESSED, code=PROCESSED)
        require_active(work, export.provider)
        provider = acting.part(Providers).get(export.provider)
        if not isinstance(provider, LineSender | BatchSender):
            message = f"Voor {provider.name} is geen adres ingesteld. Download het bestand."
            raise Conflict(message, code=codes.NOT_SENDABLE)
        found = _of_export(work, export.id)
        starts = found is None or found.state is DeliveryState.CANCELLED
        if starts and not not_loaded and export.id in downloads(work):
            raise InvalidInput(
                "Vink aan dat het bestand niet is ingelezen. Anders tellen de uren dubbel.", "not_loaded"
            )
        if found is None and not not_sent and isinstance(provider, BatchSender) and is_blind(work, export.first_day):
            raise InvalidInput(CHECK_FIRST, "not_sent")
        if starts:
            say_not_double(work, export.id, not_double)
        if found is not None:
            if found.state is DeliveryState.CANCELLED and decisions.resume(work, found.id):
                record(work, "delivery.resumed", delivery=found.id)
            return found.id
        delivery = plan(work, export, provider)
        record(work, "delivery.planned", delivery=delivery.id, export=export.id, with_bsn=provider.needs_bsn)
        return delivery.id


def foreseen(acting: Acting, export_id: int) -> list[Call]:
    """What sending a correction will do, call by call; nothing for an export of hours, or once it has a delivery.

    Raises NotFound, and Conflict when the correction cannot go yet.
    """
    with acting.read() as work:
        own_export = (Export.id == export_id) & (Export.organisation_id == work.organisation_id)
        export = work.session.scalar(select(Export).where(own_export))
        if export is None:
            raise NotFound
        started = select(Delivery.id).where(Delivery.export_id == export_id)
        if export.kind is not ExportKind.CORRECTION or work.session.scalar(started) is not None:
            return []
        return foresee(work, export, acting.part(Providers).get(export.provider))


def _of_export(work: Work, export_id: int) -> Delivery | None:
    return work.session.scalar(select(Delivery).where(Delivery.export_id == export_id).with_for_update(key_share=True))


def cancel(acting: Acting, delivery_id: int) -> None:
    """Stop a delivery, also while it is being sent: the lines under way are finished, the rest stays `gepland`.

    Raises NotFound, Conflict."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        if not decisions.cancel(work, delivery.id):
            raise Conflict("Deze levering is al klaar of geannuleerd. Er is niets meer om te stoppen.")
        record(work, "delivery.cancelled", delivery=delivery_id)
        _close(work, delivery_id)
    take_backs.settle_alone(acting, delivery.export_id)


def _close(work: Work, delivery_id: int) -> None:
    """Seal what there is to say; a delivery with nothing left is done, also when it was stopped."""
    if ledger.finish(work, delivery_id):
        record(work, "delivery.done", delivery=delivery_id)
    receipts.seal(work, delivery_id)


def resume(acting: Acting, delivery_id: int) -> bool:
    """Go on with a paused delivery: what was accepted is not sent again. Safe to call twice; False the second time."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        require_active(work, delivery.provider)
        _require_standing(work, delivery)
        if delivery.state is DeliveryState.CANCELLED and delivery.export_id in downloads(work):
            raise Conflict("Het bestand van deze export is gedownload. Open de export en kies daar Versturen.")
        resumed = decisions.resume(work, delivery.id)
        if resumed:
            record(work, "delivery.resumed", delivery=delivery_id)
        return resumed


def retry_refused(acting: Acting, delivery_id: int) -> int:
    """Send the refused lines again after a mend; only for targets that take one line at a time."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        if not isinstance(acting.part(Providers).get(delivery.provider), LineSender):
            raise Conflict("Deze regels kun je niet opnieuw versturen. Trek ze recht bij je salariskantoor.")
        require_active(work, delivery.provider)
        _require_standing(work, delivery)
        if mended_since(work, delivery):
            raise Conflict(
                "De urencode of de medewerker is intussen anders gekozen. "
                "Maak de geweigerde uren vrij en maak daarna een nieuwe export.",
                code=codes.CHOSEN_ANEW,
            )
        count = decisions.retry_refused(work, delivery.id)
        record(work, "delivery.retried", delivery=delivery_id, count=count)
        return count


def _require_standing(work: Work, delivery: Delivery) -> None:
    if work.session.get_one(Export, delivery.export_id, populate_existing=True).state is not ExportState.READY:
        message = "Deze export is ingetrokken. De uren kunnen al in een nieuwe export zitten."
        raise Conflict(message, code=WITHDRAWN)


def mended_since(work: Work, delivery: Delivery) -> bool:
    """Whether a refused line would get another code or employee today than when its export was made."""
    export = work.session.get_one(Export, delivery.export_id)
    if export.kind is ExportKind.CORRECTION:
        return False  # it goes where the hours went, whatever was chosen since
    setup = venue_setup(work, delivery.provider, export.venue_id)
    refused = (
        select(ExportLine)
        .join(DeliveryLine, DeliveryLine.export_line_id == ExportLine.id)
        .where(DeliveryLine.delivery_id == delivery.id, DeliveryLine.state == LineState.REFUSED)
        .where(DeliveryLine.released_at.is_(None))
    )
    return any(_differs(setup, line) for line in work.session.scalars(refused))


def _differs(setup: VenueSetup, line: ExportLine) -> bool:
    found = setup.matches.get(line.member_id)
    employee_ref = found.employee.ref if found and found.employee else ""
    return employee_ref != line.employee_ref or any(setup.codes.get(kind) != line.code for kind in line.kinds)


def release_refused(acting: Acting, delivery_id: int) -> int:
    """Give the refused hours free for a new export; returns the number of lines. Safe to call twice.

    Of a correction that takes an export back: payroll keeps those hours, so they stay with that export.
    Raises NotFound, and Conflict while the delivery is still under way.
    """
    with acting.begin() as work:
        export = exports.locked(work, own(work, delivery_id, lock=False).export_id)
        delivery = own(work, delivery_id)
        if delivery.state not in (DeliveryState.DONE, DeliveryState.CANCELLED):
            raise Conflict("Deze levering is nog bezig. Wacht tot zij klaar is.")
        return _release(work, export, delivery_id, decisions.release_refused(work, delivery.id))


def release_unsent(acting: Acting, delivery_id: int) -> int:
    """Give what a stopped delivery did not send free for a new export; returns the number of lines. Safe to call twice.

    It can never be sent from this delivery any more, also not by who resumes it at the same moment. Of a person of
    whom something is under way or unknown nothing is freed; what payroll took stays as it is. For a correction that
    takes an export back as `release_refused`. Raises NotFound, and Conflict when it was resumed, or when its file was
    downloaded: what is in a file may be paid too.
    """
    with acting.begin() as work:
        export = exports.locked(work, own(work, delivery_id, lock=False).export_id)
        delivery = own(work, delivery_id)
        if delivery.state not in (DeliveryState.DONE, DeliveryState.CANCELLED):
            raise Conflict("Deze levering is niet (meer) gestopt. Stop de levering eerst, of wacht tot die klaar is.")
        _require_standing(work, delivery)
        if export.id in downloads(work):
            raise Conflict("Het bestand van deze export is gedownload. Is het ingelezen, dan tellen deze uren dubbel.")
        freed = _release(work, export, delivery_id, decisions.release_unsent(work, delivery.id))
        _close(work, delivery_id)
        return freed


def _release(work: Work, export: Export, delivery_id: int, lines: list[int]) -> int:
    freed = exports.release_lines(work, export, lines, booked_parts(work, lines))
    take_backs.settle(work, export.id)
    record(work, "delivery.released", delivery=delivery_id, count=freed)
    return freed


def decide(acting: Acting, delivery_id: int, line_id: int, *, booked: bool, ref: str = "") -> None:
    """Settle an `onbekend` line after looking in payroll. `ref`: what a person pointed at as ours.

    Raises NotFound, Conflict.
    """
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        one_by_one = isinstance(acting.part(Providers).get(delivery.provider), LineSender)
        if not booked and not one_by_one:
            raise Conflict("Deze regels gaan als één pakket. Vraag je salariskantoor of het pakket er is.")
        if ref and ref not in [one.ref for one in candidates(work, [line_id]).get(line_id, ())]:
            raise Conflict("Deze regel staat er niet (meer), of is van een ander. Laat eerst nog een keer nalezen.")
        if not_so := contradicted(work, delivery.id, line_id, booked=booked):
            raise Conflict(not_so, code=codes.NOT_AS_EXPECTED)
        if not decisions.decide(work, delivery.id, line_id, booked=booked, wait=_quiet(acting), ref=ref):
            raise Conflict(
                "Deze regel is niet (meer) onbekend, of is pas net verstuurd. "
                "Wacht drie minuten, kijk nog eens in je salarispakket en probeer het opnieuw.",
                code=codes.JUST_SENT,
            )
        record(work, "delivery.decided", delivery=delivery_id, line=line_id, booked=booked)
        _close(work, delivery_id)
    take_backs.settle_alone(acting, delivery.export_id)


def look_again(acting: Acting, delivery_id: int) -> None:
    """Have the worker read the unknown lines back once more. Raises NotFound, Conflict. Safe to call twice."""
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        if delivery.state is DeliveryState.PAUSED:
            raise Conflict("Deze levering is gepauzeerd. Hervat haar, dan lezen we ook de onbekende regels na.")
        if decisions.look_again(work, delivery.id, _quiet(acting)):
            record(work, "delivery.look_asked", delivery=delivery_id)


def _quiet(acting: Acting) -> timedelta:
    settings = acting.part(Settings)
    return quiet(settings.lease_seconds, settings.remote_seconds)


def withdraw_export(acting: Acting, export_id: int) -> None:
    """Take an export back, when nothing of it left. Raises NotFound, Conflict."""
    with acting.begin() as work:
        export = exports.locked(work, export_id)
        delivery = _of_export(work, export.id)
        if delivery is not None and not decisions.nothing_left(work, delivery.id):
            message = "Van deze export is iets verstuurd, of dat gebeurt nu. Intrekken kan niet (meer)."
            raise Conflict(message, code=codes.SENT_ALREADY)
        if delivery is not None:
            decisions.release_refused(work, delivery.id)  # their hours are free: nobody may send these lines again
        exports.withdraw_in(work, export_id)


def own(work: Work, delivery_id: int, *, lock: bool = True) -> Delivery:
    """A delivery of the own organisation. Raises NotFound."""
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.organisation_id == work.organisation_id)
    found = work.session.scalar(query.with_for_update(key_share=True) if lock else query)
    if found is None:
        raise NotFound
    return found
