"""The trail of the own organisation on a page; support has its own page, over all customers."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.audit import queries
from portal.audit.words import ACTIONS
from portal.kernel.access import Audience, access, acting
from portal.kernel.limits import number_asked

bp = Blueprint("audit", __name__)
PAGE = 100


@bp.get("/portaal/bedrijf/logboek")
@access(Audience.BEHEERDER)
def own() -> ResponseReturnValue:
    before = number_asked("voor")
    with acting().read() as work:
        rows = queries.latest(work, before=before, limit=PAGE)
    older = rows[-1].id if len(rows) == PAGE else None
    return render_template("audit/own.html", rows=rows, words=ACTIONS, older=older, names={})
