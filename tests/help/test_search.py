"""Finding: what people type on the owner's pages, and on a few pages made to be difficult."""

from __future__ import annotations

import doctest
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from portal.help import search_words
from portal.help.search import Search
from portal.help.search_types import Answer
from portal.help.types import Library
from tests.help.conftest import Folder

GUIDE = """---
title: Wat een urencode doet
summary: Een code per soort uren.
provider: nmbrs
order: 1
owner: integraties
checked_on: 2026-11-22
changes:
  - 2026-11-22: Nieuw.
keywords: [loonsoort]
---
Mail naar hulp@voorbeeld.example. Zie fout 1002 of roep `HourComponentVar_Insert` aan.

## Het looncomponent kiezen

Het looncomponent hoort bij een personeelsnummer. Tarief < 10 & "hoog".

### Café en terras

Hier werken de medewerkers buiten. De autorisatie is geregeld.
"""


@pytest.fixture(scope="module")
def real(library: Library) -> Search:
    """The pages of the koppelingen alone: what the guides add changes too often to name the best place in a test."""
    return Search(replace(library, articles=library.koppelingen))


@pytest.fixture
def made(folder: Folder) -> Search:
    folder.write("urencodes.md", GUIDE)
    return Search(folder.load())


def addresses(answer: Answer) -> list[str]:
    return [group.best.address for group in answer.groups]


def first(search: Search, text: str) -> str:
    found = addresses(search.find(text))
    assert found, f"nothing found for {text!r}"
    return found[0]


@pytest.mark.parametrize("text", ["token", "tokens", "API-token", "api token", "apitoken", "hoe vind ik mijn token?"])
def test_every_form_of_a_word_finds_its_heading(real: Search, text: str) -> None:
    assert first(real, text) == "/koppelingen/nmbrs#nmbrs-api-token"


@pytest.mark.parametrize(
    ("typed", "meant", "address"),
    [
        ("conexxie", "Connexie", "/koppelingen/connexie"),
        ("CONEXXIE", "Connexie", "/koppelingen/connexie"),
        ("authoriseren", "autoriseer", "/koppelingen/nmbrs#nmbrs-nmbrs-koppeling-activeren-in-eitje"),
        ("conex", "Connexie", "/koppelingen/connexie"),
        ("numbers", "Nmbrs", "/koppelingen/nmbrs"),
        ("nmbers", "Nmbrs", "/koppelingen/nmbrs"),
        ("loonstrookgiant", "Loonstrookgigant", "/koppelingen/horecalonen"),
        ("uren naar conexxie", "uren naar Connexie", "/koppelingen/connexie#connexie-uren-doorzetten-naar-connexie"),
    ],
)
def test_a_typing_mistake_is_corrected_and_said(real: Search, typed: str, meant: str, address: str) -> None:
    answer = real.find(typed)
    assert (answer.corrected, addresses(answer)[0]) == (meant, address)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("loonstrookgigand", "/koppelingen/horecalonen"),
        ("nmbrs", "/koppelingen/nmbrs"),
        ("horecalon", "/koppelingen/horecalonen"),
        ("horeca lonen", "/koppelingen/horecalonen"),
        ("bsn nummer", "/koppelingen/horecalonen#horecalonen-uren-doorzetten-naar-horecalonen"),
        ("bsnnummer", "/koppelingen/horecalonen#horecalonen-uren-doorzetten-naar-horecalonen"),
        ("emailadres", "/koppelingen/nmbrs#nmbrs-formulier"),
    ],
)
def test_what_people_type_without_thinking_is_found(real: Search, typed: str, address: str) -> None:
    assert first(real, typed) == address


@pytest.mark.parametrize(
    "text", ["urencode", "urencodes", "uren code", "code uren", "de code voor mijn uren", "uur codes"]
)
def test_a_compound_is_found_whole_and_in_pieces(made: Search, text: str) -> None:
    assert first(made, text) == "/koppelingen/urencodes"


@pytest.mark.parametrize(
    "text", ["looncomponent", "looncomponenten", "loon component", "component", "personeelnummer", "nummer personeel"]
)
def test_compounds_that_the_pages_never_take_apart(made: Search, text: str) -> None:
    assert first(made, text) == "/koppelingen/urencodes#urencodes-het-looncomponent-kiezen"


