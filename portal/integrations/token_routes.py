"""The pages of a token: the form that checks it, the review of what will be sent, sending and cancelling (J5)."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, current_app, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.integrations import drafts, forms, handing_over, queries
from portal.integrations.contract import LineSender
from portal.integrations.handing_over import AlreadySent, NothingToSend, Outcome
from portal.integrations.parts import Providers
from portal.kernel.access import Audience, access, acting, recent
from portal.kernel.errors import Conflict, RemoteError
from portal.kernel.wipe import Turn
from portal.secret import Secret

bp = Blueprint("tokens", __name__)
PLACE = "/portaal/bedrijf/koppelingen/<key>/activeren"
DONE = {
    Outcome.ASKS: "De aanvraag is naar support gestuurd.",
    Outcome.RENEWS: "De nieuwe token is naar support gestuurd.",
    Outcome.ACTIVATES: "De koppeling is actief.",
    Outcome.REPLACES: "De nieuwe token is meteen in gebruik. De oude is vernietigd.",
}


def hand_over(provider: LineSender) -> ResponseReturnValue:
    """The form. Once the answer is out, nothing in this process remembers the token that was stored."""
    turn: Turn | None = current_app.extensions.get("hand_over_turn")
    if turn is None or request.method != "POST":
        return _form(provider)
    turn.begin()
    try:
        answer = make_response(_form(provider))
    except BaseException:
        turn.end(None)
        raise
    answer.call_on_close(partial(turn.end, g.get("stored_token")))
    return answer


def _form(provider: LineSender) -> ResponseReturnValue:
    form = forms.credential_form(tuple(provider.credentials))()
    failure: RemoteError | Conflict | None = None
    if form.validate_on_submit():
        try:
            handing_over.prepare(acting(), provider.key, Secret(form.token.data), form.email.data)
        except (RemoteError, Conflict) as error:
            failure = error
        else:
            g.stored_token = Secret(form.token.data)
            return redirect(url_for("tokens.review", key=provider.key), code=303)
    with acting().read() as work:
        found = queries.koppeling(work, acting().part(Providers), provider.key)
        known = queries.credential_age(work, provider.key)
        waiting = drafts.waiting(work).get(provider.key)
    if known and not form.is_filled:
        form.email.data = known[0]
    page = render_template(
        "integrations/hand_over.html", provider=provider, form=form, koppeling=found, failure=failure, waiting=waiting
    )
    return page, 422 if form.errors or failure else 200


@bp.get(f"{PLACE}/controleren")
@access(Audience.BEHEERDER)
@recent
def review(key: str) -> ResponseReturnValue:
    found = handing_over.review(acting(), key)
    return render_template("integrations/review.html", provider=acting().part(Providers).get(key), found=found)


@bp.post(f"{PLACE}/versturen")
@access(Audience.BEHEERDER)
@recent
def submit(key: str) -> ResponseReturnValue:
    done = handing_over.submit(acting(), key, forms.SeenForm().seen.data or "")
    flash(DONE[done], "success")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.post(f"{PLACE}/annuleren")
@access(Audience.BEHEERDER)
@recent
def cancel(key: str) -> ResponseReturnValue:
    handing_over.cancel(acting(), key, forms.SeenForm().seen.data or "")
    flash("Geannuleerd. De token is vernietigd en er is niets verstuurd.", "success")
    return redirect(url_for("integrations.show", key=key), code=303)


@bp.errorhandler(NothingToSend)
def _gone(error: NothingToSend) -> ResponseReturnValue:
    provider = acting().part(Providers).get((request.view_args or {})["key"])
    return render_template("integrations/nothing_to_send.html", provider=provider, error=error), 404


@bp.errorhandler(AlreadySent)
def _too_late(error: AlreadySent) -> ResponseReturnValue:
    flash(error.message, f"warning:{error.code}")
    return redirect(url_for("integrations.show", **(request.view_args or {})), code=303)


@bp.errorhandler(Conflict)
def _again(error: Conflict) -> ResponseReturnValue:
    """`ReviewAgain`, and a token of another environment than the one that was activated meanwhile."""
    flash(error.message, f"warning:{error.code}")
    return redirect(url_for("tokens.review", **(request.view_args or {})), code=303)
