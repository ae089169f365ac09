"""What a writer should look at before a page goes out: style, age, steps that nobody walked, old clips. Pure, apart
from reading.

What breaks a page (dead links, double anchors, missing captions) stops the build already; see pages.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path

from lxml import html as lxml_html

from portal.help import clips
from portal.help.parts import words_in
from portal.help.source import BY_HAND, VIDEO
from portal.help.types import Article, Library, Problem
from portal.help.walks import walk_of

MOST_WORDS = 25
FRESH_DAYS = 180
SENTENCE = re.compile(r"(?<=[.!?:])\s")
REMARK = re.compile(r"\{#.*?#\}", re.DOTALL)
PROSE = ("p", "li", "td", "dd")


def read_screens(root: Path) -> str:
    """All that can stand on a screen of ours, in the folder `root` of the project: templates without their remarks, and
    Python for labels and menus. Our own area only writes about screens.
    """
    code = [file for file in sorted((root / "portal").rglob("*.py")) if file.parent.name != "help"]
    files = [*sorted((root / "templates").rglob("*.html")), *code]
    text = REMARK.sub(" ", "\n".join(file.read_text(encoding="utf-8") for file in files))
    return " ".join(text.split())


def check(
    library: Library, words: Mapping[str, str], screens: str, today: date, days: int = FRESH_DAYS
) -> list[Problem]:
    """Return what is wrong, by page; `words` says what to write in place of a word, `screens` is what clips show."""
    problems: list[Problem] = []
    for article in library.pages:
        problems += _long_sentences(article)
        problems += _words(article, words)
        problems += _age(article, today, days)
        problems += _read_since(article)
        problems += _walks(article)
        problems += _clips(article, screens, library)
    return problems


def read_words(file: Path) -> dict[str, str]:
    """Read `word: better` lines; a line that starts with # is a remark."""
    lines = (line.strip() for line in file.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition(":") for line in lines if line and not line.startswith("#"))
    return {word.strip().lower(): better.strip() for word, _, better in pairs}


def _long_sentences(article: Article) -> Iterator[Problem]:
    root = lxml_html.fragment_fromstring(article.html or "<p></p>", create_parent="div")
    for node in root.iter(*PROSE):
        for sentence in SENTENCE.split(words_in(node)):
            count = len(sentence.split())
            if count > MOST_WORDS:
                yield _at(
                    article, sentence, f"a sentence of {count} words, the limit is {MOST_WORDS}: {sentence[:60]}…"
                )


def _words(article: Article, words: Mapping[str, str]) -> Iterator[Problem]:
    for number, line in enumerate(article.markdown.split("\n"), 1):
        for word, better in words.items():
            if re.search(rf"(?<![\w.]){re.escape(word)}(?!\w)", line.lower()):
                yield Problem(_file(article), number, f"write “{better}” in place of “{word}”")


def _age(article: Article, today: date, days: int) -> Iterator[Problem]:
    limit = today - timedelta(days=days)
    if article.front.checked_on < limit:
        yield Problem(_file(article), 1, f"not checked since {article.front.checked_on}, more than {days} days ago")
    for number, line in enumerate(article.markdown.split("\n"), 1):
        found = BY_HAND.match(line)
        if found and date.fromisoformat(found[1]) < limit:
            yield Problem(_file(article), number, f"steps checked by hand on {found[1]}, more than {days} days ago")


def _read_since(article: Article) -> Iterator[Problem]:
    """A page tells its readers when it was read against the portal; that is no use when it changed afterwards."""
    front = article.front
    if front.checked_on < front.updated_on:
        yield Problem(_file(article), 1, f"changed on {front.updated_on} and not checked since {front.checked_on}")


def _walks(article: Article) -> Iterator[Problem]:
    walk = walk_of(article.markdown)
    if (walk.paths or walk.buttons) and article.tested_on is None:
        yield Problem(_file(article), 1, "what it tells to click was changed and not walked since: make instructions")


def _clips(article: Article, screens: str, library: Library) -> Iterator[Problem]:
    media, names = library.assets_dir / "media", [one.front.title for one in library.koppelingen]
    for number, line in enumerate(article.markdown.split("\n"), 1):
        if found := VIDEO.match(line):
            for fault in clips.faults(media, found[1], screens, names):
                yield Problem(_file(article), number, fault)


def _at(article: Article, sentence: str, reason: str) -> Problem:
    """The line of the text in which a sentence begins, as well as that can be told after rendering."""
    start = " ".join(sentence.split()[:4])
    lines = article.markdown.split("\n")
    return Problem(_file(article), next((n for n, line in enumerate(lines, 1) if start in line), 1), reason)


def _file(article: Article) -> str:
    return f"{article.key}.md" if article.front.provider else "_inleiding.md"
