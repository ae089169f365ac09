"""Signing in and out, accepting an invitation, passwords and venues."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import forms, invite, login, password, queries, second_step, service, sessions
from portal.accounts.entering import caller, enter, go_on, start_page
from portal.accounts.identity import current_token
from portal.kernel.access import Audience, access, acting, acting_for_anybody, keeps, page_of_form, safe_next, viewer
from portal.kernel.errors import InvalidInput, NotFound, TooOften
from portal.secret import Secret

bp = Blueprint("accounts", __name__)


@bp.route("/inloggen", methods=["GET", "POST"], endpoint="login")
@access(Audience.PUBLIC)
def sign_in() -> ResponseReturnValue:
    if viewer() and request.method == "GET":
        return redirect(start_page(), code=303)
    form, status = forms.LoginForm(), 200
    if form.validate_on_submit():
        try:
            token = login.sign_in(acting_for_anybody(), form.email.data, Secret(form.password.data), caller())
        except (InvalidInput, TooOften) as error:
            form.fail("password", error.message)
            status = error.status
        else:
            sessions.end(acting(), current_token())
            enter(token)
            return go_on(token)
    return render_template("accounts/login.html", form=form), status if status != 200 else 422 if form.errors else 200


@bp.route("/bevestigen", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
def confirm() -> ResponseReturnValue:
    form = forms.ConfirmForm()
    if form.validate_on_submit():
        try:
            token = _confirmed(form)
        except (InvalidInput, TooOften, NotFound) as error:
            form.fail("password", error.message)
        else:
            enter(token)
            return redirect(safe_next(request.args.get("next")) or start_page(), code=303)
    offered = second_step.offered(acting(), acting().actor.user_id)
    return render_template("accounts/confirm.html", form=form, offered=offered), 422 if form.errors else 200


def _confirmed(form: forms.ConfirmForm) -> str:
    if form.passkey.data:
        return login.confirm_with_passkey(acting(), current_token(), form.passkey.data)
    return login.confirm(acting(), current_token(), Secret(form.password.data))


@bp.post("/portaal/account/ingelogd-blijven")
@access(Audience.SIGNED_IN)
def stay() -> ResponseReturnValue:
    sessions.stay(acting(), current_token())
    if request.accept_mimetypes.best == "application/json":
        return "", 204  # a script asks, and reads how long it lasts from a header
    return redirect(page_of_form() or start_page(), code=303)


@bp.post("/uitloggen")
@access(Audience.SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    sessions.end(acting(), current_token())
    session.clear()
    flash("Je bent uitgelogd.", "success")
    return redirect(url_for("accounts.login"), code=303)


@bp.route("/wachtwoord-vergeten", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def ask_reset() -> ResponseReturnValue:
    form = forms.AskResetForm()
    if form.validate_on_submit():
        try:
            password.ask_reset(acting_for_anybody(), form.email.data, request.remote_addr or "")
        except TooOften as error:
            form.fail("email", error.message)
            return render_template("accounts/ask_reset.html", form=form), error.status
        return render_template("accounts/reset_asked.html", email=form.email.data)
    return render_template("accounts/ask_reset.html", form=form), 422 if form.errors else 200


@bp.route("/wachtwoord/<token>", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def reset(token: str) -> ResponseReturnValue:
    g.no_store = True  # the address itself is a secret
    form = forms.ResetForm()
    if form.validate_on_submit():
        try:
            password.reset(acting_for_anybody(), token, Secret(form.password.data))
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            flash("Je nieuwe wachtwoord staat klaar. Log ermee in.", "success")
            return redirect(url_for("accounts.login"), code=303)
    password.check_link(acting_for_anybody(), token)
    return render_template("accounts/reset.html", form=form), 422 if form.errors else 200


@bp.route("/uitnodiging/<token>", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def accept(token: str) -> ResponseReturnValue:
    g.no_store = True  # the address itself is a secret
    form = forms.AcceptForm()
    email, role = invite.invited(acting_for_anybody(), token)
    if form.validate_on_submit():
        try:
            invite.accept(acting_for_anybody(), token, form.name.data, Secret(form.password.data))
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            flash("Je account is klaar. Log in met je e-mailadres en wachtwoord.", "success")
            return redirect(url_for("accounts.login"), code=303)
    return render_template("accounts/accept.html", form=form, email=email, role=role), 422 if form.errors else 200


@bp.route("/portaal/account", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
def account() -> ResponseReturnValue:
    form = forms.ChangePasswordForm()
    if form.validate_on_submit():
        try:
            password.change(acting(), Secret(form.current.data), Secret(form.password.data))
        except (InvalidInput, TooOften) as error:
            form.fail(getattr(error, "field", "current"), error.message)
        else:
            session.clear()
            flash("Je wachtwoord is gewijzigd. Log opnieuw in, ook op je andere apparaten.", "success")
            return redirect(url_for("accounts.login"), code=303)
    with acting().read() as work:
        facts = {"sessions": sessions.own(work, current_token()), "second": second_step.standing(work)}
    return render_template("accounts/account.html", form=form, **facts), 422 if form.errors else 200


@bp.post("/portaal/account/uitloggen/<int:session_id>")
@access(Audience.SIGNED_IN)
def end_session(session_id: int) -> ResponseReturnValue:
    service.end_session(acting(), session_id)
    flash("Dat apparaat is uitgelogd.", "success")
    return redirect(url_for("accounts.account"), code=303)


@bp.post("/portaal/account/overal-uitloggen")
@access(Audience.SIGNED_IN)
def end_everywhere() -> ResponseReturnValue:
    service.end_everywhere(acting())
    session.clear()
    flash("Je bent overal uitgelogd.", "success")
    return redirect(url_for("accounts.login"), code=303)


@bp.route("/portaal/bedrijf/vestigingen", methods=["GET", "POST"])
@access(Audience.BEHEERDER)
@keeps("name")
def venues() -> ResponseReturnValue:
    form = forms.VenueForm()
    if form.validate_on_submit():
        try:
            service.add_venue(acting(), form.name.data)
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            flash(f"De vestiging {form.name.data} is toegevoegd.", "success")
            return redirect(url_for("accounts.venues"), code=303)
    with acting().read() as work:
        known = queries.venues(work)
    return render_template("accounts/venues.html", form=form, venues=known), 422 if form.errors else 200
