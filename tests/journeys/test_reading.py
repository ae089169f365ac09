"""J1: every public page, read by a stranger: small, enlarged, dark, on paper, without a jump while it loads."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.journeys.browser import Person

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
# 320: a small phone, or 1280 enlarged four times; 640: 1280 enlarged twice
LOOKS = ((320, False), (640, True), (1280, False))
MORE = ("/zoeken", "/zoeken?q=token", "/zoeken?q=conexxie", "/zoeken?q=zwembad", "/ontvangstbewijs", "/bestaat-niet",
        "/inloggen", "/wachtwoord-vergeten")  # fmt: skip
SHIFTED = """new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => list.getEntries().forEach(one => { sum += one.value; }))
    .observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 150);
})"""

HEAD_MOVED = """
window.moved = [];
const parts = "header, .breadcrumb, .docs__head, .docs__toc, .search, main form";
const part = source => source.node?.parentElement?.closest(parts);
new PerformanceObserver(list => list.getEntries().forEach(entry => entry.sources.filter(part).forEach(
  source => window.moved.push(part(source).outerHTML.slice(0, 80))
))).observe({type: "layout-shift", buffered: true});
"""


def public_pages(site: str) -> list[str]:
    found = re.findall(r"<loc>https?://[^/<]+(/[^<]*)</loc>", httpx.get(f"{site}/sitemap.xml").text)
    assert len(found) > 10
    return [*found, *MORE]


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_public_page_is_readable_and_stands_still(browser: Browser, site: str, width: int, dark: bool) -> None:
    person = Person(browser, site, width=width, dark=dark)
    for path in public_pages(site):
        person.open(path)
        person.look(f"lezen{path}")
        assert person.page.evaluate(SHIFTED) == 0, f"{path} jumps while it loads"
    person.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", "/koppelingen/nmbrs", "/koppelingen/connexie", "/zoeken?q=token", "/inloggen"])
def test_on_a_slow_line_the_head_of_a_page_stands_still(
    browser: Browser, app: Flask, site: str, width: int, path: str
) -> None:
    app.wsgi_app = in_drops(app.wsgi_app)  # type: ignore[method-assign, assignment]
    person = Person(browser, site, width=width)
    person.page.add_init_script(HEAD_MOVED)
    person.open(path)
    assert person.page.evaluate("window.moved") == []
    person.close()


def in_drops(whole: WSGIApplication) -> WSGIApplication:
    """Pages in pieces of 250 bytes, each drawn before the next is there."""

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if "text/html" not in environ.get("HTTP_ACCEPT", ""):
            return whole(environ, start)
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        return drops(b"".join(whole(environ, start)))

    def drops(page: bytes) -> Iterator[bytes]:
        for first in range(0, len(page), 250):
            yield page[first : first + 250]
            time.sleep(0.02)

    return answer


def test_on_paper_the_text_stands_alone(browser: Browser, site: str) -> None:
    person = Person(browser, site, width=800)
    for path in public_pages(site)[:14]:
        person.open(path)
        person.page.emulate_media(media="print")
        assert person.page.locator("h1").is_visible()
        shown = person.page.locator("header.site-header nav, .docs__toc, video, form, .skip-link").evaluate_all(
            "found => found.filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80))"
        )
        assert shown == [], path
        person.look(f"papier{path}")
        person.page.emulate_media(media="screen")
    person.close()
