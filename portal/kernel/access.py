"""Default deny: a view that does not say who may call it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.kernel import ready
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import STAFF, Acting, Actor, Role

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
NOBODY = Actor(name="bezoeker")
RECENT = timedelta(minutes=15)
LARGEST_ID = 2**63 - 1
SET_ASIDE = "set_aside"  # the extension that keeps the text of a form until its sender signed in again
GONE = "Je bent uitgelogd, omdat je een tijd niets deed of ergens anders uitlogde. Log opnieuw in om verder te gaan."
KEPT = "Wat je had ingevuld, is bewaard."


class Audience(StrEnum):
    """`CUSTOMER` works with hours. `ORGANISATION` is everybody of a customer, so the accountant too: only what codes
    and rights of koppelingen ask for may be open to it. `CODES` may choose codes. `HEADS` manage their own people."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"
    ORGANISATION = "organisation"
    CUSTOMER = "customer"
    CODES = "codes"
    BEHEERDER = "beheerder"
    SUPPORT = "support"
    SUPPORT_LEAD = "support lead"
    HEADS = "heads"


MEMBERS: dict[Audience, frozenset[Role]] = {
    Audience.SIGNED_IN: frozenset(Role),
    Audience.ORGANISATION: frozenset({Role.BEHEERDER, Role.URENVERWERKER, Role.ACCOUNTANT}),
    Audience.CUSTOMER: frozenset({Role.BEHEERDER, Role.URENVERWERKER}),
    Audience.CODES: frozenset({Role.BEHEERDER, Role.ACCOUNTANT}),
    Audience.BEHEERDER: frozenset({Role.BEHEERDER}),
    Audience.SUPPORT: STAFF,
    Audience.SUPPORT_LEAD: frozenset({Role.SUPPORT_LEAD}),
    Audience.HEADS: frozenset({Role.BEHEERDER, Role.SUPPORT_LEAD}),
}


def access(audience: Audience) -> Callable[[View], View]:
    """Declare who may call a view. Goes directly under the route."""

    def declare(view: View) -> View:
        view.__audience__ = audience  # type: ignore[attr-defined]
        return view

    return declare


def recent(view: View) -> View:
    """Declare that a view asks for a sign-in of at most fifteen minutes ago (A12). Goes under `access`."""
    view.__recent__ = True  # type: ignore[attr-defined]
    return view


def needs_recent(view: object) -> bool:
    return bool(getattr(view, "__recent__", False))


def keeps(*names: str) -> Callable[[View], View]:
    """Declare which fields of its form are kept for who has to sign in again first (A11). Goes under `access`.

    Named one by one, so that a secret is kept only when somebody writes that down; `kind_*` means all that begin so.
    """

    def declare(view: View) -> View:
        view.__keeps__ = names  # type: ignore[attr-defined]
        return view

    return declare


def kept_names(view: object) -> tuple[str, ...]:
    found: tuple[str, ...] = getattr(view, "__keeps__", ())
    return found


def audience_of(view: object) -> Audience | None:
    return getattr(view, "__audience__", None)


def roles_of(address: str) -> frozenset[Role]:
    """Who may open an address of the portal, by the rules above. Raises werkzeug's NotFound when it is not ours."""
    endpoint, _values = current_app.url_map.bind("").match(urlsplit(address).path)
    audience = audience_of(current_app.view_functions[endpoint])
    if audience is Audience.PUBLIC:
        return frozenset(Role)
    return MEMBERS[audience] if audience else frozenset()


def viewer() -> Actor | None:
    """The person who is signed in, or None."""
    return getattr(current_user, "actor", None)


def mind_the_reader() -> None:
    """For a public page that shows something of who is signed in: then nobody may keep it (E2). Without anybody it
    is the same for all."""
    if viewer() is not None:
        g.no_store = True
    else:
        ready.same_for_everybody()


def acting() -> Acting:
    """What a service needs: the wired parts, as the current person."""
    base: Acting = current_app.extensions["portal"]
    return base.as_actor(viewer() or NOBODY)


def acting_for_anybody() -> Acting:
    """For a public view that is about an account or a receipt of whoever it may be, not about who happens to be signed
    in here: what it does must not be limited to that customer (docs/decisions/0022-tenants.md)."""
    base: Acting = current_app.extensions["portal"]
    return base.as_actor(NOBODY)


def guard(app: Flask) -> None:
    app.before_request(_same_origin)
    app.before_request(_allowed)


def _allowed() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such page: the router answers 404 or 405
    if any(isinstance(value, int) and value > LARGEST_ID for value in (request.view_args or {}).values()):
        raise NotFound  # SQLite cannot even look for it
    audience = audience_of(current_app.view_functions[request.endpoint])
    if audience is None:
        raise Forbidden("Deze pagina is nog niet vrijgegeven.", endpoint=request.endpoint)
    if audience is Audience.PUBLIC:
        return None
    actor = viewer()
    if actor is None:
        return _sign_in_first()
    g.no_store = True
    if actor.role not in MEMBERS[audience]:
        raise Forbidden("Deze pagina is niet voor jouw rol.", endpoint=request.endpoint)
    if actor.must_add_factor and audience is not Audience.SIGNED_IN:
        return redirect(url_for("factors.show"), code=303)
    if needs_recent(current_app.view_functions[request.endpoint]) and not _is_recent(actor):
        _set_aside()
        return redirect(url_for("accounts.confirm", next=_wanted()), code=303)
    return None


def _sign_in_first() -> ResponseReturnValue:
    if request.method not in SAFE_METHODS:
        flash(f"{GONE} {KEPT}" if _set_aside() else GONE, "info")
    return redirect(url_for("accounts.login", next=_wanted()), code=303)


def _set_aside() -> bool:
    """Whether what was typed is kept."""
    keeper = current_app.extensions.get(SET_ASIDE)
    return request.method not in SAFE_METHODS and keeper is not None and keeper()


def _is_recent(actor: Actor) -> bool:
    base: Acting = current_app.extensions["portal"]
    return actor.authenticated_at is None or base.clock() - actor.authenticated_at < RECENT


def sent_from() -> str | None:
    """The page whose form was sent: the browser says so, and only a page of ours counts."""
    page = request.headers.get("Referer", "")
    if _host_of(page) != request.host:
        return None
    return safe_next(urlsplit(page)._replace(scheme="", netloc="", fragment="").geturl())


def page_of_form() -> str | None:
    """As `sent_from`; when the browser keeps that to itself, the same address, if it is a page."""
    rule = request.url_rule
    is_page = rule is not None and "GET" in (rule.methods or ())
    return sent_from() or (request.full_path.rstrip("?") if is_page else None)


def _wanted() -> str | None:
    """The page to come back to after signing in."""
    if request.method != "GET":
        return page_of_form()
    return None if request.path == "/portaal" else request.full_path.rstrip("?")


def _same_origin() -> None:
    """Refuse a form that another site sent (requirement D5), beside the CSRF token."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    foreign = origin is not None and _host_of(origin) != request.host
    if site not in ("same-origin", "none") or foreign:
        raise Forbidden("Dit formulier komt van een andere website. Open de pagina opnieuw en probeer het nog eens.")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None  # not an address at all


def safe_next(target: str | None) -> str | None:
    r"""Return `target` when it is a path on this site, else None (`//evil`, `/\evil`, `https:…`).

    >>> safe_next("/portaal/uren?p=2")
    '/portaal/uren?p=2'
    >>> safe_next("//evil.example") is None
    True
    """
    if not target or not target.startswith("/") or "//" in target.split("?")[0]:
        return None
    if any(ord(sign) < 33 or sign == "\\" for sign in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target
