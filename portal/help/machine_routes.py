"""The same pages for programs: search engines, feed readers, language models."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal.help import plain
from portal.help.routes import library
from portal.kernel import ready
from portal.kernel.access import Audience, access
from portal.kernel.errors import NotFound

bp = Blueprint("machines", __name__)
FEED_LENGTH = 50


@bp.get("/koppelingen.md")
@access(Audience.PUBLIC)
def whole() -> ResponseReturnValue:
    if "id" in request.args:  # docsify let a reader write the name of the file
        return redirect(library().address_for(request.args["id"]), code=301)
    return _markdown(plain.whole(library()))


@bp.get("/koppelingen/<key>.md")
@access(Audience.PUBLIC)
def markdown(key: str) -> ResponseReturnValue:
    article = library().article(key)
    if article is None:
        raise NotFound("Controleer het adres, of zoek in de uitleg.")
    return _markdown(plain.page(article, library().base_url))


def _markdown(text: str) -> Response:
    ready.same_for_everybody()
    answer = Response(text, mimetype="text/markdown")
    answer.headers["X-Robots-Tag"] = "noindex"  # the page itself is the one to find
    return answer


@bp.get("/llms.txt")
@access(Audience.PUBLIC)
def llms() -> ResponseReturnValue:
    """See llmstxt.org: what this site is, and where its pages stand as Markdown."""
    ready.same_for_everybody()
    return Response(render_template("help/llms.txt", library=library()), mimetype="text/plain")


@bp.get("/koppelingen/wijzigingen.xml")
@access(Audience.PUBLIC)
def changes() -> ResponseReturnValue:
    """What changed in the instructions, newest first (Atom, RFC 4287)."""
    rows = [(change, article) for article in library().pages for change in article.front.changes]
    rows.sort(key=lambda row: (-row[0].on.toordinal(), row[1].path, row[0].what))
    ready.same_for_everybody()
    page = render_template("help/changes.xml", library=library(), rows=rows[:FEED_LENGTH])
    return Response(page, mimetype="application/atom+xml")


@bp.get("/sitemap.xml")
@access(Audience.PUBLIC)
def sitemap() -> ResponseReturnValue:
    ready.same_for_everybody()
    return Response(render_template("help/sitemap.xml", library=library()), mimetype="application/xml")


@bp.get("/robots.txt")
@access(Audience.PUBLIC)
def robots() -> ResponseReturnValue:
    ready.same_for_everybody()
    return Response(render_template("help/robots.txt", library=library()), mimetype="text/plain")
