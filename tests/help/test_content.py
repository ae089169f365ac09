"""The owner's page is all there: headings, order, menu paths, warnings and videos (issue 2, item 1).

The constants are facts of that page; its spelling mistakes ("authoriseren", "Conexxie") are mended.
"""

from __future__ import annotations

import re

import httpx
import pytest
from bs4 import BeautifulSoup, Tag

from portal.help.types import Library
from tests.help.conftest import CONTENT

HEADINGS = [
    ("h1", "Koppelingen"),
    ("h2", "Nmbrs"),
    ("h3", "Wat zijn de mogelijkheden door eitje met Nmbrs te koppelen?"),
    ("h3", "Nmbrs koppeling activeren in eitje"),
    ("h3", "Teamleden synchroniseren"),
    ("h3", "Uren doorzetten naar Nmbrs"),
    ("h2", "Horecalonen"),
    ("h2", "Connexie"),
]
MENU_PATHS = [
    "Bedrijf > Instellingen > Activeer koppeling > Nmbrs",
    "Bedrijf > Instellingen > Activeer koppeling > Horecalonen > OK",
    "Bedrijf > Instellingen > Activeer koppeling > Connexie > OK",
]
VIDEOS = [("nmbrs", "nmbrsAPIToken"), ("horecalonen", "horecalonenKoppeling")]
# per section: the words that carry what the owner said there
SAID = {
    "koppelingen": ["Nmbrs", "Horecalonen", "Connexie"],
    "nmbrs": [
        "synchroniseren van de persoonlijke informatie en contracten van je teamleden vanuit Nmbrs naar eitje",
        "doorzetten van de gewerkte uren vanuit eitje naar Nmbrs",
        "actieve Nmbrs-omgeving",
        "twee velden",
        "autoriseer",
        "API-token",
        "E-mailadres",
        "Geen idee waar je dit kunt vinden? Bekijk dan dit filmpje",
    ],
    "horecalonen": [
        "loonstroken via Horecalonen of Loonstrookgigant",
        "Let op",
        "om de koppeling goed te laten werken is het van belang dat van alle teamleden het BSN-nummer is ingevuld",
        "in de urenregistratie",
    ],
    "connexie": [
        "onder contract bij Connexie",
        "onder Bedrijf de koppeling met Connexie te activeren",
        "tijdens het exporteren van de uren ook de optie om te exporteren naar Connexie",
    ],
}


@pytest.fixture(scope="module")
def page(site: httpx.Client) -> Tag:
    main = BeautifulSoup(site.get("/koppelingen").text, "html.parser").main
    assert main is not None
    for link in main.select(".headerlink, .sr-only"):
        link.decompose()
    return main


def section(page: Tag, key: str) -> list[Tag]:
    """The elements from the heading of a section to the next one."""
    start = page.find(id=key) if key != "koppelingen" else page.select_one(".docs__body > p")
    assert isinstance(start, Tag)
    after = [e for e in start.find_next_siblings() if isinstance(e, Tag)]
    end = next((n for n, e in enumerate(after) if e.name == "h2"), len(after))
    return [start, *after[:end]]


def words(text: str) -> str:
    return " ".join(text.split())


def test_every_heading_stands_there_in_the_owners_order(page: Tag) -> None:
    found = [(e.name, words(e.get_text())) for e in page.select("h1, h2, h3, h4")]
    assert [heading for heading in found if heading in HEADINGS] == HEADINGS


def test_every_menu_path_stands_there_in_the_same_words(page: Tag) -> None:
    shown = [words(e.get_text()).replace(" › ", " > ") for e in page.select(".menu-path")]
    assert [path for path in shown if path in MENU_PATHS] == MENU_PATHS


@pytest.mark.parametrize("key", SAID)
def test_every_section_says_what_the_owner_said(page: Tag, key: str) -> None:
    said = words(" ".join(e.get_text() for e in section(page, key))).lower()
    assert [text for text in SAID[key] if text.lower() not in said] == []


