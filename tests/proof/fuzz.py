"""Requests that nobody would send on purpose, made from what the portal itself offers: its addresses, the forms and
links of its pages. `make fuzz` makes many, the test makes some (D6).
"""

from __future__ import annotations

import io
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from portal.kernel.access import Audience
from tests.browse import REDIRECTS, Visitor, check_headers
from tests.hours.sheets import csv_bytes, recent_row
from tests.proof.caller import Caller, Snapshot, reading
from tests.proof.pages import ROLES, Pairs, may, routes, walk
from tests.proof.parameters import IDS, OTHERS, known
from tests.proof.world import World

HANG_SECONDS = 60
LEAKS = re.compile(
    r"Traceback \(most recent|sqlalchemy\.|werkzeug\.|jinja2\.|psycopg|sqlite3\.|File &#34;/|\b98604293\b"
)
# each is text that somebody else may read as an instruction: HTML, an attribute, Jinja, SQL, a header, a shell, a path
MARKED = (
    "<x-fuzz onmouseover=1>", '"><x-fuzz>', '" onfuzz="1', "' onfuzz='1", "</title><x-fuzz>", "javascript:fuzz()",
    "{{ 9929 * 9931 - 606 }}", "{% raw %}", "${9929*9931-606}", "' OR '1'='1", "1; DROP TABLE venue; --",
    "%' ESCAPE '",
    "x\r\nX-Fuzz: 1", "x%0d%0aX-Fuzz:%201", "x\nBcc: <iemand@elders.example>", "$(id)", "`id`",
    "../../../../etc/passwd",
    "//elders.example", "/\\elders.example", "=1+1", "@SUM(1)", "\x00", "a\x00b", "\ud800", "\u202egnp.exe", "\ufeff",
    "\u200b", "\u2028", "😀" * 20, "e\u0301" * 50, "ﬁ", "İ", "ß", "\x1b[31m", "\x7f",
    "a" * 300, "a" * 70_000, " ", "",
)  # fmt: skip
NUMBERS = (
    "0", "-1", "00", "1e9", "1.5", "1,5", "NaN", "inf", "-0", "+1", "0x10", "1_000", "٣", "²", "½", "2147483647",
    "2147483648", "9223372036854775807", "9223372036854775808", "99999999999999999999", "1" * 5000,
)  # fmt: skip
WORDS = (
    "2026-10-M", "2026-00-M", "9999-12-M", "10000-1-M", "0-1-M", "2026-53-W", "2026-13-4", "month", "week", "nmbrs",
    "connexie", "horecalonen", "ja", "nee", "y", "open", "verschillen", "2026-02-30", "2026-10-01", "0001-01-01",
    "9999-12-31", "/portaal", "/portaal?x=1", "alice@dezon.example", "null", "None", "true", "[]", "{}", '{"a":1}',
    '{"id":"x","rawId":"x","response":{},"type":"public-key"}', "[" * 3000, "Zonnig terras aan zee",
)  # fmt: skip
HEADERS = (
    "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Cookie", "Content-Type", "Content-Length",
    "Content-Encoding", "Expect", "Forwarded", "Host", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
    "Origin", "Range", "Referer", "Sec-Fetch-Site", "Transfer-Encoding", "User-Agent", "X-Forwarded-For",
    "X-Forwarded-Host", "X-Forwarded-Proto", "X-HTTP-Method-Override", "X-Request-Id", "X-CSRFToken",
)  # fmt: skip
VALUES = (
    "", "*/*", "text/html;q=x", "gzip, br;q=9", "nl;q=0.5,*", "Basic !!!", "Bearer x", "portaal=x", "portaal=.a.b",
    "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "application/json",
    "text/plain; charset=utf-7", "application/x-www-form-urlencoded; charset=bogus", "100-continue", "bytes=0-",
    "bytes=-1", "bytes=5-2", "bytes=0-1,4-5", "bytes=99999999999999999999-", 'W/"x"', '"' * 50, "Thu, 99 Foo 2026",
    "null", "http://[", "http://localhost", "http://elders.example", "https://localhost/%zz?a=\xff", "cross-site",
    "same-origin", "1.2.3.4, 5.6.7.8", "::1", "not an address", "DELETE", "\xff\xfe", "a" * 9000, "chunked",
)  # fmt: skip
METHODS = ("GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "GE T", "X" * 200)
USUAL = {"doel": "nmbrs", "role": "urenverwerker", "email": "iemand@dezon.example", "password": "vier rustige woorden"}
NAMES = (
    "uren.csv", "", "uren.xlsx", "../../uren.csv", "..\\..\\uren.csv", "uren.csv\x00.exe", "\u202evsc.neru", "a" * 4096,
    "con", "uren.csv\r\nX-Fuzz: 1", '"><x-fuzz>.csv', "uren", ".csv", "uren.XLSX", "%00", "😀.csv",
)  # fmt: skip
KINDS = ("text/csv", "", "application/zip", "text/html", "application/octet-stream", "x", "text/csv; charset=utf-16")


TEXT, NUMBER, BYTES = st.text(max_size=60), st.integers(-(2**70), 2**70).map(str), st.binary(max_size=300)
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=40)
GOOD = csv_bytes([recent_row()])
CONTENTS = (
    b"", GOOD, GOOD[:-20], b"\xef\xbb\xbf" + GOOD, GOOD.decode().encode("utf-16"), GOOD.replace(b";", b"\t"),
    b"PK\x03\x04" + bytes(50), b"\x00" * 500, b"a;" * 20_000, b"\n" * 5_000, b'"' * 999, GOOD.replace(b"0", b"="),
    b"\xff\xfe\x00", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One thing that can be asked: by whom, where, and with which fields (as the page fills them)."""

    who: str
    endpoint: str
    method: str
    path: Pairs
    query: Pairs
    fields: Pairs
    files: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[object, ...]:
        """The same for two people who may do the same."""
        names = [tuple(sorted(name for name, _value in part)) for part in (self.query, self.fields)]
        return self.endpoint, self.method, *names, self.files


@dataclass(frozen=True)
class Case:
    target: Target
    path: Pairs
    query: Pairs
    fields: Pairs
    files: tuple[tuple[str, bytes, str, str], ...]
    headers: Pairs
    method: str
    body: bytes | None
    token: bool


class Hand:
    """Draws one case. The dice say where something is changed and how, so that every field of every address has the
    same chance; Hypothesis fills in what it is good at: text, numbers and bytes."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.dice = Random(draw(st.binary(min_size=8, max_size=8)))

    def case(self, targets: list[Target]) -> Case:
        target, rare = self.dice.choice(targets), self.one_in(10)
        headers = [self.header() for _ in range(self.dice.randint(1, 3))] if self.one_in(3) else []
        return Case(
            target, self.bent(target.path, 5, missing=False), self.bent(target.query), self.bent(target.fields),
            tuple(self.file(name) for name in target.files if not self.one_in(6)), tuple(headers),
            self.dice.choice(METHODS) if rare else target.method,
            self.draw(BYTES) if rare and self.one_in(2) else None, not self.one_in(20),
        )  # fmt: skip

    def one_in(self, times: int) -> bool:
        return self.dice.randrange(times) == 0

    def bent(self, pairs: Pairs, one_in: int = 2, *, missing: bool = True) -> Pairs:
        """Some fields as they are; others changed, left out or twice; and now and then one that nobody asked for."""
        made: list[tuple[str, str]] = []
        for name, value in pairs:
            if missing and self.one_in(10):
                continue
            made.append((name, self.value(value) if self.one_in(one_in) else value))
            if missing and self.one_in(10):
                made.append((name, self.value()))
        if missing and self.one_in(15):
            made.append((self.draw(TEXT), self.value()))
        return tuple(made)

    def value(self, now: str = "") -> str:
        if now.isdigit() and self.one_in(2):
            return self.dice.choice(NUMBERS)
        kind = self.dice.randrange(6)
        if kind < 3:
            return self.dice.choice((MARKED, NUMBERS, WORDS)[kind])
        return self.dice.choice(MARKED) + self.draw(TEXT) if kind == 3 else self.draw(TEXT if kind == 4 else NUMBER)

    def header(self) -> tuple[str, str]:
        return self.dice.choice(HEADERS), self.draw(LATIN) if self.one_in(4) else self.dice.choice(VALUES)

    def file(self, name: str) -> tuple[str, bytes, str, str]:
        content = self.dice.choice(CONTENTS)
        if self.one_in(3):
            at = self.dice.randint(0, len(GOOD))
            content = GOOD[:at] + self.draw(BYTES) + GOOD[at:]
        return name, content, self.dice.choice(NAMES), self.dice.choice(KINDS)


@st.composite
def cases(draw: st.DrawFn, targets: list[Target]) -> Case:
    return Hand(draw).case(targets)


def simpler(case: Case) -> Iterator[Case]:
    """The same request with one thing less that is odd."""
    plain = case.target
    if case.method != plain.method:
        yield replace(case, method=plain.method)
    if case.body is not None:
        yield replace(case, body=None)
    yield from (replace(case, headers=_without(case.headers, at)) for at in range(len(case.headers)))
    for part in ("path", "query", "fields"):
        now: Pairs = getattr(case, part)
        usual: Pairs = getattr(plain, part)
        if now != usual:
            yield _with(case, part, usual)
        for at, (name, value) in enumerate(now):
            own = dict(usual).get(name)
            if own is None:
                yield _with(case, part, _without(now, at))
            elif own != value:
                yield _with(case, part, (*now[:at], (name, own), *now[at + 1 :]))


def _with(case: Case, part: str, pairs: Pairs) -> Case:
    changed: dict[str, Any] = {part: pairs}
    return replace(case, **changed)


def _without(pairs: Pairs, at: int) -> Pairs:
    return pairs[:at] + pairs[at + 1 :]


@dataclass
class Fuzzer:
    """`statuses` counts the answers, `faults` tells what is wrong; each case starts from the same state."""

    world: World
    folder: Path
    statuses: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.app: Flask = self.world.app
        halfway = Visitor(self.app.test_client())
        halfway.sign_in(self.world.cast.mail("alice"), self.world.cast.password)
        who = {"niemand": Visitor(self.app.test_client()), "halverwege": halfway, **self.world.people}
        self.callers = {name: Caller(visitor) for name, visitor in who.items() if name != "charlie"}
        self.dirty = False
        self.snapshot = Snapshot(self.world.acting, self.folder)
        known: dict[object, Target] = {}
        for target in self._targets():
            known.setdefault(target.shape, target)
        self.targets = sorted(known.values(), key=lambda one: str(one.shape))  # a seed makes the same cases again
        self.snapshot.restore()

    def _targets(self) -> Iterator[Target]:
        asked = set[tuple[str, str]]()
        for who, caller in self.callers.items():
            mine = [one for one in routes(self.app) if one[2] is Audience.PUBLIC or (who in ROLES and may(who, one[2]))]
            start = [self.world.path(one[0], one[3]) for one in mine if one[1] == "GET"]
            found = walk(self.app, caller, start)
            for form in found.forms:
                yield from self._of(who, form.method, form.path, form.query, form.fields, form.files)
            for endpoint, method, _audience, names in mine:
                if (endpoint, method) in asked:
                    continue  # a view asks everybody the same
                asked.add((endpoint, method))
                path = self.world.path(endpoint, names)
                yield from self._of(who, method, path, *self._asked(who, method, path))

    def _asked(self, who: str, method: str, path: str) -> tuple[Pairs, Pairs, tuple[str, ...]]:
        """What the view asks of query and form, then of a query and form that have that, until it asks no more."""
        names, before = set[tuple[str, str]](), None
        while names != before:
            before = set(names)
            query = [(name, self._usual(place, name)) for place, name in sorted(names) if place == "query"]
            fields = [(name, self._usual(place, name)) for place, name in sorted(names) if place == "form"]
            with reading(self.app) as asked:
                self.callers[who].call(method, f"{path}?{urlencode(query)}", dict(fields) if method == "POST" else None)
            names |= {one for one in asked if known(*one)} - {("form", "csrf_token")}
            if method != "GET":
                self.snapshot.restore()
        files = ("file",) if ("form", "file") in names else ()
        return tuple(query), tuple(one for one in fields if one[0] not in files), files

    def _usual(self, place: str, name: str) -> str:
        """What a page would send."""
        if name in USUAL:
            return USUAL[name]
        kept = str(self.world.own.get(IDS.get((place, name), "period" if name == "periode" else ""), ""))
        return kept or {"a tick": "y", "a text": "Een tekst."}.get(OTHERS.get((place, name), ""), "")

    def _of(
        self, who: str, method: str, path: str, query: Pairs, fields: Pairs, files: tuple[str, ...] = ()
    ) -> Iterator[Target]:
        found = self.app.url_map.bind("localhost").match(path, method=method)
        fields = tuple(one for one in fields if one[0] != "csrf_token")
        query, fields = (query + fields, ()) if method == "GET" else (query, fields)
        values = tuple((name, str(value)) for name, value in found[1].items())
        yield Target(who, found[0], method, values, query, fields, files)

    def run(self, case: Case) -> None:
        """Raises AssertionError with what is wrong."""
        if self.dirty:
            self.snapshot.restore()
        self.dirty = case.method not in ("GET", "HEAD", "OPTIONS")
        address, options = self._request(case)
        with no_longer_than(HANG_SECONDS):
            answer = self.callers[case.target.who].send(case.method, address, **options)
            text = answer.get_data()
            self.statuses[answer.status_code] += 1
            judge(answer, text)
            if answer.status_code in REDIRECTS:  # what was stored is shown there
                after = self.callers[case.target.who].client.get(answer.headers["Location"])
                judge(after, after.get_data())

    def shown(self, case: Case) -> str:
        """For who reads about a fault."""
        address, options = self._request(case)
        sent = str(options.get("data", ""))[:1000]
        return f"{case.target.who} {case.method} {address[:300]} {sent} {options['headers']}"

    def _request(self, case: Case) -> tuple[str, dict[str, Any]]:
        rule = next(self.app.url_map.iter_rules(case.target.endpoint))
        path = str(rule)
        for name, value in case.path:
            path = re.sub(rf"<(?:[^<>]*:)?{name}>", partial(_instead, _quoted(value)), path)
        query = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in case.query)
        token = (("csrf_token", self.callers[case.target.who].csrf),) if case.token else ()
        data: dict[str, list[Any]] = {}
        for name, value in (*case.fields, *token):
            data.setdefault(name, []).append(value.encode("utf-8", "surrogatepass"))
        for name, content, filename, kind in case.files:
            data.setdefault(name, []).append((io.BytesIO(content), filename.replace("\r\n", " "), kind or None))
        options: dict[str, Any] = {"headers": list(case.headers)}
        if case.body is not None:
            options["data"] = case.body
        elif case.method not in ("GET", "HEAD"):
            options["data"] = {_plain(name): value for name, value in data.items()}
        return path + ("?" + query if query else ""), options


