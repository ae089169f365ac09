"""What belongs to no area: the first page after signing in, and the error pages."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from portal.accounts import kept
from portal.accounts.queries import beheerders, venues
from portal.deliveries.attention import changed, unsent
from portal.deliveries.queries import by_export, deliveries
from portal.exports.queries import exports
from portal.help.nearest import nearest
from portal.hours import periods
from portal.hours.queries import fading, kinds, uploads
from portal.integrations.contract import LineSender
from portal.integrations.models import KoppelingState
from portal.integrations.parts import Providers
from portal.integrations.queries import koppelingen, own_request, venue_setup
from portal.kernel.access import Audience, access, acting, sent_from
from portal.kernel.codes import Code
from portal.kernel.errors import PAGE_CODES, PortalError
from portal.kernel.logs import warn
from portal.kernel.work import Role

bp = Blueprint("pages", __name__)
INSIDE = ("/portaal", "/support")
WORKING = (KoppelingState.ACTIVE, KoppelingState.BROKEN)

TITLES = {
    400: ("Dit verzoek klopt niet", "Ga terug, ververs de pagina en probeer het opnieuw."),
    401: ("Log eerst in", "Je bent niet (meer) ingelogd. Log in en probeer het opnieuw."),
    403: ("Dit mag niet", "Je account heeft geen toegang tot deze pagina."),
    404: ("Deze pagina bestaat niet", "Controleer het adres, of begin bij de beginpagina."),
    405: ("Dit kan hier niet", "Deze pagina kan niet op deze manier worden geopend. Begin bij de beginpagina."),
    409: ("Dit kan nu niet", "De stand is intussen veranderd. Ververs de pagina en kijk opnieuw."),
    413: ("Dit is te groot", "Een bestand met uren mag 5 MB zijn. Splits het bestand en probeer het opnieuw."),
    415: ("Dit soort bestand kennen we niet", "Gebruik een CSV- of Excel-bestand."),
    422: ("Er klopt iets niet", "Ga terug en controleer wat je hebt ingevuld."),
    429: ("Even wachten", "Je hebt dit te vaak gedaan. Wacht een paar minuten en probeer het opnieuw."),
    500: ("Dit ligt aan ons", "Er is niets half verwerkt. Probeer het zo opnieuw, of mail support als het blijft."),
    502: ("De andere kant antwoordt niet", "Probeer het over een paar minuten opnieuw."),
    503: ("We zijn zo terug", "Het portaal is even niet bereikbaar. Probeer het over een minuut opnieuw."),
}


@bp.get("/portaal")
@access(Audience.ORGANISATION)
def overview() -> ResponseReturnValue:
    if acting().actor.role is Role.ACCOUNTANT:
        return _for_accountant()
    with acting().read() as work:
        known = koppelingen(work, acting().part(Providers))
        facts = {
            "koppelingen": known,
            "working": [k for k in known if k.state in WORKING],
            "venues": venues(work),
            "beheerders": beheerders(work),
            "uploads": uploads(work, limit=5),
            "exports": (made := exports(work, limit=5)),
            "deliveries": deliveries(work, limit=5),
            "changed": changed(work, acting().part(Providers), made),
            "fading": fading(work),
            "unsent": unsent(made, by_export(work)),
        }
    return render_template("pages/overview.html", **facts, periods=periods)


def _for_accountant() -> str:
    """What is left to do about codes and rights, and nothing of hours."""
    providers, found = acting().part(Providers), []
    with acting().read() as work:
        places = venues(work)
        for one in koppelingen(work, providers):
            asked = own_request(work, one.key)
            missing = len(asked.report.missing) if asked and one.state is not KoppelingState.OFF else 0
            coded = []
            if one.state in WORKING:
                coded = [(venue, venue_setup(work, one.key, venue.id), kinds(work, venue.id)) for venue in places]
            found.append((one, isinstance(providers.get(one.key), LineSender), missing, coded))
    return render_template("pages/accountant.html", koppelingen=found)


def handle_errors(app: Flask) -> None:
    app.register_error_handler(PortalError, _on_portal_error)
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(OperationalError, _on_busy)
    app.register_error_handler(Exception, _on_crash)


def _on_portal_error(error: PortalError) -> ResponseReturnValue:
    warn("refused", code=error.code, status=error.status, endpoint=request.endpoint)
    return error_page(error.status, error.message, _again() if error.status == 409 else (), error.code)


def _again() -> tuple[tuple[str, str], ...]:
    """The way back to a page that takes its own form, as it is now."""
    rule = request.url_rule
    if rule is None or "GET" not in (rule.methods or ()) or request.method == "GET":
        return ()
    words = (
        "Bekijk het verschil opnieuw" if request.path.startswith("/portaal/verschil") else "Bekijk de pagina opnieuw"
    )
    return ((words, request.full_path.rstrip("?")),)


def _on_csrf(_error: CSRFError) -> ResponseReturnValue:
    """A form of a page that was open since before somebody signed in again: back to it, with what was typed (A11)."""
    page = sent_from()
    if page and current_app.config["SESSION_COOKIE_NAME"] in request.cookies:
        kept.set_aside()
        flash("Dit formulier was verlopen. Controleer het en verstuur het nog een keer.", "warning")
        return redirect(page, code=303)
    return error_page(400, "Dit formulier is verlopen. Ga terug, ververs de pagina en verstuur het opnieuw.")


def _on_http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:
        return error
    page, status = error_page(error.code)
    allow = error.get_headers()
    return page, status, {name: value for name, value in allow if name in ("Allow", "Retry-After", "Content-Range")}


def _on_busy(error: OperationalError) -> ResponseReturnValue:
    """The database is away or busy (a long import of somebody else): nothing was stored, try again."""
    if "no such" in str(error.orig):
        return _on_crash(error)  # SQLite's word for a schema that is not ours
    warn("database unavailable", error=type(error.orig).__name__, endpoint=request.endpoint)
    page, status = error_page(503)
    return page, status, {"Retry-After": "30"}


def _on_crash(error: Exception) -> ResponseReturnValue:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else ""
    warn("crashed", error=type(error).__name__, endpoint=request.endpoint, where=where)
    return error_page(500)


def error_page(
    status: int, message: str = "", first: tuple[tuple[str, str], ...] = (), code: Code | None = None
) -> tuple[str, int]:
    """The page of an error; needs no database, session or login."""
    known = status if status in TITLES else 500 if status >= 500 else 400
    title, usual = TITLES[known]
    g.no_store = True
    # rendered outside the request context processors, so that a broken session cannot break this page too
    template = current_app.jinja_env.get_template("errors/error.html")
    ways = [("Naar het portaal", "/portaal"), ("Naar de uitleg", "/koppelingen")]
    actions = [*first, *(ways if status != 404 or request.path.startswith(INSIDE) else reversed(ways))]
    meant = _meant() if status == 404 else None
    said = usual if message.rstrip(".") == title else message  # not the title twice
    facts = {"status": status, "title": title, "message": said or usual, "code": code or PAGE_CODES[known]}
    return template.render(**facts, actions=actions, meant=meant), status


def _meant() -> tuple[str, str] | None:
    """The help page that this address is most like. Addresses inside the portal are nobody's to guess."""
    library = current_app.extensions.get("help")
    if library is None or request.path.startswith((*INSIDE, "/assets")):
        return None
    return nearest(library, request.path)
