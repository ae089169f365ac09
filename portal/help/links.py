"""Checks on rendered pages together: anchors are unique, and no link inside the site is dead."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.help.render import TAGS
from portal.help.types import Line, Problem

WHOLE_PAGE = "/koppelingen"
INTRODUCTION = "koppelingen"  # its anchor; it has no page of its own


@dataclass(frozen=True)
class Draft:
    """A file before it is trusted: `key` is its section anchor, `start` the line of its title. `lines` are asked for
    when something is wrong only."""

    file: str
    key: str
    start: int
    lines: Callable[[], Sequence[Line]]
    found: Found
    on_whole_page: bool = True


@dataclass(frozen=True)
class Found:
    """The kinds of tags, the ids and the addresses in a piece of HTML; ids and addresses in order."""

    tags: tuple[str, ...]
    ids: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass
class _Reading(HTMLParser):
    tags: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("class") != "headerlink":
            self.targets += [values[name] for name in ("href", "src", "poster") if name in values]


def found_in(html: str) -> Found:
    reading = _Reading()
    reading.feed(html)
    reading.close()
    return Found(tuple(sorted(reading.tags)), tuple(reading.ids), tuple(reading.targets))


def check(drafts: list[Draft], assets_dir: Path, app_paths: Collection[str]) -> list[Problem]:
    """Return every double anchor and every dead link; `app_paths` are the other addresses of the app."""
    anchors = {draft.key: [draft.key, *draft.found.ids] for draft in drafts}
    whole = {anchor for draft in drafts if draft.on_whole_page for anchor in anchors[draft.key]}
    problems = list(double(drafts))
    for draft in drafts:
        problems += _forbidden(draft)
        site = Site(draft.key, anchors, whole, assets_dir, app_paths)
        problems += [
            Problem(draft.file, _line_of(draft, target), reason)
            for target in draft.found.targets
            if (reason := site.fault(target))
        ]
    return problems


def _forbidden(draft: Draft) -> Iterator[Problem]:
    for tag in sorted(set(draft.found.tags) - TAGS):
        yield Problem(draft.file, _line_of(draft, f"<{tag}"), f"this tag is not allowed: {tag}")


def double(drafts: list[Draft]) -> Iterator[Problem]:
    """Every anchor that stands in two places. Only its line is looked up: those of all pages would take a second."""
    seen: dict[str, tuple[Draft, int]] = {}
    for draft in drafts:
        counted: dict[str, int] = {}
        for anchor in (draft.key, *draft.found.ids):
            nth = counted.get(anchor, 0)
            counted[anchor] = nth + 1
            if anchor in seen:
                first, place = seen[anchor]
                before = f"{first.file}:{_line_of_anchor(first, anchor, place)}"
                line = _line_of_anchor(draft, anchor, nth)
                yield Problem(draft.file, line, f"duplicate anchor #{anchor}, first at {before}")
            seen.setdefault(anchor, (draft, nth))


def _line_of_anchor(draft: Draft, anchor: str, nth: int) -> int:
    written = re.compile(rf"\{{:?[^}}]*#{re.escape(anchor)}[\s}}]|\bid=[\"']?{re.escape(anchor)}\b")
    lines = [line.number for line in draft.lines() if written.search(line.text)]
    if anchor == draft.key:
        lines.insert(0, draft.start)
    return lines[min(nth, len(lines) - 1)] if lines else draft.start


def _line_of(draft: Draft, target: str) -> int:
    return next((line.number for line in draft.lines() if target in line.text), draft.start)


@dataclass(frozen=True)
class Site:
    """What one page may link to: `key` is the page, `anchors` all pages with their anchors, `whole` those of the
    whole page."""

    key: str
    anchors: Mapping[str, Collection[str]]
    whole: Collection[str]
    assets_dir: Path
    app_paths: Collection[str]

    def fault(self, target: str) -> str | None:
        """Say what is wrong with a link, or None."""
        try:
            parts = urlsplit(target)
        except ValueError:
            return f"this is no address: {target}"
        path, anchor = unquote(parts.path), unquote(parts.fragment)
        if parts.scheme in ("https", "mailto"):
            return None
        if parts.scheme or parts.netloc:
            return f"this kind of link is not allowed: {target}"
        if path.startswith("/assets/"):
            return self._asset(path)
        known = self._anchors_of(path)
        if known is None:
            return None if path in self.app_paths else f"dead link: {target}"
        return f"dead link: there is no anchor {target}" if anchor and anchor not in known else None

    def _asset(self, path: str) -> str | None:
        root = self.assets_dir.resolve()
        file = (root / path.removeprefix("/assets/")).resolve()
        return None if file.is_relative_to(root) and file.is_file() else f"dead link: no such file {path}"

    def _anchors_of(self, path: str) -> Collection[str] | None:
        if not path:
            return self.anchors[self.key]
        if path == WHOLE_PAGE:
            return self.whole
        key = path.removeprefix(f"{WHOLE_PAGE}/")
        return self.anchors.get(key) if key not in (path, INTRODUCTION) else None
