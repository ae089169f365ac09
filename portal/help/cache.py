"""Keeps pages as they were read and rendered in one file, so that a start works only on what changed.

A page is known by the bytes of its file, the clips beside it and the code that renders it. The file may be lost or
damaged at any time: then everything is rendered again. It is written whole or not at all.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from portal.help.links import Found
from portal.help.once import Once
from portal.help.types import Article, Change, FrontMatter, Heading, Part, Shown
from portal.kernel.logs import warn

HERE = Path(__file__).parent
RENDERERS = (
    "cache.py", "captions.py", "drafts.py", "front_matter.py", "links.py", "making.py", "media.py", "pages.py",
    "parts.py", "render.py", "source.py",
)  # fmt: skip
LIBRARIES = ("markdown", "nh3", "lxml", "python-frontmatter", "pyyaml")


@dataclass(frozen=True)
class Known:
    """A page as it was read and rendered before."""

    front: FrontMatter
    lines: Mapping[str, int]
    headings: tuple[Heading, ...]
    markdown: str
    steps: tuple[str, ...]
    codes: tuple[tuple[str, str], ...]
    found: Found
    shown: Once[Shown]


@dataclass
class Cache:
    """`path` None keeps nothing. `used`: whether any page came from the file. For one thread."""

    path: Path | None
    media_dir: Path | None = None
    used: bool = False
    _before: dict[str, Any] = field(default_factory=dict)
    _now: dict[str, Any] = field(default_factory=dict)
    _version: str = ""

    def get(self, name: str, raw: bytes) -> Known | None:
        row = self._before.get(self._key(name, raw))
        if row is None:
            return None
        self.used = True
        self._now[self._key(name, raw)] = row
        return _known(row)

    def put(self, name: str, raw: bytes, article: Article, found: Found, lines: Mapping[str, int]) -> None:
        self._now[self._key(name, raw)] = {
            "front": _plain(article.front), "lines": dict(lines),
            "found": [found.tags, found.ids, found.targets],
            "headings": [[h.id, h.text, h.level] for h in article.headings],
            "parts": [[p.anchor, p.title, p.text] for p in article.parts],
            "html": article.html, "section": article.section_html, "markdown": article.markdown,
            "steps": article.steps, "codes": article.codes,
        }  # fmt: skip

    def keep(self) -> None:
        """Write what this start used. A folder that cannot be written costs time at the next start, no more."""
        if self.path is None or self._now.keys() == self._before.keys():
            return
        staged = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            staged.write_text(json.dumps(self._now), encoding="utf-8")
            staged.replace(self.path)
        except OSError as error:
            warn("rendered pages are not kept", error=type(error).__name__)

    def _key(self, name: str, raw: bytes) -> str:
        return hashlib.sha256(b"\0".join((self._version.encode(), name.encode(), raw))).hexdigest()


def _plain(front: FrontMatter) -> dict[str, Any]:
    changes = [[change.on.isoformat(), change.what] for change in front.changes]
    return {**vars(front), "checked_on": front.checked_on.isoformat(), "changes": changes}


def _front(row: Mapping[str, Any]) -> FrontMatter:
    changes = tuple(Change(date.fromisoformat(on), what) for on, what in row["changes"])
    days = {"checked_on": date.fromisoformat(row["checked_on"]), "changes": changes}
    return FrontMatter(**{**row, **days, "keywords": tuple(row["keywords"])})


def _known(row: Mapping[str, Any]) -> Known:
    return Known(
        _front(row["front"]), row["lines"], tuple(Heading(*one) for one in row["headings"]), row["markdown"],
        tuple(row["steps"]), tuple((code, anchor) for code, anchor in row["codes"]),
        Found(*(tuple(part) for part in row["found"])), Once(lambda: _shown(row)),
    )  # fmt: skip


def _shown(row: Mapping[str, Any]) -> Shown:
    return Shown(row["html"], row["section"], tuple(Part(*one) for one in row["parts"]))


def no_cache() -> Cache:
    return Cache(None)


def open_cache(path: Path, media_dir: Path) -> Cache:
    """Read what an earlier start kept; an unreadable file counts as an empty one."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        before = {}
    return Cache(path, media_dir, _before=before if isinstance(before, dict) else {}, _version=_version_of(media_dir))


def _version_of(media_dir: Path) -> str:
    """Changes with the code that renders, its libraries, and the clips that a page may show."""
    known = hashlib.sha256()
    for name in RENDERERS:
        known.update((HERE / name).read_bytes())
    for library in LIBRARIES:
        known.update(f"{library} {version(library)}\n".encode())
    for file in sorted(media_dir.glob("*")):
        facts = file.stat()
        known.update(f"{file.name} {facts.st_size} {facts.st_mtime_ns}\n".encode())
    return known.hexdigest()
