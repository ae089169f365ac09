"""The second step: asked for when signing in, set up and taken away on the account page."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.accounts import factor, forms, passkeys, recovery, second_step, sessions
from portal.accounts.entering import enter, start_page
from portal.accounts.identity import current_token
from portal.kernel.access import Audience, access, acting, acting_for_anybody, recent, safe_next
from portal.kernel.errors import InvalidInput, NotFound, TooOften

bp = Blueprint("factors", __name__)
CODES = "factors.codes"


@bp.route("/inloggen/code", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def ask() -> ResponseReturnValue:
    g.no_store = True
    if not sessions.is_waiting(acting_for_anybody(), current_token()):
        return redirect(url_for("accounts.login", next=safe_next(request.args.get("next"))), code=303)
    form, status = forms.ProofForm(), 200
    if form.validate_on_submit():
        try:
            enter(second_step.check(acting_for_anybody(), current_token(), form.proof))
            return redirect(safe_next(request.args.get("next")) or start_page(), code=303)
        except (InvalidInput, TooOften, NotFound) as error:
            form.fail("code", error.message)
            status = error.status
    offered = second_step.offered(acting_for_anybody(), sessions.waiting(acting_for_anybody(), current_token()))
    if not offered.app:
        form.without_app()
    page = render_template("accounts/code.html", form=form, offered=offered)
    return page, max(status, 422 if form.errors else 200)


@bp.route("/portaal/account/tweede-stap", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def show() -> ResponseReturnValue:
    form = forms.CodeForm()
    if form.validate_on_submit():
        try:
            return after_adding(factor.confirm(acting(), current_token(), form.code.data), "De app is gekoppeld.")
        except (InvalidInput, TooOften) as error:
            form.fail("code", error.message)
    setup = factor.begin(acting())
    picture = Markup(setup.picture)  # noqa: S704 - made by our own library from our own text
    page = render_template("accounts/factor.html", form=form, secret=setup.secret.reveal(), picture=picture)
    return page, 422 if form.errors else 200


def after_adding(has_codes: bool, words: str) -> ResponseReturnValue:
    """To the recovery codes of a first factor, else back to the account."""
    if has_codes:
        return redirect(url_for(CODES), code=303)
    flash(words, "success")
    return redirect(url_for("accounts.account"), code=303)


@bp.route("/portaal/account/tweede-stap/uit", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def take_app_away() -> ResponseReturnValue:
    form = forms.ProofForm()
    if form.validate_on_submit():
        try:
            second_step.take_app_away(acting(), current_token(), form.proof)
        except (InvalidInput, TooOften) as error:
            form.fail("code", error.message)
        else:
            return _taken_away("De app met codes is weggehaald.")
    return _ask_proof(form, "App met codes weghalen", "de app met codes")


@bp.route("/portaal/account/passkey/<int:passkey_id>/verwijderen", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def take_passkey_away(passkey_id: int) -> ResponseReturnValue:
    form = forms.ProofForm()
    with acting().read() as work:
        name = passkeys.one(work, passkey_id).name
    if form.validate_on_submit():
        try:
            second_step.take_passkey_away(acting(), current_token(), passkey_id, form.proof)
        except (InvalidInput, TooOften) as error:
            form.fail("code", error.message)
        else:
            return _taken_away(f"De passkey {name} is verwijderd. Haal hem ook weg uit je apparaat of wachtwoordkluis.")
    return _ask_proof(form, "Passkey verwijderen", f"de passkey {name}")


def _taken_away(words: str) -> ResponseReturnValue:
    flash(words, "success")
    return redirect(url_for("accounts.account"), code=303)


def _ask_proof(form: forms.ProofForm, title: str, what: str) -> ResponseReturnValue:
    with acting().read() as work:
        found = second_step.standing(work)
    if not found.is_on:
        raise NotFound
    if not found.app:
        form.without_app()
    page = render_template("accounts/take_away.html", form=form, title=title, what=what, second=found)
    return page, 422 if form.errors else 200


@bp.route("/portaal/account/herstelcodes", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def codes() -> ResponseReturnValue:
    if request.method == "POST":
        second_step.new_codes(acting(), current_token())
        return redirect(url_for(CODES), code=303)
    with acting().read() as work:
        shown = recovery.shown(work, current_token())
    if not shown:
        return redirect(url_for("accounts.account"), code=303)
    return render_template("accounts/recovery.html", codes=shown)


@bp.post("/portaal/account/herstelcodes/bewaard")
@access(Audience.SIGNED_IN)
def codes_are_safe() -> ResponseReturnValue:
    recovery.put_away(acting(), current_token())
    return redirect(url_for("accounts.account"), code=303)
