"""J1: every public page, read by a stranger: small, enlarged, dark, on paper, without a jump while it loads."""

from __future__ import annotations

import re

import httpx
import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import Person

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
