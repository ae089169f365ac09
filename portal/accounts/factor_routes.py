"""The second step: asked for when signing in, and set up on the account page."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from portal.accounts import factor, forms, sessions
from portal.accounts.identity import current_token
from portal.accounts.routes import enter, start_page
from portal.kernel.access import Audience, access, acting, recent, safe_next
from portal.kernel.errors import InvalidInput, NotFound, TooOften

bp = Blueprint("factors", __name__)


@bp.route("/inloggen/code", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def ask() -> ResponseReturnValue:
    g.no_store = True
    if not sessions.is_waiting(acting(), current_token()):
        return redirect(url_for("accounts.login", next=safe_next(request.args.get("next"))), code=303)
    form, status = forms.CodeForm(), 200
    if form.validate_on_submit():
        try:
            enter(factor.check(acting(), current_token(), form.code.data))
            return redirect(safe_next(request.args.get("next")) or start_page(), code=303)
        except (InvalidInput, TooOften, NotFound) as error:
            form.fail("code", error.message)
            status = error.status
    return render_template("accounts/code.html", form=form), max(status, 422 if form.errors else 200)


@bp.route("/portaal/account/tweede-stap", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def show() -> ResponseReturnValue:
    form = forms.CodeForm()
    if form.validate_on_submit():
        try:
            codes = factor.confirm(acting(), current_token(), form.code.data)
            return render_template("accounts/recovery.html", codes=codes)
        except (InvalidInput, TooOften) as error:
            form.fail("code", error.message)
    setup = factor.begin(acting())
    picture = Markup(setup.picture)  # noqa: S704 - made by our own library from our own text
    page = render_template("accounts/factor.html", form=form, secret=setup.secret.reveal(), picture=picture)
    return page, 422 if form.errors else 200


@bp.post("/portaal/account/tweede-stap/uit")
@access(Audience.SIGNED_IN)
@recent
def turn_off() -> ResponseReturnValue:
    factor.turn_off(acting(), current_token())
    flash("De tweede stap staat uit. Je logt nu in met alleen je wachtwoord.", "success")
    return redirect(url_for("accounts.account"), code=303)


@bp.post("/portaal/account/herstelcodes")
@access(Audience.SIGNED_IN)
@recent
def new_codes() -> ResponseReturnValue:
    return render_template("accounts/recovery.html", codes=factor.new_codes(acting()))
