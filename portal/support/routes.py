"""The desk of support: credential requests and deliveries that need a person."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.queries import organisation_names
from portal.audit import downloads
from portal.audit import forms as trail_forms
from portal.audit.queries import of_thing
from portal.audit.routes import page, streamed
from portal.audit.service import look
from portal.deliveries.queries import deliveries as all_deliveries
from portal.integrations import queries
from portal.integrations.parts import Providers
from portal.kernel.access import Audience, access, acting, keeps
from portal.support import forms, service

bp = Blueprint("support", __name__)


@bp.get("/support/aanvragen")
@access(Audience.SUPPORT)
def requests() -> ResponseReturnValue:
    with acting().read() as work:
        found, names = queries.requests(work), organisation_names(work)
    return render_template("support/requests.html", requests=found, names=names, providers=acting().part(Providers))


@bp.get("/support/aanvragen/<int:request_id>")
@access(Audience.SUPPORT)
def request_(request_id: int) -> ResponseReturnValue:
    return _page(request_id, forms.RejectForm(), forms.AskForm())


def _page(request_id: int, reject: forms.RejectForm, ask: forms.AskForm) -> ResponseReturnValue:
    with acting().read() as work:
        found, names = queries.request(work, request_id), organisation_names(work)
        trail = of_thing(work, "request.", request=request_id)
    look(acting(), "look.request", found.organisation_id, request=request_id)
    provider = acting().part(Providers).get(found.provider)
    facts = {"found": found, "organisation": names[found.organisation_id], "provider": provider, "trail": trail}
    status = 422 if reject.errors or ask.errors else 200
    return render_template("support/request.html", reject=reject, ask=ask, **facts), status


def _back(request_id: int, message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("support.request_", request_id=request_id), code=303)


@bp.post("/support/aanvragen/<int:request_id>/oppakken")
@access(Audience.SUPPORT)
def take(request_id: int) -> ResponseReturnValue:
    service.take(acting(), request_id)
    return _back(request_id, "Je hebt deze aanvraag opgepakt.")


@bp.post("/support/aanvragen/<int:request_id>/activeren")
@access(Audience.SUPPORT)
def activate(request_id: int) -> ResponseReturnValue:
    form = forms.ActivateForm()
    form.validate()
    service.activate(acting(), request_id, form.fingerprint.data or None)
    return _back(request_id, "De koppeling is actief. De klant krijgt een mail.")


@bp.post("/support/aanvragen/<int:request_id>/afwijzen")
@access(Audience.SUPPORT)
@keeps("reason")
def reject(request_id: int) -> ResponseReturnValue:
    form = forms.RejectForm()
    if not form.validate_on_submit():
        return _page(request_id, form, forms.AskForm(formdata=None))
    service.reject(acting(), request_id, form.reason.data)
    return _back(request_id, "De aanvraag is afgewezen. De klant krijgt een mail met de reden.")


@bp.post("/support/aanvragen/<int:request_id>/vragen")
@access(Audience.SUPPORT)
@keeps("question")
def ask(request_id: int) -> ResponseReturnValue:
    form = forms.AskForm()
    if not form.validate_on_submit():
        return _page(request_id, forms.RejectForm(formdata=None), form)
    service.ask(acting(), request_id, form.question.data)
    return _back(request_id, "Je vraag is naar de klant gestuurd.")


@bp.get("/support/leveringen")
@access(Audience.SUPPORT)
def deliveries() -> ResponseReturnValue:
    with acting().read() as work:
        found, names = all_deliveries(work), organisation_names(work)
    return render_template("support/deliveries.html", deliveries=found, names=names, providers=acting().part(Providers))


@bp.get("/support/logboek")
@access(Audience.SUPPORT_LEAD)
def trail() -> ResponseReturnValue:
    with acting().read() as work:
        names = organisation_names(work)
    return page("audit/desk.html", trail_forms.asked(names), names)


@bp.get("/support/logboek.csv")
@access(Audience.SUPPORT_LEAD)
def download_trail() -> ResponseReturnValue:
    with acting().read() as work:
        names = organisation_names(work)
    return streamed(downloads.take(acting(), trail_forms.required(names), names))
