"""The page that somebody probably meant, for an address that does not exist. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from rapidfuzz import fuzz, process, utils

from portal.help.types import Library

SCORERS = ((fuzz.ratio, 75), (fuzz.WRatio, 80))  # of 100; below it a guess helps nobody
LONGEST = 200


def nearest(library: Library, path: str) -> tuple[str, str] | None:
    """Return the title and the address of the help page or heading that is most like `path`, None when none is."""
    wanted = re.sub(r"\.(html?|md|php|aspx?)$", "", unquote(path[:LONGEST])).strip("/")
    words = wanted.removeprefix("koppelingen").replace("/", " ").strip()
    if not words:
        return None
    known = list(_known(library))
    names = [name for name, _, _ in known]
    for scorer, enough in SCORERS:  # the whole name first, then a part of it
        found = process.extractOne(
            words, names, scorer=scorer, processor=utils.default_process, score_cutoff=enough
        )  # fmt: skip
        if found:
            return known[found[2]][1:]
    return None


def _known(library: Library) -> Iterator[tuple[str, str, str]]:
    """Name, title and address; pages before headings, so that they win when both fit."""
    for article in library.articles:
        yield article.key.replace("-", " "), article.front.title, article.path
        yield article.front.title, article.front.title, article.path
    for article in library.articles:
        for heading in article.headings:
            yield heading.text, f"{article.front.title}: {heading.text}", f"{article.path}#{heading.id}"
