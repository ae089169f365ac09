from __future__ import annotations

import doctest

import pytest

from portal.help import source, types
from portal.help.source import menu_path, slug
from tests.help.conftest import Folder


def test_the_examples_in_the_docstrings_are_true() -> None:
    for module in (source, types):
        assert doctest.testmod(module) == doctest.TestResults(0, doctest.testmod(module).attempted)
        assert doctest.testmod(module).attempted > 0


def test_a_menu_path_reads_as_one_with_its_steps() -> None:
    html = menu_path("Bedrijf > Uren & <Meer")
    assert html.startswith('<span class="menu-path"><span class="sr-only">Menupad: </span>')
    assert html.count("menu-path__step") == 2
    assert "Uren &amp; &lt;Meer" in html


@pytest.mark.parametrize("steps", ["", " ", "Bedrijf >", "> Bedrijf", "Bedrijf > > Uren"])
def test_a_menu_path_with_an_empty_step_is_refused(steps: str) -> None:
    with pytest.raises(ValueError):
        menu_path(steps)


def test_a_slug_is_plain_ascii() -> None:
    assert slug("**Eén** token? Nee: `twee`!") == "een-token-nee-twee"


def test_an_explicit_anchor_is_kept_and_others_get_the_koppeling_before_them(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "## Zelf gekozen {#eigen-anker}\n\n## Gewone kop ##")
    headings = folder.load().articles[0].headings
    assert [h.id for h in headings][:2] == ["eigen-anker", "nmbrs-gewone-kop"]
    assert headings[1].text == "Gewone kop"


def test_a_section_stands_one_level_lower_than_a_page(folder: Folder) -> None:
    article = folder.load().articles[0]
    assert '<h2 id="nmbrs-uren-doorzetten">' in article.html
    assert '<h3 id="nmbrs-uren-doorzetten">' in article.section_html


def test_links_of_the_old_site_become_proper_links(folder: Folder) -> None:
    folder.edit("/koppelingen#nmbrs", "/koppelingen?id=nmbrs", "_inleiding.md")
    assert 'href="/koppelingen#nmbrs"' in folder.load().introduction.html
