"""What the help pages look like once they are read. No I/O, nothing that a reader sees change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal.help.once import Once

EVERY_PROVIDER = "alle"


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in the content. `line` counts from 1, front matter included."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


class ContentError(Exception):
    """The content cannot be published; the message lists every problem as "file:line: reason"."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Line:
    """A line of Markdown, perhaps rewritten, that still knows where it stands in its file."""

    number: int
    text: str


@dataclass(frozen=True, order=True)
class Change:
    """What became different on a page, in one Dutch sentence for readers."""

    on: date
    what: str


@dataclass(frozen=True)
class FrontMatter:
    """`provider` is "" and `order` 0 for the introduction; a guide for every koppeling has EVERY_PROVIDER.

    `owner` is the team that answers for the page, `keywords` are words people search with, `changes` the newest first.
    """

    title: str
    summary: str
    owner: str
    checked_on: date
    changes: tuple[Change, ...]
    keywords: tuple[str, ...]
    provider: str = ""
    order: int = 0

    @property
    def updated_on(self) -> date:
        return self.changes[0].on


@dataclass(frozen=True)
class Heading:
    """`level` is 2 for the highest headings inside an article."""

    id: str
    text: str
    level: int


@dataclass(frozen=True)
class Part:
    """The text below one heading, for searching. `anchor` is "" for what stands above the first heading."""

    anchor: str
    title: str
    text: str


Entry = tuple[str, str, tuple[Any, ...]]


def tree(headings: tuple[Heading, ...]) -> tuple[Entry, ...]:
    """Nest headings for a table of contents: text, address and what stands below.

    >>> tree((Heading("a", "A", 2), Heading("b", "B", 3), Heading("c", "C", 2)))
    (('A', '#a', (('B', '#b', ()),)), ('C', '#c', ()))
    """
    starts = [n for n, heading in enumerate(headings) if heading.level <= headings[0].level]
    return tuple(
        (headings[start].text, f"#{headings[start].id}", tree(headings[start + 1 : end]))
        for start, end in pairwise([*starts, len(headings)])
    )


@dataclass(frozen=True)
class Shown:
    """What is made of a page: `html` stands on a page of its own (its headings start at h2), `section_html` is the same
    text as a section of the whole page (headings start at h3, empty for a guide); both are sanitised."""

    html: str
    section_html: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Article:
    """One file of the help centre: the page of a koppeling, or a guide where a reader got stuck.

    `markdown` is the text as written, without front matter, `shown` its HTML, which is made once, when somebody first
    asks for it. `steps` are the keys of the `{stap: …}` marks, in order; `codes` what is
    explained here, each code with the anchor of its heading. `tested_on`: the day on which a browser walked
    what the page tells to click now; None when it never did, or when there is nothing. `on_screen`: it saw
    every button; otherwise these were compared with the labels in the templates.
    """

    key: str
    front: FrontMatter
    headings: tuple[Heading, ...]
    markdown: str
    shown: Once[Shown] = field(hash=False)
    steps: tuple[str, ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    tested_on: date | None = None
    on_screen: bool = False

    @property
    def html(self) -> str:
        return self.shown().html

    @property
    def section_html(self) -> str:
        return self.shown().section_html

    @property
    def parts(self) -> tuple[Part, ...]:
        return self.shown().parts

    @property
    def is_guide(self) -> bool:
        return self.front.provider not in ("", self.key)

    @property
    def path(self) -> str:
        return f"/koppelingen/{self.key}" if self.front.provider else "/koppelingen"

    @property
    def contents(self) -> tuple[Entry, ...]:
        return tree(self.headings)


@dataclass(frozen=True)
class Library:
    """Every help page. `articles` are in the order of the site: koppelingen, then guides."""

    introduction: Article
    articles: tuple[Article, ...]
    assets_dir: Path
    base_url: str = ""

    @property
    def pages(self) -> tuple[Article, ...]:
        return (self.introduction, *self.articles)

    @property
    def koppelingen(self) -> tuple[Article, ...]:
        return tuple(article for article in self.articles if not article.is_guide)

    def guides(self, provider: str = EVERY_PROVIDER) -> tuple[Article, ...]:
        """The guides of one koppeling, or those that are about all of them."""
        return tuple(article for article in self.articles if article.is_guide and article.front.provider == provider)

    def article(self, key: str) -> Article | None:
        return next((article for article in self.articles if article.key == key), None)

    def address_of(self, code: str) -> str | None:
        """Where a code (of an error or a state) is explained; None for an unknown one."""
        places = (f"{page.path}#{anchor}" for page in self.pages for known, anchor in page.codes if known == code)
        return next(places, None)

    def around(self, article: Article) -> tuple[Article | None, Article | None]:
        """The page before and the page after, in the order of the site."""
        at = self.articles.index(article)
        before = self.articles[at - 1] if at else None
        return before, self.articles[at + 1] if at + 1 < len(self.articles) else None

    @property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents of the whole page."""
        return tuple((a.front.title, f"#{a.key}", a.contents) for a in self.koppelingen)

    @property
    def sections(self) -> tuple[Article, ...]:
        """What stands on the whole page."""
        return (self.introduction, *self.koppelingen)

    @property
    def checked_on(self) -> date:
        """The day on which the section that was checked longest ago was checked."""
        return min(page.front.checked_on for page in self.sections)

    @property
    def tested_on(self) -> date | None:
        """The day of the section that was walked longest ago; None when one of them never was."""
        days = [page.tested_on for page in self.koppelingen]
        return min((day for day in days if day), default=None) if all(days) else None

    @property
    def on_screen(self) -> bool:
        return all(page.on_screen for page in self.koppelingen)

    @property
    def updated_on(self) -> date:
        return max(page.front.updated_on for page in self.sections)

    @property
    def anchors(self) -> tuple[str, ...]:
        """Every anchor of the whole page, in the order in which they stand there."""
        return tuple(anchor for a in self.sections for anchor in (a.key, *(h.id for h in a.headings)))

    def address_for(self, old_id: str) -> str:
        """Where an id of the old site lives now: on the whole page, else on the page of a guide."""
        if anchor := self.anchor_for(old_id):
            return f"/koppelingen#{anchor}"
        wanted = old_id.strip().strip("/").lower()
        found = ((a, h) for a in self.articles for h in a.headings if wanted and wanted in (h.id, a.key))
        article, heading = next(found, (None, None))
        if article is None or heading is None:
            return "/koppelingen"
        return article.path if wanted == article.key else f"{article.path}#{heading.id}"

    def anchor_for(self, old_id: str) -> str | None:
        """Return the anchor that the old site (docsify, `?id=`) meant; None when it is unknown.

        Its headings had no prefix: `uren-doorzetten-naar-nmbrs` is `nmbrs-uren-doorzetten-naar-nmbrs` here. Docsify
        put `_` before an id that starts with a digit.
        """
        wanted = old_id.strip().strip("/").lower().removeprefix("_")
        known = self.anchors
        longer = (f"{article.key}-{wanted}" for article in self.koppelingen)
        return next((anchor for anchor in (wanted, *longer) if anchor in known), None)
