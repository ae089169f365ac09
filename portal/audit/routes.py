"""The trail of the own organisation on a page; support has its own page, over all customers."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from portal.audit import downloads, forms, queries, words
from portal.kernel.access import Audience, access, acting
from portal.kernel.limits import number_asked

bp = Blueprint("audit", __name__)
PAGE = 100


@bp.get("/portaal/bedrijf/logboek")
@access(Audience.BEHEERDER)
def own() -> ResponseReturnValue:
    return page("audit/own.html", forms.asked(), {})


@bp.get("/portaal/bedrijf/logboek.csv")
@access(Audience.BEHEERDER)
def download() -> ResponseReturnValue:
    actor = acting().actor
    names = {actor.organisation_id or 0: actor.organisation_name}
    return streamed(downloads.take(acting(), forms.required(), names))


def page(template: str, form: forms.WantedForm, names: dict[int, str]) -> ResponseReturnValue:
    """The newest rows that the form asks for; none, and what is wrong, when it asks for what cannot be."""
    before, rows, fine = number_asked("voor"), [], form.validate()
    if fine:
        with acting().read() as work:
            rows = queries.latest(work, form.wanted, before=before, limit=PAGE)
    older = rows[-1].id if len(rows) == PAGE else None
    shown = {"rows": rows, "older": older, "before": before, "form": form, "names": names, "words": words}
    return render_template(template, **shown), 200 if fine else 422


def streamed(pieces: Iterator[bytes]) -> Response:
    attachment = {"Content-Disposition": f"attachment; filename={downloads.NAME}"}
    return Response(pieces, mimetype="text/csv", headers=attachment)