@pytest.mark.parametrize(
    "text", ["HourComponentVar_Insert", "hourcomponentvar insert", "hour component", "1002", "hulp@voorbeeld.example"]
)
def test_a_code_is_found_as_it_is_written(made: Search, text: str) -> None:
    answer = made.find(text)
    assert (addresses(answer), answer.corrected) == (["/koppelingen/urencodes"], "")


@pytest.mark.parametrize("text", ["1003", "10022", "hourcomponentvar2", "bsm", "zwembad"])
def test_codes_and_short_words_are_not_corrected(made: Search, text: str) -> None:
    assert made.find(text) == Answer(text)


@pytest.mark.parametrize("text", ["cafe", "CAFÉ", "caf\N{LATIN SMALL LETTER E}\N{COMBINING ACUTE ACCENT}", "café"])
def test_accents_do_not_matter(made: Search, text: str) -> None:
    answer = made.find(text)
    assert addresses(answer) == ["/koppelingen/urencodes#urencodes-cafe-en-terras"]
    assert answer.groups[0].best.trail == ("Koppelingen", "Wat een urencode doet", "Het looncomponent kiezen")
    assert str(answer.groups[0].best.title) == "<mark>Café</mark> en terras"


def test_a_keyword_of_the_page_finds_its_parts(made: Search) -> None:
    assert first(made, "loonsoort") == "/koppelingen/urencodes"
    assert first(made, "loonsoort terras") == "/koppelingen/urencodes#urencodes-cafe-en-terras"


def test_all_words_must_be_found_in_one_place(real: Search) -> None:
    answer = real.find("connexie token")
    assert (answer.loose, answer.unknown) == (True, ())
    assert [group.best.without for group in answer.groups[:2]] == [("token",), ("Connexie",)]


def test_words_that_no_page_has_are_named(real: Search) -> None:
    answer = real.find("nmbrs zwembad")
    assert (answer.loose, answer.unknown, answer.corrected) == (True, ("zwembad",), "")
    assert addresses(answer)[0] == "/koppelingen/nmbrs"
    answer = real.find("conexxie zwembad")
    assert (answer.corrected, answer.unknown) == ("Connexie zwembad", ("zwembad",))


def test_a_title_comes_before_a_heading_before_text(real: Search) -> None:
    answer = real.find("connexie")
    assert addresses(answer) == ["/koppelingen/connexie", "/koppelingen"]
    others = [hit.address for hit in answer.groups[0].others]
    assert "/koppelingen/connexie#connexie-uren-doorzetten-naar-connexie" in others


def test_one_page_does_not_fill_the_list(real: Search) -> None:
    answer = real.find("nmbrs")
    pages = [address.split("#")[0] for address in addresses(answer)]
    assert len(pages) == len(set(pages)) == answer.total
    assert all(len(group.others) <= 3 for group in answer.groups)


def test_a_snippet_is_safe_and_marked(made: Search) -> None:
    (group,) = made.find("tarief").groups
    assert str(group.best.snippet).endswith("<mark>Tarief</mark> &lt; 10 &amp; &quot;hoog&quot;.")
    text = BeautifulSoup(str(group.best.snippet), "html.parser")
    assert {tag.name for tag in text.find_all(True)} == {"mark"}


def test_a_compound_in_a_snippet_is_marked_whole(made: Search) -> None:
    assert "<mark>personeelsnummer</mark>" in str(made.find("nummer personeel").groups[0].best.snippet)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("conn", "/koppelingen/connexie"),
        ("conex", "/koppelingen/connexie"),
        ("nmbrs koppeling act", "/koppelingen/nmbrs#nmbrs-nmbrs-koppeling-activeren-in-eitje"),
        ("loonstrookg", "/koppelingen/horecalonen"),
    ],
)
def test_suggestions_follow_the_unfinished_word(real: Search, text: str, address: str) -> None:
    found = real.suggest(text)
    assert found[0].address == address
    assert len(found) <= 6


@pytest.mark.parametrize("text", ["", "c", ".", "*", "zwem", "\0"])
def test_nothing_to_suggest(real: Search, text: str) -> None:
    assert real.suggest(text) == ()


def test_threads_find_the_same(real: Search) -> None:
    asked = ["token", "conexxie", "uren code", "connexie token", "zwembad", "bsn nummer"] * 20
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(real.find, asked)) == list(map(real.find, asked))


def test_the_examples_in_the_docstrings_are_true() -> None:
    result = doctest.testmod(search_words)
    assert (result.failed, result.attempted > 0) == (0, True)


def test_an_index_without_words_answers(folder: Folder) -> None:
    assert Search(folder.load()).find("zwembad").groups == ()