@pytest.mark.parametrize(("key", "name"), VIDEOS)
def test_each_video_sits_in_its_section(page: Tag, key: str, name: str) -> None:
    """J6: controls, muted, no autoplay, two formats, Dutch captions, a transcript."""
    figures = [e for e in section(page, key) if "video" in (e.get("class") or [])]
    assert len(figures) == 1
    video = figures[0].video
    assert video is not None
    assert {"controls", "muted", "playsinline"} <= set(video.attrs)
    assert "autoplay" not in video.attrs
    assert (video["width"], video["height"], video["preload"]) == ("683", "384", "none")
    sources = [str(source["src"]).split("?")[0] for source in video.select("source")]
    assert sorted(sources) == [f"/assets/media/{name}.mp4", f"/assets/media/{name}.webm"]
    track = video.track
    assert track is not None
    assert (track["kind"], track["srclang"]) == ("captions", "nl")
    assert "default" not in track.attrs  # a browser would fetch them before anybody plays; video.js shows them
    assert [(one["kind"], one["srclang"]) for one in video.select("track")] == [("captions", "nl"), ("chapters", "nl")]
    assert len(figures[0].select(".video__chapters a")) == 4
    assert len(figures[0].select("details.video__transcript p")) > 4


def test_the_video_stands_after_the_question_where_the_token_is(page: Tag) -> None:
    order = [words(e.get_text())[:40] for e in section(page, "nmbrs")]
    question = next(n for n, text in enumerate(order) if text.startswith("Geen idee waar"))
    assert "video" in (section(page, "nmbrs")[question + 1].get("class") or [])


def test_the_warning_about_the_bsn_stands_between_the_introduction_and_the_video(page: Tag) -> None:
    """As on the owner's page: before the steps, because without a BSN they lead nowhere."""
    found = section(page, "horecalonen")
    start = next(n for n, e in enumerate(found) if words(e.get_text()) == "Uren doorzetten naar Horecalonen")
    assert [e.name for e in found[start : start + 2]] == ["h3", "p"]
    warning, clip, steps = found[start + 2 : start + 5]
    assert (warning.get("class") or [])[0] == "admonition"
    assert "BSN-nummer" in warning.get_text()
    assert "video" in (clip.get("class") or [])
    assert (steps.name, steps["id"]) == ("h4", "horecalonen-uren")


def test_the_page_sends_nobody_to_the_mail_with_a_token(page: Tag) -> None:
    text = words(" ".join(e.get_text() for e in section(page, "nmbrs")))
    assert "support@" not in text
    assert "Stuur je API-token nooit in een e-mail" in text
    assert "jaren leesbaar in mailboxen en back-ups" in text
    links = [str(e["href"]) for e in page.select("a[href]")]
    assert "/portaal/bedrijf/koppelingen/nmbrs/activeren" in links


def test_the_five_results_of_a_delivery_are_explained(page: Tag) -> None:
    cells = [words(e.get_text()) for e in page.select("tbody th")]
    assert [c for c in cells if c in ("wacht", "verstuurd", "geaccepteerd", "geweigerd", "onbekend")] == [
        "wacht", "verstuurd", "geaccepteerd", "geweigerd", "onbekend",
    ]  # fmt: skip


def test_every_anchor_of_the_page_is_unique(page: Tag) -> None:
    ids = [str(e["id"]) for e in page.select("[id]")]
    assert sorted(set(ids)) == sorted(ids)
    assert {"nmbrs", "horecalonen", "connexie", "nmbrs-uren-doorzetten-naar-nmbrs"} <= set(ids)


@pytest.mark.parametrize("path", sorted(CONTENT.glob("*.md")), ids=lambda path: path.name)
def test_the_spelling_mistakes_of_the_old_page_are_gone(path: object) -> None:
    """J7"""
    text = (CONTENT / str(path)).read_text(encoding="utf-8").lower()
    assert not re.search(r"authoris|conexx|loonstrookgigand|waardes|z\.s\.m", text)


def test_sentences_are_short(library: Library) -> None:
    """J7: B1 means short sentences; 25 words is the limit in a paragraph or a list."""
    for article in (library.introduction, *library.articles):
        soup = BeautifulSoup(article.html, "html.parser")
        for part in soup.select("p, li"):
            for sentence in re.split(r"(?<=[.!?:])\s", words(part.get_text())):
                assert len(sentence.split()) <= 25, sentence
