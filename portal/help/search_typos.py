"""Words that no page has: which known word was probably meant.

Strict on purpose: short words and anything with a digit are never corrected, so a code is never read as another code.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import islice, pairwise, product, takewhile

from rapidfuzz import process
from rapidfuzz.distance import OSA

from portal.help.search_lexicon import Lexicon

ONE_MISTAKE = 4
TWO_MISTAKES = 7
LITTLE_MORE = 3
HALF_A_WORD = 5
CHOICES = 3
TRIES = 6
FORMS = 20


def corrections(words: Sequence[str], lexicon: Lexicon) -> Iterator[tuple[str, ...]]:
    """Yield other questions, the likeliest first. Words of which nothing like it is known stay as they are."""
    if joined := _joined(words, lexicon):
        yield joined
    choices = [[word] if lexicon.is_known(word) else nearest(word, lexicon) or [word] for word in words]
    for found in islice(product(*choices), TRIES):
        if found != tuple(words):
            yield found


def nearest(word: str, lexicon: Lexicon) -> list[str]:
    """Known words that are a mistake or two away, or that begin with this one; at most three, the nearest first."""
    mistakes = _mistakes(word)
    if not mistakes:
        return []
    names = lexicon.meaningful
    costs: dict[str, float] = {}
    # compared by their keys too: authoriseren is near to autoriseer, of which only the ending differs
    for asked, known in ((word, names), (lexicon.key(word), lexicon.meaningful_keys)):
        for _, distance, place in process.extract(
            asked, known, scorer=OSA.distance, score_cutoff=mistakes, limit=FORMS
        ):
            costs.setdefault(names[place], float(distance))
    for name in takewhile(lambda name: name.startswith(word), islice(names, bisect_left(names, word), None)):
        costs[name] = 1.0 if len(name) - len(word) <= LITTLE_MORE else 1.5
    if not costs and len(word) >= HALF_A_WORD:
        starts = [name[: len(word) + 1] for name in names]
        for _, _, place in process.extract(word, starts, scorer=OSA.distance, score_cutoff=1, limit=FORMS):
            costs[names[place]] = 2.0
    return sorted(costs, key=lambda name: (costs[name], name[0] != word[0], -lexicon.count[name]))[:CHOICES]


def _mistakes(word: str) -> int:
    if len(word) < ONE_MISTAKE or not word.isalpha():
        return 0
    return 1 if len(word) < TWO_MISTAKES else 2


def _joined(words: Sequence[str], lexicon: Lexicon) -> tuple[str, ...]:
    """`horeca lonen` is horecalonen: the first pair of which a word is unknown and both together are known."""
    for place, (one, other) in enumerate(pairwise(words)):
        both_known = lexicon.is_known(one) and lexicon.is_known(other)
        if not both_known and lexicon.count[one + other]:
            return (*words[:place], one + other, *words[place + 2 :])
    return ()
