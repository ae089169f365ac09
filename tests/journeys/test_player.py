"""The clips in a real browser: nothing before somebody plays, then captions and chapters; they show today's screens.

J6, and issue 4, item 4.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from scripts.video import record
from scripts.video.scenes import ACCOUNTANT, TOKEN
from tests.journeys.browser import ROOT, Demo, Person, demo_running

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MEDIA = "/assets/media/"
PAGE = "/koppelingen/nmbrs"
# "inside" is in the player itself, where the captions move when the controls hide; the page cannot be told of its parts
NOTE_SHIFTS = """
window.shifts = [];
const note = source => window.shifts.push(source.node ? source.node.nodeName : "inside");
new PerformanceObserver(list => list.getEntries().forEach(entry => entry.sources.forEach(note)))
  .observe({ type: "layout-shift", buffered: true });
"""

# our policy lets no page evaluate text, so Playwright cannot wait with a condition of its own
UNTIL = """(video, moment) => new Promise((done, fail) => {
  const look = () => { if (video.currentTime > moment && !video.seeking) done(video.currentTime); };
  video.addEventListener("timeupdate", look);
  setTimeout(() => fail(new Error(`still at ${video.currentTime} s`)), 30000);
  look();
})"""
CAPTION = """video => new Promise((done, fail) => {
  const track = video.textTracks[0];
  const look = () => { if (track.activeCues?.length) done([track.mode, track.activeCues[0].text]); };
  track.addEventListener("cuechange", look);
  setTimeout(() => fail(new Error("no caption")), 30000);
  look();
})"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_running(tmp_path_factory.mktemp("demo") / "var") as running:
        yield running


def asked_for(page: Page) -> list[str]:
    """The files of clips that the page asks for from now on."""
    names: list[str] = []
    page.on(
        "request",
        lambda request: names.append(request.url.split(MEDIA)[1].split("?")[0]) if MEDIA in request.url else None,
    )
    return names


def playing(person: Person) -> Locator:
    clip = person.page.locator("video")
    clip.evaluate("video => video.play()")
    clip.evaluate(UNTIL, 0.2)
    return clip


def test_nothing_but_the_poster_is_asked_for_before_somebody_plays(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url)
    names = asked_for(person.page)
    person.open(PAGE)
    person.page.locator("video").scroll_into_view_if_needed()
    person.page.wait_for_load_state("networkidle")
    assert names == ["nmbrsAPIToken.webp"]
    playing(person)
    assert "nmbrsAPIToken.webm" in names
    person.look("filmpje")
    person.close()


def test_captions_show_while_it_plays(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url)
    person.open(PAGE)
    clip = playing(person)
    clip.evaluate("video => { video.pause(); video.currentTime = 6; }")
    clip.evaluate(UNTIL, 5.9)
    mode, text = clip.evaluate(CAPTION)
    assert (mode, " ".join(text.split())) == ("showing", TOKEN.scenes[1].spoken)
    person.close()


def test_a_chapter_starts_the_clip_at_its_situation(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url)
    person.open(PAGE)
    button = person.page.get_by_role("button", name=ACCOUNTANT)
    button.click()
    start = sum(scene.seconds for scene in TOKEN.scenes[: [scene.chapter for scene in TOKEN.scenes].index(ACCOUNTANT)])
    clip = person.page.locator("video")
    assert start < clip.evaluate(UNTIL, start) < start + 15
    expect(button).to_have_attribute("aria-current", "true")
    assert clip.evaluate("video => video.paused") is False
    assert person.page.locator(".video__chapter[aria-current]").count() == 1
    assert person.page.url.endswith(PAGE)
    person.close()


def test_without_scripts_a_chapter_opens_the_clip_at_its_situation(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url, scripts=False)
    person.open(PAGE)
    link = person.page.get_by_role("link", name=ACCOUNTANT)
    with person.page.expect_navigation():
        link.click()
    assert MEDIA in person.page.url
    assert float(person.page.url.split("#t=")[1]) > 20
    person.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_on_the_page_moves_when_a_clip_loads(demo: Demo, browser: Browser, width: int) -> None:
    person = Person(browser, demo.url, width=width)
    person.page.add_init_script(NOTE_SHIFTS)
    person.open(PAGE)
    clip = person.page.locator("video")
    clip.scroll_into_view_if_needed()
    person.page.wait_for_load_state("networkidle")
    assert person.page.evaluate("window.shifts") == []
    after, below = person.page.locator("figure.video + *"), person.page.locator(".video__title")
    before = [part.bounding_box() for part in (clip, below, after)]
    playing(person)
    assert [part.bounding_box() for part in (clip, below, after)] == before
    assert set(person.page.evaluate("window.shifts")) <= {"inside"}
    person.close()


def test_the_place_of_a_clip_is_kept_before_its_poster_is_there(demo: Demo, browser: Browser) -> None:
    boxes = []
    for pattern in ("**/nothing", f"**{MEDIA}*"):
        person = Person(browser, demo.url)
        person.page.route(pattern, lambda route: route.abort())
        person.open(PAGE)
        person.page.wait_for_load_state("networkidle")
        boxes.append(person.page.locator("video").bounding_box())
        person.close()
    assert boxes[0] == boxes[1]


@pytest.mark.parametrize("name", [TOKEN.name, record.NAME])
def test_a_clip_shows_the_screens_as_they_are(name: str) -> None:
    """Walks through all that the clip shows, in a demo of its own. Red: `make videos`, and look at what changed."""
    words = [sys.executable, "-m", "scripts.video.make", "--check", "--clip", name]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
