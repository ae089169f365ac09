"""What is kept, why and for how long, for everybody to read."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal.kernel.access import Audience, access, mind_the_reader
from portal.privacy.classes import CLASSES

bp = Blueprint("privacy", __name__)


@bp.get("/privacy")
@access(Audience.PUBLIC)
def show() -> ResponseReturnValue:
    mind_the_reader()
    return render_template("privacy/show.html", classes=CLASSES)
