"""What a word is, for searching: how it is folded, and what it shares with its other forms.

Dutch stemmers are not regular: tantivy's makes "took" of token and "token" of tokens. So a word is stemmed twice and
trimmed: what is left (its key) is the same for both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

WORD = re.compile(r"[^\W_]+")
WITH_HYPHENS = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
LONGEST = 60
# Words of a question that are not in tantivy's list of stop words.
ASKING = (
    "graag", "hoeveel", "kun", "kunt", "mag", "moeten", "mogen", "staan", "staat", "waar", "waarmee", "waarom",
    "wanneer", "welk", "welke", "willen", "wilt", "zit", "zitten",
)  # fmt: skip
IRREGULAR = {"leden": "lid", "lonen": "loon", "uren": "uur"}
PLURAL = re.compile(r"(?<=..[bdfgklmnprtw])s$")
LONG_VOWEL = re.compile(r"([aeou])\1")
LONG_KEY = 6


def _analyzer(*filters: Filter) -> TextAnalyzer:
    """Split at everything that is no letter or digit, small letters, no accents; then `filters`."""
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    for one in (Filter.lowercase(), Filter.ascii_fold(), *filters):
        builder = builder.filter(one)
    return builder.build()


PLAIN = _analyzer()
STEM = _analyzer(Filter.stemmer("dutch"), Filter.stemmer("dutch"))
MEANING = _analyzer(Filter.stopword("dutch"), Filter.custom_stopword(list(ASKING)))


def cleaned(text: str) -> str:
    """Return what a person typed on one line, without the signs that nobody sees (NUL, marks of direction)."""
    seen = (sign for sign in text if sign.isspace() or unicodedata.category(sign)[0] != "C")
    return " ".join(unicodedata.normalize("NFKC", "".join(seen)).split())


def folded(word: str) -> str:
    return word.lower() if word.isascii() else "".join(PLAIN.analyze(word))


def words_of(text: str) -> list[str]:
    """
    >>> words_of("Één e-mail: HourComponentVar_Insert?")
    ['een', 'e', 'mail', 'hourcomponentvar', 'insert']
    """
    return [folded(word)[:LONGEST] for word in WORD.findall(text)]


def is_stop(word: str) -> bool:
    return not MEANING.analyze(word)


def keys_of(words: Sequence[str]) -> list[str]:
    """Return the key of each folded word.

    >>> keys_of(["token", "tokens", "activeer", "geactiveerd", "teams", "uren"])
    ['tok', 'tok', 'activer', 'activer', 'team', 'ur']
    """
    singular = [IRREGULAR.get(word) or PLURAL.sub("", word) for word in words]
    stems = STEM.analyze("\n".join(singular))
    if len(stems) != len(words):  # a letter that the two sides see differently
        stems = ["".join(STEM.analyze(word)) for word in singular]
    return [_trimmed(stem) for stem in stems]


def _trimmed(stem: str) -> str:
    """Long vowels become short, and the endings go that the stemmer leaves on some forms."""
    short = LONG_VOWEL.sub(r"\1", stem).removesuffix("e")
    return short.rstrip("dt") if len(short) >= LONG_KEY else short
