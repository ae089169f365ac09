"""Loads the help centre: reads, checks and renders every page once, when the app starts.

One file is the introduction (`_inleiding.md`), `<koppeling>.md` is the page of a koppeling, every other file a guide.
Anything wrong stops the build with all problems at once, each with file and line.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from portal.help import links
from portal.help.cache import Cache, Known, no_cache
from portal.help.front_matter import Reader
from portal.help.parts import parts_of
from portal.help.render import clean, to_html
from portal.help.source import Rewriter
from portal.help.types import EVERY_PROVIDER, Article, ContentError, FrontMatter, Heading, Library, Line, Problem
from portal.help.walks import tested_on, walk_of

INTRODUCTION = "_inleiding"
INTRODUCTION_ANCHOR = "koppelingen"
ARTICLES = "meldingen.md"  # where an article of a code belongs when nobody wrote one
ANCHORLESS = "a heading in a list or quote has no stable anchor"
FILE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Draft:
    """A file that was read well enough to be rendered. `lines` says where each field stands, `raw` is all of it.
    A page that is `known` from an earlier start has no body: nothing reads it."""

    path: Path
    raw: bytes
    key: str
    front: FrontMatter
    lines: Mapping[str, int]
    body: list[Line]
    known: Known | None = None


@dataclass(frozen=True)
class Rendered:
    """`found` is what stood in the HTML before it was made safe: what the sanitiser would drop must be complained of.
    `lines` is empty when the page came from the cache."""

    article: Article
    found: links.Found
    lines: list[Line]


def load(
    content_dir: Path,
    assets_dir: Path,
    *,
    providers: Collection[str],
    app_paths: Collection[str] = (),
    base_url: str = "",
    cache: Cache | None = None,
    codes: Collection[str] | None = None,
) -> Library:
    """Read `content_dir/*.md` and return the checked library.

    `assets_dir` is what `/assets/` serves (clips are in its folder `media`), `providers` the keys that
    front matter may name, `app_paths` the addresses outside the help centre that a page may link to, `codes` every code
    that a screen can show: each needs one article (None: they are not checked). With a `cache`
    only pages that changed are rendered again. Raises ContentError with every problem. Safe to call twice.
    """
    problems: list[Problem] = []
    cache = cache or no_cache()
    drafts = [draft for path in _files(content_dir, problems) if (draft := _read(path, providers, cache, problems))]
    drafts.sort(key=_place)
    _once(drafts, problems)
    rendered = [_remembered(draft, assets_dir / "media", cache, problems) for draft in drafts]
    faults = links.check(list(map(_for_links, drafts, rendered)), assets_dir, {*app_paths, "/"})
    faults += _code_faults(drafts, rendered, codes)
    if faults and cache.used:  # a page that was not rendered now does not know its lines
        return load(content_dir, assets_dir, providers=providers, app_paths=app_paths, base_url=base_url, codes=codes)
    if problems or faults:
        raise ContentError(problems + faults)
    cache.keep()
    tested = tested_on(content_dir)
    introduction, *articles = (_with_test(one.article, tested) for one in rendered)
    return Library(introduction, tuple(articles), assets_dir, base_url)


def _place(draft: Draft) -> tuple[bool, bool, int, str]:
    is_guide = draft.front.provider not in ("", draft.key)
    return draft.front.provider != "", is_guide, draft.front.order, draft.path.name


def _files(content_dir: Path, problems: list[Problem]) -> list[Path]:
    if not (content_dir / f"{INTRODUCTION}.md").is_file():
        problems.append(Problem(f"{INTRODUCTION}.md", 1, "the introduction is missing"))
    return sorted(content_dir.glob("*.md"))


def _read(path: Path, providers: Collection[str], cache: Cache, problems: list[Problem]) -> Draft | None:
    raw = path.read_bytes()
    if path.stem != INTRODUCTION and not FILE_NAME.fullmatch(path.stem):
        problems.append(Problem(path.name, 1, "a file name is an address: small letters, digits and single dashes"))
        return None
    known = cache.get(path.name, raw)
    if known and known.front.provider in ("", EVERY_PROVIDER, *providers):
        draft: Draft | None = Draft(path, raw, _key(path, known.front), known.front, known.lines, [], known)
    else:
        draft = _parsed(path, raw, providers, problems)
    if draft and draft.key in providers and draft.front.provider != draft.key:
        wrong = f"the page of {draft.key} must name it as its provider"
        problems.append(Problem(path.name, draft.lines["provider"], wrong))
    return draft


def _key(path: Path, front: FrontMatter) -> str:
    return path.stem if front.provider else INTRODUCTION_ANCHOR


def _parsed(path: Path, raw: bytes, providers: Collection[str], problems: list[Problem]) -> Draft | None:
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
    return Draft(path, raw, _key(path, front), front, lines, reader.body)


def _once(drafts: list[Draft], problems: list[Problem]) -> None:
    """Two pages of one kind cannot have the same order."""
    orders: dict[tuple[bool, bool, int], str] = {}
    for draft in drafts:
        place = _place(draft)[:3]
        if place in orders:
            taken = f"duplicate order {draft.front.order}, also in {orders[place]}"
            problems.append(Problem(draft.path.name, draft.lines["order"], taken))
        orders.setdefault(place, draft.path.name)


def _remembered(draft: Draft, media_dir: Path, cache: Cache, problems: list[Problem]) -> Rendered:
    if draft.known is not None:
        return Rendered(draft.known.article(draft.key), draft.known.found, [])
    fresh: list[Problem] = []
    rendered = _render(draft, media_dir, fresh)
    if not fresh:
        cache.put(draft.path.name, draft.raw, rendered.article, rendered.found, draft.lines)
    problems += fresh
    return rendered


def _render(draft: Draft, media_dir: Path, problems: list[Problem]) -> Rendered:
    rewriter, html, headings = _html(draft, media_dir, 0, problems)
    lines = rewriter.rewritten
    is_section = draft.front.provider in ("", draft.key)
    section_html = clean(_html(draft, media_dir, 1, [])[1]) if is_section else ""
    safe = clean(html)
    markdown = "\n".join(line.text for line in draft.body).strip() + "\n"
    article = Article(
        draft.key, draft.front, headings, safe, section_html, markdown, parts_of(safe), tuple(rewriter.steps),
        tuple(rewriter.codes),
    )  # fmt: skip
    return Rendered(article, links.found_in(html), lines)


def _with_test(article: Article, tested: Mapping[str, tuple[str, date]]) -> Article:
    digest, on = tested.get(article.key, ("", None))
    return replace(article, tested_on=on) if digest == walk_of(article.markdown).digest else article


def _html(
    draft: Draft, media_dir: Path, shift: int, problems: list[Problem]
) -> tuple[Rewriter, str, tuple[Heading, ...]]:
    rewriter = Rewriter(draft.path.name, draft.key, media_dir, shift)
    lines = rewriter.rewrite(draft.body)
    problems += rewriter.problems
    html, headings = to_html("\n".join(line.text for line in lines))
    problems += [
        Problem(draft.path.name, _line_with(lines, heading.text), ANCHORLESS)
        for heading in headings
        if heading.id not in rewriter.anchors
    ]
    return rewriter, html, headings


def _line_with(lines: list[Line], text: str) -> int:
    return next((line.number for line in lines if text in line.text), 1)


def _code_faults(drafts: list[Draft], rendered: list[Rendered], codes: Collection[str] | None) -> list[Problem]:
    """Codes without an article, and articles of codes that do not exist or have one already."""
    found: list[Problem] = []
    seen: set[str] = set()
    for draft, page in zip(drafts, rendered, strict=True):
        for code, _anchor in page.article.codes:
            line = next((one.number for one in draft.body if re.search(rf"\{{code:.*\b{code}(?![\w-])", one.text)), 1)
            if code in seen:
                found.append(Problem(draft.path.name, line, f"code {code} has an article already"))
            elif codes is not None and code not in codes:
                found.append(Problem(draft.path.name, line, f"there is no code {code}"))
            seen.add(code)
    missing = sorted(set(codes or ()) - seen)
    return found + [Problem(ARTICLES, 1, f"no article for code {code}") for code in missing]


def _for_links(draft: Draft, rendered: Rendered) -> links.Draft:
    on_whole_page = draft.front.provider in ("", draft.key)
    return links.Draft(
        draft.path.name, draft.key, draft.lines["title"], rendered.lines, rendered.found, on_whole_page=on_whole_page
    )
