"""A start with more pages than it renders: what is cheap is right at once, HTML follows, what is wrong is told."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from portal.app import KEPT_PAGES, MOST_AT_ONCE, create_app
from portal.cli import main
from portal.help import making
from portal.help.render import to_html
from portal.help.types import ContentError
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.help.conftest import CONTENT
from tests.installation import ROOT, clean_env

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MANY = 150
LAST = f"pagina-{MANY}"
PAGE = """---
title: Pagina {number}
summary: Over nummer {number}.
provider: alle
order: {order}
owner: integraties
checked_on: 2026-11-22
changes:
  - 2026-11-22: Nieuw.
keywords: [nummer]
---
Dit is tekst {number}.

## Kop van {number}

Lees [verder](#pagina-{number}-kop-van-{number}).
"""
CRASHES = "<div><![fout[</div>"  # the reader of HTML in the standard library refuses it


@dataclass
class Renderer:
    """Counts what is rendered; a text with `slow` in it waits until it may go on."""

    inner: Callable[..., object]
    texts: list[str] = field(default_factory=list)
    slow: str = ""
    go: threading.Event = field(default_factory=threading.Event)

    def __call__(self, text: str) -> object:
        self.texts.append(text)
        if self.slow and self.slow in text:
            assert self.go.wait(30)
        return self.inner(text)

    def times(self, words: str) -> int:
        return sum(words in text for text in self.texts)


@pytest.fixture
def renderer(monkeypatch: pytest.MonkeyPatch) -> Renderer:
    made = Renderer(to_html)
    monkeypatch.setattr(making, "to_html", made)
    return made


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """The real pages, which have the articles of all codes, and many more."""
    folder = tmp_path / "content" / "koppelingen"
    folder.mkdir(parents=True)
    for file in (*CONTENT.iterdir(), CONTENT.parent / "woorden.txt"):
        (folder.parent / file.relative_to(CONTENT.parent)).write_bytes(file.read_bytes())
    for number in range(1, MANY + 1):
        (folder / f"pagina-{number}.md").write_text(PAGE.format(number=number, order=1000 + number), encoding="utf-8")
    return folder


@pytest.fixture
def start(settings: Settings, content: Path) -> Iterator[Callable[[], Flask]]:
    made: list[Flask] = []

    def build() -> Flask:
        made.append(create_app(replace(settings, content=content)))
        return made[-1]

    yield build
    for app in made:
        app.extensions["portal"].engine.dispose()


def edit(content: Path, old: str, new: str, name: str = LAST) -> None:
    file = content / f"{name}.md"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def shown(app: Flask, key: str) -> str:
    answer = app.test_client().get(f"/koppelingen/{key}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def warm(app: Flask) -> None:
    """Render beside the start, and wait for it."""
    app.extensions["help_opening"].warm()
    for thread in threading.enumerate():
        if thread.name == "help pages":
            thread.join(60)


def check(settings: Settings, content: Path) -> Result:
    env = {
        "DATA": str(settings.data), "PORTAL_CONTENT": str(content), "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_VAULT_KEY": VAULT_KEY, "DATABASE_URL": "",
    }  # fmt: skip
    return CliRunner().invoke(main, ["help", "check"], env=env)


def test_a_start_renders_nothing_and_every_page_answers(start: Callable[[], Flask], renderer: Renderer) -> None:
    app = start()
    assert renderer.texts == []
    page = shown(app, LAST)
    assert f"Dit is tekst {MANY}." in page
    assert f'href="#{LAST}-kop-van-{MANY}"' in page
    assert len(renderer.texts) == 1
    assert "Connexie" in app.test_client().get("/koppelingen").get_data(as_text=True)
    assert f'/koppelingen/{LAST}"' in app.test_client().get("/zoeken?q=tekst+150").get_data(as_text=True)


def test_a_page_is_right_while_others_are_rendered(
    start: Callable[[], Flask], renderer: Renderer, settings: Settings
) -> None:
    app = start()
    renderer.slow = "tekst 70."
    app.extensions["help_opening"].warm()
    assert f"Dit is tekst {MANY}." in shown(app, LAST)
    assert renderer.times("tekst 100.") == 0, "the thread waits at page 70"
    assert not (settings.data / KEPT_PAGES).exists(), "whole or not at all"
    renderer.go.set()
    warm(app)
    assert (settings.data / KEPT_PAGES).exists()
    assert [renderer.times(f"tekst {number}.") for number in range(1, MANY + 1)] == [1] * MANY


def test_a_page_that_many_ask_for_is_rendered_once(start: Callable[[], Flask], renderer: Renderer) -> None:
    app = start()
    renderer.slow = f"tekst {MANY}."
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(shown, app, LAST) for _ in range(8)]
        until = time.monotonic() + 10
        while not renderer.texts and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)  # the others come too
        renderer.go.set()
        pages = {one.result() for one in asked}
    assert len(pages) == 1
    assert renderer.times(f"tekst {MANY}.") == 1


def test_the_next_start_renders_nothing(start: Callable[[], Flask], renderer: Renderer, content: Path) -> None:
    first = start()
    warm(first)
    renderer.texts.clear()
    second = start()
    assert first.extensions["help"] == second.extensions["help"]
    assert shown(second, LAST) == shown(first, LAST)
    assert renderer.texts == []
    edit(content, "Dit is tekst", "Dit is nieuwe tekst")
    assert f"Dit is nieuwe tekst {MANY}." in shown(start(), LAST)
    assert len(renderer.texts) == 1


def test_what_only_html_shows_is_logged_and_fails_the_check(
    start: Callable[[], Flask], content: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(content, "[verder](", "[weg](#weg) [verder](")
    app = start()
    warm(app)
    (told,) = (line for line in capsys.readouterr().err.splitlines() if "a help page is wrong" in line)
    assert f'"where": "{LAST}.md:16"' in told
    assert "dead link: there is no anchor #weg" in told
    assert '"level": "warning"' in told
    assert f"Dit is tekst {MANY}." in shown(app, LAST)
    assert "Dit is tekst 1." in shown(app, "pagina-1")
    assert not (settings.data / KEPT_PAGES).exists(), "a next start looks again"
    found = check(settings, content)
    assert found.exit_code == 1
    assert found.output.splitlines() == [f"{LAST}.md:16: dead link: there is no anchor #weg"]


def test_a_page_that_cannot_be_rendered_takes_no_other_along(
    start: Callable[[], Flask], content: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(content, "Dit is", f"{CRASHES}\n\nDit is")
    edit(content, "Anders tellen", f"{CRASHES}\n\nAnders tellen", "connexie")
    app = start()
    warm(app)
    assert "cannot be rendered: AssertionError" in capsys.readouterr().err
    assert f"Dit is tekst {MANY}." in shown(app, LAST)
    assert "Dit is tekst 1." in shown(app, "pagina-1")
    for path in ("/koppelingen", "/koppelingen/connexie", "/zoeken?q=tekst"):
        assert app.test_client().get(path).status_code == 200
    assert f"{LAST}.md:1: cannot be rendered: AssertionError" in check(settings, content).output


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title: Pagina", "titel: Pagina", f"{LAST}.md:2: unknown field in front matter: titel"),
        (f"order: {1000 + MANY}", "order: 1001", f"{LAST}.md:5: duplicate order 1001, also in pagina-1.md"),
        ("## Kop", "#### Kop", f"{LAST}.md:14: a heading of level 4 cannot follow one of level 1"),
        (f"## Kop van {MANY}", "## Kop {#pagina-1-kop-van-1}", f"{LAST}.md:14: duplicate anchor #pagina-1-kop-van-1"),
        ("Dit is", "{pat: Bedrijf > Uren}", f"{LAST}.md:12: unknown or badly written marker {{pat: Bedrijf > Uren}}"),
        ("Dit is", "{video: weg | Weg}\n\n", f"{LAST}.md:12: video file is missing: /assets/media/weg.mp4"),
        ("Lees", "{code: bestaat-niet}\n\nLees", f"{LAST}.md:16: there is no code bestaat-niet"),
    ],
)
def test_what_is_cheap_to_see_stops_the_start_with_every_problem(
    start: Callable[[], Flask], content: Path, old: str, new: str, problem: str
) -> None:
    edit(content, old, new)
    edit(content, "Dit is", "[weg](#weg)", "pagina-7")
    with pytest.raises(ContentError) as stopped:
        start()
    told = str(stopped.value).split("\n")
    assert [line for line in told if line.startswith(problem)], told
    assert "pagina-7.md:12: dead link: there is no anchor #weg" in told


def test_every_code_has_its_article_at_start(start: Callable[[], Flask], content: Path) -> None:
    edit(content, "{code: nmbrs-1006}\n", "", "meldingen")
    with pytest.raises(ContentError, match=r"meldingen.md:1: no article for code nmbrs-1006"):
        start()


def test_few_pages_are_checked_whole_in_the_start(
    start: Callable[[], Flask], content: Path, settings: Settings
) -> None:
    for number in range(MOST_AT_ONCE - len(list(CONTENT.glob("*.md"))) + 1, MANY + 1):
        (content / f"pagina-{number}.md").unlink()
    start()
    assert (settings.data / KEPT_PAGES).exists()
    edit(content, "Dit is", "[weg](#weg)", "pagina-7")
    with pytest.raises(ContentError, match=r"pagina-7.md:12: dead link"):
        start()


def test_the_web_server_renders_beside_its_start(settings: Settings, content: Path) -> None:
    keys = {"PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY": VAULT_KEY, "PORTAL_CONTENT": str(content)}
    code = "import threading, portal.wsgi; [t.join() for t in threading.enumerate() if t.name == 'help pages']"
    env = clean_env(settings.data, **keys)
    subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, check=True, timeout=120)
    assert (settings.data / KEPT_PAGES).exists()
