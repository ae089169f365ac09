"""What each way of signing in does with the browser: a new session, a new CSRF token, and on to where one was going."""

from __future__ import annotations

from flask import redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user

from portal.accounts import kept, sessions
from portal.accounts.devices import name_of
from portal.accounts.identity import SignedIn
from portal.accounts.login import Caller
from portal.kernel.access import acting, safe_next, viewer
from portal.kernel.work import STAFF


def start_page() -> str:
    actor = viewer()
    return "/support/aanvragen" if actor and actor.role in STAFF else "/portaal"


def caller() -> Caller:
    return Caller(request.remote_addr or "", name_of(request.user_agent.string))


def enter(token: str) -> None:
    """A new session and a new CSRF token: what came before is worth nothing (A9), but for text that was kept."""
    typed = session.get(kept.COOKIE)
    session.clear()
    login_user(SignedIn(token, sessions.find(acting(), token)))
    kept.carry(typed)


def go_on(token: str) -> ResponseReturnValue:
    """To the second step when there is one, else where the visitor wanted to be."""
    wanted = safe_next(request.args.get("next"))
    if sessions.is_waiting(acting(), token):
        return redirect(url_for("factors.ask", next=wanted), code=303)
    return redirect(wanted or start_page(), code=303)
