"""The difference screen: approved, sent and in payroll now, per person and code (G6). It is the dry run too."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.queries import venue as find_venue
from portal.accounts.queries import venues
from portal.accounts.types import VenueInfo
from portal.audit.service import look
from portal.deliveries import readings
from portal.deliveries.difference_queries import Difference, Place, difference, reading_state
from portal.deliveries.difference_types import Finding, Row
from portal.deliveries.not_double import say_of
from portal.exports.queries import targets
from portal.hours import periods
from portal.hours.codes import NO_VENUE
from portal.hours.queries import newest_day
from portal.hours.types import Period, PeriodKind
from portal.integrations.contract import BatchSender, LineSender, Provider
from portal.integrations.parts import Providers
from portal.integrations.queries import is_active, venue_setup
from portal.kernel.access import Audience, access, acting
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.filters import datum, meervoud
from portal.kernel.limits import number_asked
from portal.kernel.work import Work

bp = Blueprint("difference", __name__)
ROWS = 200  # a page; a larger venue is paged through
KINDS = {letter: kind for kind, letter in periods.LETTERS.items()} | {kind.value: kind for kind in PeriodKind}


@dataclass(frozen=True)
class Chosen:
    venue: VenueInfo
    place: Place


@bp.get("/portaal/verschil")
@access(Audience.CUSTOMER)
def show() -> ResponseReturnValue:
    with acting().read() as work:
        known = targets(work, acting().part(Providers))
        chosen = _chosen(work, known)
        facts = {"targets": known, "venues": venues(work), "chosen": chosen, "periods": periods}
        found = difference(work, chosen.place) if chosen else None
        active = bool(chosen and is_active(work, chosen.place.provider.key))
    if chosen is None or found is None:
        return render_template("deliveries/difference.html", **facts)
    _looked(chosen.place)
    facts |= {"active": active, "sends": isinstance(chosen.place.provider, LineSender | BatchSender)}
    corrects = "corrections.review" in current_app.view_functions
    return render_template("deliveries/difference.html", **facts, **_page(found), corrects=corrects)


def _looked(place: Place) -> None:
    slug = periods.slug(place.period)
    look(acting(), "look.difference", venue=place.venue_id, provider=place.provider.key, period=slug)


def _page(found: Difference) -> dict[str, object]:
    """What is shown of the rows: all of them or only the differences, a page at a time, with the totals of all."""
    only = request.args.get("alleen") == "verschillen"
    differing = [row for row in found.rows if row.differs]
    picked = differing if only else found.rows
    pages = max(1, -(-len(picked) // ROWS))
    page = min(max(1, number_asked("pagina") or 1), pages)
    to_do = [row for row in differing if row.finding is not Finding.THEIRS]
    totals = {
        "approved": sum(row.approved for row in found.rows), "sent": sum(row.sent for row in found.rows),
        "payroll": _total(found.rows), "theirs": sum(row.theirs for row in found.rows),
    }  # fmt: skip
    return {
        "rows": picked[(page - 1) * ROWS : page * ROWS], "page": page, "pages": pages, "only": only, "totals": totals,
        "today": datum(acting().clock()), "count": len(found.rows),
        "differing": len(differing), "to_do": len(to_do), "reading": found.reading,
        "strangers": sum(not other.ours for row in found.rows for other in row.others),
    }  # fmt: skip


def _total(rows: list[Row]) -> object:
    """None when nobody was read, or not everybody of whom we sent hours: a part is no total."""
    read = [row.payroll for row in rows if row.payroll is not None]
    return None if not read or any(row.payroll is None and row.sent for row in rows) else sum(read)


@bp.get("/portaal/verschil/stand")
@access(Audience.CUSTOMER)
def progress() -> ResponseReturnValue:
    """How far the reading is, for the part of the page that refreshes itself; at the end the page is loaded again."""
    with acting().read() as work:
        chosen = _required(work)
        reading = reading_state(work, chosen.place)
    answer = make_response(render_template("deliveries/_reading.html", chosen=chosen, reading=reading))
    if not reading.open:
        answer.headers["X-Live"] = "done"
    return answer


@bp.post("/portaal/verschil/lezen")
@access(Audience.CUSTOMER)
def read() -> ResponseReturnValue:
    with acting().read() as work:
        chosen = _required(work)
    count = readings.ask(acting(), chosen.place)
    name = chosen.place.provider.name
    flash(f"We lezen in {name} na wat er staat van {meervoud(count, 'teamlid', 'teamleden')}.", "success")
    return redirect(address(chosen.place), code=303)


@bp.post("/portaal/verschil/niet-dubbel")
@access(Audience.CUSTOMER)
def not_double() -> ResponseReturnValue:
    """A person looked at what others entered under our code: it is not the same. It is about what was on the screen."""
    with acting().begin() as work:
        chosen = _required(work)
        doubts = [row.doubt for row in difference(work, chosen.place).rows if row.doubt]
        found = next((one for one in doubts if one.fingerprint == request.form.get("fingerprint")), None)
        if found is None:
            raise Conflict("Er staat intussen iets anders, of dit is al gezegd. Bekijk het verschil opnieuw.")
        say_of(work, found)
    flash("Genoteerd. We waarschuwen weer als daar andere uren bij komen.", "success")
    return redirect(address(chosen.place), code=303)


def address(place: Place) -> str:
    slug = periods.slug(place.period)
    return url_for("difference.show", vestiging=place.venue_id, doel=place.provider.key, periode=slug)


def _required(work: Work) -> Chosen:
    """Raises NotFound when there is no koppeling to compare with."""
    chosen = _chosen(work, targets(work, acting().part(Providers)))
    if chosen is None:
        raise NotFound
    return chosen


def _chosen(work: Work, known: list[Provider]) -> Chosen | None:
    """Venue, target and period of the address; what is left out is the most likely one. Raises NotFound."""
    key = request.args.get("doel", "")
    if not key and not known:
        return None
    provider = acting().part(Providers).get(key) if key else known[0]
    venue_id = number_asked("vestiging")
    own = venues(work)
    if venue_id is None and not own:
        message = "Je organisatie heeft nog geen vestiging. Vraag je beheerder om er een toe te voegen."
        raise NotFound(message, code=NO_VENUE)
    venue = find_venue(work, own[0].id if venue_id is None else venue_id)
    return Chosen(venue, Place(venue.id, provider, _period(work, provider.key, venue.id)))


def _period(work: Work, key: str, venue_id: int) -> Period:
    """Of `?periode=2026-10-M`, or `soort`, `jaar` and `nummer`, else the one of the newest hours. Raises NotFound."""
    text = request.args.get("periode", "")
    kind = KINDS.get(request.args.get("soort", ""))
    if text or kind:
        period = Period(kind, number_asked("jaar") or 0, number_asked("nummer") or 0) if kind and not text else None
        try:
            return period if period and periods.is_valid(period) else periods.parse(text)
        except InvalidInput:
            raise NotFound("Deze periode bestaat niet. Kies een periode uit de lijst.") from None
    facts = venue_setup(work, key, venue_id).facts
    newest = newest_day(work, venue_id)
    return periods.period_of(newest, facts.period.kind if facts else PeriodKind.MONTH)
