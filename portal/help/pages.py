"""Loads the help centre: reads, checks and renders every page once, when the app starts.

One file is the introduction (`_inleiding.md`), every other file one koppeling. Anything wrong stops
the build with all problems at once, each with file and line.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.help import links
from portal.help.front_matter import Reader
from portal.help.render import clean, to_html
from portal.help.source import Rewriter
from portal.help.types import Article, ContentError, FrontMatter, Heading, Library, Line, Problem

INTRODUCTION = "_inleiding"
INTRODUCTION_ANCHOR = "koppelingen"
ANCHORLESS = "a heading in a list or quote has no stable anchor"


@dataclass(frozen=True)
class Draft:
    """A file that was read well enough to be rendered. `lines` says where each field stands."""

    path: Path
    key: str
    front: FrontMatter
    lines: Mapping[str, int]
    body: list[Line]


@dataclass(frozen=True)
class Rendered:
    """`raw` is the HTML before it is made safe: what the sanitiser would drop must be complained of."""

    article: Article
    lines: list[Line]
    raw: str


def load(
    content_dir: Path,
    assets_dir: Path,
    *,
    providers: Collection[str],
    app_paths: Collection[str] = (),
    base_url: str = "",
) -> Library:
    """Read `content_dir/*.md` and return the checked library.

    `assets_dir` is what `/assets/` serves (clips are in its folder `media`), `providers` the keys that
    front matter may name, `app_paths` the addresses outside the help centre that a page may link to.
    Raises ContentError with every problem. Safe to call twice.
    """
    problems: list[Problem] = []
    drafts = [draft for path in _files(content_dir, problems) if (draft := _read(path, providers, problems))]
    drafts.sort(key=lambda draft: (draft.front.order, draft.path.name))
    _once(drafts, problems)
    rendered = [_render(draft, assets_dir / "media", problems) for draft in drafts]
    problems += links.check(list(map(_for_links, drafts, rendered)), assets_dir, {*app_paths, "/"})
    if problems:
        raise ContentError(problems)
    introduction, *articles = (one.article for one in rendered)
    return Library(introduction, tuple(articles), assets_dir, base_url)


def _files(content_dir: Path, problems: list[Problem]) -> list[Path]:
    if not (content_dir / f"{INTRODUCTION}.md").is_file():
        problems.append(Problem(f"{INTRODUCTION}.md", 1, "the introduction is missing"))
    return sorted(content_dir.glob("*.md"))


def _read(path: Path, providers: Collection[str], problems: list[Problem]) -> Draft | None:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        problems.append(Problem(path.name, raw.count(b"\n", 0, error.start) + 1, "the file is not UTF-8"))
        return None
    reader = Reader(path.name, text.replace("\r\n", "\n").split("\n"))
    front = reader.read(introduction=path.stem == INTRODUCTION, providers=providers)
    problems += reader.problems
    if front is None:
        return None
    lines = {name: reader.line_of(name) for name in ("title", "order", "provider")}
    return Draft(path, front.provider or INTRODUCTION_ANCHOR, front, lines, reader.body)


def _once(drafts: list[Draft], problems: list[Problem]) -> None:
    """Two pages cannot have the same order or the same provider."""
    orders: dict[int, str] = {}
    providers: dict[str, str] = {}
    for draft in drafts:
        name, front = draft.path.name, draft.front
        if front.order in orders:
            taken = f"duplicate order {front.order}, also in {orders[front.order]}"
            problems.append(Problem(name, draft.lines["order"], taken))
        if front.provider in providers:
            taken = f"duplicate provider {front.provider}, also in {providers[front.provider]}"
            problems.append(Problem(name, draft.lines["provider"], taken))
        orders.setdefault(front.order, name)
        providers.setdefault(front.provider, name)


def _render(draft: Draft, media_dir: Path, problems: list[Problem]) -> Rendered:
    lines, html, headings = _html(draft, media_dir, 0, problems)
    _, section_html, _ = _html(draft, media_dir, 1, [])
    article = Article(draft.key, draft.front, headings, clean(html), clean(section_html))
    return Rendered(article, lines, html)


def _html(
    draft: Draft, media_dir: Path, shift: int, problems: list[Problem]
) -> tuple[list[Line], str, tuple[Heading, ...]]:
    rewriter = Rewriter(draft.path.name, draft.key, media_dir, shift)
    lines = rewriter.rewrite(draft.body)
    problems += rewriter.problems
    html, headings = to_html("\n".join(line.text for line in lines))
    problems += [
        Problem(draft.path.name, _line_with(lines, heading.text), ANCHORLESS)
        for heading in headings
        if heading.id not in rewriter.anchors
    ]
    return lines, html, headings


def _line_with(lines: list[Line], text: str) -> int:
    return next((line.number for line in lines if text in line.text), 1)


def _for_links(draft: Draft, rendered: Rendered) -> links.Draft:
    return links.Draft(draft.path.name, draft.key, draft.lines["title"], rendered.lines, rendered.raw)
