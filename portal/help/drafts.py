"""Reads one file of the help centre as far as that is cheap: its front matter and its lines, no HTML."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.help.cache import Known
from portal.help.front_matter import Reader
from portal.help.once import Once
from portal.help.source import Rewriter
from portal.help.types import FrontMatter, Heading, Line, Problem

INTRODUCTION = "_inleiding"
INTRODUCTION_ANCHOR = "koppelingen"


@dataclass(frozen=True)
class Text:
    """The lines below the front matter: `body` as written, `lines` as Markdown that the library knows."""

    body: list[Line]
    lines: list[Line]
    headings: tuple[Heading, ...]
    steps: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    problems: tuple[Problem, ...]

    @property
    def markdown(self) -> str:
        return "\n".join(line.text for line in self.body).strip() + "\n"


@dataclass(frozen=True)
class Draft:
    """A file with good front matter; `fields` says on which line each field stands, `raw` is all of it.
    The text of a page that is `known` from an earlier start is only read when somebody asks for a line."""

    path: Path
    raw: bytes
    key: str
    front: FrontMatter
    fields: Mapping[str, int]
    text: Once[Text]
    known: Known | None = None

    @property
    def is_section(self) -> bool:
        """It stands on the whole page."""
        return self.front.provider in ("", self.key)

    @property
    def place(self) -> tuple[bool, bool, int, str]:
        return self.front.provider != "", not self.is_section, self.front.order, self.path.name


def remembered(path: Path, raw: bytes, known: Known, media_dir: Path) -> Draft:
    key = _key(path, known.front)
    text = Once(lambda: _text(Reader(path.name, _lines(raw)), key, media_dir))
    return Draft(path, raw, key, known.front, known.lines, text, known)


def read(path: Path, raw: bytes, providers: Collection[str], media_dir: Path, problems: list[Problem]) -> Draft | None:
    try:
        reader = Reader(path.name, _lines(raw))
    except UnicodeDecodeError as error:
        problems.append(Problem(path.name, raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8"))
        return None
    front = reader.read(introduction=path.stem == INTRODUCTION, providers=providers)
    problems += reader.problems
    if front is None:
        return None
    key = _key(path, front)
    fields = {name: reader.line_of(name) for name in ("title", "order", "provider")}
    return Draft(path, raw, key, front, fields, Once(lambda: _text(reader, key, media_dir)))


def _key(path: Path, front: FrontMatter) -> str:
    return path.stem if front.provider else INTRODUCTION_ANCHOR


def _lines(raw: bytes) -> list[str]:
    return raw.decode("utf-8-sig").replace("\r\n", "\n").split("\n")


def _text(reader: Reader, key: str, media_dir: Path) -> Text:
    rewriter = Rewriter(reader.file, key, media_dir)
    lines = rewriter.rewrite(reader.body)
    return Text(
        reader.body, lines, tuple(rewriter.headings), tuple(rewriter.steps), tuple(rewriter.codes),
        tuple(rewriter.problems),
    )  # fmt: skip
