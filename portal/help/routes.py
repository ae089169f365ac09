"""The public pages: the landing page, the koppelingen, their files, and what search engines read."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal.help import assets
from portal.help.types import Library
from portal.kernel.access import Audience, access
from portal.kernel.errors import NotFound

bp = Blueprint("help", __name__)


def library() -> Library:
    found: Library = current_app.extensions["help"]
    return found


@bp.get("/")
@access(Audience.PUBLIC)
def home() -> ResponseReturnValue:
    return render_template("help/home.html", library=library())


@bp.get("/koppelingen")
@access(Audience.PUBLIC)
def koppelingen() -> ResponseReturnValue:
    if "id" in request.args:
        return _from_old_site(request.args["id"])
    return render_template("help/koppelingen.html", library=library())


def _from_old_site(old_id: str) -> ResponseReturnValue:
    """The old site (docsify) wrote `/koppelingen?id=nmbrs` for an anchor."""
    anchor = library().anchor_for(old_id)
    return redirect(f"/koppelingen#{anchor}" if anchor else "/koppelingen", code=301)


@bp.get("/koppelingen/<key>")
@access(Audience.PUBLIC)
def koppeling(key: str) -> ResponseReturnValue:
    article = library().article(key)
    if article is None:
        raise NotFound("Deze koppeling bestaat niet.")
    return render_template("help/koppeling.html", library=library(), article=article)


@bp.get("/meldingen/<code>")
@access(Audience.PUBLIC)
def code(code: str) -> ResponseReturnValue:
    """The fixed address of an error or a state; where its article stands may change."""
    address = library().address_of(code.lower())
    if address is None:
        raise NotFound("Deze code kennen we niet. Kijk of je hem goed hebt overgenomen.")
    return redirect(address, code=303)


@bp.get("/assets/<path:path>")
@access(Audience.PUBLIC)
def asset(path: str) -> ResponseReturnValue:
    return assets.serve(library().assets_dir, path, request)


@bp.get("/sitemap.xml")
@access(Audience.PUBLIC)
def sitemap() -> ResponseReturnValue:
    page = render_template("help/sitemap.xml", library=library())
    return Response(page, mimetype="application/xml")


@bp.get("/robots.txt")
@access(Audience.PUBLIC)
def robots() -> ResponseReturnValue:
    page = render_template("help/robots.txt", library=library())
    return Response(page, mimetype="text/plain")
