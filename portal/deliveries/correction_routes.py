"""The pages on which a person looks at a correction before it is made."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.accounts.queries import venue as find_venue
from portal.audit.service import look
from portal.deliveries import corrections
from portal.deliveries.attention import same_place, unsent
from portal.deliveries.correction_forms import CorrectionForm
from portal.deliveries.correction_types import Review
from portal.deliveries.corrections import Subject
from portal.deliveries.queries import by_export
from portal.exports.queries import export as find_export
from portal.exports.queries import exports
from portal.hours import periods
from portal.hours.types import Period, PeriodKind
from portal.integrations import setup
from portal.integrations.contract import LineSender
from portal.integrations.parts import Providers
from portal.kernel.access import Audience, access, acting, recent
from portal.kernel.errors import InvalidInput, NotFound, RemoteError
from portal.kernel.limits import number_asked

bp = Blueprint("corrections", __name__)


@bp.route("/portaal/verschil/correctie", methods=["GET", "POST"])
@access(Audience.CUSTOMER)
@recent
def review() -> ResponseReturnValue:
    """What changed after it was exported: was, becomes, and the ways to tell payroll."""
    return _page(_asked())


@bp.route("/portaal/leveringen/<int:delivery_id>/terugdraaien", methods=["GET", "POST"])
@access(Audience.CUSTOMER)
@recent
def undo(delivery_id: int) -> ResponseReturnValue:
    """Take back what was sent: a correction to nothing, with a delivery and a receipt of its own."""
    with acting().read() as work:
        subject = corrections.subject_of(work, acting().part(Providers), delivery_id)
    return _page(subject, delivery_id)


@bp.post("/portaal/verschil/correctie/loonperiode")
@access(Audience.CUSTOMER)
def read_period() -> ResponseReturnValue:
    """Ask payroll again which period it works on, and go back to the correction. Reads only."""
    subject, delivery_id = _asked(), number_asked("levering")
    _read(subject)
    if delivery_id:
        return redirect(url_for("corrections.undo", delivery_id=delivery_id), code=303)
    period = periods.slug(subject.period)
    key, one = subject.provider.key, subject.member_id or None
    back = url_for("corrections.review", vestiging=subject.venue_id, doel=key, periode=period, teamlid=one)
    return redirect(back, code=303)


def _read(subject: Subject) -> None:
    try:
        setup.refresh(acting(), subject.provider.key, subject.venue_id)
    except RemoteError as error:
        flash(f"{error.message} {error.remedy}".strip(), "error")
    except InvalidInput as error:
        flash(error.message, "error")
    else:
        flash("We hebben de loonperiode opnieuw gelezen.", "success")


@bp.get("/portaal/exports/<int:export_id>/verschil")
@access(Audience.CUSTOMER)
def difference_of(export_id: int) -> ResponseReturnValue:
    """From an export to the difference of its period."""
    with acting().read() as work:
        found = find_export(work, export_id)
    slug = periods.slug(found.period)
    return redirect(url_for("difference.show", vestiging=found.venue_id, doel=found.provider, periode=slug), code=303)


def _page(subject: Subject, delivery_id: int = 0) -> ResponseReturnValue:
    with acting().read() as work:
        shown = corrections.review(work, subject)
        venue = find_venue(work, subject.venue_id)
        here = same_place(exports(work), subject.provider.key, subject.venue_id, subject.period)
        waits = unsent(here, by_export(work))
    slug = periods.slug(subject.period)
    look(acting(), "look.correction", venue=subject.venue_id, provider=subject.provider.key, period=slug)
    form = CorrectionForm()
    form.offer(shown, subject.provider.name, periods.label(subject.period))
    made = _made(subject, form)
    if made:
        return redirect(url_for("deliveries.export", export_id=made), code=303)
    facts = {"subject": subject, "shown": shown, "venue": venue, "form": form, "periods": periods}
    facts |= {"delivery_id": delivery_id, "waits": waits}
    return render_template("deliveries/correction.html", **facts, **_rest(form, shown, subject)), _status(form)


def _made(subject: Subject, form: CorrectionForm) -> int:
    """The export of the correction, 0 when the form was not sent or is wrong."""
    if not form.validate_on_submit():
        return 0
    try:
        return corrections.create(acting(), subject, form.choice, form.fingerprint.data)
    except InvalidInput as error:
        form.fail(error.field, error.message)
        return 0


def _rest(form: CorrectionForm, shown: Review, subject: Subject) -> dict[str, object]:
    form.fingerprint.data = shown.fingerprint
    return {"by_line": isinstance(subject.provider, LineSender), "here": request.full_path.rstrip("?")}


def _status(form: CorrectionForm) -> int:
    return 422 if form.errors else 200


def _asked() -> Subject:
    """Venue, target, period (and person) of the address. Raises NotFound."""
    provider = acting().part(Providers).get(request.args.get("doel", ""))
    return Subject(number_asked("vestiging") or 0, provider, _period(), member_id=number_asked("teamlid") or 0)


def _period() -> Period:
    """Of `soort`, `jaar` and `nummer`, or `periode=2026-10-M`. Raises NotFound."""
    kind, text = request.args.get("soort", ""), request.args.get("periode", "")
    if not text and kind in list(PeriodKind):
        period = Period(PeriodKind(kind), number_asked("jaar") or 0, number_asked("nummer") or 0)
        if periods.is_valid(period):
            return period
    try:
        return periods.parse(text)
    except InvalidInput:
        raise NotFound("Deze periode bestaat niet. Kies een periode uit de lijst.") from None