def _instead(text: str, _found: re.Match[str]) -> str:
    return text


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "surrogatepass"), safe="")


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace('"', "'").replace("\r", "").replace("\n", "")


def judge(answer: TestResponse, content: bytes) -> None:
    assert answer.status_code < 500, answer.status_code
    check_headers(answer)
    assert "X-Fuzz" not in answer.headers
    location = answer.headers.get("Location", "")
    assert not re.match(r"(?:https?:)?[/\\]{2}(?!localhost)|javascript:", location), location
    text = content.decode("utf-8", "replace")
    if answer.mimetype == "text/html":
        assert "<x-fuzz" not in text, "HTML of a visitor is in the page"
        assert not re.search(r"""["'] onfuzz=["']""", text), "an attribute of a visitor is in the page"
        assert not re.search(r"""(?:href|action|src)=["']?javascript:""", text), "a link of a visitor runs"
    if not (answer.headers.get("Content-Disposition") or answer.mimetype in ("text/css", "text/javascript")):
        found = LEAKS.search(text)
        assert found is None, found[0]


@contextmanager
def no_longer_than(seconds: int) -> Iterator[None]:
    """Raises TimeoutError when what is inside hangs: one request takes a fraction of this on the busiest machine."""

    def late(_signal: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"no answer in {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
