"""Bedrijf > Support laten meekijken: on for a day, off at once, and what support saw."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.accounts import looks
from portal.audit import words
from portal.audit.queries import acts_about
from portal.kernel.access import Audience, access, acting

bp = Blueprint("looks", __name__)
BASE = "/portaal/bedrijf/meekijken"
SHOWN = 50


@bp.get(BASE)
@access(Audience.BEHEERDER)
def show() -> ResponseReturnValue:
    with acting().read() as work:
        found, seen = looks.current(work), acts_about(work, "look.support", limit=SHOWN)
    return render_template("accounts/look.html", look=found, seen=seen, words=words, shown=SHOWN)


@bp.post(f"{BASE}/aan")
@access(Audience.BEHEERDER)
def grant() -> ResponseReturnValue:
    looks.grant(acting())
    flash("Support kan 24 uur meekijken. Je ziet hieronder wat support bekijkt.", "success")
    return redirect(url_for("looks.show"), code=303)


@bp.post(f"{BASE}/uit")
@access(Audience.BEHEERDER)
def end() -> ResponseReturnValue:
    looks.end(acting())
    flash("Support kan niet meer meekijken.", "success")
    return redirect(url_for("looks.show"), code=303)
