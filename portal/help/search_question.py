"""What a person asked: the text as it is shown again, and the words that count. Signs have no meaning of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.help.search_words import WORD, cleaned, folded, is_stop, words_of

LONGEST = 200
MOST_WORDS = 12


@dataclass(frozen=True)
class Question:
    """`words` are folded. `cut` says that more was typed than is searched for."""

    text: str
    words: tuple[str, ...]
    cut: bool


def read(typed: str, *, keep_last: bool = False) -> Question:
    """Stop words and loose letters do not count, unless there is nothing else.

    `keep_last`: the last word is unfinished, so it counts whatever it is.
    """
    text = cleaned(typed[: 10 * LONGEST])
    kept = text[:LONGEST].rstrip()
    words = words_of(kept)
    counting = [word for word in words if not is_stop(word) and (len(word) > 1 or word.isdigit())]
    if keep_last and words:
        counting = [*(counting[:-1] if counting[-1:] == words[-1:] else counting), words[-1]]
    chosen = tuple(dict.fromkeys(counting or words))
    return Question(kept, chosen[:MOST_WORDS], len(text) > LONGEST or len(chosen) > MOST_WORDS)


def corrected(question: Question, words: Sequence[str], written: Mapping[str, str]) -> str:
    """The question with other words, as the pages write them."""
    if len(words) != len(question.words):
        return " ".join(written.get(word, word) for word in words)
    changes = {old: new for old, new in zip(question.words, words, strict=True) if old != new}

    def change(found: re.Match[str]) -> str:
        new = changes.get(folded(found[0]))
        return written[new] if new else found[0]

    return WORD.sub(change, question.text)
