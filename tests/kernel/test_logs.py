"""C3, C8: a token, a BSN or a line break gets into no log, answer, mail or database file."""

from __future__ import annotations

import base64
import json
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from portal.integrations.providers.nmbrs.sandbox_world import Login, demo_world
from portal.kernel.logs import ALLOWED, LIMIT, clean
from portal.sandbox.server import running
from tests.installation import Person, clean_env, free_port, new_keys, portal, processes

TOKEN, MAIL = "KanarieToken7Zq1xW9vB3", "kanarie@brasseriezon.example"
BSN, PASSWORD = "123456782", "vier rustige woorden samen"
EVIL = f'\r\n{{"event": "vervalst"}} \x1b[31m {TOKEN} {BSN} \u2028'
USED = pytest.mark.xdist_group("used")  # one installation for all of these
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@given(st.text(max_size=500))
def test_c8_whatever_is_logged_is_one_short_line(text: str) -> None:
    found = str(clean(text))
    assert not CONTROL.search(found)
    assert len(found) <= LIMIT
    assert clean(found) == found or "[" in found


@given(st.text(max_size=400), st.text(max_size=20))
def test_c8_no_bsn_survives_wherever_it_stands(before: str, after: str) -> None:
    """Not at the edge where the text is cut, and not glued to a word; only to other digits."""
    found = str(clean(f"{before}x{BSN}x{after}"))
    assert BSN[:5] not in found or BSN[:5] in before or BSN[:5] in after


