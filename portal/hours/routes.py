"""Hours: overview per period, import, and the team."""

from __future__ import annotations

import io

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from portal.accounts.queries import venue as find_venue
from portal.accounts.queries import venues as own_venues
from portal.accounts.types import VenueInfo
from portal.audit.service import look
from portal.hours import forms, periods, queries, service, team
from portal.hours.codes import NO_VENUE
from portal.hours.sources.sheet.refusal import ImportRefused
from portal.hours.sources.sheet.template import template_csv, template_xlsx
from portal.hours.types import Period, PeriodKind
from portal.kernel.access import Audience, access, acting, keeps
from portal.kernel.beside import Beside
from portal.kernel.errors import InvalidInput, NotFound
from portal.kernel.filters import meervoud
from portal.kernel.limits import number_asked, takes
from portal.kernel.work import Work
from portal.secret import Secret

bp = Blueprint("hours", __name__)
UPLOAD_LIMIT = 5_300_000  # 5 MB of file and the form around it
TEMPLATES = {
    "csv": (template_csv, "text/csv"),
    "xlsx": (template_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


def chosen_venue(work: Work) -> VenueInfo:
    """The venue of `?vestiging=`, else the first. Raises NotFound."""
    wanted = number_asked("vestiging")
    known = own_venues(work)
    if wanted is not None:
        return find_venue(work, wanted)
    if not known:
        message = "Je organisatie heeft nog geen vestiging. Vraag je beheerder om er een toe te voegen."
        raise NotFound(message, code=NO_VENUE)
    return known[0]


def chosen_period(work: Work, venue: VenueInfo) -> Period:
    """The period of `?periode=`, else the month of the newest hours."""
    text = request.args.get("periode", "")
    if text:
        try:
            return periods.parse(text)
        except InvalidInput:
            raise NotFound("Deze periode bestaat niet.") from None
    return periods.period_of(queries.newest_day(work, venue.id), PeriodKind.MONTH)


@bp.get("/portaal/uren")
@access(Audience.CUSTOMER)
def overview() -> ResponseReturnValue:
    with acting().read() as work:
        venue = chosen_venue(work)
        period = chosen_period(work, venue)
        rows = queries.overview(work, venue.id, period)
        facts = {"venues": own_venues(work), "uploads": queries.uploads(work)}
    look(acting(), "look.hours", venue=venue.id, period=periods.slug(period))
    return render_template("hours/overview.html", venue=venue, period=period, rows=rows, periods=periods, **facts)


@bp.get("/portaal/uren/teamlid/<int:member_id>")
@access(Audience.CUSTOMER)
def member_hours(member_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        member = queries.member(work, member_id)
        venue = find_venue(work, member.venue_id)
        period = chosen_period(work, venue)
        shifts = queries.shifts(work, venue.id, period, member_id)
    look(acting(), "look.hours", member=member_id, period=periods.slug(period))
    return render_template(
        "hours/member.html", member=member, venue=venue, period=period, shifts=shifts, periods=periods
    )


@bp.route("/portaal/uren/importeren", methods=["GET", "POST"])
@access(Audience.CUSTOMER)
@takes(UPLOAD_LIMIT)
@keeps("venue", "same_day", "after_export")
def import_hours() -> ResponseReturnValue:
    if request.method == "GET":
        acting().part(Beside).warm()
    form = forms.UploadForm(venue=number_asked("vestiging"))
    with acting().read() as work:
        form.venue.choices = [SelectChoice(venue.id, venue.name) for venue in own_venues(work)]
    refusal: ImportRefused | None = None
    if form.validate_on_submit():
        try:
            name, content = form.file.data.filename or "", form.file.data.read()
            result = service.read_in(acting(), form.venue.data, name, content, form.answers)
        except ImportRefused as error:
            refusal = error
            form.fail("file", error.message)
        else:
            return _after_import(result, form.venue.data)
    page = render_template("hours/import.html", form=form, refusal=refusal)
    return page, 422 if form.errors or refusal else 200


def _after_import(result: service.ImportResult, venue_id: int) -> ResponseReturnValue:
    if result.upload_id is None:
        grown = (
            f" Van {meervoud(result.members, 'teamlid', 'teamleden')} zijn gegevens aangevuld."
            if result.members
            else ""
        )
        flash(f"{_nothing_new(result.left)}{grown}", "info")
        return redirect(url_for("hours.overview", vestiging=venue_id), code=303)
    return redirect(url_for("hours.upload", upload_id=result.upload_id), code=303)


def _nothing_new(left: int) -> str:
    if not left:
        return "Dit bestand stond er al helemaal in. Er is niets dubbel ingelezen."
    words = meervoud(left, "rij gaat", "rijen gaan")
    return f"Er is niets gewijzigd: {words} over uren die al geëxporteerd zijn. Die blijven zoals ze waren."


@bp.get("/portaal/uren/imports/<int:upload_id>")
@access(Audience.CUSTOMER)
def upload(upload_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        found = queries.upload(work, upload_id)
        venue = find_venue(work, found.venue_id)
    return render_template("hours/upload.html", upload=found, venue=venue)


@bp.post("/portaal/uren/imports/<int:upload_id>/verwijderen")
@access(Audience.CUSTOMER)
def remove_upload(upload_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        venue_id = queries.upload(work, upload_id).venue_id
    count = service.remove_upload(acting(), upload_id)
    flash(f"De import is verwijderd: {meervoud(count, 'dienst', 'diensten')} weg.", "success")
    return redirect(url_for("hours.overview", vestiging=venue_id), code=303)


@bp.get("/portaal/uren/sjabloon.<extension>")
@access(Audience.CUSTOMER)
def template(extension: str) -> ResponseReturnValue:
    if extension not in TEMPLATES:
        raise NotFound
    make, mimetype = TEMPLATES[extension]
    name = f"sjabloon-uren.{extension}"
    return send_file(io.BytesIO(make()), mimetype=mimetype, as_attachment=True, download_name=name)


@bp.get("/portaal/team")
@access(Audience.CUSTOMER)
def members() -> ResponseReturnValue:
    with acting().read() as work:
        venue = chosen_venue(work)
        people = queries.members(work, venue.id)
        known = own_venues(work)
    look(acting(), "look.team", venue=venue.id)
    return render_template("hours/team.html", venue=venue, venues=known, people=people)


@bp.route("/portaal/team/<int:member_id>", methods=["GET", "POST"])
@access(Audience.CUSTOMER)
@keeps("name", "email", "personnel_number")
def member(member_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        found = queries.member(work, member_id)
    look(acting(), "look.member", member=member_id)
    form = forms.MemberForm(data={"name": found.name, "email": found.email, "personnel_number": found.personnel_number})
    if form.validate_on_submit():
        details = team.Details(form.name.data, form.email.data, form.personnel_number.data, Secret(form.bsn.data or ""))
        try:
            team.mend(acting(), member_id, details)
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            flash(f"{form.name.data} is bijgewerkt.", "success")
            return redirect(url_for("hours.members", vestiging=found.venue_id), code=303)
    form.bsn.data = ""  # what was typed is not sent back
    return render_template("hours/edit_member.html", form=form, member=found), 422 if form.errors else 200
