"""Exports: choose, check, make, download. The pages that show them stand in deliveries, which knows what was sent."""

from __future__ import annotations

import io

from flask import Blueprint, redirect, render_template, request, send_file
from flask.typing import ResponseReturnValue

from portal.accounts.queries import venue as find_venue
from portal.accounts.queries import venues
from portal.audit.service import look
from portal.exports import forms, queries, service
from portal.hours import periods
from portal.hours.queries import newest_day
from portal.hours.types import Period, PeriodKind
from portal.integrations.contract import Provider
from portal.integrations.parts import Providers
from portal.integrations.queries import venue_setup
from portal.kernel.access import Audience, access, acting, recent
from portal.kernel.errors import InvalidInput, NotFound
from portal.kernel.limits import number_asked
from portal.kernel.work import Work

bp = Blueprint("exports", __name__)
MIMETYPES = {"csv": "text/csv", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
SHOWN_PERIODS = 8


def _providers() -> Providers:
    return acting().part(Providers)


@bp.get("/portaal/exports/nieuw")
@access(Audience.CUSTOMER)
def choose() -> ResponseReturnValue:
    """Step 1: venue and target; step 2: the periods that fit both."""
    with acting().read() as work:
        targets, places = queries.targets(work, _providers()), venues(work)
        key = _target_asked(targets)
        venue_id = number_asked("vestiging") or (places[0].id if places else 0)
        options = _period_options(work, key, venue_id) if key and venue_id else []
    chosen = {"key": key, "venue_id": venue_id}
    return render_template(
        "exports/choose.html", targets=targets, venues=places, options=options, periods=periods, **chosen
    )


def _target_asked(targets: list[Provider]) -> str:
    """The key of `?doel=` when it is active, else the first that is, else ""."""
    keys = [target.key for target in targets]
    asked = request.args.get("doel", "")
    return asked if asked in keys else next(iter(keys), "")


def _period_options(work: Work, key: str, venue_id: int) -> list[Period]:
    """The periods to choose from: of payroll's own kind when it says which, newest first."""
    setup = venue_setup(work, key, venue_id)
    newest = newest_day(work, venue_id)
    found: list[Period] = []
    for kind in [setup.facts.period.kind] if setup.facts else list(PeriodKind):
        period = periods.period_of(newest, kind)
        for _ in range(SHOWN_PERIODS):
            found.append(period)
            period = periods.previous(period)
    current = setup.facts.period if setup.facts else None
    return found if current is None or current in found else [current, *found]


@bp.route("/portaal/exports/controle", methods=["GET", "POST"])
@access(Audience.CUSTOMER)
def check() -> ResponseReturnValue:
    provider, period, venue_id = _asked()
    form = forms.CreateForm()
    if form.validate_on_submit():
        try:
            made = service.create(
                acting(), venue_id, provider.key, period, form.fingerprint.data, leave_out=form.leave_out.data
            )
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            return redirect(f"/portaal/exports/{made}", code=303)
    with acting().read() as work:
        venue = find_venue(work, venue_id)
        preview = queries.preview(work, _providers(), venue_id, provider.key, period)
    _looked(provider, period, venue_id)
    form.fingerprint.data = preview.fingerprint
    page = render_template(
        "exports/check.html", provider=provider, period=period, venue=venue, preview=preview, form=form, periods=periods
    )
    return page, 422 if form.errors else 200


def _looked(provider: Provider, period: Period, venue_id: int) -> None:
    slug = periods.slug(period)
    look(acting(), "look.preview", venue=venue_id, provider=provider.key, period=slug, with_bsn=provider.needs_bsn)


def _asked() -> tuple[Provider, Period, int]:
    """Target, period and venue of the address. Raises NotFound."""
    try:
        period = periods.parse(request.args.get("periode", ""))
    except InvalidInput:
        raise NotFound("Deze periode bestaat niet. Kies een periode uit de lijst.") from None
    return _providers().get(request.args.get("doel", "")), period, number_asked("vestiging") or 0


@bp.get("/portaal/exports/<int:export_id>/bestand.<extension>")
@access(Audience.CUSTOMER)
@recent
def download(export_id: int, extension: str) -> ResponseReturnValue:
    name, content = service.download(acting(), export_id, extension)
    return send_file(
        io.BytesIO(content), mimetype=MIMETYPES[extension], as_attachment=True, download_name=name, etag=False
    )
