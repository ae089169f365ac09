"""Text of a form that arrives when its sender must sign in again: it stands there again afterwards (A11).

Nothing is sent by itself: the page is shown with its form filled in. Only the fields that a view names (`keeps`) are
kept, sealed, for an hour, for the person whose session it was and in the browser that sent it.
"""

from __future__ import annotations

import json
import secrets
from fnmatch import fnmatchcase
from typing import Any

from flask import Flask, current_app, flash, g, request, session
from flask_wtf.csrf import validate_csrf
from werkzeug.datastructures import MultiDict
from wtforms import ValidationError

from portal.accounts import notes, sessions
from portal.accounts.identity import current_token
from portal.accounts.notes import Kind
from portal.kernel import forms
from portal.kernel.access import SET_ASIDE, acting, kept_names, page_of_form, sent_from, viewer
from portal.secret import Secret

COOKIE = "kept"
MOST_SIGNS = 50_000
BACK = "Wat je had ingevuld, staat er weer. Er is nog niets verstuurd."


def connect(app: Flask) -> None:
    app.extensions[SET_ASIDE] = set_aside
    app.extensions[forms.KEPT] = for_this_page


def set_aside() -> bool:
    """Keep what this request brought; False when there is nothing to keep, or no telling whose it is."""
    fields, page = _fields(), page_of_form()
    text = json.dumps({"page": page, "fields": fields})
    user_id = _sender() if fields and page and len(text) <= MOST_SIGNS and _is_ours() else None
    if user_id is None:
        return False
    key = secrets.token_urlsafe(32)
    with acting().begin() as work:
        notes.drop(work, Kind.FORM, str(session.get(COOKIE, "")))
        notes.keep(work, Kind.FORM, key, user_id, Secret(text))
    session[COOKIE] = key
    return True


def carry(key: str | None) -> None:
    """After signing in, with a fresh session: what was kept goes along, to the person whose it is and nobody else."""
    if not key:
        return
    actor = viewer()
    if actor is None:  # the second step comes first
        session[COOKIE] = key
    elif _read(key):
        session[COOKIE] = key
        flash(BACK, "info")


def for_this_page() -> MultiDict[str, str] | None:
    """The fields that stand on this page again. Once the form is sent, they are forgotten."""
    key = session.get(COOKIE)
    if not key or viewer() is None:
        return None
    if "kept" not in g:
        g.kept = _read(key)
    here = page_of_form() if request.method == "POST" else request.full_path.rstrip("?")
    if not g.kept or g.kept["page"] != here:
        return None
    if request.method == "POST":
        _forget(key)
        return None
    return MultiDict([(name, value) for name, value in g.kept["fields"]])


def _forget(key: str) -> None:
    with acting().begin() as work:
        notes.drop(work, Kind.FORM, key)
    session.pop(COOKIE, None)
    g.kept = None


def _read(key: str) -> dict[str, Any] | None:
    actor = viewer()
    with acting().read() as work:
        found = notes.read(work, Kind.FORM, key, actor.user_id if actor else None)
    return json.loads(found.reveal()) if found else None


def _sender() -> int | None:
    actor = viewer()
    if actor is not None:
        return actor.user_id
    with acting().read() as work:
        return sessions.owner_of(work, current_token())


def _fields() -> list[tuple[str, str]]:
    names = kept_names(current_app.view_functions[request.endpoint or ""])
    sent = [(name, value) for name in request.form for value in request.form.getlist(name)]
    return [(name, value) for name, value in sent if any(fnmatchcase(name, pattern) for pattern in names)]


def _is_ours() -> bool:
    """A form of ours, not one that another site filled in: its token, or the page that the browser says it is from."""
    if sent_from():
        return True
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return False
    return True
