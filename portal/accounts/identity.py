"""Ties Flask-Login to the sessions of the server: its user id is the secret id of the session."""

from __future__ import annotations

from flask import Flask, Response, g, session
from flask_login import LoginManager, UserMixin

from portal.accounts import sessions
from portal.kernel.access import viewer
from portal.kernel.work import Acting, Actor

LEFT = "X-Session-Left"


class SignedIn(UserMixin):
    def __init__(self, token: str, actor: Actor | None = None) -> None:
        self.token = token
        self.actor = actor

    def get_id(self) -> str:
        return self.token


def current_token() -> str:
    """The secret id of the session of this request, "" when there is none."""
    return str(session.get("_user_id", ""))


def connect(app: Flask, acting: Acting) -> None:
    manager = LoginManager(app)
    manager.session_protection = None  # a session of the server needs no guess by address or browser

    def load(token: str) -> SignedIn | None:
        actor = sessions.find(acting, token)
        return SignedIn(token, actor) if actor else None

    manager.user_loader(load)

    def tell(response: Response) -> Response:
        """A page that refreshes a part of itself keeps the session alive, and hears here how long it lasts."""
        if "_login_user" in g and (left := time_left(acting)) is not None:
            response.headers[LEFT] = str(left[0])
        return response

    app.after_request(tell)


def time_left(acting: Acting) -> tuple[int, int] | None:
    """Seconds until the session of this request ends when nothing more is done, and until it ends anyway (A11)."""
    actor = viewer()
    if actor is None or actor.stays_until is None or actor.longest_until is None:
        return None
    now = acting.clock()
    return int((actor.stays_until - now).total_seconds()), int((actor.longest_until - now).total_seconds())
