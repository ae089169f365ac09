"""E2: pages that are the same for everybody are kept before Flask; nothing else ever is."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder, TestResponse

from portal.kernel.headers import HEADERS
from portal.kernel.ready import ReadyLayer
from tests.browse import Visitor

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PAGE = "/koppelingen/nmbrs"
PUBLIC = ("/", "/koppelingen", PAGE, "/zoeken", "/koppelingen/nmbrs.md", "/llms.txt", "/sitemap.xml", "/robots.txt",
          "/koppelingen/wijzigingen.xml", "/assets/public.css", "/assets/portal.js", "/assets/logo.svg")  # fmt: skip
PRIVATE = ("/inloggen", "/portaal", "/readyz", "/zoeken/suggesties", "/bestaat-niet", "/koppelingen?id=nmbrs",
           "/zoeken?q=token", "/koppelingen/nmbrs?x=1", "/meldingen/1001", "/assets/deel.png",
           "/assets/public.css?v=anders", "/assets/public.css?x=1")  # fmt: skip


def kept(app: Flask) -> set[str]:
    layer = app.wsgi_app
    assert isinstance(layer, ReadyLayer)
    return set(layer._kept)


def get(client: FlaskClient, path: str = PAGE, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(path, headers={"Accept-Encoding": "br", **named}, buffered=True)


@pytest.mark.parametrize("path", PUBLIC)
def test_the_second_answer_is_the_first_one(app: Flask, path: str) -> None:
    first, second = get(app.test_client(), path), get(app.test_client(), path)
    assert kept(app) == {f"{path}?"}
    assert first.data == second.data
    assert first.headers == second.headers
    assert brotli.decompress(second.data) == app.test_client().get(path).data
    assert {name: second.headers[name] for name in HEADERS} == HEADERS
    assert second.headers["Content-Length"] == str(len(second.data))
    assert second.headers["Vary"] == ("Accept-Encoding" if path.startswith("/assets/") else "Accept-Encoding, Cookie")
    assert second.headers["Cache-Control"] == ("public, max-age=300" if path.startswith("/assets/") else "no-cache")


def test_an_asset_with_its_version_is_kept_for_a_year(app: Flask) -> None:
    address = app.extensions["assets"].address("public.css")
    assert get(app.test_client(), address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept(app) == {address}
    for junk in ("&x=1", "&v=2", "%20"):
        assert get(app.test_client(), address + junk).status_code == 200
    assert kept(app) == {address}


@pytest.mark.parametrize("path", PRIVATE)
def test_what_may_differ_is_never_kept(app: Flask, path: str) -> None:
    first = get(app.test_client(), path)
    assert "Content-Encoding" not in first.headers
    assert kept(app) == set()


def test_e2_who_signs_in_gets_no_kept_page_and_leaves_none(app: Flask, signed_in: Callable[[str], Visitor]) -> None:
    stranger = get(app.test_client())
    alice = signed_in("alice").client
    for path in (PAGE, "/zoeken", "/"):
        answer = get(alice, path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Naar het portaal" in answer.text
    again = get(app.test_client())
    assert again.data == stranger.data
    assert "Naar het portaal" not in brotli.decompress(again.data).decode()
    assert kept(app) == {f"{PAGE}?"}


def test_e2_a_page_that_was_first_asked_with_a_session_is_not_kept(
    app: Flask, signed_in: Callable[[str], Visitor]
) -> None:
    alice = signed_in("alice").client
    get(alice)
    token = alice.get_cookie("portaal")
    assert token is not None
    for cookie in (f"portaal={token.value}", f"a=b; portaal={token.value}", f"portaal ={token.value}", "portaal="):
        get(app.test_client(use_cookies=False), Cookie=cookie)
        assert kept(app) == set()
    get(app.test_client(use_cookies=False), Cookie="voorkeur=donker")
    assert kept(app) == {f"{PAGE}?"}


def test_a_version_that_was_seen_is_not_sent_again(app: Flask) -> None:
    client = app.test_client()
    etag = get(client).headers["ETag"]
    for asked in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = get(client, If_None_Match=asked)
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == etag
        assert answer.headers["Vary"] == "Accept-Encoding, Cookie"
        assert "Content-Length" not in answer.headers
    assert get(client, If_None_Match='"x"').status_code == 200
    plain = client.get(PAGE, headers={"If-None-Match": etag})
    assert plain.status_code == 200  # another encoding is another answer
    assert plain.headers["ETag"] != etag


def test_head_tells_what_get_would_send(app: Flask) -> None:
    client = app.test_client()
    first = client.head(PAGE, headers={"Accept-Encoding": "br"})
    answer = get(client)
    second = client.head(PAGE, headers={"Accept-Encoding": "br"})
    assert first.data == second.data == b""
    assert b"Nmbrs" in brotli.decompress(answer.data)
    assert first.headers == answer.headers == second.headers


@pytest.mark.parametrize("path", ["/inloggen", "/assets/deel.png", "/bestaat-niet"])
def test_head_has_no_body_when_nothing_is_kept(app: Flask, path: str) -> None:
    # the test client would drop a body itself, so the application is asked as a server asks it
    told: list[str] = []

    def start(status: str, _headers: list[tuple[str, str]], _exc_info: object = None) -> Callable[[bytes], object]:
        told.append(status)
        return told.append  # type: ignore[return-value]  # nobody writes through it

    body = app.wsgi_app(EnvironBuilder(path, method="HEAD").get_environ(), start)
    assert b"".join(body) == b""
    assert int(told[0][:3]) == get(app.test_client(), path).status_code


def test_a_kept_file_has_no_date_to_compare(app: Flask) -> None:
    """A file of an older release may come back; only its ETag says which one it is (RFC 9110, section 8.8.2)."""
    client = app.test_client()
    for _time in range(2):
        answer = get(client, "/assets/portal.js")
        assert "Last-Modified" not in answer.headers
        assert get(client, "/assets/portal.js", If_None_Match=answer.headers["ETag"]).status_code == 304


def test_each_encoding_holds_the_same_page(app: Flask) -> None:
    client = app.test_client()
    plain = client.get(PAGE, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    zipped = client.get(PAGE, headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped.data) == plain.data == brotli.decompress(get(client).data)


def test_a_host_that_is_not_ours_gets_nothing(make_app: Callable[..., Flask]) -> None:
    app = make_app(trusted_hosts=("portaal.example",))
    client = app.test_client()
    assert get(client, Host="portaal.example").status_code == 200
    assert get(client, Host="portaal.example:443").status_code == 200
    for host in ("evil.example", "portaal.example.evil", "portaal.example/x", "", "a b"):
        assert get(client, Host=host).status_code == 400


def test_a_host_that_no_server_can_have_is_left_to_the_application(app: Flask) -> None:
    client = app.test_client()
    first = {host: get(client, Host=host).status_code for host in ("a..b", "a b", "x" * 300, "")}
    get(client)
    assert {host: get(client, Host=host).status_code for host in first} == first
    assert kept(app) == {f"{PAGE}?"}


def test_a_request_with_a_body_or_a_range_goes_to_the_application(app: Flask) -> None:
    client = app.test_client()
    get(client)
    assert client.get(PAGE, data=b"x").headers.get("ETag") is None
    assert client.get("/assets/portal.js", headers={"Range": "bytes=0-9"}, buffered=True).status_code == 206
    assert client.post(PAGE).status_code == 405


def test_a_kept_page_needs_no_database(app: Flask) -> None:
    client = app.test_client()
    first = get(client)
    settings = app.extensions["portal"].engine.url
    app.extensions["portal"].engine.dispose()
    shutil.move(settings.database, f"{settings.database}.away")
    assert get(client).data == first.data


def test_no_more_is_kept_than_fits(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.kernel.ready.MOST_BYTES", 60_000)
    client = app.test_client()
    for path in ("/koppelingen", "/", PAGE, "/llms.txt", "/zoeken"):
        assert get(client, path).status_code == 200
        assert get(client, path).status_code == 200
    assert 0 < len(kept(app)) < 5


def test_a_page_that_many_ask_at_once_is_counted_once(app: Flask) -> None:
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda _n: get(app.test_client()).data, range(24)))
    assert len(set(answers)) == 1
    layer = app.wsgi_app
    assert isinstance(layer, ReadyLayer)
    assert layer._size == sum(len(one.body) for made in layer._kept.values() for one in made.values())
