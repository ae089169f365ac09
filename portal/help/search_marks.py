"""Safe HTML of a piece of text, with the words that were searched for in `<mark>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from portal.help.search_words import WORD

LENGTH = 190
BEFORE = 50
OPEN, CLOSE = "\x02", "\x03"  # signs that no text has: the text is escaped with them in it


@dataclass(frozen=True)
class Marker:
    """`forms` are the words to mark, as the pages write them, each with what it shares with its other forms."""

    forms: Mapping[str, str]

    def mark(self, text: str) -> Markup:
        return _marked(text, self._found(text))

    def snippet(self, text: str) -> Markup:
        """The stretch with most of the words, cut between words."""
        found = self._found(text)
        start = self._best_start(text, found)
        end = text.rfind(" ", start, start + LENGTH) if len(text) > start + LENGTH else len(text)
        end = end if end > start else start + LENGTH
        inside = [(a - start, b - start) for a, b in found if a >= start and b <= end]
        return Markup("").join(
            ["… " if start else "", _marked(text[start:end], inside), " …" if end < len(text) else ""]
        )

    def _best_start(self, text: str, found: list[tuple[int, int]]) -> int:
        """Where the stretch begins; 0 when the words stand near the beginning anyway."""
        forms = [self.forms[text[a:b]] for a, b in found]
        most_possible = len(set(forms))
        best, most = 0, 0
        for place, (start, _) in enumerate(found):
            near = {
                forms[place + n] for n, (_a, b) in enumerate(found[place : place + 12]) if b < start + LENGTH - BEFORE
            }
            if len(near) > most:
                best, most = start, len(near)
            if most == most_possible:
                break  # no later stretch has more of them
        if (
            best < LENGTH - BEFORE
            and len({form for form, (_a, b) in zip(forms, found, strict=True) if b < LENGTH}) >= most
        ):
            return 0
        return text.find(" ", max(0, best - BEFORE), best) + 1 or best

    def _found(self, text: str) -> list[tuple[int, int]]:
        forms = self.forms
        return [found.span() for found in WORD.finditer(text) if found[0] in forms]


def _marked(text: str, found: list[tuple[int, int]]) -> Markup:
    pieces: list[str] = []
    at = 0
    for start, end in found:
        pieces += [text[at:start], OPEN, text[start:end], CLOSE]
        at = end
    safe = escape("".join([*pieces, text[at:]]))
    return Markup(safe.replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))  # noqa: S704 (escaped, then two fixed tags)
