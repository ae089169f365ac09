"""Takes Dutch compounds apart: urencode is uren and code, personeelsnummer is personeel and nummer.

The words to look for are those of the pages themselves, and a few short ones. A word is only taken apart when nothing
of it is left over, so a name or a code stays whole.
"""

from __future__ import annotations

from collections.abc import Iterable

from portal.help.search_words import is_stop

# Too short to be trusted when a page merely holds them ("per", "ons"), and parts that seldom stand alone.
OWN = frozenset({
    "adres", "api", "bsn", "cao", "csv", "dag", "lid", "pdf", "tag", "uur", "xml", "code", "component", "horeca",
    "loon", "lonen", "nummer", "personeel", "registratie", "strook", "stroken", "token", "uren",
})  # fmt: skip
SHORTEST = 4
SHORTEST_OWN = 3
SHORTEST_COMPOUND = 6
JOINS = ("s", "en", "n")


class Compounds:
    """Built once from the words of the pages, folded; safe to use from several threads.

    `hyphened` are the words that the pages write with hyphens, in their parts: API-token is typed as apitoken too.
    """

    def __init__(self, words: Iterable[str], hyphened: Iterable[tuple[str, ...]] = ()) -> None:
        long = {word for word in words if len(word) >= SHORTEST and word.isalpha()}
        joined = {"".join(parts): tuple(part for part in parts if len(part) > 1) for parts in hyphened}
        self._joined = joined | {"email": ("mail",)}
        bases = {word for word in long if not is_stop(word)} | OWN | self._joined.keys()
        # also with the s or en that joins a word to the next, or that makes it a plural
        self._bases = bases | {base + end for base in bases for end in JOINS}

    def split(self, word: str) -> tuple[str, ...]:
        """Return the pieces in order, () when the word is no compound."""
        if word in self._joined:
            return self._joined[word]
        if len(word) < SHORTEST_COMPOUND or not word.isalpha():
            return ()
        for at in range(len(word) - SHORTEST_OWN, SHORTEST_OWN - 1, -1):
            head, tail = word[:at], word[at:]
            if tail in self._bases and head in self._bases:
                return self._whole(head) + self._whole(tail)
        return ()

    def _whole(self, word: str) -> tuple[str, ...]:
        return self.split(word) or (word,)
