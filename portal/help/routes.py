"""The public pages: the landing page, the koppelingen, their files, and what search engines read."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from portal.help.assets import Shelf
from portal.help.steps import Progress, Step, marked, next_of
from portal.help.types import Article, Library
from portal.kernel.access import Audience, access, mind_the_reader
from portal.kernel.errors import NotFound

bp = Blueprint("help", __name__)


def library() -> Library:
    found: Library = current_app.extensions["help"]
    return found


def steps_of(key: str) -> Sequence[Step]:
    """What the reader has done of a koppeling; nothing for a visitor."""
    progress: Progress | None = current_app.extensions.get("help_progress")
    return progress(key) if progress else ()


@bp.get("/")
@access(Audience.PUBLIC)
def home() -> ResponseReturnValue:
    if "id" in request.args:
        return _from_old_site(request.args["id"])
    mind_the_reader()
    return render_template("help/home.html", library=library())


@bp.get("/koppelingen")
@access(Audience.PUBLIC)
def koppelingen() -> ResponseReturnValue:
    if "id" in request.args:
        return _from_old_site(request.args["id"])
    mind_the_reader()
    return render_template("help/koppelingen.html", library=library())


@bp.get("/koppelingen/")
@access(Audience.PUBLIC)
def with_slash() -> ResponseReturnValue:
    return _from_old_site(request.args.get("id", ""))


def _from_old_site(old_id: str) -> ResponseReturnValue:
    """The old site (docsify) wrote `/koppelingen?id=nmbrs` for an anchor."""
    return redirect(library().address_for(old_id), code=301)


@bp.get("/koppelingen/<key>")
@access(Audience.PUBLIC)
def koppeling(key: str) -> ResponseReturnValue:
    article, steps = _article(key), steps_of(key)
    mind_the_reader()
    following = next_of(steps)
    if "volgende" in request.args:
        return redirect(f"{article.path}#{key}-stap-{following.key}" if following else article.path, code=303)
    text = marked(article.html, key, steps)
    return render_template("help/koppeling.html", library=library(), article=article, steps=steps, text=text)


def _article(key: str) -> Article:
    article = library().article(key)
    if article is None:
        raise NotFound("Controleer het adres, of zoek in de uitleg.")
    return article


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
    shelf: Shelf = current_app.extensions["assets"]
    return shelf.serve(path, request)
