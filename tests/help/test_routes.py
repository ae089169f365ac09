from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree as ET

import httpx
import pytest
from bs4 import BeautifulSoup

from portal.help.types import Library
from tests.help.conftest import BASE_URL, PROVIDERS

GUIDES = (
    "eerste-levering", "uren-bestand", "correcties", "token-en-bsn", "standen", "meldingen", "nmbrs-rechten",
    "nmbrs-soap-rest", "inloggen", "gebruikers",
)  # fmt: skip
PAGES = ["/", "/koppelingen", *(f"/koppelingen/{key}" for key in (*PROVIDERS, *GUIDES))]


@pytest.mark.parametrize("path", PAGES)
def test_each_page_has_one_h1_that_starts_the_title(site: httpx.Client, path: str) -> None:
    soup = BeautifulSoup(site.get(path).raise_for_status().text, "html.parser")
    (h1,) = soup.select("h1")
    assert soup.title is not None
    assert soup.title.get_text().startswith(h1.get_text().strip())
    assert soup.html is not None
    assert soup.html["lang"] == "nl"  # J7


@pytest.mark.parametrize("path", PAGES)
def test_headings_do_not_skip_a_level(site: httpx.Client, path: str) -> None:
    """J1"""
    main = BeautifulSoup(site.get(path).text, "html.parser").main
    assert main is not None
    levels = [int(e.name[1]) for e in main.select("h1, h2, h3, h4, h5, h6")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_on_a_page_is_inline(site: httpx.Client, path: str) -> None:
    """E1: the policy refuses inline script and style, so no page may hold any."""
    answer = site.get(path)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    soup = BeautifulSoup(answer.text, "html.parser")
    assert not soup.select("style, script:not([src]), [style]")
    assert not [name for e in soup.find_all(True) for name in e.attrs if name.startswith("on")]


@pytest.mark.parametrize("path", PAGES)
def test_every_fragment_link_has_its_target(site: httpx.Client, path: str) -> None:
    soup = BeautifulSoup(site.get(path).text, "html.parser")
    for link in soup.select("a[href^='#']"):
        assert soup.find(id=str(link["href"])[1:]), link["href"]


@pytest.mark.parametrize("path", PAGES)
def test_every_public_link_answers(site: httpx.Client, path: str) -> None:
    soup = BeautifulSoup(site.get(path).text, "html.parser")
    links = {str(e["href"]).split("#")[0] for e in soup.select("a[href^='/']")}
    links |= {str(e["src"]) for e in soup.select("[src]")} | {str(e["poster"]) for e in soup.select("[poster]")}
    for link in sorted(links):
        if not link.startswith(("/portaal", "/inloggen", "/ontvangstbewijs", "/privacy")):  # those of other areas
            assert site.head(link).status_code == 200, link


def test_the_contents_list_every_section_and_heading(site: httpx.Client, library: Library) -> None:
    soup = BeautifulSoup(site.get("/koppelingen").text, "html.parser")
    shown = [str(link["href"])[1:] for link in soup.select("nav.toc a")]
    assert shown == [anchor for anchor in library.anchors if anchor != "koppelingen"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nmbrs", "/koppelingen#nmbrs"),
        ("Horecalonen", "/koppelingen#horecalonen"),
        ("connexie", "/koppelingen#connexie"),
        ("koppelingen", "/koppelingen#koppelingen"),
        ("uren-doorzetten-naar-nmbrs", "/koppelingen#nmbrs-uren-doorzetten-naar-nmbrs"),
        ("teamleden-synchroniseren", "/koppelingen#nmbrs-teamleden-synchroniseren"),
        ("onbekend", "/koppelingen"),
        ("", "/koppelingen"),
        ("//evil.example", "/koppelingen"),
        ("nmbrs\r\nX-Evil: 1", "/koppelingen"),
    ],
)
def test_addresses_of_the_old_site_end_at_the_anchor(site: httpx.Client, old: str, new: str) -> None:
    answer = site.get("/koppelingen", params={"id": old})
    assert (answer.status_code, answer.headers["location"]) == (301, new)
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("path", ["/koppelingen/onbekend", "/koppelingen/_inleiding", "/koppelingen/koppelingen"])
def test_an_unknown_koppeling_is_not_found(site: httpx.Client, path: str) -> None:
    assert site.get(path).status_code == 404


def test_the_sitemap_names_every_page_under_the_configured_host(site: httpx.Client) -> None:
    """A13: never the host name that a visitor sent."""
    answer = site.get("/sitemap.xml", headers={"Host": "evil.example"})
    assert answer.headers["content-type"].startswith("application/xml")
    places = [e.text for e in ET.fromstring(answer.text).iter() if e.tag.endswith("}loc")]
    assert places == [BASE_URL + path for path in PAGES]


def test_robots_stay_out_of_the_portal(site: httpx.Client) -> None:
    answer = site.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Disallow: /portaal" in answer.text
    assert f"Sitemap: {BASE_URL}/sitemap.xml" in answer.text
