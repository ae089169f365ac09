"""Receipts: for the customer with people and hours, for anybody else the code only."""

from __future__ import annotations

import io
from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from wtforms.validators import DataRequired, Length

from portal.audit.service import look
from portal.deliveries import queries, receipt_body, receipt_files, receipt_queries, receipt_words
from portal.kernel.access import Audience, access, acting, acting_for_anybody
from portal.kernel.codes import Code
from portal.kernel.errors import NotFound
from portal.kernel.forms import Form, Text
from portal.kernel.limits import number_asked

bp = Blueprint("receipts", __name__)
LINES = 100  # on one page
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
SHAPE = "Dit is geen code van een ontvangstbewijs. Een code ziet eruit als KP-7Q2M-0R5T-9XKD-3WJ8. Typ hem over."
UNKNOWN = "Deze code kennen we niet. Kijk of je hem goed hebt overgetypt. Klopt hij? Vertrouw het document dan niet."


class CodeForm(Form):
    """Asks nothing of who knows a code; it only reads, so it goes by GET and needs no token."""

    code = Text(
        "Code van het ontvangstbewijs",
        [DataRequired("Vul de code in die op het ontvangstbewijs staat."), Length(max=60, message=SHAPE)],
    )


@bp.get("/portaal/leveringen/<int:delivery_id>/ontvangstbewijs")
@access(Audience.CUSTOMER)
def show(delivery_id: int) -> ResponseReturnValue:
    with acting().read() as work:
        delivery = queries.delivery(work, delivery_id)
        known = receipt_queries.of_delivery(work, delivery_id)
    info, sheet = receipt_files.sheet(acting(), delivery_id, request.args.get("code", ""))
    look(acting(), "look.receipt", receipt=info.seq, delivery=delivery_id)
    facts = {"delivery": delivery, "receipts": known, "receipt": info, "sheet": sheet, "words": receipt_words}
    return render_template("deliveries/receipt.html", **facts, **_page(sheet.body.lines))


def _page(lines: Sequence[receipt_body.Line]) -> dict[str, object]:
    """The lines of the page that is asked for: a delivery may have thousands; the files hold them all."""
    pages = max(1, -(-len(lines) // LINES))
    page = min(max(1, number_asked("pagina") or 1), pages)
    return {"lines": lines[(page - 1) * LINES : page * LINES], "page": page, "pages": pages}


@bp.get("/portaal/leveringen/<int:delivery_id>/ontvangstbewijs.<extension>")
@access(Audience.CUSTOMER)
def download(delivery_id: int, extension: str) -> ResponseReturnValue:
    name, content = receipt_files.download(acting(), delivery_id, request.args.get("code", ""), extension)
    kind = receipt_files.MIMETYPES[extension]
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name, etag=False)


@bp.get("/ontvangstbewijs")
@access(Audience.PUBLIC)
def ask() -> ResponseReturnValue:
    asked = "code" in request.args
    form = CodeForm(request.args if asked else None, meta={"csrf": False})
    if not asked:
        return render_template("deliveries/receipt_ask.html", form=form)
    if form.validate():
        code = receipt_body.understood(form.code.data or "")
        if code is not None:
            return redirect(url_for("receipts.check", code=code), code=303)
        form.fail("code", SHAPE)
    return render_template("deliveries/receipt_ask.html", form=form), 422, PRIVATE


@bp.get("/ontvangstbewijs/<code>")
@access(Audience.PUBLIC)
def check(code: str) -> ResponseReturnValue:
    """No name, no employer, no id of payroll: who has the code has the receipt, and learns whether it is ours."""
    meant = receipt_body.understood(code)
    if meant is not None and meant != code:
        return redirect(url_for("receipts.check", code=meant), code=303)
    try:
        with acting_for_anybody().read() as work:
            found = receipt_queries.check(work, meant or "")
    except NotFound as error:
        return _unknown(code, SHAPE if meant is None else UNKNOWN, error.code)
    return render_template("deliveries/receipt_check.html", found=found, receipt=found.receipt), 200, PRIVATE


def _unknown(code: str, message: str, unknown: Code) -> ResponseReturnValue:
    form = CodeForm(None, meta={"csrf": False})
    form.code.data = code[:60]
    form.fail("code", message)
    return render_template("deliveries/receipt_ask.html", form=form, unknown=unknown), 404, PRIVATE
