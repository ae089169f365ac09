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
        pieces: list[str] = []
        at = 0
        for start, end in self._found(text):
            pieces += [text[at:start], OPEN, text[start:end], CLOSE]
            at = end
        safe = escape("".join([*pieces, text[at:]]))
        return Markup(safe.replace(OPEN, "<mark>").replace(CLOSE, "</mark>"))  # noqa: S704 (escaped, then two fixed tags)

    def snippet(self, text: str) -> Markup:
        """The stretch with most of the words, cut between words."""
        start = self._best_start(text)
        end = text.rfind(" ", start, start + LENGTH) if len(text) > start + LENGTH else len(text)
        end = end if end > start else start + LENGTH
        return Markup("").join(["… " if start else "", self.mark(text[start:end]), " …" if end < len(text) else ""])

    def _best_start(self, text: str) -> int:
        """Where the stretch begins; 0 when the words stand near the beginning anyway."""
        found = self._found(text)
        best, most = 0, 0
        for place, (start, _) in enumerate(found):
            near = {self.forms[text[a:b]] for a, b in found[place : place + 12] if b < start + LENGTH - BEFORE}
            if len(near) > most:
                best, most = start, len(near)
        if best < LENGTH - BEFORE and len({self.forms[text[a:b]] for a, b in found if b < LENGTH}) >= most:
            return 0
        return text.find(" ", max(0, best - BEFORE), best) + 1 or best

    def _found(self, text: str) -> list[tuple[int, int]]:
        forms = self.forms
        return [found.span() for found in WORD.finditer(text) if found[0] in forms]
