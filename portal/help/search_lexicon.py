"""Every word of the help pages: how it is written, how often, and under which terms it is found.

A word has up to three kinds of terms: itself (`=urencodes`), its key (what its forms share), and the keys of
its pieces when it is a compound or a name such as HourModel (`~ur`, `~cod`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from portal.help.search_compounds import Compounds
from portal.help.search_words import WITH_HYPHENS, WORD, folded, is_stop, keys_of

CAMEL = re.compile(r"[a-z][A-Z]")
HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
EXACT = "="
PIECE = "~"


class Lexicon:
    """`counts` are the pieces of the pages between blanks, with their punctuation. Nothing changes after it is built.

    Splitting at blanks is all that is done for each word of each page; the rest is done once for each different piece.
    """

    def __init__(self, counts: Counter[str]) -> None:
        self.count: Counter[str] = Counter()
        self.written: dict[str, str] = {}
        forms = {piece: WORD.findall(piece) for piece in counts}
        for form, number in _single(forms, counts).most_common():
            self.count[folded(form)] += number
            self.written.setdefault(folded(form), form)
        words = list(self.count)
        self._compounds = Compounds(words, {joined for piece in counts if "-" in piece for joined in _hyphened(piece)})
        self._keys = dict(zip(words, keys_of(words), strict=True))
        self._stops = {word for word in words if is_stop(word)}
        terms = {form: self._terms_of(form) for form in {form for parts in forms.values() for form in parts}}
        self.terms = frozenset(term for found in terms.values() for term in found)
        self._in_names = {piece: " ".join(t for form in parts for t in terms[form]) for piece, parts in forms.items()}
        self._in_text = {
            piece: " ".join(t for form in parts for t in self._brief(terms[form])) for piece, parts in forms.items()
        }
        self._forms = _by_key(terms)
        self.meaningful = sorted(w for w in words if len(w) > 2 and w.isalpha() and w not in self._stops)
        self.meaningful_keys = [self._keys[word] for word in self.meaningful]

    def _terms_of(self, form: str) -> tuple[str, ...]:
        word = folded(form)
        humps = [folded(hump) for hump in HUMP.findall(form)] if CAMEL.search(form) else []
        keys = dict.fromkeys((*self.piece_keys(word), *map(self.key, humps)))
        if word in self._stops:
            return (EXACT + word,)
        return (EXACT + word, self.key(word), *(PIECE + key for key in keys))

    def key(self, word: str) -> str:
        return self._keys.get(word) or keys_of([word])[0]

    def piece_keys(self, word: str) -> tuple[str, ...]:
        return tuple(map(self.key, self._compounds.split(word)))

    def _brief(self, terms: tuple[str, ...]) -> tuple[str, ...]:
        """In running text a word itself is left out, which halves the index; its key finds it."""
        return terms[1:] or terms

    def in_name(self, text: str) -> str:
        """The terms of a title, heading or keywords of the pages, with a blank between them."""
        return " ".join([self._in_names[piece] for piece in text.split()])

    def in_text(self, text: str) -> str:
        known = self._in_text
        return " ".join([known[piece] for piece in text.split()])

    def forms(self, keys: Iterable[str]) -> dict[str, str]:
        """Every word of the pages, as written, that answers to one of these keys, with the key."""
        return {form: key for key in keys for form in self._forms.get(key, ())}

    def is_known(self, word: str) -> bool:
        """Whether any page answers to this folded word, or to all pieces of it."""
        pieces = self.piece_keys(word)
        return self._has(word, self.key(word)) or (bool(pieces) and all(self._has("", piece) for piece in pieces))

    def _has(self, word: str, key: str) -> bool:
        return not self.terms.isdisjoint((EXACT + word, key, PIECE + key))


def _single(forms: dict[str, list[str]], counts: Counter[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for whole, parts in forms.items():
        for part in parts:
            found[part] += counts[whole]
    return found


def _by_key(terms: dict[str, tuple[str, ...]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for form, its_terms in terms.items():
        for term in its_terms:
            found.setdefault(term.removeprefix(PIECE), []).append(form)
    return found


def _hyphened(piece: str) -> list[tuple[str, ...]]:
    return [tuple(map(folded, whole.split("-"))) for whole in WITH_HYPHENS.findall(piece)]


def count_words(texts: Iterable[str]) -> Counter[str]:
    return Counter(" ".join(texts).split())
