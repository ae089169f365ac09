"""The page with search results, and suggestions while somebody types."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal.help import misses
from portal.help.search_later import SearchLater
from portal.help.types import EVERY_PROVIDER, Article, Library
from portal.kernel.access import Audience, access, acting, mind_the_reader

bp = Blueprint("search", __name__)
KEPT_SECONDS = 300
POPULAR_GUIDES = 4


def engine() -> SearchLater:
    found: SearchLater = current_app.extensions["help_search"]
    return found


@bp.get("/zoeken")
@access(Audience.PUBLIC)
def results() -> ResponseReturnValue:
    mind_the_reader()
    answer = engine().find(request.args.get("q", ""))
    if answer.asked and not answer.groups and request.method == "GET":
        misses.count(acting(), answer.asked)
    return render_template("help/search.html", answer=answer, popular=_popular())


@bp.get("/zoeken/suggesties")
@access(Audience.PUBLIC)
def suggestions() -> ResponseReturnValue:
    found = engine().suggest(request.args.get("q", ""))
    answer = jsonify(suggestions=[asdict(one) for one in found])
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    return answer


def _popular() -> list[Article]:
    library: Library = current_app.extensions["help"]
    return [*library.koppelingen, *library.guides(EVERY_PROVIDER)[:POPULAR_GUIDES]]
