"""D1: a body that is too large gets an answer in words, from the application and from the real server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import func, select

from portal.hours.models import TeamMember, Upload
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.factories.people import Cast
from tests.factories.setup import import_hours
from tests.hours.sheets import csv_bytes, recent_row

SignedIn = Callable[[str], Visitor]
IMPORT = "/portaal/uren/importeren"
FORM = "multipart/form-data; boundary=x"
TWENTY = 20_000_000
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def body(content: bytes, **fields: str) -> bytes:
    """A multipart form with a file, written by hand: no temporary files of a test client."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="uren.csv"\r\n\r\n'
    return b"".join([*parts, head, content, b"\r\n--x--\r\n"])


def uploads(acting: Acting) -> int:
    with acting.read() as work:
        return work.session.scalar(select(func.count()).select_from(Upload)) or 0


def token_of(text: str) -> str:
    found = TOKEN.search(text)
    assert found is not None
    return found[1]


def test_a_file_between_one_and_five_megabytes_is_read(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    bob = signed_in("bob")
    content = csv_bytes([recent_row()]) + b"\r\n" * 1_500_000
    fields = {"csrf_token": token_of(bob.client.get(IMPORT).text), "venue": str(cast.venue("bob"))}
    answer = bob.client.post(IMPORT, data=body(content, **fields), content_type=FORM)
    assert answer.status_code == 303
    assert uploads(acting) == 1


def test_a_file_just_over_five_megabytes_is_refused_in_words(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    bob = signed_in("bob")
    fields = {"csrf_token": token_of(bob.client.get(IMPORT).text), "venue": str(cast.venue("bob"))}
    answer = bob.client.post(IMPORT, data=body(b"x" * (5 * 1024 * 1024 + 1), **fields), content_type=FORM)
    assert answer.status_code == 422
    assert "Het bestand is groter dan 5 MB. Splits het bestand" in answer.text
    assert uploads(acting) == 0


def test_twenty_megabytes_are_too_large(signed_in: SignedIn, acting: Acting) -> None:
    answer = signed_in("bob").client.post(IMPORT, data=body(b"x" * TWENTY), content_type=FORM)
    assert answer.status_code == 413
    assert "Dit is te groot" in answer.text
    assert uploads(acting) == 0


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "json", "unknown"])
def test_another_form_takes_one_megabyte_at_most(signed_in: SignedIn, acting: Acting, cast: Cast, kind: str) -> None:
    import_hours(acting, cast, [recent_row()])
    bob = signed_in("bob")
    with acting.read() as work:
        member = f"/portaal/team/{work.session.scalars(select(TeamMember.id)).one()}"
    filler = "x" * 1_100_000
    bodies = {
        "multipart": (FORM, body(filler.encode())),
        "urlencoded": ("application/x-www-form-urlencoded", f"name={filler}".encode()),
        "json": ("application/json", f'{{"name": "{filler}"}}'.encode()),
        "unknown": ("text/plain", filler.encode()),
    }
    mimetype, data = bodies[kind]
    answer = bob.client.post(member, data=data, content_type=mimetype)
    assert answer.status_code == 413
    assert "Dit is te groot" in answer.text


@pytest.fixture
def server(database_url: str, cast: Cast, tmp_path: Path) -> Iterator[str]:
    """`portal serve`: the web server that a customer meets, with one worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    env |= {"DATABASE_URL": database_url, "DATA": str(tmp_path / "web"), "PORT": str(port)}
    env |= {"PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY": VAULT_KEY}
    command = [sys.executable, "-c", "from portal.cli import main; main()", "serve", "--workers", "1"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def pieces(content: bytes) -> Iterator[bytes]:
    """Sent in chunks, without a length beforehand."""
    for start in range(0, len(content), 65_536):
        yield content[start : start + 65_536]


def test_the_real_server_answers_a_client_that_sends_too_much(server: str, cast: Cast, acting: Acting) -> None:
    with httpx.Client(base_url=server, timeout=60) as client:
        login = {"email": cast.mail("bob"), "password": cast.password}
        login["csrf_token"] = token_of(client.get("/inloggen").text)
        assert client.post("/inloggen", data=login).status_code == 303
        headers = {"Content-Type": FORM}
        for how in ("length", "chunked"):
            for path in (IMPORT, "/portaal/team/1", "/inloggen"):
                content = body(b"x" * TWENTY)
                sent = content if how == "length" else pieces(content)
                answer = client.post(path, content=sent, headers=headers)
                assert answer.status_code == 413, (how, path)
                assert "Dit is te groot" in answer.text
        fields = {"csrf_token": token_of(client.get(IMPORT).text), "venue": str(cast.venue("bob"))}
        large = csv_bytes([recent_row()]) + b"\r\n" * 1_500_000
        good = client.post(IMPORT, content=pieces(body(large, **fields)), headers=headers)
        assert good.status_code == 303
    assert uploads(acting) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_slow_client_can_send_all_and_then_reads_the_answer(server: str, *, chunked: bool) -> None:
    """A browser that is cut off while it sends shows "connection reset" instead of our page."""
    host, port = server.removeprefix("http://").split(":")
    content = body(b"x" * TWENTY)
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(content)}"
    head = f"POST /inloggen HTTP/1.1\r\nHost: {host}\r\nContent-Type: {FORM}\r\n{length}\r\n\r\n"
    wire = f"{len(content):x}\r\n".encode() + content + b"\r\n0\r\n\r\n" if chunked else content
    with socket.create_connection((host, int(port)), timeout=60) as client:
        client.sendall(head.encode() + wire[:10_000_000])
        time.sleep(0.5)  # the application has refused it by now
        client.sendall(wire[10_000_000:])
        assert client.recv(200).startswith(b"HTTP/1.1 413 ")
