"""What support sees at a customer that lets it look along: the customer's own pages, read only.

Every view reads through `looks.looking`, which asks for the grant, and notes what it will show in the customer's trail
before it shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.accounts import looks
from portal.accounts.queries import venues
from portal.deliveries import queries as deliveries
from portal.deliveries.routes import read_delivery
from portal.integrations import queries
from portal.integrations.parts import Providers
from portal.integrations.routes import read_koppeling, read_people
from portal.kernel.access import Audience, access, acting
from portal.kernel.limits import number_asked

bp = Blueprint("looking", __name__)
BASE = "/support/meekijken"
AT = f"{BASE}/<int:organisation_id>"


@dataclass(frozen=True)
class Looking:
    """Tells a customer's template that support is looking: where its links lead, and that nothing can be done."""

    look: looks.LookInfo

    @property
    def base(self) -> str:
        return f"{BASE}/{self.look.organisation_id}"


@bp.get(BASE)
@access(Audience.SUPPORT)
def overview() -> ResponseReturnValue:
    with acting().read() as work:
        found = looks.open_looks(work)
    return render_template("support/looks.html", looks=found)


@bp.get(AT)
@access(Audience.SUPPORT)
def customer(organisation_id: int) -> ResponseReturnValue:
    providers = acting().part(Providers)
    with looks.looking(acting(), organisation_id) as (work, found):
        known, places, sent = queries.koppelingen(work, providers), venues(work), deliveries.deliveries(work)
    looks.note(acting(), organisation_id, "overzicht")
    facts = {"koppelingen": known, "venues": places, "deliveries": sent, "looking": Looking(found)}
    return render_template("support/look.html", **facts, providers=providers)


@bp.get(f"{AT}/koppelingen/<key>")
@access(Audience.SUPPORT)
def koppeling(organisation_id: int, key: str) -> ResponseReturnValue:
    provider = acting().part(Providers).get(key)
    with looks.looking(acting(), organisation_id) as (work, found):
        facts = read_koppeling(work, provider)
    looks.note(acting(), organisation_id, "koppeling", provider=key)
    return render_template("integrations/show.html", **facts, looking=Looking(found))


@bp.get(f"{AT}/koppelingen/<key>/vestiging/<int:venue_id>/teamleden")
@access(Audience.SUPPORT)
def people(organisation_id: int, key: str, venue_id: int) -> ResponseReturnValue:
    provider = acting().part(Providers).line_sender(key)
    with looks.looking(acting(), organisation_id) as (work, found):
        facts = read_people(work, provider, venue_id)
    looks.note(acting(), organisation_id, "teamleden", provider=key, venue=venue_id)
    return render_template("integrations/people.html", **facts, looking=Looking(found))


@bp.get(f"{AT}/leveringen/<int:delivery_id>")
@access(Audience.SUPPORT)
def delivery(organisation_id: int, delivery_id: int) -> ResponseReturnValue:
    with looks.looking(acting(), organisation_id) as (work, found):
        facts = read_delivery(work, delivery_id, number_asked("pagina") or 1)
    looks.note(acting(), organisation_id, "levering", delivery=delivery_id)
    return render_template("deliveries/show.html", **facts, looking=Looking(found))
