"""The trail on a page: support sees all, a customer its own."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.audit import queries
from portal.audit.words import ACTIONS
from portal.kernel.access import LARGEST_ID, Audience, access, acting

bp = Blueprint("audit", __name__)
PAGE = 100


@bp.get("/support/logboek")
@access(Audience.SUPPORT)
def desk() -> ResponseReturnValue:
    return _page("audit/desk.html")


@bp.get("/portaal/bedrijf/logboek")
@access(Audience.BEHEERDER)
def own() -> ResponseReturnValue:
    return _page("audit/own.html")


def _page(template: str) -> ResponseReturnValue:
    before = request.args.get("voor", type=int)
    with acting().read() as work:
        rows = queries.latest(work, before=min(before, LARGEST_ID) if before else None, limit=PAGE)
    older = rows[-1].id if len(rows) == PAGE else None
    return render_template(template, rows=rows, words=ACTIONS, older=older)