@given(st.integers(0, 400))
def test_c8_no_token_survives_the_cut(place: int) -> None:
    token = "Zq1xW9vB3kL5mN7pR2sT4uY6"
    assert token[:6] not in str(clean("a " * (place // 2) + "b" * (place % 2) + " " + token))


def test_c8_only_listed_fields_are_allowed() -> None:
    assert not {"token", "email", "bsn", "password", "name", "url", "path", "body", "cause"} & ALLOWED


@dataclass
class Run:
    """One installation that was really used; everything it left behind."""

    data: Path
    env: dict[str, str]
    base: str
    logs: Path
    seen: list[bytes] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    def person(self) -> Person:
        self.clients.append(httpx.Client(base_url=self.base, timeout=60))
        return Person(self.clients[-1], self.seen)


def join(run: Run, mail: str, role: str, organisation: str = "") -> Person:
    """By the link that `portal invite` prints."""
    words = ["invite", mail, "--role", role] + (["--organisation", organisation] if organisation else [])
    link = portal(run.env, *words).stdout.strip()
    person = run.person()
    person.send(link.removeprefix(run.base), {"name": f"Naam {role}", "password": PASSWORD})
    answer = person.send("/inloggen", {"email": mail, "password": PASSWORD})
    assert "Uitloggen" in answer.text
    return person


def whole_flow(run: Run) -> None:
    """Token handed over wrong and right, support decides, a question, a new token, injected texts."""
    alice, support = join(run, "alice@dezon.example", "beheerder", "De Zon"), join(run, "sam@x.example", "supporthoofd")
    page = "/portaal/bedrijf/koppelingen/nmbrs"
    for token, mail in ((f"{TOKEN} {TOKEN}", MAIL), (f"{TOKEN}x", MAIL), (TOKEN, "x"), (TOKEN, MAIL)):
        alice.send(f"{page}/activeren", {"token": token, "email": mail})
    review = f"{page}/activeren/controleren"
    seen = BeautifulSoup(alice.open(review).text, "html5lib").select_one("input[name=seen]")
    assert seen is not None
    alice.send(f"{page}/activeren/versturen", {"seen": str(seen["value"])}, form=review)
    assert "brasserie-zon" in alice.open(page).text
    desk = "/support/aanvragen/1"
    support.send(f"{desk}/oppakken", {}, form=desk)
    support.send(f"{desk}/vragen", {"question": "Klopt de omgeving?"}, form=desk)
    alice.send(f"{page}/antwoord", {"text": "Ja."}, form=page)
    support.send(f"{desk}/activeren", {}, form=desk)
    for address in (page, "/portaal", "/portaal/bedrijf/logboek"):
        alice.open(address)
    for address in (desk, "/support/aanvragen", "/support/logboek"):
        support.open(address)
    venue = f"{page}/vestiging/1"
    assert "gekozen" in alice.send(f"{venue}/bedrijf", {"company": "3301"}).text


def raw(run: Run, request: str) -> None:
    """Send what no well-behaved client would send."""
    host, port = run.base.removeprefix("http://").split(":")
    # the server may hang up before it has read everything
    with socket.create_connection((host, int(port)), timeout=30) as connection, suppress(OSError):
        connection.sendall(request.encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass


def attack(run: Run) -> None:
    """The evil text in every form field, header and path that takes one."""
    guest = replace(run.person(), seen=[])  # what is typed as an e-mail address does come back in its field
    for form in ("/inloggen", "/wachtwoord-vergeten"):
        guest.send(form, {"email": EVIL, "password": EVIL, "token": EVIL, EVIL: EVIL})
    for name in ("User-Agent", "Referer", "X-Forwarded-For", "X-Request-Id", "Cookie", "Origin", "Accept-Language"):
        for method in ("GET", "POST"):
            raw(run, f"{method} /portaal HTTP/1.1\r\nHost: x\r\n{name}: {EVIL}\r\nContent-Length: 0\r\n\r\n")
            plain = "".join(sign for sign in EVIL if sign.isascii() and sign.isprintable())
            raw(run, f"{method} /inloggen HTTP/1.1\r\nHost: x\r\n{name}: {plain}\r\nContent-Length: 0\r\n\r\n")
    for path in ("", "koppelingen/", "assets/", "wachtwoord/", "uitnodiging/", "portaal/", "?id=", "inloggen?next="):
        guest.client.get(f"/{path}{quote(EVIL)}")
        raw(run, f"GET /{path}{EVIL} HTTP/1.1\r\nHost: x\r\n\r\n")
    guest.client.request("PUT", f"/portaal/{BSN}", content=EVIL.encode())
    guest.client.post("/inloggen", content=EVIL.encode() * 20_000, headers={"content-type": "application/json"})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    data, port = tmp_path_factory.mktemp("portal") / "data", free_port()
    day = datetime.now(UTC).date()
    world = demo_world(day)
    world = replace(world, logins=(*world.logins, Login(MAIL, TOKEN)))
    base = f"http://127.0.0.1:{port}"
    with running(world=world, today=day) as url:
        env = clean_env(data, PORTAL_BASE_URL=base, PORTAL_ALLOW_PRIVATE_ENDPOINTS="1")
        env |= {**new_keys(env), "PORTAL_NMBRS_SOAP_URL": f"{url}/nmbrs/soap/v3"}
        assert portal(env, "db", "upgrade").returncode == 0
        found = Run(data, env, base, data.parent)
        with processes(env, port, found.logs) as web:
            whole_flow(found)
            found.memory = {word: in_memory(web, word) for word in (TOKEN, MAIL)}
            attack(found)
            _mails_are_sent(found)
            assert portal(env, "backup").returncode == 0
            for client in found.clients:
                client.close()
            found.files = {str(file): file.read_bytes() for file in sorted(data.rglob("*")) if file.is_file()}
        yield found


def _mails_are_sent(run: Run) -> None:
    for _ in range(300):
        if len(list((run.data / "mail").glob("*.eml"))) >= 5:
            return
        httpx.get(f"{run.base}/livez")
    raise AssertionError(list(run.data.rglob("*")))


def in_memory(web: int, word: str) -> int:
    """How often a word stands in the memory of the web process and of those that it started."""
    return sum(_count(number, word.encode()) for number in (web, *_children(web)))


def _children(number: int) -> list[int]:
    tasks = Path(f"/proc/{number}/task").iterdir()
    words = " ".join((task / "children").read_text(encoding="ascii") for task in tasks)
    mine = [int(child) for child in words.split()]
    return [*mine, *(below for child in mine for below in _children(child))]


def _count(number: int, needle: bytes) -> int:
    found = 0
    with Path(f"/proc/{number}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{number}/maps").read_text(encoding="utf-8").splitlines():
            span, rights = line.split()[:2]
            start, end = (int(part, 16) for part in span.split("-"))
            if rights.startswith("r") and "[v" not in line:
                memory.seek(start)
                with suppress(OSError):
                    found += memory.read(end - start).count(needle)
    return found


def forms(secret: str) -> dict[str, bytes]:
    """A secret in the shapes in which it might lie about."""
    raw = secret.encode()
    shifted = {f"base64+{n}": base64.b64encode(b"\0" * n + raw)[4 if n else 0 : -4] for n in range(3)}
    return {"raw": raw, "hex": raw.hex().encode(), "utf-16": secret.encode("utf-16-le"), **shifted}


def absent(secret: str, where: str, content: bytes) -> None:
    for shape, value in forms(secret).items():
        assert value not in content, f"{shape} of a secret in {where}"
        assert value.upper() not in content or shape != "hex", f"{shape} of a secret in {where}"


@USED
def test_c3_the_run_was_real(run: Run) -> None:
    """The search below can find things: the address that is kept in the open is there."""
    assert any(MAIL.encode() in content for content in run.files.values())
    assert any(name.endswith("-wal") for name in run.files)
    assert len(run.seen) > 30


@USED
def test_c2_a_stored_token_is_not_in_the_memory_of_the_web_process(run: Run) -> None:
    """Not in what it freed either. What it may know is there, so the search works."""
    assert run.memory[MAIL] > 0
    assert run.memory[TOKEN] == 0


@USED
def test_c3_the_token_is_in_no_answer(run: Run) -> None:
    for content in run.seen:
        absent(TOKEN, "an answer", content)


@USED
def test_c3_the_token_is_in_no_file(run: Run) -> None:
    """The database, its write-ahead log and the mails."""
    for name, content in run.files.items():
        absent(TOKEN, name, content)
    eml = [content for name, content in run.files.items() if name.endswith(".eml")]
    mails = [message_from_bytes(content, policy=default) for content in eml]
    assert len(mails) >= 5
    for mail in mails:
        for part in mail.walk():
            if part.get_content_maintype() == "text":
                absent(TOKEN, "a mail", part.get_content().encode())


@USED
def test_c8_logs_are_whole_lines_without_secrets(run: Run) -> None:
    """Every line is one JSON object with listed fields only; nobody can write one of his own."""
    content = (run.logs / "out.log").read_bytes()
    for secret in (TOKEN, MAIL, BSN, PASSWORD, "vervalst"):
        absent(secret, "the logs", content)
    lines = content.decode().splitlines()
    ours = [json.loads(line) for line in lines if line.startswith("{")]
    assert {"worker started", "mail sent", "refused"} <= {line["event"] for line in ours}
    assert all(set(entry) <= ALLOWED for entry in ours)
    assert all("\x1b" not in line for line in lines if line.startswith("{"))
    others = [line for line in lines if not line.startswith("{")]
    assert all("[INFO]" in line or "[WARNING]" in line or not line.strip() for line in others), others
    assert not [entry for entry in ours if entry["event"] in ("crashed", "task failed")]
