"""What the pages themselves offer: their forms and the parameters of their links, found by walking them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urljoin, urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from werkzeug.exceptions import HTTPException

from portal.kernel.access import MEMBERS, Audience, audience_of
from portal.kernel.work import Role
from tests.proof.caller import Caller

ROLES = {
    "alice": Role.BEHEERDER, "bob": Role.URENVERWERKER, "eva": Role.ACCOUNTANT, "support": Role.SUPPORT,
    "lead": Role.SUPPORT_LEAD,
}  # fmt: skip
Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PageForm:
    """`fields` as the page fills them; `files`: the names that take a file."""

    method: str
    path: str
    query: Pairs
    fields: Pairs
    files: tuple[str, ...] = ()

    @property
    def names(self) -> set[str]:
        return {name for name, _value in self.fields} | set(self.files)


@dataclass(frozen=True)
class Found:
    forms: tuple[PageForm, ...]
    links: tuple[str, ...]  # with a query

    @property
    def query_names(self) -> set[str]:
        asked = {name for link in self.links for name, _value in parse_qsl(urlsplit(link).query)}
        for form in self.forms:
            asked |= {name for name, _value in form.query} | (form.names if form.method == "GET" else set())
        return asked

    @property
    def form_names(self) -> set[str]:
        return {name for form in self.forms if form.method == "POST" for name in form.names}


def walk(app: Flask, caller: Caller, start: Iterable[str], most: int = 400) -> Found:
    """Open every page from `start` on that this caller can reach; a page of one shape (route and names of the query)
    twice at most, as two rows of a table lead to the same page."""
    waiting, seen, shapes = list(dict.fromkeys(start)), set[str](), dict[object, int]()
    forms: dict[PageForm, None] = {}
    links: dict[str, None] = {}
    while waiting and len(seen) < most:
        address = waiting.pop(0)
        shape = _shape(app, address)
        if address in seen or shape is None or shapes.get(shape, 0) > 1:
            continue
        seen.add(address)
        shapes[shape] = shapes.get(shape, 0) + 1
        answer = caller.call("GET", address)
        if answer.mimetype != "text/html":
            continue
        soup = BeautifulSoup(answer.get_data(as_text=True), "html5lib")
        forms |= dict.fromkeys(_forms(soup, address))
        to = [urljoin(address, str(link["href"])).partition("#")[0] for link in soup.select("a[href]")]
        if location := answer.headers.get("Location"):
            to.append(location)
        own = [urlsplit(one)._replace(scheme="", netloc="").geturl() for one in to if _is_own(one)]
        links |= dict.fromkeys(one for one in own if "?" in one)
        waiting += own
    return Found(tuple(forms), tuple(links))


def _is_own(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme in ("", "http") and parts.netloc in ("", "localhost") and not parts.path.startswith("/assets/")


def _shape(app: Flask, address: str) -> tuple[str, frozenset[str]] | None:
    parts = urlsplit(address)
    try:
        rule, _values = app.url_map.bind("localhost").match(parts.path, method="GET", return_rule=True)
    except HTTPException:
        return None
    return str(rule), frozenset(name for name, _value in parse_qsl(parts.query))


def _forms(soup: BeautifulSoup, address: str) -> Iterator[PageForm]:
    for form in soup.select("form"):
        to = urlsplit(urljoin(address, str(form.get("action") or address)))
        fields, files = _fields(form)
        method = str(form.get("method", "get")).upper()
        yield PageForm(method, to.path, tuple(parse_qsl(to.query)), fields, files)


def _fields(form: Tag) -> tuple[Pairs, tuple[str, ...]]:
    pairs: dict[str, str] = {}
    files = []
    for item in form.select("[name]"):
        name, value = str(item["name"]), str(item.get("value", ""))
        if item.get("type") == "file":
            files.append(name)
        elif item.name == "select":
            options = [str(option.get("value", "")) for option in item.select("option[selected], option")]
            pairs[name] = next((option for option in options if option), "")
        elif item.get("type") in ("checkbox", "radio"):
            if item.has_attr("checked") or name not in pairs:
                pairs[name] = value
        else:
            pairs[name] = item.get_text() if item.name == "textarea" else value
    return tuple(pairs.items()), tuple(files)


def may(name: str, audience: Audience) -> bool:
    """Whether somebody of the cast is of this audience."""
    return audience is Audience.PUBLIC or ROLES[name] in MEMBERS[audience]


def routes(app: Flask) -> Iterator[tuple[str, str, Audience, tuple[str, ...]]]:
    """Endpoint, method, audience and names of the parameters of every address."""
    for rule in sorted(app.url_map.iter_rules(), key=str):
        audience = audience_of(app.view_functions[rule.endpoint])
        assert audience is not None, rule
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, audience, tuple(sorted(rule.arguments))
