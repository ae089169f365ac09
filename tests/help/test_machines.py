"""The same pages for programs (issue 4, item 7)."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import httpx
import pytest
from bs4 import BeautifulSoup

from portal.help.types import Library
from tests.help.conftest import BASE_URL

ATOM = "{http://www.w3.org/2005/Atom}"


def test_each_page_is_there_as_markdown_without_our_own_marks(site: httpx.Client, library: Library) -> None:
    for article in library.articles:
        answer = site.get(f"{article.path}.md").raise_for_status()
        assert answer.headers["content-type"].startswith("text/markdown")
        assert answer.headers["x-robots-tag"] == "noindex"
        text = re.sub(r"```.*?```", "", answer.text, flags=re.DOTALL)
        assert text.startswith(f"# {article.front.title}\n\n> {article.front.summary}\n")
        assert not re.search(r"\{(pad|knop|video|stap|hand|#|:)", text)
        assert not re.search(r"\]\(/", text), "an address without its host"
        assert "!!!" not in text
        for heading in article.headings:
            assert f"# {heading.text}" in text


def test_a_note_is_a_quotation_and_a_clip_has_its_text_beside_it(site: httpx.Client) -> None:
    text = site.get("/koppelingen/horecalonen.md").text
    note = re.search(r"(?m)^> \*\*Let op\*\*\n>\n((?:> .*\n)+)\n^\w", text)
    assert note is not None
    assert "het BSN-nummer is ingevuld in eitje" in note[1]
    (transcript,) = re.findall(rf"\({BASE_URL}(/assets/media/\w+\.txt)\)", text)
    assert site.get(transcript).headers["content-type"].startswith("text/plain")


def test_the_whole_page_as_markdown(site: httpx.Client, library: Library) -> None:
    text = site.get("/koppelingen.md").text
    places = [text.index(f"\n# {article.front.title}\n") for article in library.koppelingen]
    assert places == sorted(places)
    assert "**Bedrijf > Instellingen > Activeer koppeling > Horecalonen > OK**" in text
    assert f"{BASE_URL}/assets/media/nmbrsAPIToken.mp4" in text


def test_an_unknown_page_has_no_markdown(site: httpx.Client) -> None:
    assert site.get("/koppelingen/weg.md").status_code == 404


def test_llms_txt_names_every_page(site: httpx.Client, library: Library) -> None:
    answer = site.get("/llms.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    named = re.findall(r"\]\(([^)]+)\)", answer.text)
    assert named == [f"{BASE_URL}{article.path}.md" for article in library.articles]


def test_the_feed_names_every_change_newest_first(site: httpx.Client, library: Library) -> None:
    answer = site.get("/koppelingen/wijzigingen.xml")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    root = ET.fromstring(answer.text)
    days = [entry.findtext(f"{ATOM}updated") or "" for entry in root.iter(f"{ATOM}entry")]
    assert days == sorted(days, reverse=True)
    assert len(days) == min(50, sum(len(page.front.changes) for page in library.pages))
    ids = [entry.findtext(f"{ATOM}id") for entry in root.iter(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    assert root.findtext(f"{ATOM}updated") == days[0]


@pytest.mark.parametrize("path", ["/", "/koppelingen", "/koppelingen/nmbrs"])
def test_a_page_says_what_it_is_to_who_shares_it(site: httpx.Client, path: str) -> None:
    """A13: with the configured host, never the one that a visitor sent."""
    soup = BeautifulSoup(site.get(path, headers={"Host": "evil.example"}).text, "html.parser")
    facts = {str(tag["property"]): str(tag["content"]) for tag in soup.select("meta[property]")}
    assert soup.select_one("link[rel=canonical]")["href"] == BASE_URL + path  # type: ignore[index]
    assert facts["og:url"] == BASE_URL + path
    assert facts["og:title"]
    assert facts["og:type"] == ("website" if path == "/" else "article")
    assert facts["og:description"] == soup.select_one("meta[name=description]")["content"]  # type: ignore[index]
    image = facts["og:image"].removeprefix(BASE_URL)
    assert site.get(image).headers["content-type"] == "image/png"


def test_numbered_steps_are_steps_for_machines(site: httpx.Client) -> None:
    """Microdata of schema.org: our policy allows no script in a page, not even data in one."""
    soup = BeautifulSoup(site.get("/koppelingen/nmbrs").text, "html.parser")
    lists = soup.select('ol[itemtype="https://schema.org/HowTo"]')
    assert lists
    for one in lists:
        name = soup.find(id=str(one["itemref"]))
        assert name is not None
        assert name["itemprop"] == "name"
        assert len(one.select('li[itemprop="step"]')) == len(one.find_all("li", recursive=False)) > 1


def test_what_to_do_about_an_error_is_no_task_with_the_name_of_the_error(site: httpx.Client) -> None:
    soup = BeautifulSoup(site.get("/koppelingen/meldingen").text, "html.parser")
    assert len(soup.select(".docs__body ol")) > 10
    assert not soup.select("[itemtype], [itemprop]")
    tasks = BeautifulSoup(site.get("/koppelingen/correcties").text, "html.parser").select("ol[itemtype]")
    assert "correcties-maken" in [one["itemref"] for one in tasks]


def test_the_sitemap_dates_are_those_of_the_content(site: httpx.Client, library: Library) -> None:
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    rows = ET.fromstring(site.get("/sitemap.xml").text).iter(f"{name}url")
    days = {row.findtext(f"{name}loc"): row.findtext(f"{name}lastmod") for row in rows}
    for article in library.articles:
        assert days[BASE_URL + article.path] == article.front.updated_on.isoformat()
