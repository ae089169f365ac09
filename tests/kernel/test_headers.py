"""E1, E2: the headers are on every answer, errors included, and an error shows nothing of the inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from portal.kernel.headers import CSP, POLICY
from portal.kernel.work import Acting
from tests.browse import Page, Visitor, check_headers
from tests.integrations import flow

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
INSIDE = ("Traceback", "sqlalchemy", "koppeling ", "SELECT", ".py", "psycopg", "OperationalError", "no such table")


def test_e1_the_policy_allows_no_unsafe_source() -> None:
    assert CSP["default-src"] == "'none'"
    assert CSP["frame-ancestors"] == "'none'"
    assert CSP["form-action"] == "'self'"
    assert {CSP["script-src"], CSP["style-src"]} == {"'self'"}
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY


def dutch(visitor: Visitor, answer: object, words: str) -> None:
    page = Page(visitor, answer)  # type: ignore[arg-type]
    assert words in page.text(), page.text()
    assert all(inside not in page.answer.get_data(as_text=True) for inside in INSIDE)


@SQLITE
def test_e1_errors_too(make_app: Callable[..., Flask]) -> None:
    app = make_app(trusted_hosts=("localhost",))
    client, guest = app.test_client(), Visitor(app.test_client())
    dutch(guest, client.get("/bestaat-niet"), "Deze pagina bestaat niet")
    dutch(guest, client.get("/" + "x" * 5000), "Deze pagina bestaat niet")
    dutch(guest, client.delete("/livez"), "Dit kan hier niet")
    dutch(guest, client.post("/livez"), "Dit kan hier niet")
    dutch(guest, client.post("/inloggen", data={}), "verlopen")
    dutch(guest, client.post("/inloggen", data={"email": "x" * 1_000_001}), "te groot")
    dutch(guest, client.post("/inloggen", json={"email": "x" * 1_000_001}), "te groot")
    dutch(guest, client.post("/inloggen", headers={"Origin": "https://evil.example"}), "andere website")
    dutch(guest, client.get("/", headers={"Host": "evil.example"}), "Dit verzoek klopt niet")
    dutch(guest, client.post("/inloggen", headers={"Host": "evil.example"}), "Dit verzoek klopt niet")
    for path in ("/livez", "/readyz", "/robots.txt", "/assets/base.css", "/assets/weg.css", "/portaal", "/koppelingen"):
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = client.open(path, method=method)
            check_headers(answer)
            answer.close()
    assert client.delete("/livez").headers["Allow"]


@SQLITE
@pytest.mark.parametrize("host", ["elders.example", "Thu, 99 Foo 2026", "localhost"])
def test_d6_a_path_that_is_mended_stays_on_this_site(app: Flask, host: str) -> None:
    """Found by `make fuzz`: the router wrote the host of the visitor, or "http:///" when that was none."""
    answer = app.test_client().get("/koppelingen//nmbrs?q=1%2F", headers={"Host": host})
    assert answer.status_code == 308
    assert answer.headers["Location"] == "/koppelingen/nmbrs?q=1%2F"
    assert host.encode() not in answer.get_data()
    check_headers(answer)


def test_e2_a_crash_gives_a_dutch_page_without_the_inside(
    acting: Acting, signed_in: Callable[[str], Visitor], app: Flask
) -> None:
    """Break something real: a table is gone, and later the sessions too."""
    alice = signed_in("alice")
    with acting.begin() as work:
        work.session.execute(text("DROP TABLE member_link"))
        work.session.execute(text("ALTER TABLE koppeling RENAME TO weg"))
    dutch(alice, alice.client.get(flow.BASE), "Dit ligt aan ons")
    answer = alice.client.get(flow.BASE)
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"
    with acting.begin() as work:
        work.session.execute(text("DROP TABLE web_session"))
    dutch(alice, alice.client.get("/portaal"), "Dit ligt aan ons")
    assert alice.client.get("/livez").status_code == 200
    assert app.test_client().get("/koppelingen").status_code == 200  # the help pages need no database


@SQLITE
def test_e2_what_a_customer_sees_is_not_kept(signed_in: Callable[[str], Visitor]) -> None:
    alice = signed_in("alice")
    for path in ("/portaal", flow.BASE, flow.NMBRS, "/portaal/bedrijf/logboek", "/portaal/account", "/portaal/weg"):
        answer = alice.client.get(path)
        check_headers(answer)
        assert answer.headers["Cache-Control"] == "no-store", path


@SQLITE
def test_e2_hsts_under_https_only(make_app: Callable[..., Flask]) -> None:
    secure = make_app(base_url="https://portaal.example").test_client()
    for path in ("/koppelingen", "/bestaat-niet"):
        found = secure.get(path, base_url="https://portaal.example").headers["Strict-Transport-Security"]
        assert "max-age=31536000" in found
    assert "Strict-Transport-Security" not in make_app().test_client().get("/koppelingen").headers
