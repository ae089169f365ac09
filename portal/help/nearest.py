"""The page that somebody probably meant, for an address that does not exist. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from rapidfuzz import fuzz, process, utils

from portal.help.types import Library

# of 100; below it a guess helps nobody. First the whole name with a typing mistake, then some of its words.
SCORERS = ((fuzz.ratio, 75), (fuzz.token_set_ratio, 90))
ENDING = re.compile(r"\.(html?|md|php|aspx?)$")
LONGEST = 200
OTHERS = (("zoeken", "Zoeken", "/zoeken"),)  # pages of the help centre that are no article


def nearest(library: Library, path: str) -> tuple[str, str] | None:
    """Return the title and the address of the help page or heading that is most like `path`, None when none is."""
    wanted = ENDING.sub("", unquote(path[:LONGEST]).strip("/"))
    words = (wanted.removeprefix("koppelingen/") or wanted).replace("/", " ").strip()
    known = list(_known(library))
    names = [name for name, _, _ in known]
    for scorer, enough in SCORERS:
        found = process.extractOne(words, names, scorer=scorer, processor=utils.default_process, score_cutoff=enough)
        if found:
            return known[found[2]][1:]
    return None


def _known(library: Library) -> Iterator[tuple[str, str, str]]:
    """Name, title and address; pages before headings, so that they win when both fit, and the main page after its own
    pages: its name is a part of their addresses."""
    for article in (*library.articles, library.introduction):
        yield article.key.replace("-", " "), article.front.title, article.path
        yield article.front.title, article.front.title, article.path
    yield from OTHERS
    for article in library.articles:
        for heading in article.headings:
            yield heading.text, f"{article.front.title}: {heading.text}", f"{article.path}#{heading.id}"
