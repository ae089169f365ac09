"""What somebody with a passkey does, as passkey.js does it: ask the question, answer it, send the form."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.accounts.models import WebSession
from portal.audit.models import AuditEvent
from portal.kernel.work import Acting
from tests.accounts.soft_key import SoftKey
from tests.browse import Page, Visitor
from tests.factories.people import Cast

ADD, ACCOUNT = "/portaal/account/passkey", "/portaal/account"
SignIn = Callable[[str], Visitor]


def ask(page: Page, path: str, status: int = 200) -> dict[str, Any]:
    """What passkey.js does before it turns to the browser."""
    token = page.soup.select_one("main [name=csrf_token]")
    answer = page.visitor.client.post(path, data={"csrf_token": token["value"] if token else ""})
    assert answer.status_code == status, answer.status_code
    found: dict[str, Any] = answer.get_json() or {}
    return found


def send(page: Page, answer: str, *, status: int = 303, **more: str) -> Page:
    """Send the form around the passkey, as passkey.js does."""
    form = page.soup.select_one("form:has([data-passkey])")
    assert form is not None
    data = {str(item["name"]): str(item.get("value", "")) for item in form.select("[name]")}
    return page.visitor.post(str(form["action"]), {**data, "passkey": answer, **more}, status=status)


def add(visitor: Visitor, key: SoftKey, name: str = "Telefoon") -> Page:
    page = visitor.open(ADD)
    return send(page, key.create(ask(page, f"{ADD}/vraag")), name=name)


def enter(visitor: Visitor, key: SoftKey, *, status: int = 303) -> Page:
    page = visitor.open("/inloggen")
    return send(page, key.get(ask(page, "/inloggen/passkey/vraag")), status=status)


def half(app: Flask, cast: Cast, name: str = "alice") -> Page:
    page = Visitor(app.test_client()).sign_in(cast.mail(name), cast.password)
    assert page.path == "/inloggen/code"
    return page


def codes_on(page: Page) -> list[str]:
    return re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", page.text("#herstelcodes"))


def grow_old(acting: Acting, minutes: int = 16) -> None:
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=minutes)


def acts(acting: Acting) -> list[str]:
    with acting.read() as work:
        return list(work.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))
