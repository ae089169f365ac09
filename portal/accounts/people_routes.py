"""Bedrijf > Gebruikers: who works here, and what everybody may do. For the head of support: who works at support."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import forms, invite, queries
from portal.accounts import people as service
from portal.kernel.access import Audience, access, acting, keeps, recent
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Role

bp = Blueprint("people", __name__)
Chosen = TypeVar("Chosen", forms.InviteForm, forms.RoleForm)
BASE = "/portaal/bedrijf/gebruikers"


@bp.get(BASE)
@access(Audience.HEADS)
def colleagues() -> ResponseReturnValue:
    with acting().read() as work:
        people, waiting = queries.colleagues(work), queries.invitations(work)
    return render_template("accounts/colleagues.html", people=people, invitations=waiting)


@bp.route(f"{BASE}/uitnodigen", methods=["GET", "POST"])
@access(Audience.HEADS)
@recent
@keeps("email", "role")
def invite_() -> ResponseReturnValue:
    form = _fit(forms.InviteForm())
    if form.validate_on_submit():
        try:
            invite.invite_colleague(acting(), form.email.data, Role(form.role.data))
        except InvalidInput as error:
            form.fail(error.field, error.message)
        else:
            return _back(f"De uitnodiging voor {form.email.data} is onderweg.")
    return render_template("accounts/invite.html", form=form), 422 if form.errors else 200


@bp.get(f"{BASE}/<int:user_id>")
@access(Audience.HEADS)
@recent
def person(user_id: int) -> ResponseReturnValue:
    return _person(user_id, _fit(forms.RoleForm()))


def _person(user_id: int, form: forms.RoleForm) -> ResponseReturnValue:
    with acting().read() as work:
        found = queries.colleague(work, user_id)
    if not form.is_submitted():
        form.role.data = found.role.value
    return render_template("accounts/person.html", person=found, form=form), 422 if form.errors else 200


@bp.post(f"{BASE}/<int:user_id>/rol")
@access(Audience.HEADS)
@recent
def change_role(user_id: int) -> ResponseReturnValue:
    form = _fit(forms.RoleForm())
    if not form.validate_on_submit():
        return _person(user_id, form)
    service.change_role(acting(), user_id, Role(form.role.data))
    return _back("De rol is gewijzigd. Je collega logt opnieuw in.")


@bp.post(f"{BASE}/<int:user_id>/intrekken")
@access(Audience.HEADS)
@recent
def disable(user_id: int) -> ResponseReturnValue:
    service.remove(acting(), user_id)
    return _back("De toegang is ingetrokken.")


@bp.post(f"{BASE}/<int:user_id>/opnieuw-uitnodigen")
@access(Audience.HEADS)
@recent
def invite_back(user_id: int) -> ResponseReturnValue:
    """Somebody whose access was taken away."""
    form = _fit(forms.RoleForm())
    if not form.validate_on_submit():
        return _person(user_id, form)
    with acting().read() as work:
        email = queries.colleague(work, user_id).email
    try:
        invite.invite_colleague(acting(), email, Role(form.role.data))
    except InvalidInput as error:
        form.fail("role", error.message)
        return _person(user_id, form)
    return _back(f"De uitnodiging voor {email} is onderweg.")


@bp.post(f"{BASE}/uitnodigingen/<int:link_id>/opnieuw")
@access(Audience.HEADS)
@recent
def invite_again(link_id: int) -> ResponseReturnValue:
    try:
        email = invite.invite_again(acting(), link_id)
    except InvalidInput as error:
        flash(error.message, "error")
        return redirect(url_for("people.colleagues"), code=303)
    return _back(f"De uitnodiging voor {email} is opnieuw onderweg. De vorige link werkt niet meer.")


@bp.post(f"{BASE}/uitnodigingen/<int:link_id>/intrekken")
@access(Audience.HEADS)
def withdraw_invitation(link_id: int) -> ResponseReturnValue:
    invite.withdraw_invitation(acting(), link_id)
    return _back("De uitnodiging is ingetrokken. De link werkt niet meer.")


def _fit(form: Chosen) -> Chosen:
    """The roles that people here can have."""
    if acting().actor.is_staff:
        form.for_support()
    return form


def _back(message: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(url_for("people.colleagues"), code=303)
