"""Ties Flask-Login to the sessions of the server: its user id is the secret id of the session."""

from __future__ import annotations

from flask import Flask, session
from flask_login import LoginManager, UserMixin

from portal.accounts import sessions
from portal.kernel.work import Acting, Actor


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
