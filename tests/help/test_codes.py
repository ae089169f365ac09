"""Every code has one article and one fixed address (issue 4, item 1)."""

from __future__ import annotations

import httpx
import pytest

from portal.help import pages
from portal.help.cache import Cache
from portal.help.types import ContentError, Library
from tests.help.conftest import Folder

ARTICLE = "## Een recht staat uit\n\n{code: pakket-1002, pakket-1003}\n\nZet het aan.\n"


def problems(folder: Folder, codes: set[str], cache: Cache | None = None) -> list[str]:
    with pytest.raises(ContentError) as stopped:
        load(folder, codes, cache)
    return str(stopped.value).split("\n")


def load(folder: Folder, codes: set[str], cache: Cache | None = None) -> Library:
    opening = pages.begin(
        folder.content, folder.root / "assets", providers={"nmbrs"}, app_paths={"/inloggen"}, cache=cache, codes=codes
    )
    return opening.check()


def line(folder: Folder, wanted: str) -> int:
    return (folder.content / "nmbrs.md").read_text(encoding="utf-8").split("\n").index(wanted) + 1


def test_the_codes_below_a_heading_are_shown_and_lead_to_it(folder: Folder) -> None:
    folder.edit("Eerste alinea.", ARTICLE)
    library = load(folder, {"pakket-1002", "pakket-1003"})
    assert library.address_of("pakket-1003") == "/koppelingen/nmbrs#nmbrs-een-recht-staat-uit"
    assert library.address_of("pakket-1004") is None
    article = library.articles[0]
    assert '<p class="codes">Codes: <code>pakket-1002</code>, <code>pakket-1003</code></p>' in article.html
    assert [part.text for part in article.parts if part.title == "Een recht staat uit"] == [
        "Codes: pakket-1002, pakket-1003 Zet het aan."
    ]


def test_a_code_without_an_article_stops_the_build(folder: Folder) -> None:
    folder.edit("Eerste alinea.", ARTICLE)
    assert problems(folder, {"pakket-1002", "pakket-1003", "pakket-1004"}) == [
        "meldingen.md:1: no article for code pakket-1004"
    ]


def test_an_article_of_a_code_that_is_no_more_stops_the_build(folder: Folder) -> None:
    folder.edit("Eerste alinea.", ARTICLE)
    at = line(folder, "{code: pakket-1002, pakket-1003}")
    assert problems(folder, {"pakket-1002"}) == [f"nmbrs.md:{at}: there is no code pakket-1003"]


def test_two_articles_of_one_code_stop_the_build(folder: Folder) -> None:
    folder.edit("Eerste alinea.", ARTICLE + "\n## Nog een\n\n{code: pakket-1002}\n")
    (found,) = problems(folder, {"pakket-1002", "pakket-1003"})
    assert found.endswith("code pakket-1002 has an article already")


def test_a_code_stands_below_a_heading(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "{code: pakket-1002}")
    assert problems(folder, {"pakket-1002"}) == [
        f"nmbrs.md:{line(folder, '{code: pakket-1002}')}: a code stands below the heading of its article",
    ]


@pytest.mark.parametrize("written", ["{code: }", "{code: Pakket}", "{code: een twee}", "tekst {code: pakket-1002}"])
def test_a_badly_written_code_is_complained_of(folder: Folder, written: str) -> None:
    folder.edit("Eerste alinea.", f"## Kop\n\n{written}")
    assert any("unknown or badly written marker" in one for one in problems(folder, set()))


def test_a_page_from_the_cache_knows_its_codes(folder: Folder) -> None:
    folder.edit("Eerste alinea.", ARTICLE)
    cache = Cache(folder.root / "cache.json")
    fresh = load(folder, {"pakket-1002", "pakket-1003"}, cache)
    again = Cache(cache.path, _before=cache._now)
    assert load(folder, {"pakket-1002", "pakket-1003"}, again) == fresh
    assert again.used
    assert problems(folder, {"pakket-1002"}, again)[0].endswith("there is no code pakket-1003")


def test_each_code_leads_to_its_article(site: httpx.Client, library: Library) -> None:
    known = {code: f"{page.path}#{anchor}" for page in library.articles for code, anchor in page.codes}
    assert len(known) > 100
    assert {code: site.get(f"/meldingen/{code}").headers["location"] for code in known} == known
    assert site.get("/meldingen/NMBRS-1002").status_code == 303


@pytest.mark.parametrize("code", ["nmbrs-9876", "nmbrs", "%3Cb%3E"])
def test_an_unknown_code_is_not_found(site: httpx.Client, code: str) -> None:
    answer = site.get(f"/meldingen/{code}")
    assert answer.status_code == 404
    assert "<b>" not in answer.text
