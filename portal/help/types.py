"""What the help pages look like once they are read. No I/O, nothing mutable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any


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

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(problem) for problem in self.problems))


@dataclass(frozen=True)
class Line:
    """A line of Markdown, perhaps rewritten, that still knows where it stands in its file."""

    number: int
    text: str


@dataclass(frozen=True)
class FrontMatter:
    """`provider` is "" and `order` 0 for the introduction."""

    title: str
    summary: str
    checked_on: date
    keywords: tuple[str, ...]
    provider: str = ""
    order: int = 0


@dataclass(frozen=True)
class Heading:
    """`level` is 2 for the highest headings inside an article."""

    id: str
    text: str
    level: int


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
class Article:
    """One file of the help centre.

    `html` stands on a page of its own (its headings start at h2), `section_html` is the same text as
    a section of the whole page (headings start at h3); both are sanitised.
    """

    key: str
    front: FrontMatter
    headings: tuple[Heading, ...]
    html: str
    section_html: str

    @property
    def contents(self) -> tuple[Entry, ...]:
        return tree(self.headings)


@dataclass(frozen=True)
class Library:
    """Every help page, checked and rendered. `articles` are in the order of the page."""

    introduction: Article
    articles: tuple[Article, ...]
    assets_dir: Path
    base_url: str = ""

    def article(self, key: str) -> Article | None:
        return next((article for article in self.articles if article.key == key), None)

    @property
    def contents(self) -> tuple[Entry, ...]:
        """The table of contents of the whole page."""
        return tuple((a.front.title, f"#{a.key}", a.contents) for a in self.articles)

    @property
    def checked_on(self) -> date:
        """The day on which the page that was checked longest ago was checked."""
        return min(page.front.checked_on for page in (self.introduction, *self.articles))

    @property
    def anchors(self) -> tuple[str, ...]:
        """Every anchor of the whole page, in the order in which they stand there."""
        sections = (self.introduction, *self.articles)
        return tuple(anchor for a in sections for anchor in (a.key, *(h.id for h in a.headings)))

    def anchor_for(self, old_id: str) -> str | None:
        """Return the anchor that the old site (docsify, `?id=`) meant; None when it is unknown.

        Its headings had no prefix: `uren-doorzetten-naar-nmbrs` is `nmbrs-uren-doorzetten-naar-nmbrs` here.
        """
        wanted = old_id.strip().lower()
        known = self.anchors
        longer = (f"{article.key}-{wanted}" for article in self.articles)
        return next((anchor for anchor in (wanted, *longer) if anchor in known), None)
