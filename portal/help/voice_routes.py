"""What a reader answers to "Was dit nuttig?", without script, cookie or account."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.help import voice
from portal.help.forms import RemarkForm, VoteForm
from portal.help.routes import library
from portal.help.types import Article
from portal.kernel.access import Audience, access, acting
from portal.kernel.errors import InvalidInput, NotFound, TooOften
from portal.settings import Settings

bp = Blueprint("voice", __name__)


def _page(key: str) -> Article:
    found = next((page for page in library().pages if page.key == key), None)
    if found is None:
        raise NotFound("Deze pagina bestaat niet.")
    return found


@bp.post("/nuttig/<key>")
@access(Audience.PUBLIC)
def vote(key: str) -> ResponseReturnValue:
    page, form = _page(key), VoteForm()
    if not form.validate():
        raise InvalidInput("Kies Ja of Nee onderaan de uitleg.", field="answer")
    useful = form.answer.data == "ja"
    if not form.is_of_a_robot:
        voice.vote(acting(), page.key, useful=useful)
    return redirect(url_for(".thanks" if useful else ".missing", key=key), code=303)


@bp.route("/nuttig/<key>/wat-miste-je", methods=["GET", "POST"])
@access(Audience.PUBLIC)
def missing(key: str) -> ResponseReturnValue:
    page, form = _page(key), RemarkForm()
    if not form.validate_on_submit():
        return _ask(page, form, 422 if form.errors else 200)
    try:
        voice.remark(acting(), page.key, "" if form.is_of_a_robot else form.text.data)
    except TooOften as error:
        form.fail("text", error.message)
        return _ask(page, form, error.status)
    return redirect(url_for(".thanks", key=key), code=303)


def _ask(page: Article, form: RemarkForm, status: int) -> ResponseReturnValue:
    return render_template("help/missing.html", page=page, form=form, support_mail=_support_mail()), status


@bp.get("/nuttig/<key>/bedankt")
@access(Audience.PUBLIC)
def thanks(key: str) -> ResponseReturnValue:
    return render_template("help/thanks.html", page=_page(key), support_mail=_support_mail())


def _support_mail() -> str:
    return acting().part(Settings).support_mail


WITHOUT_TOKEN = (vote, missing)
