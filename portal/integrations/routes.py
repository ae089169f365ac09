"""Bedrijf > Instellingen > Activeer koppeling > …: the path of the source page, and the set-up behind it."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import looks
from portal.accounts.queries import beheerders, venues
from portal.accounts.queries import venue as find_venue
from portal.audit.service import look
from portal.hours.queries import kinds, member, members
from portal.integrations import drafts, forms, queries, service, setup, token_routes
from portal.integrations.contract import LineSender, Provider
from portal.integrations.parts import Providers
from portal.kernel.access import MEMBERS, Audience, access, acting, keeps, recent
from portal.kernel.errors import Conflict, InvalidInput, RemoteError
from portal.kernel.forms import Form
from portal.kernel.work import Work

bp = Blueprint("integrations", __name__)
BASE = "/portaal/bedrijf/koppelingen"


def _providers() -> Providers:
    return acting().part(Providers)


@bp.get("/portaal/bedrijf")
@access(Audience.ORGANISATION)
def company() -> ResponseReturnValue:
    with acting().read() as work:
        known, look_along = queries.koppelingen(work, _providers()), looks.current(work)
    return render_template("integrations/company.html", koppelingen=known, look=look_along)


@bp.get("/portaal/bedrijf/instellingen")
@access(Audience.ORGANISATION)
def settings() -> ResponseReturnValue:
    with acting().read() as work:
        known, waiting = queries.koppelingen(work, _providers()), drafts.waiting(work)
        places = venues(work)
    return render_template("integrations/settings.html", koppelingen=known, venues=places, waiting=waiting)


@bp.get(BASE)
@access(Audience.ORGANISATION)
def overview() -> ResponseReturnValue:
    with acting().read() as work:
        known = queries.koppelingen(work, _providers())
    return render_template("integrations/overview.html", koppelingen=known)


@bp.get(f"{BASE}/<key>")
@access(Audience.ORGANISATION)
def show(key: str) -> ResponseReturnValue:
    return _show(key, forms.AnswerForm())


def _show(key: str, answer: Form) -> str:
    with acting().read() as work:
        facts = read_koppeling(work, _providers().get(key))
    return render_template("integrations/show.html", answer=answer, **facts)


def read_koppeling(work: Work, provider: Provider) -> dict[str, object]:
    """What the page of a koppeling shows. Who the colleagues are is not for the accountant."""
    key, places = provider.key, venues(work)
    return {
        "provider": provider,
        "by_line": isinstance(provider, LineSender),
        "koppeling": queries.koppeling(work, _providers(), key),
        "request_": queries.own_request(work, key),
        "credential": queries.credential_age(work, key),
        "waiting": drafts.waiting(work).get(key),
        "beheerders": beheerders(work) if work.actor.role in MEMBERS[Audience.CUSTOMER] else [],
        "venues": [(venue, queries.venue_setup(work, key, venue.id)) for venue in places],
        "kinds": {venue.id: kinds(work, venue.id) for venue in places},
    }


@bp.route(f"{BASE}/<key>/activeren", methods=["GET", "POST"])
@access(Audience.BEHEERDER)
@recent
@keeps("email")
def activate(key: str) -> ResponseReturnValue:
    provider = _providers().get(key)
    return token_routes.hand_over(provider) if isinstance(provider, LineSender) else _switch_on(key)


def _switch_on(key: str) -> ResponseReturnValue:
    provider, form = _providers().get(key), forms.OkForm()
    if form.validate_on_submit():
        service.switch_on(acting(), key)
        flash(f"De koppeling met {provider.name} is actief. Je kunt nu naar {provider.name} exporteren.", "success")
        return redirect(url_for("integrations.show", key=key), code=303)
    with acting().read() as work:
        found = queries.koppeling(work, _providers(), key)
    return render_template("integrations/activate.html", provider=provider, form=form, koppeling=found)


@bp.post(f"{BASE}/<key>/uitzetten")
@access(Audience.BEHEERDER)
def switch_off(key: str) -> ResponseReturnValue:
    service.switch_off(acting(), key)
    flash(f"De koppeling met {_providers().get(key).name} staat uit.", "success")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.post(f"{BASE}/<key>/intrekken")
@access(Audience.BEHEERDER)
def withdraw(key: str) -> ResponseReturnValue:
    _providers().line_sender(key)
    service.withdraw(acting(), key)
    flash("Je aanvraag is ingetrokken. De token is vernietigd.", "success")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.post(f"{BASE}/<key>/antwoord")
@access(Audience.BEHEERDER)
@keeps("text")
def answer(key: str) -> ResponseReturnValue:
    form = forms.AnswerForm()
    _providers().line_sender(key)
    if not form.validate_on_submit():
        return _show(key, form), 422  # what was typed stays
    service.answer(acting(), key, form.text.data)
    flash("Je antwoord is naar support gestuurd.", "success")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.route(f"{BASE}/<key>/vestiging/<int:venue_id>/bedrijf", methods=["GET", "POST"])
@access(Audience.BEHEERDER)
@keeps("company")
def choose_company(key: str, venue_id: int) -> ResponseReturnValue:
    provider = _providers().line_sender(key)
    with acting().read() as work:
        queries.require_active(work, key)
        venue = find_venue(work, venue_id)
        found = queries.companies(work, key)
        chosen = queries.venue_setup(work, key, venue_id).company
    form = forms.company_form([(c.ref, f"{c.number} {c.name}") for c in found])
    failure: RemoteError | None = None
    if form.validate_on_submit():
        try:
            setup.choose_company(acting(), key, venue_id, form.company.data)
        except InvalidInput as error:
            form.fail(error.field, error.message)
        except RemoteError as error:
            failure = error
        else:
            flash(f"Het bedrijf van {venue.name} is gekozen. Kies nu de urencodes.", "success")
            return redirect(url_for("integrations.choose_codes", key=key, venue_id=venue_id), code=303)
    elif chosen and not form.is_filled:
        form.company.data = chosen.ref
    page = render_template(
        "integrations/choose_company.html", provider=provider, venue=venue, form=form, failure=failure
    )
    return page, 422 if form.errors or failure else 200


@bp.post(f"{BASE}/<key>/vestiging/<int:venue_id>/verversen")
@access(Audience.CODES)
def refresh(key: str, venue_id: int) -> ResponseReturnValue:
    provider = _providers().line_sender(key)
    try:
        setup.refresh(acting(), key, venue_id)
        flash(f"De gegevens uit {provider.name} zijn opnieuw gelezen.", "success")
    except RemoteError as error:
        flash(f"{error.message} {error.remedy}", f"error:{error.code}")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.route(f"{BASE}/<key>/vestiging/<int:venue_id>/urencodes", methods=["GET", "POST"])
@access(Audience.CODES)
@keeps("kind_*")
def choose_codes(key: str, venue_id: int) -> ResponseReturnValue:
    provider = _providers().get(key)
    with acting().read() as work:
        queries.require_active(work, key)
        venue = find_venue(work, venue_id)
        known, found = kinds(work, venue_id), queries.venue_setup(work, key, venue_id)
    by_line = isinstance(provider, LineSender)
    codes = found.facts.codes if found.facts else ()
    form = forms.code_form(known, codes, found.codes)
    if by_line and not codes and form.is_submitted():
        raise Conflict(f"De urencodes van {provider.name} zijn nog niet gelezen. Kies eerst een bedrijf.")
    if form.validate_on_submit():
        chosen = {kind: form[forms.kind_field(kind)].data for kind in known}
        setup.choose_codes(acting(), key, venue_id, chosen)
        flash(f"De codes van {venue.name} zijn bewaard.", "success")
        return redirect(url_for("integrations.show", key=key), code=303)
    page = render_template(
        "integrations/choose_codes.html",
        provider=provider,
        venue=venue,
        form=form,
        kinds=known,
        setup=found,
        by_line=by_line,
    )
    return page, 422 if form.errors else 200


@bp.get(f"{BASE}/<key>/vestiging/<int:venue_id>/teamleden")
@access(Audience.ORGANISATION)
def people(key: str, venue_id: int) -> ResponseReturnValue:
    provider = _providers().line_sender(key)
    with acting().read() as work:
        facts = read_people(work, provider, venue_id)
    look(acting(), "look.team", venue=venue_id, provider=key)
    return render_template("integrations/people.html", **facts)


def read_people(work: Work, provider: LineSender, venue_id: int) -> dict[str, object]:
    """Who is who at a koppeling. Raises NotFound, Conflict (it is not active)."""
    queries.require_active(work, provider.key)
    venue = find_venue(work, venue_id)
    found, team = queries.venue_setup(work, provider.key, venue_id), members(work, venue_id)
    return {"provider": provider, "venue": venue, "setup": found, "team": team}


@bp.route(f"{BASE}/<key>/teamlid/<int:member_id>", methods=["GET", "POST"])
@access(Audience.BEHEERDER)
@keeps("employee")
def link_member(key: str, member_id: int) -> ResponseReturnValue:
    provider = _providers().line_sender(key)
    with acting().read() as work:
        queries.require_active(work, key)
        person = member(work, member_id)
        found = queries.venue_setup(work, key, person.venue_id)
    look(acting(), "look.member", member=member_id, provider=key)
    form = _employee_form(found)
    if form.validate_on_submit():
        try:
            setup.link_member(acting(), key, member_id, form.employee.data)
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            flash(f"{person.name} is bijgewerkt.", "success")
            return redirect(url_for("integrations.people", key=key, venue_id=person.venue_id), code=303)
    elif not form.is_filled:
        chosen = found.matches[member_id]
        form.employee.data = chosen.employee.ref if chosen.by_hand and chosen.employee else ""
    page = render_template("integrations/link_member.html", provider=provider, person=person, form=form, setup=found)
    return page, 422 if form.errors else 200


def _employee_form(found: queries.VenueSetup) -> Form:
    employees = found.facts.employees if found.facts else ()
    return forms.employee_form([(e.ref, f"{e.number} {e.name}") for e in sorted(employees, key=lambda e: e.name)])
