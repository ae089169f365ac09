"""A visitor without scripts: opens pages, follows links, submits a page's own forms.

Every page that is opened passes the same checks: valid HTML, one h1 that starts the title, no
double ids, labelled fields, the security headers.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import html5lib
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from portal.kernel.headers import HEADERS

REDIRECTS = (301, 302, 303)


class Page:
    """One answer. `text()` is what a reader sees of a part."""

    def __init__(self, visitor: Visitor, answer: TestResponse) -> None:
        self.visitor, self.answer = visitor, answer
        self.status, self.path = answer.status_code, answer.request.path
        self.soup = BeautifulSoup(answer.get_data(as_text=True) if _is_html(answer) else "", "html5lib")
        check_headers(answer)
        if _is_html(answer) and answer.get_data():
            check_page(answer.get_data(as_text=True), self.soup)

    def text(self, selector: str = "main") -> str:
        found = self.soup.select_one(selector)
        assert found is not None, f"{selector} is not on {self.path}"
        return " ".join(found.get_text(" ", strip=True).split()).replace("\xa0", " ")

    def has(self, selector: str) -> bool:
        return self.soup.select_one(selector) is not None

    def codes(self, part: str = "main") -> set[str]:
        """The codes of messages; beside each stands a link to its own article, that makes sense by itself."""
        found = set()
        for one in self.soup.select(f"{part} .code-link"):
            words = " ".join(one.get_text(" ", strip=True).split())
            code = words.partition(" ")[0]
            assert words == f"{code} Wat betekent dit? Uitleg bij: {code}", self.path
            assert [link["href"] for link in one.select("a")] == [f"/meldingen/{code}"]
            found.add(code)
        return found

    def link(self, text: str) -> str:
        for anchor in self.soup.select("a[href]"):
            if " ".join(anchor.get_text(" ", strip=True).split()) == text:
                return str(anchor["href"])
        raise AssertionError(f"no link {text!r} on {self.path}")

    def follow(self, text: str) -> Page:
        return self.visitor.open(self.link(text))

    def form(self, button: str) -> Tag:
        """The form with this button, by the words on it."""
        for form in self.soup.select("form"):
            words = [" ".join(b.get_text(" ", strip=True).split()) for b in form.select("button")]
            if button in words:
                return form
        raise AssertionError(f"no form with button {button!r} on {self.path}")

    def submit(self, button: str, values: dict[str, Any] | None = None, *, status: int = 303) -> Page:
        """Send the page's own form, with its hidden fields, changed by `values`; follow the answer."""
        form = self.form(button)
        data = _fields(form)
        unknown = set(values or {}) - set(data) - {str(b.get("name")) for b in form.select("[name]")}
        assert not unknown, f"the form has no field {unknown}"
        data.update(values or {})
        action = str(form.get("action") or self.path)
        if str(form.get("method", "get")).lower() == "get":
            return self.visitor.open(action, query=data)
        return self.visitor.post(action, {k: v for k, v in data.items() if v is not None}, status=status)


@dataclass
class Visitor:
    client: FlaskClient
    base: str = "http://localhost"
    headers: dict[str, str] = field(default_factory=dict)

    def open(self, path: str, *, status: int = 200, query: dict[str, Any] | None = None) -> Page:
        """GET a page; redirects are followed when the final status is asked for."""
        answer = self.client.get(path, query_string=query, headers=self.headers)
        while answer.status_code in REDIRECTS and status not in REDIRECTS:
            answer = self.client.get(_local(answer.headers["Location"]), headers=self.headers)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{_words(answer)}"
        return Page(self, answer)

    def post(self, path: str, data: dict[str, Any], *, status: int = 303) -> Page:
        answer = self.client.post(path, data=data, content_type="multipart/form-data", headers=self.headers)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{_words(answer)}"
        if status == 303:
            return self.open(_local(answer.headers["Location"]))
        return Page(self, answer)

    def sign_in(self, email: str, password: str) -> Page:
        return self.open("/inloggen").submit("Inloggen", {"email": email, "password": password})


def upload(content: bytes, name: str = "uren.csv") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def _local(location: str) -> str:
    parts = urlsplit(location)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _words(answer: TestResponse) -> str:
    return " ".join(BeautifulSoup(answer.get_data(as_text=True), "html5lib").get_text(" ", strip=True).split())[:1500]


def _is_html(answer: TestResponse) -> bool:
    return answer.mimetype == "text/html"


def _fields(form: Tag) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in form.select("input[name], select[name], textarea[name]"):
        name = str(item["name"])
        if item.name == "select":
            chosen = item.select_one("option[selected]") or item.select_one("option")
            values[name] = str(chosen.get("value", chosen.get_text())) if chosen else None
        elif item.name == "textarea":
            values[name] = item.get_text()
        elif item.get("type") in ("checkbox", "radio"):
            if item.has_attr("checked"):
                values[name] = str(item.get("value", "on"))
            else:
                values.setdefault(name, None)
        elif item.get("type") == "file":
            values[name] = None
        else:
            values[name] = str(item.get("value", ""))
    return values


def check_headers(answer: TestResponse) -> None:
    """E1, E2: on every answer."""
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, f"{answer.request.path}: {name}"
    assert answer.headers.get("Cache-Control")


def check_page(text: str, soup: BeautifulSoup) -> None:
    if not soup.select_one("html[lang]"):
        return  # a fragment
    html5lib.HTMLParser(strict=True).parse(text)
    assert soup.select_one("html")["lang"] == "nl"  # type: ignore[index]
    headings = soup.select("h1")
    assert len(headings) == 1, [h.get_text() for h in headings]
    title = " ".join(soup.title.get_text().split()) if soup.title else ""
    heading = " ".join(headings[0].get_text(" ", strip=True).split())
    assert title.removeprefix("Fout: ").startswith(heading), (title, heading)
    ids = [str(tag["id"]) for tag in soup.select("[id]")]
    assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
    for form in soup.select("form"):
        assert form.get("method"), form
    for item in soup.select("input:not([type=hidden]):not([hidden]), select, textarea"):
        assert soup.select_one(f'label[for="{item.get("id")}"]') or item.get("aria-label"), item
    assert not soup.select("[style], style, script:not([src])"), "inline style or script"
