"""Steps that the tests of koppelingen share: a customer asks, support decides, and what the database holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from portal.integrations.models import (
    Credential,
    CredentialRequest,
    KindCode,
    Koppeling,
    MemberLink,
    TokenDraft,
    VenueCompany,
)
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.kernel.db import Base
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.browse import Page, Visitor
from tests.kernel.remote.stub import Stub, Talk, serving

BASE = "/portaal/bedrijf/koppelingen"
NMBRS = f"{BASE}/nmbrs"
CHECK = "Controleer je gegevens"
SEND = "Verstuur"
REPLACE = "Neem de nieuwe token in gebruik"
REVIEW = f"{NMBRS}/activeren/controleren"
TABLES: tuple[type[Base], ...] = (
    Credential, CredentialRequest, KindCode, Koppeling, MemberLink, TokenDraft, VenueCompany,
)  # fmt: skip


def check(visitor: Visitor, token: str = DEMO_TOKEN, email: str = DEMO_USER, *, status: int = 303) -> Page:
    """Fill in the form of Nmbrs; leads to the review."""
    return visitor.open(f"{NMBRS}/activeren").submit(CHECK, {"token": token, "email": email}, status=status)


def ask(visitor: Visitor, token: str = DEMO_TOKEN, email: str = DEMO_USER, *, button: str = SEND) -> Page:
    """Fill in the form of Nmbrs, see what was found, and send it."""
    return check(visitor, token, email).submit(button)


def seen(page: Page) -> str:
    """The mark of what a review page shows."""
    field = page.soup.select_one("main [name=seen]")
    assert field is not None
    return str(field["value"])


def request_id(acting: Acting) -> int:
    """The newest request."""
    with acting.read() as work:
        return work.session.scalars(select(CredentialRequest.id).order_by(CredentialRequest.id.desc())).all()[0]


def take(support: Visitor, acting: Acting) -> Page:
    return support.open(f"/support/aanvragen/{request_id(acting)}").submit("Oppakken")


def activate(alice: Visitor, support: Visitor, acting: Acting) -> None:
    """The whole road, page by page."""
    ask(alice)
    take(support, acting).submit("Activeren")


def stored(acting: Acting) -> dict[str, list[tuple[object, ...]]]:
    """Every value of every table of koppelingen."""
    with acting.read() as work:
        return {
            table.__tablename__: [
                tuple(row)
                for row in work.session.execute(select(*table.__table__.columns).order_by(*table.__table__.primary_key))
            ]
            for table in TABLES
        }


def csrf(visitor: Visitor, path: str = "/portaal/account") -> dict[str, str]:
    field = visitor.open(path).soup.select_one("input[name=csrf_token]")
    assert field is not None
    return {"csrf_token": str(field["value"])}


@dataclass(frozen=True)
class Received:
    to: str
    subject: str
    text: str


def mails(settings: Settings) -> list[Received]:
    """What was put in the folder of mails, oldest first."""
    found = []
    for file in sorted((Path(settings.data) / "mail").glob("*.eml")):
        message = message_from_bytes(file.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        found.append(Received(str(message["To"]), str(message["Subject"]), body.get_content()))
    return found


def entered(app: Flask, visitor: Visitor) -> Visitor:
    """The same person in another application on the same database: the cookie goes along."""
    cookie = visitor.client.get_cookie("portaal")
    assert cookie is not None
    other = Visitor(app.test_client())
    other.client.set_cookie("portaal", cookie.value)
    return other


@contextmanager
def silent() -> Iterator[Stub]:
    """A server that takes every request and says nothing until the block ends."""

    def nothing(stub: Stub, _connection: object) -> None:
        stub.stop.wait()

    talk: Talk = nothing
    with serving(talk) as stub:
        yield stub
