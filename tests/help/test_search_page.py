"""The page /zoeken and its suggestions, without a script."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from bs4 import BeautifulSoup

from portal.kernel.headers import HEADERS
from tests.browse import Page, Visitor

ODD = [
    'token AND "connexie" OR NOT (uren)', "title:token", "token*", "to?en~2", "[a TO z]", "{{ 7*7 }}", "{% raw %}",
    "'; DROP TABLE web_user; --", "<script>alert(1)</script>", "\0token\0", "\N{RIGHT-TO-LEFT OVERRIDE}token",
    "😀 token 👩‍🍳", "\\", "/", "+-&&||!", '"', "a" * 4096, "token " * 700, "%00", "ﬁ", "１００２", "\u200b",
    "日本語", "\r\nX: y", "^8",
]  # fmt: skip


@pytest.fixture
def pages(visitor: Visitor) -> Callable[[str], Page]:
    return lambda text: visitor.open("/zoeken", query={"q": text})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
class TestPage:
    def test_the_box_of_any_page_leads_to_the_results(self, visitor: Visitor) -> None:
        page = visitor.open("/koppelingen").submit("Zoek", {"q": "token"})
        assert page.path == "/zoeken"
        assert page.soup.title is not None
        assert page.soup.title.get_text().startswith("Zoeken: token")
        assert page.soup.select_one("#zoek")["value"] == "token"  # type: ignore[index]
        assert page.text(".results-count[role=status]").endswith("gevonden")
        assert page.text("ol.results li h2 mark") == "token"
        target = visitor.open(page.soup.select_one("ol.results a")["href"])  # type: ignore[index,arg-type]
        assert target.status == 200

    def test_every_result_leads_to_a_heading_that_exists(self, pages: Callable[[str], Page]) -> None:
        page = pages("uren")
        links = [str(link["href"]) for link in page.soup.select("ol.results a")]
        assert len(links) > 5
        for link in links:
            path, _, anchor = link.partition("#")
            assert not anchor or page.visitor.open(path).has(f"#{anchor}"), link

    def test_a_correction_is_said(self, pages: Callable[[str], Page]) -> None:
        assert "Geen resultaten voor “conexxie”. Gezocht op “ Connexie ”." in pages("conexxie").text()
        assert "Niet alle woorden gevonden: zwembad." in pages("nmbrs zwembad").text()
        assert "Zonder: " in pages("horecalonen soap").text()

    def test_no_result_offers_support(self, pages: Callable[[str], Page]) -> None:
        page = pages(" zwembad ")
        assert page.text("#niets") == "Geen resultaten voor “zwembad”"
        assert page.link("Mail support") == "mailto:support@eitje-app.nl?subject=Ik%20zocht%3A%20zwembad"
        assert page.link("Bekijk alle uitleg") == "/koppelingen"

    def test_an_empty_question_explains(self, pages: Callable[[str], Page]) -> None:
        page = pages("")
        assert page.soup.title is not None
        assert page.soup.title.get_text() == "Zoeken – koppelportaal"
        assert page.link("Nmbrs") == "/koppelingen/nmbrs"
        assert not page.has('meta[name="robots"]')
        assert page.has('meta[name="description"]')

    def test_search_engines_leave_results_alone(self, pages: Callable[[str], Page]) -> None:
        assert pages("token").soup.select_one('meta[name="robots"]')["content"] == "noindex"  # type: ignore[index]

    @pytest.mark.parametrize("text", ODD)
    def test_d6_odd_questions_are_plain_words(self, pages: Callable[[str], Page], text: str) -> None:
        page = pages(text)
        assert not page.has("main script")
        assert "49" not in page.text("h1")
        answer = page.visitor.client.get("/zoeken/suggesties", query_string={"q": text})
        assert answer.status_code == 200

    @pytest.mark.parametrize("text", ["token AND nmbrs", '"token"', "token*", "(token)", "title:token"])
    def test_signs_have_no_meaning(self, pages: Callable[[str], Page], text: str) -> None:
        assert pages(text).has("ol.results")

    def test_a_long_question_is_cut_and_that_is_said(self, pages: Callable[[str], Page]) -> None:
        page = pages("token " + "x" * 4096)
        assert "Je vraag is te lang." in page.text()
        assert len(str(page.soup.select_one("#zoek")["value"])) == 200  # type: ignore[index]
        assert "Je vraag is te lang." in pages(" ".join("abcdefghijklmnopqrstuvwxyz")).text()
        assert "Je vraag is te lang." not in pages("token " * 20).text()

    def test_a_box_stands_on_every_kind_of_page(self, visitor: Visitor, signed_in: Callable[[str], Visitor]) -> None:
        boxes = {
            "/": visitor,
            "/inloggen": visitor,
            "/portaal": signed_in("alice"),
            "/support/aanvragen": signed_in("support"),
        }
        for path, who in boxes.items():
            assert who.open(path).form("Zoek")["action"] == "/zoeken", path
        assert visitor.open("/bestaat-niet", status=404).form("Zoek")["action"] == "/zoeken"

    def test_suggestions(self, visitor: Visitor) -> None:
        answer = visitor.client.get("/zoeken/suggesties", query_string={"q": "conn"})
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert "Set-Cookie" not in answer.headers
        assert answer.json is not None
        assert answer.json["suggestions"][0] == {
            "title": "Connexie", "page": "Connexie", "address": "/koppelingen/connexie",
        }  # fmt: skip


def test_support_sees_only_what_found_nothing(visitor: Visitor, signed_in: Callable[[str], Visitor]) -> None:
    for question in ("zwembad", "conexxie", "nmbrs zwemles", "token", "", "\0 "):
        visitor.open("/zoeken", query={"q": question})
    visitor.client.head("/zoeken?q=zwemvest")
    shown = signed_in("support").open("/support/uitleg/gezocht").text()
    assert "zwembad" in shown
    assert [word for word in ("conexxie", "zwemles", "zwemvest", "token") if word in shown] == []


def test_the_help_pages_alone_can_be_searched(site: httpx.Client) -> None:
    answer = site.get("/zoeken", params={"q": "conexxie"}).raise_for_status()
    assert BeautifulSoup(answer.text, "html.parser").select("ol.results li")
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
