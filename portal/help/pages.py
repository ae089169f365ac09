"""Opens the help centre: reads and checks every page when the app starts.

One file is the introduction (`_inleiding.md`), `<koppeling>.md` is the page of a koppeling, every other file a guide.
What is cheap happens at once, HTML is made later (decision 0011). Anything wrong is told with file and line, and
everything at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.help import drafts, links
from portal.help.cache import Cache, no_cache
from portal.help.drafts import INTRODUCTION, Draft
from portal.help.making import Made, make
from portal.help.once import Once
from portal.help.opening import Opening
from portal.help.types import EVERY_PROVIDER, Article, ContentError, Library, Problem
from portal.help.walks import Tested, tested, walk_of

ARTICLES = "meldingen.md"  # where an article of a code belongs when nobody wrote one
FILE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Page:
    draft: Draft
    article: Article
    made: Once[Made]


def begin(
    content_dir: Path,
    assets_dir: Path,
    *,
    providers: Collection[str],
    app_paths: Collection[str] = (),
    base_url: str = "",
    cache: Cache | None = None,
    codes: Collection[str] | None = None,
) -> Opening:
    """Read `content_dir/*.md`; `check` of what this returns gives the checked library.

    `assets_dir` is what `/assets/` serves (clips are in its folder `media`), `providers` the keys that
    front matter may name, `app_paths` the addresses outside the help centre that a page may link to, `codes` every code
    that a screen can show: each needs one article (None: they are not checked). With a `cache`
    only pages that changed are rendered again. Raises ContentError when something is wrong that can be seen without
    HTML, and then with every problem. Safe to call twice.
    """
    problems: list[Problem] = []
    cache, media_dir = cache or no_cache(), assets_dir / "media"
    found = (_read(path, providers, cache, media_dir, problems) for path in _files(content_dir, problems))
    ordered = sorted((draft for draft in found if draft), key=lambda draft: draft.place)
    walked = tested(content_dir)
    pages = [_page(draft, media_dir, walked) for draft in ordered]
    problems += [*_same_order(ordered), *_code_faults(pages, codes)]
    double = list(links.double(list(map(_with_headings, pages))))
    paths = {*app_paths, "/"}
    if problems or double:
        raise ContentError([*problems, *(_check(pages, assets_dir, paths) or double)])
    introduction, *articles = (page.article for page in pages)
    library = Library(introduction, tuple(articles), assets_dir, base_url)
    unmade = sum(page.draft.known is None for page in pages)
    return Opening(library, unmade, Once(lambda: _checked(pages, assets_dir, paths, cache)))


def _files(content_dir: Path, problems: list[Problem]) -> list[Path]:
    if not (content_dir / f"{INTRODUCTION}.md").is_file():
        problems.append(Problem(f"{INTRODUCTION}.md", 1, "the introduction is missing"))
    return sorted(content_dir.glob("*.md"))


def _read(
    path: Path, providers: Collection[str], cache: Cache, media_dir: Path, problems: list[Problem]
) -> Draft | None:
    if path.stem != INTRODUCTION and not FILE_NAME.fullmatch(path.stem):
        problems.append(Problem(path.name, 1, "a file name is an address: small letters, digits and single dashes"))
        return None
    raw = path.read_bytes()
    known = cache.get(path.name, raw)
    if known and known.front.provider in ("", EVERY_PROVIDER, *providers):
        draft: Draft | None = drafts.remembered(path, raw, known, media_dir)
    else:
        draft = drafts.read(path, raw, providers, media_dir, problems)
        problems += draft.text().problems if draft else ()
    if draft and draft.key in providers and draft.front.provider != draft.key:
        wrong = f"the page of {draft.key} must name it as its provider"
        problems.append(Problem(path.name, draft.fields["provider"], wrong))
    return draft


def _page(draft: Draft, media_dir: Path, walked: Mapping[str, Tested]) -> Page:
    if draft.known is None:
        made = Once(lambda: make(draft, media_dir))
    else:
        shown, found = draft.known.shown, draft.known.found
        made = Once(lambda: Made(shown(), found))
    source = draft.known or draft.text()
    known = walked.get(draft.key)
    still = known if known and known.digest == walk_of(source.markdown).digest else None
    article = Article(
        draft.key, draft.front, source.headings, source.markdown, Once(lambda: made().shown), source.steps,
        source.codes, still.on if still else None, on_screen=bool(still and still.on_screen),
    )  # fmt: skip
    return Page(draft, article, made)


def _same_order(ordered: Sequence[Draft]) -> list[Problem]:
    """Two pages of one kind cannot have the same order."""
    problems: list[Problem] = []
    orders: dict[tuple[bool, bool, int], str] = {}
    for draft in ordered:
        place = draft.place[:3]
        if place in orders:
            taken = f"duplicate order {draft.front.order}, also in {orders[place]}"
            problems.append(Problem(draft.path.name, draft.fields["order"], taken))
        orders.setdefault(place, draft.path.name)
    return problems


def _code_faults(pages: Sequence[Page], codes: Collection[str] | None) -> list[Problem]:
    """Codes without an article, and articles of codes that do not exist or have one already."""
    found: list[Problem] = []
    seen: set[str] = set()
    for page in pages:
        for code, _anchor in page.article.codes:
            if code in seen:
                found.append(Problem(page.draft.path.name, _line_of(page, code), f"code {code} has an article already"))
            elif codes is not None and code not in codes:
                found.append(Problem(page.draft.path.name, _line_of(page, code), f"there is no code {code}"))
            seen.add(code)
    missing = sorted(set(codes or ()) - seen)
    return found + [Problem(ARTICLES, 1, f"no article for code {code}") for code in missing]


def _line_of(page: Page, code: str) -> int:
    mark = re.compile(rf"\{{code:.*\b{code}(?![\w-])")
    return next((line.number for line in page.draft.text().body if mark.search(line.text)), 1)


def _check(pages: Sequence[Page], assets_dir: Path, app_paths: Collection[str]) -> list[Problem]:
    """What only the HTML shows to be wrong."""
    problems = [fault for page in pages for fault in page.made().problems]
    return problems + links.check([_for_links(page, page.made().found) for page in pages], assets_dir, app_paths)


def _checked(pages: Sequence[Page], assets_dir: Path, app_paths: Collection[str], cache: Cache) -> tuple[Problem, ...]:
    problems = _check(pages, assets_dir, app_paths)
    if not problems:
        for page in (page for page in pages if page.draft.known is None):
            cache.put(page.draft.path.name, page.draft.raw, page.article, page.made().found, page.draft.fields)
        cache.keep()
    return tuple(problems)


def _with_headings(page: Page) -> links.Draft:
    """A page with the anchors that are known before there is HTML."""
    return _for_links(page, links.Found((), tuple(heading.id for heading in page.article.headings), ()))


def _for_links(page: Page, found: links.Found) -> links.Draft:
    draft = page.draft
    return links.Draft(
        draft.path.name, draft.key, draft.fields["title"], lambda: draft.text().lines, found,
        on_whole_page=draft.is_section,
    )  # fmt: skip
