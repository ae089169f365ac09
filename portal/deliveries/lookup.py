"""Asking a target with our JSON contract what became of a batch whose answer was lost.

The reference makes this safe: "unknown reference" is the only answer that proves nothing was booked, and
the same batch sent again under the same reference cannot be booked twice (docs/contract-uren-json.md).
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from portal.audit.service import record
from portal.deliveries import ledger
from portal.deliveries.models import DeliveryLine, LineState
from portal.deliveries.service import own
from portal.exports.models import Export
from portal.integrations import keyring
from portal.integrations.contract import BatchSender, LineResult, Receipt
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting, Work
from portal.settings import Settings


class Found(StrEnum):
    BOOKED = "geboekt"
    UNKNOWN = "niet aangekomen"


def look_up(acting: Acting, delivery_id: int) -> Found:
    """Read back by reference and settle the unknown lines: booked or refused, or planned to go again.

    Raises NotFound, Conflict, Refused, AccessRefused, Unavailable (then nothing changes). Safe to call twice.
    """
    with acting.begin() as work:
        delivery = own(work, delivery_id)
        sender = acting.part(Providers).get(delivery.provider)
        if not isinstance(sender, BatchSender):
            raise Conflict("Kijk in je salarispakket wat er staat en zeg het per regel.")
        reference = work.session.get_one(Export, delivery.export_id).reference
        credentials = keyring.open_credentials(work, work.organisation_id, delivery.provider, "navragen")
        _require_quiet(acting, work, delivery_id)
    with acting.part(Providers).place():
        receipt = sender.find(reference, credentials)
    with acting.begin() as work:
        own(work, delivery_id)
        found = _settle(work, delivery_id, receipt)
        record(work, "delivery.looked_up", delivery=delivery_id, outcome=found.value)
        return found


def _require_quiet(acting: Acting, work: Work, delivery_id: int) -> None:
    """A call that may still be under way could land after our question."""
    settings = acting.part(Settings)
    recent = work.now - timedelta(seconds=settings.lease_seconds + settings.remote_seconds)
    young = select(DeliveryLine.id).where(
        DeliveryLine.delivery_id == delivery_id,
        DeliveryLine.state == LineState.UNCLEAR,
        DeliveryLine.started_at > recent,
    )
    if work.session.scalar(young.limit(1)) is not None:
        raise Conflict("Dit pakket is pas net verstuurd. Vraag het over drie minuten na.")


def _settle(work: Work, delivery_id: int, receipt: Receipt | None) -> Found:
    if receipt is None:
        ledger.plan_unknown_again(work, delivery_id)
        return Found.UNKNOWN
    results: dict[int, LineResult] = {result.line_id: result for result in receipt.results}
    ledger.settle_unknown(work, delivery_id, results, receipt.ref)
    return Found.BOOKED
