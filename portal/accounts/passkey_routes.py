"""Passkeys: signing in with one, adding one, and the questions that scripts ask for on the way.

A question is JSON for the browser. Its answer comes back in a form, as everything else does (`passkey`).
"""

from __future__ import annotations

import secrets

from flask import Blueprint, g, jsonify, render_template, request, session
from flask.typing import ResponseReturnValue

from portal.accounts import forms, login, passkeys, sessions
from portal.accounts.devices import name_of
from portal.accounts.entering import caller, enter, go_on
from portal.accounts.factor_routes import after_adding
from portal.accounts.identity import current_token
from portal.accounts.questions import Purpose
from portal.accounts.throttle import place_of
from portal.kernel.access import Audience, access, acting, acting_for_anybody, recent
from portal.kernel.errors import InvalidInput, TooOften

bp = Blueprint("passkeys", __name__)
COOKIE = "passkey"


@bp.post("/inloggen/passkey/vraag")
@access(Audience.PUBLIC)
def ask_to_enter() -> ResponseReturnValue:
    g.no_store = True
    holder = session.setdefault(COOKIE, secrets.token_urlsafe(32))
    return jsonify(passkeys.question(acting_for_anybody(), Purpose.ENTER, holder, None, place_of(request.remote_addr)))


@bp.post("/inloggen/passkey")
@access(Audience.PUBLIC)
def sign_in() -> ResponseReturnValue:
    form, shown = forms.PasskeyForm(), forms.LoginForm(formdata=None)
    status = 422
    if form.validate():
        try:
            token = login.sign_in_with_passkey(
                acting_for_anybody(), session.get(COOKIE, ""), form.passkey.data, caller()
            )
        except (InvalidInput, TooOften) as error:
            form.fail("passkey", error.message)
            status = error.status
        else:
            sessions.end(acting(), current_token())
            enter(token)
            return go_on(token)
    return render_template("accounts/login.html", form=shown, refused=form), status


@bp.post("/inloggen/code/vraag")
@access(Audience.PUBLIC)
def ask_second() -> ResponseReturnValue:
    g.no_store = True
    user_id = sessions.waiting(acting_for_anybody(), current_token())
    return jsonify(passkeys.question(acting_for_anybody(), Purpose.SECOND, current_token(), user_id))


@bp.post("/bevestigen/vraag")
@access(Audience.SIGNED_IN)
def ask_to_confirm() -> ResponseReturnValue:
    return jsonify(passkeys.question(acting(), Purpose.CONFIRM, current_token(), acting().actor.user_id))


@bp.post("/portaal/account/passkey/vraag")
@access(Audience.SIGNED_IN)
@recent
def ask_to_add() -> ResponseReturnValue:
    return jsonify(passkeys.question_to_add(acting(), current_token()))


@bp.route("/portaal/account/passkey", methods=["GET", "POST"])
@access(Audience.SIGNED_IN)
@recent
def add() -> ResponseReturnValue:
    form = forms.NewPasskeyForm(data={"name": name_of(request.user_agent.string)})
    if form.validate_on_submit():
        try:
            has_codes = passkeys.add(acting(), current_token(), form.name.data, form.passkey.data)
            return after_adding(has_codes, f"De passkey {form.name.data} is toegevoegd.")
        except InvalidInput as error:
            form.fail("name", error.message)
    passkeys.site(acting())
    return render_template("accounts/passkey.html", form=form), 422 if form.errors else 200
