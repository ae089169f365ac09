"""What readers say, for support: answers per page, remarks, and what was searched for in vain."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.help import misses as missed
from portal.help import queries, voice
from portal.help.routes import library
from portal.kernel.access import Audience, access, acting, safe_next
from portal.kernel.limits import number_asked

bp = Blueprint("help_desk", __name__)
PAGES, REMARKS, MISSES = 20, 20, 50
FIRST = 5
STATES: dict[str, bool | None] = {"open": False, "afgehandeld": True, "alle": None}


def _shown(count: int, size: int) -> tuple[int, int]:
    """The page that is asked for and the number of pages; the last one when it is past the end."""
    last = max(1, -(-count // size))
    return min(max(number_asked("pagina") or 1, 1), last), last


def _titles(pages: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Title and address of each page; a page that was taken away has its key and no address."""
    known = {page.key: (page.front.title, page.path) for page in library().pages}
    return {page: known.get(page, (page, "")) for page in pages}


@bp.get("/support/uitleg")
@access(Audience.SUPPORT)
def overview() -> ResponseReturnValue:
    with acting().read() as work:
        found = queries.answers(work)
        page, last = _shown(len(found), PAGES)
        shown = found[(page - 1) * PAGES : page * PAGES]
        trends = queries.weeks(work, [one.page for one in shown])
        newest, most = queries.remarks(work, handled=False, limit=FIRST), queries.misses(work, limit=FIRST)
        counts = {"open_remarks": queries.count_remarks(work, handled=False), "missed": queries.count_misses(work)}
    facts = {"shown": shown, "trends": trends, "page": page, "last": last, "remarks": newest, "misses": most}
    titles = _titles([one.page for one in shown] + [one.page for one in newest])
    return render_template("help/desk/overview.html", **facts, **counts, **_totals(found), titles=titles)


def _totals(found: list[queries.PageAnswers]) -> dict[str, object]:
    """`silent`: how many pages nobody answered about."""
    answered = {one.page for one in found if one.year.total}
    silent = sum(page.key not in answered for page in library().pages)
    return {"month": sum((one.month for one in found), queries.Answers()), "silent": silent}


@bp.get("/support/uitleg/opmerkingen")
@access(Audience.SUPPORT)
def remarks() -> ResponseReturnValue:
    state, about = request.args.get("stand", "open"), request.args.get("over") or None
    handled = STATES.get(state, False)
    with acting().read() as work:
        page, last = _shown(queries.count_remarks(work, handled=handled, page=about), REMARKS)
        found = queries.remarks(work, handled=handled, page=about, limit=REMARKS, skip=(page - 1) * REMARKS)
        counts = {name: queries.count_remarks(work, handled=one, page=about) for name, one in STATES.items()}
    titles = _titles([*(one.page for one in found), *([about] if about else [])])
    facts = {"state": state if state in STATES else "open", "about": about, "page": page, "last": last}
    return render_template("help/desk/remarks.html", remarks=found, counts=counts, titles=titles, **facts)


@bp.post("/support/uitleg/opmerkingen/<int:remark_id>/<any(afgehandeld, heropenen):outcome>")
@access(Audience.SUPPORT)
def settle(remark_id: int, outcome: str) -> ResponseReturnValue:
    handled = outcome == "afgehandeld"
    voice.settle(acting(), remark_id, handled=handled)
    return _back("De opmerking is afgehandeld." if handled else "De opmerking is weer open.", ".remarks")


@bp.get("/support/uitleg/gezocht")
@access(Audience.SUPPORT)
def misses() -> ResponseReturnValue:
    with acting().read() as work:
        count = queries.count_misses(work)
        page, last = _shown(count, MISSES)
        found = queries.misses(work, limit=MISSES, skip=(page - 1) * MISSES)
    return render_template("help/desk/misses.html", misses=found, count=count, page=page, last=last)


@bp.post("/support/uitleg/gezocht/<int:miss_id>/opgelost")
@access(Audience.SUPPORT)
def mended(miss_id: int) -> ResponseReturnValue:
    missed.mended(acting(), miss_id)
    return _back("De zoekwoorden zijn van de lijst.", ".misses")


def _back(message: str, otherwise: str) -> ResponseReturnValue:
    flash(message, "success")
    return redirect(safe_next(request.form.get("back")) or url_for(otherwise), code=303)
