"""Small doors that a review found open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.invite import invite
from portal.accounts.models import WebSession
from portal.accounts.password import ask_reset, change
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting, Role
from portal.secret import Secret
from portal.settings import Settings
from tests.accounts.test_links import link_in, mails
from tests.accounts.test_login import csrf
from tests.browse import Visitor
from tests.factories.people import Cast


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "http://a]", "x"])
def test_d6_an_origin_that_is_no_address_is_a_foreign_one(visitor: Visitor, cast: Cast, origin: str) -> None:
    token = csrf(visitor, "/inloggen")
    visitor.headers = {"Origin": origin}
    visitor.post("/inloggen", {"email": cast.mail("alice"), "password": cast.password, **token}, status=403)


def test_d6_an_address_with_accents_is_refused_with_words(signed_in: Callable[[str], Visitor], acting: Acting) -> None:
    page = signed_in("alice").open("/portaal/bedrijf/gebruikers/uitnodigen")
    refused = page.submit("Verstuur uitnodiging", {"email": "jörg@dezon.example"}, status=422)
    assert "accent" in refused.text(".error-summary")
    with pytest.raises(InvalidInput):
        invite(acting, "jörg@dezon.example", Role.BEHEERDER, "Brasserie De Zon")


def test_an_invitation_elsewhere_leaves_ours_alone(app: Flask, acting: Acting, cast: Cast) -> None:
    ours = invite(acting, "deeltijd@x.example", Role.URENVERWERKER, "Brasserie De Zon")
    invite(acting, "deeltijd@x.example", Role.URENVERWERKER, "Café Anders")
    Visitor(app.test_client()).open(ours.removeprefix("http://localhost"))


def test_a_page_with_a_secret_address_is_kept_nowhere(app: Flask, acting: Acting, cast: Cast) -> None:
    link = invite(acting, "x@y.example", Role.URENVERWERKER, "Brasserie De Zon").removeprefix("http://localhost")
    answer = app.test_client().get(link)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_changing_the_password_makes_an_open_reset_link_worthless(
    app: Flask, acting: Acting, cast: Cast, settings: Settings, worker: Callable[[], int]
) -> None:
    ask_reset(acting, cast.mail("bob"))
    worker()
    path = link_in(mails(settings)[0])
    Visitor(app.test_client()).open(path)
    change(acting.as_actor(cast.actors["bob"]), Secret(cast.password), Secret("iets heel anders dan dit"))
    Visitor(app.test_client()).open(path, status=404)


def test_a9_signing_in_again_ends_the_session_before(acting: Acting, cast: Cast, visitor: Visitor) -> None:
    visitor.sign_in(cast.mail("alice"), cast.password)
    form = visitor.open("/portaal")
    token = csrf(visitor, "/portaal/account")
    visitor.post("/inloggen", {"email": cast.mail("bob"), "password": cast.password, **token})
    assert form.status == 200
    with acting.read() as work:
        ended = [row.ended_at is not None for row in work.session.scalars(select(WebSession).order_by(WebSession.id))]
    assert ended == [True, False]


def gone(url: str) -> str:
    """The address of a database that cannot be used: not there, or a file that is a folder."""
    if not url.startswith("sqlite"):
        return url.rsplit("/", 1)[0] + "/portal_that_is_gone"
    folder = Path(url.removeprefix("sqlite:///")).parent / "folder.sqlite3"
    folder.mkdir()
    return f"sqlite:///{folder}"


def test_i6_a_database_that_is_busy_is_a_page_that_says_try_again(
    make_app: Callable[..., Flask], cast: Cast, database_url: str
) -> None:
    """503 with Retry-After in plain Dutch, and nothing half done."""
    app = make_app(database_url=gone(database_url))
    answer = app.test_client().get("/uitnodiging/abc")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "We zijn zo terug" in answer.get_data(as_text=True)


def test_an_address_in_a_test_domain_is_an_address(signed_in: Callable[[str], Visitor]) -> None:
    page = signed_in("alice").open("/portaal/bedrijf/gebruikers/uitnodigen")
    assert "nieuw@zaak.test" in page.submit("Verstuur uitnodiging", {"email": "nieuw@zaak.test"}).text()
