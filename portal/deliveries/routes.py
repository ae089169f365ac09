"""Sending an export and following it, line by line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.audit.service import look
from portal.deliveries import forms, queries, service, take_backs
from portal.deliveries.attention import changed
from portal.deliveries.candidates import candidates
from portal.deliveries.difference_queries import Place, doubles
from portal.deliveries.live import Live, is_live, live, time_left
from portal.deliveries.not_double import said
from portal.deliveries.receipt_queries import of_delivery
from portal.exports import take_back
from portal.exports.queries import ExportInfo, targets
from portal.exports.queries import export as find_export
from portal.exports.queries import exports as made_exports
from portal.exports.queries import lines as export_lines
from portal.hours import periods
from portal.integrations.contract import BatchSender, LineSender, Provider
from portal.integrations.parts import Providers
from portal.kernel.access import Audience, access, acting, recent
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.filters import meervoud
from portal.kernel.limits import number_asked
from portal.kernel.restore_models import is_blind, restored_at
from portal.kernel.work import Work

bp = Blueprint("deliveries", __name__)
AGAIN = "Ververs de pagina en probeer het opnieuw."


def _providers() -> Providers:
    return acting().part(Providers)


@bp.get("/portaal/exports")
@access(Audience.CUSTOMER)
def exports() -> ResponseReturnValue:
    with acting().read() as work:
        made, sent = made_exports(work), queries.by_export(work)
        known = targets(work, _providers())
    page = {"exports": made, "deliveries": sent, "targets": known, "providers": _providers()}
    return render_template("exports/overview.html", **page, periods=periods)


@bp.get("/portaal/exports/<int:export_id>")
@access(Audience.CUSTOMER)
def export(export_id: int) -> ResponseReturnValue:
    asked = {"withdraw": forms.WithdrawForm(), "processed": forms.ProcessedForm()}
    return render_template("exports/show.html", **_export_facts(export_id), **asked)


def _export_facts(export_id: int) -> dict[str, Any]:
    with acting().read() as work:
        found = find_export(work, export_id)
        lines = export_lines(work, export_id)
        delivery = queries.of_export(work, export_id)
        takeable = queries.can_be_withdrawn(work, found, delivery)
        undone_by, since = take_back.corrections_of(work, export_id), changed(work, _providers(), [found])
        provider = _providers().get(found.provider)
        place = Place(found.venue_id, provider, found.period)
        blind = restored_at(work) if is_blind(work, found.first_day) else None
        double, not_double = doubles(work, place, {line.member_id for line in lines}), said(work, export_id)
    look(acting(), "look.export", export=export_id)
    sends = isinstance(provider, LineSender | BatchSender)
    facts = {"export": found, "lines": lines, "provider": provider, "sends": sends, "delivery": delivery}
    more = {"undone_by": undone_by, "since": since, "double": double, "not_double": not_double, "blind": blind}
    more["by_batch"] = isinstance(provider, BatchSender)
    return {**facts, **more, "takeable": takeable, "periods": periods}


@bp.get("/portaal/exports/<int:export_id>/versturen")
@access(Audience.CUSTOMER)
@recent
def review(export_id: int) -> ResponseReturnValue:
    """The last look before sending; nothing is sent without it (J5)."""
    return _review(export_id, forms.SendForm()), 200


def _review(export_id: int, form: forms.SendForm) -> str:
    facts, calls = _export_facts(export_id), []
    named = {row.member_id: row.name for row in facts["double"]}
    form.not_double.choices = [(member_id, f"{name}: dit is niet dubbel") for member_id, name in named.items()]
    hindrance: Conflict | None = None
    try:
        calls = service.foreseen(acting(), export_id)
    except Conflict as error:
        hindrance = error
    return render_template("deliveries/review.html", **facts, form=form, calls=calls, hindrance=hindrance)


@bp.post("/portaal/exports/<int:export_id>/versturen")
@access(Audience.CUSTOMER)
@recent
def send(export_id: int) -> ResponseReturnValue:
    form = forms.SendForm()
    form.validate()
    try:
        said = {"not_loaded": bool(form.not_loaded.data), "not_sent": bool(form.not_sent.data)}
        delivery_id = service.send(acting(), export_id, **said, not_double=form.not_double.data or ())
    except InvalidInput as error:
        form.fail(error.field, error.message)
        return _review(export_id, form), 422
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@bp.post("/portaal/exports/<int:export_id>/intrekken")
@access(Audience.CUSTOMER)
def withdraw_export(export_id: int) -> ResponseReturnValue:
    form = forms.WithdrawForm()
    if form.validate_on_submit():
        service.withdraw_export(acting(), export_id)
        with acting().read() as work:
            first = find_export(work, export_id).takes_back
        told = f"De uren blijven bij export {first}." if first else "Wat erin stond, staat weer open."
        flash(f"De {'correctie' if first else 'export'} is ingetrokken. {told}", "success")
    else:
        flash(form.sure.errors[0] if form.sure.errors else AGAIN, "error")
    return redirect(url_for("deliveries.export", export_id=export_id), code=303)


@bp.post("/portaal/exports/<int:export_id>/verwerkt")
@access(Audience.CUSTOMER)
def processed(export_id: int) -> ResponseReturnValue:
    form = forms.ProcessedForm()
    if form.validate_on_submit():
        take_backs.processed(acting(), export_id)
        flash("Genoteerd. De uren zijn vrij voor een nieuwe export.", "success")
    else:
        flash(form.done.errors[0] if form.done.errors else AGAIN, "error")
    return redirect(url_for("deliveries.export", export_id=export_id), code=303)


@bp.get("/portaal/leveringen/<int:delivery_id>")
@access(Audience.CUSTOMER)
def show(delivery_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        facts = read_delivery(work, delivery_id, number_asked("pagina") or 1)
    look(acting(), "look.delivery", delivery=delivery_id)
    return render_template("deliveries/show.html", **facts)


def read_delivery(work: Work, delivery_id: int, page: int) -> dict[str, object]:
    """What the page of a delivery shows. Raises NotFound."""
    facts = _facts(work, delivery_id)
    pages = max(1, -(-facts.delivery.total // queries.LINES))
    page = min(max(1, page), pages)
    lines, asked = queries.lines(work, delivery_id, page), queries.to_decide(work, delivery_id)
    extra = {"lines": lines, "asked": asked, "page": page, "pages": pages}
    after = {
        "found": candidates(work, [one.id for one in asked]),
        "receipts": of_delivery(work, delivery_id),
        "undone_by": take_back.corrections_of(work, facts.export.id),
        "since": [] if facts.delivery.moving else changed(work, _providers(), [facts.export]),
    }
    return {**facts.shown(), **extra, **after}


@bp.get("/portaal/leveringen/<int:delivery_id>/stand")
@access(Audience.CUSTOMER)
def progress(delivery_id: int) -> ResponseReturnValue:
    """The part of the page that refreshes itself; the header says when there is nothing left to wait for."""
    with acting().read() as work:
        facts = _facts(work, delivery_id)
    look(acting(), "look.delivery", delivery=delivery_id)
    answer = make_response(render_template("deliveries/_progress.html", **facts.shown()))
    if not is_live(facts.delivery, facts.live.looking):
        answer.headers["X-Live"] = "done"
    return answer


@dataclass(frozen=True)
class Facts:
    """What both the page of a delivery and the part that refreshes itself show."""

    delivery: queries.DeliveryInfo
    export: ExportInfo
    live: Live
    provider: Provider

    def shown(self) -> dict[str, object]:
        by_line = isinstance(self.provider, LineSender)
        known = {"delivery": self.delivery, "export": self.export, "live": self.live, "provider": self.provider}
        waiting = {"refreshes": is_live(self.delivery, self.live.looking), "left": time_left(self.live.seconds_left)}
        return {**known, **waiting, "by_line": by_line, "periods": periods}


def _facts(work: Work, delivery_id: int) -> Facts:
    delivery = queries.delivery(work, delivery_id)
    export = find_export(work, delivery.export_id)
    return Facts(delivery, export, live(work, delivery), _providers().get(delivery.provider))


@bp.post("/portaal/leveringen/<int:delivery_id>/annuleren")
@access(Audience.CUSTOMER)
def cancel(delivery_id: int) -> ResponseReturnValue:
    service.cancel(acting(), delivery_id)
    with acting().read() as work:
        through = not queries.delivery(work, delivery_id).stopped
    flash(
        "Alles was al verstuurd." if through else "De levering is gestopt. Wat al verstuurd was, blijft staan.",
        "success",
    )
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@bp.post("/portaal/leveringen/<int:delivery_id>/hervatten")
@access(Audience.CUSTOMER)
@recent
def resume(delivery_id: int) -> ResponseReturnValue:
    going = service.resume(acting(), delivery_id)
    flash("We gaan verder waar we gebleven waren." if going else "Er is niets meer om te hervatten.", "success")
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@bp.post("/portaal/leveringen/<int:delivery_id>/geweigerd-opnieuw")
@access(Audience.CUSTOMER)
@recent
def retry_refused(delivery_id: int) -> ResponseReturnValue:
    count = service.retry_refused(acting(), delivery_id)
    flash(f"{meervoud(count, 'regel gaat', 'regels gaan')} opnieuw.", "success")
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@bp.post("/portaal/leveringen/<int:delivery_id>/vrijgeven")
@access(Audience.CUSTOMER)
def release_refused(delivery_id: int) -> ResponseReturnValue:
    unsent = request.form.get("wat") == "niet-verstuurd"
    count = (service.release_unsent if unsent else service.release_refused)(acting(), delivery_id)
    with acting().read() as work:
        made = find_export(work, queries.delivery(work, delivery_id).export_id)
    flash(f"{meervoud(count, 'regel is', 'regels zijn')} {_released(made, unsent=unsent)}", "success")
    if made.is_correction and not made.takes_back:
        period = periods.slug(made.period)
        back = url_for("corrections.review", vestiging=made.venue_id, doel=made.provider, periode=period)
        return redirect(back, code=303)
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


def _released(made: ExportInfo, *, unsent: bool) -> str:
    if made.takes_back:
        return f"afgesloten. De uren blijven bij export {made.takes_back}."
    if made.is_correction:
        return "vrij. Het verschil staat hieronder. Kies hoe het nu verder gaat."
    return f"vrij. {'Verbeter de uren' if unsent else 'Los de reden op'} en maak een nieuwe export."


@bp.post("/portaal/leveringen/<int:delivery_id>/navragen")
@access(Audience.CUSTOMER)
def look_up(delivery_id: int) -> ResponseReturnValue:
    service.look_again(acting(), delivery_id)
    flash("We lezen na wat er staat. Deze pagina laat zien wat we vinden.", "success")
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)


@bp.get("/portaal/leveringen/<int:delivery_id>/regels/<int:line_id>/staat-er-niet")
@access(Audience.CUSTOMER)
def ask_again(delivery_id: int, line_id: int) -> ResponseReturnValue:
    """A line that would be sent again is asked about once more (J5)."""
    with acting().read() as work:
        facts, asked = _facts(work, delivery_id), queries.to_decide(work, delivery_id)
    line = next((one for one in asked if one.id == line_id), None)
    if line is None:
        raise Conflict("Deze regel is niet (meer) onbekend. Bekijk de levering.")
    look(acting(), "look.delivery", delivery=delivery_id)
    return render_template("deliveries/ask_again.html", **facts.shown(), line=line)


@bp.post("/portaal/leveringen/<int:delivery_id>/regels/<int:line_id>/<outcome>")
@access(Audience.CUSTOMER)
@recent
def decide(delivery_id: int, line_id: int, outcome: str) -> ResponseReturnValue:
    if outcome not in ("staat-er", "staat-er-niet"):
        raise NotFound
    ref = request.form.get("kenmerk", "") if outcome == "staat-er" else ""
    service.decide(acting(), delivery_id, line_id, booked=outcome == "staat-er", ref=ref)
    with acting().read() as work:
        stopped = queries.delivery(work, delivery_id).resumable
    flash(
        "Genoteerd." if outcome == "staat-er" or not stopped else "Genoteerd. Kies Hervat om verder te gaan.", "success"
    )
    return redirect(url_for("deliveries.show", delivery_id=delivery_id), code=303)
