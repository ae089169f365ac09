"""What a search answers. Nothing here knows the engine."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from portal.help.types import Article, Part

NOTHING = Markup()


@dataclass(frozen=True)
class Entry:
    """A part of a page that can be found; the part without an anchor stands for the page itself."""

    article: Article
    part: Part

    @property
    def title(self) -> str:
        return self.part.title or self.article.front.title

    @property
    def text(self) -> str:
        return self.part.text if self.part.anchor else f"{self.article.front.summary} {self.part.text}"

    @property
    def address(self) -> str:
        return f"{self.article.path}#{self.part.anchor}" if self.part.anchor else self.article.path

    @property
    def trail(self) -> tuple[str, ...]:
        """Where the part stands: the page and the headings above it."""
        above = ("Koppelingen",) if self.article.front.provider else ()
        if not self.part.anchor:
            return above
        return (*above, self.article.front.title, *self._parents())

    def _parents(self) -> tuple[str, ...]:
        found: list[tuple[int, str]] = []
        for heading in self.article.headings:
            found = [one for one in found if one[0] < heading.level]
            if heading.id == self.part.anchor:
                break
            found.append((heading.level, heading.text))
        return tuple(text for _, text in found)


@dataclass(frozen=True)
class Hit:
    """`title` and `snippet` are safe HTML with the found words in `<mark>`; `without` are words it does not have."""

    address: str
    title: Markup
    trail: tuple[str, ...]
    snippet: Markup = NOTHING
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """One page: its best part, and a few others."""

    best: Hit
    others: tuple[Hit, ...] = ()


@dataclass(frozen=True)
class Answer:
    """`total` counts pages. `corrected` is what was searched instead, "" when it was searched as typed; `unknown` are
    words that no page has, `loose` says that no part of a page has all words, `cut` that the question was too long."""

    asked: str
    groups: tuple[Group, ...] = ()
    total: int = 0
    corrected: str = ""
    unknown: tuple[str, ...] = ()
    loose: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Suggestion:
    title: str
    page: str
    address: str
