"""The mails that say a delivery needs a person: it is paused, or through with lines of which nobody knows the end.

They go into the outbox in the transaction of what they tell, so there is one for each pause and each end. Words of an
outsider, names and hours stay out of them: a mail is read by anybody who passes by. The page of the delivery has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.accounts.queries import beheerder_mails
from portal.audit.queries import last_act
from portal.deliveries.models import Delivery, DeliveryLine, LineState
from portal.exports.models import Export
from portal.exports.queries import period_of_export
from portal.hours.periods import label
from portal.integrations.parts import Providers
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings


@dataclass(frozen=True)
class Halt:
    """Why a delivery is paused, for somebody who reads it in a mail. `{name}` is the payroll package."""

    what: str
    todo: str


REFUSED = Halt(
    "{name} laat ons niet meer toe: de token of een recht is geweigerd.",
    "Een beheerder lost dit op bij Bedrijf > Instellingen. Daar staat wat er mis is. Met een nieuwe token gaat de "
    "levering vanzelf verder. Is er iets in {name} veranderd? Kies dan Hervat bij de levering. Andere leveringen die "
    "hierop wachten, gaan daarna vanzelf verder.",
)
AWAY = Halt(
    "Het lukt al een tijd niet om iets naar {name} te versturen. We hebben het een paar keer geprobeerd.",
    "Wacht even. Open dan de levering en kies Hervat.",
)
FAULT = Halt(
    "Bij ons gaat iets mis met deze levering.",
    "Open de levering en kies Hervat. Gaat het weer mis? Meld het dan aan support.",
)
NOT_SENDABLE = Halt(
    "De koppeling met {name} is niet klaar om te versturen.",
    "Kijk de koppeling na bij Bedrijf > Instellingen. Open daarna de levering en kies Hervat.",
)
UNREADABLE = Halt(
    "Wij kunnen een versleutelde waarde van deze levering niet openen.",
    "Neem contact op met support. Zelf kun je dit niet oplossen.",
)
RESTORED = Halt(
    "Het portaal is teruggezet naar een back-up. We lezen eerst na wat er al in {name} staat.",
    "Open de levering als we klaar zijn met nalezen. Klopt het, kies dan Verstuur alsnog.",
)


def paused(acting: Acting, work: Work, delivery_id: int, halt: Halt, code: str) -> None:
    """Tell that a delivery was paused. Call it only where `ledger.pause` said that it was, in that transaction."""
    name = _name(acting, work, delivery_id)
    words = {"what": halt.what.format(name=name), "todo": halt.todo.format(name=name), "code": code}
    _write(acting, work, delivery_id, Mail.DELIVERY_PAUSED, words)


def left_unknown(acting: Acting, work: Work, delivery_id: int) -> None:
    """Tell that a delivery is through with lines for a person to look up, when there are any that nobody was told of.

    Call it in the transaction that ends the delivery, before that is recorded: a delivery that a person opened again
    ends once more, with unknown lines that were told of the first time.
    """
    mine = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.UNCLEAR)
    count, lost_at = work.session.execute(select(func.count(), func.max(DeliveryLine.settled_at)).where(mine)).one()
    if not count:
        return
    ended = last_act(work, "delivery.done", delivery=delivery_id)
    if ended is None or (lost_at is not None and lost_at > ended.at):
        _write(acting, work, delivery_id, Mail.DELIVERY_UNKNOWN, {"count": count})


def _write(acting: Acting, work: Work, delivery_id: int, mail: Mail, words: Mapping[str, object]) -> None:
    """One mail to the person who started it and to each beheerder, not to somebody whose access was taken away."""
    settings = acting.part(Settings)
    export = work.session.scalars(select(Export).join(Delivery).where(Delivery.id == delivery_id)).one()
    started = last_act(work, "delivery.planned", delivery=delivery_id)
    values = {
        "provider": _name(acting, work, delivery_id), "venue": export.venue_name,
        "period": label(period_of_export(export)), "link": f"{settings.base_url}/portaal/leveringen/{delivery_id}",
        **words,
    }  # fmt: skip
    for address in beheerder_mails(work, export.organisation_id, also=started.actor_id if started else None):
        enqueue(work, settings, mail, address, **values)


def _name(acting: Acting, work: Work, delivery_id: int) -> str:
    """The payroll package in words; its key when we have no such koppeling any more: that may be why it is paused."""
    key = work.session.scalars(select(Delivery.provider).where(Delivery.id == delivery_id)).one()
    found = acting.part(Providers).by_key.get(key)
    return found.name if found else key
