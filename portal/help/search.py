"""Finds parts of help pages for what a person typed. Built once at start; safe in several threads.

All words must be found, in one part or in the title and keywords of its page. Nothing found: the nearest known words.
Still nothing: parts with as many of the words as possible. The answer says which of these it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tantivy import Query

from portal.help.search_index import FOUND, NAMES, Found, Index
from portal.help.search_lexicon import EXACT, Lexicon, count_words
from portal.help.search_marks import Marker
from portal.help.search_question import Question, corrected, read
from portal.help.search_types import Answer, Entry, Group, Hit, Suggestion
from portal.help.search_typos import corrections
from portal.help.types import Article, Library

PAGES = 10
OTHERS = 3
SUGGESTIONS = 6
LEAST_LETTERS = 2
LETTERS_FOR_TYPO = 4


class Search:
    def __init__(self, library: Library) -> None:
        self._entries = [Entry(page, part) for page in library.pages for part in page.parts]
        self._lexicon = Lexicon(count_words(text for page in library.pages for text in _texts(page)))
        self._index = Index(self._entries, self._lexicon)

    def find(self, text: str) -> Answer:
        question = read(text)
        answer = Answer(question.text, cut=question.cut)
        if not question.words:
            return answer
        return self._all(answer, question.words) or self._otherwise(answer, question)

    def _all(self, answer: Answer, words: Sequence[str]) -> Answer | None:
        """The answer with every word, None when nothing has them all."""
        if not all(map(self._lexicon.is_known, words)):
            return None
        query = self._index.every(words)
        found = self._index.search(query)
        return self._filled(answer, words, found, query) if found else None

    def _otherwise(self, answer: Answer, question: Question) -> Answer:
        """Other words in place of those that are not known; else the likeliest of these, and not all of them."""
        others = list(corrections(question.words, self._lexicon))
        for words in others:
            text = corrected(question, words, self._lexicon.written)
            if found := self._all(replace(answer, corrected=text), words):
                return found
        return self._loose(answer, question, next(iter(others), question.words))

    def _loose(self, answer: Answer, question: Question, words: tuple[str, ...]) -> Answer:
        """As many words as possible."""
        known = [word for word in words if self._lexicon.is_known(word)]
        queries = [self._index.word(word) for word in known]
        for least in range(len(known), 0, -1):
            query = self._index.most_of(queries, least)
            if found := self._index.search(query):
                changed = corrected(question, words, self._lexicon.written) if words != question.words else ""
                unknown = tuple(word for word in words if word not in known)
                answer = replace(answer, corrected=changed, unknown=unknown, loose=True)
                return self._filled(answer, known, found, query)
        return answer

    def _filled(self, answer: Answer, words: Sequence[str], found: list[Found], query: Query) -> Answer:
        by_page: dict[str, list[int]] = {}
        for one in found:
            by_page.setdefault(self._entries[one.number].article.key, []).append(one.number)
        total = len(by_page) if len(found) < FOUND else self._index.pages(query)
        shown = list(by_page.values())[:PAGES]
        marker = Marker(self._lexicon.forms(self._keys(words)))
        missing = self._missing(words, [numbers[0] for numbers in shown]) if answer.loose else {}
        groups = tuple(self._group(numbers, marker, missing.get(numbers[0], ())) for numbers in shown)
        return replace(answer, groups=groups, total=total)

    def _keys(self, words: Sequence[str]) -> set[str]:
        """What to mark: forms of the words and of their pieces, and the words themselves when they are stop words."""
        found = {key for word in words for key in (self._lexicon.key(word), *self._lexicon.piece_keys(word))}
        return found | {EXACT + word for word in words}

    def _missing(self, words: Sequence[str], numbers: list[int]) -> dict[int, tuple[str, ...]]:
        if len(words) == 1:
            return {}
        have = {word: self._index.among(self._index.word(word), numbers) for word in words}
        return {
            number: tuple(self._lexicon.written.get(word, word) for word in words if number not in have[word])
            for number in numbers
        }

    def _group(self, numbers: list[int], marker: Marker, without: tuple[str, ...]) -> Group:
        best = self._entries[numbers[0]]
        hit = Hit(best.address, marker.mark(best.title), best.trail, marker.snippet(best.text), without)
        return Group(hit, tuple(self._brief(number, marker) for number in numbers[1 : OTHERS + 1]))

    def _brief(self, number: int, marker: Marker) -> Hit:
        entry = self._entries[number]
        return Hit(entry.address, marker.mark(entry.title), entry.trail)

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        """Titles and headings with the words, of which the last may be unfinished."""
        question = read(text, keep_last=True)
        if not question.words or len(question.words[-1]) < LEAST_LETTERS:
            return ()
        *before, last = question.words
        numbers = self._starting(before, last, ("title", "head"))
        numbers += self._starting(before, last, ("keys",))
        if not numbers and len(last) >= LETTERS_FOR_TYPO:
            numbers = self._starting(before, last, ("title", "head"), typo=True)
        return tuple(self._suggestion(number) for number in list(dict.fromkeys(numbers))[:SUGGESTIONS])

    def _starting(self, before: list[str], last: str, fields: tuple[str, ...], *, typo: bool = False) -> list[int]:
        names = [self._index.word(word, NAMES) for word in before]
        query = self._index.all_of([*names, self._index.starting(last, fields, typo=typo)])
        return [found.number for found in self._index.search(query, 4 * SUGGESTIONS)]

    def _suggestion(self, number: int) -> Suggestion:
        entry = self._entries[number]
        return Suggestion(entry.title, entry.article.front.title, entry.address)


def _texts(page: Article) -> list[str]:
    parts = [text for part in page.parts for text in (part.title, part.text)]
    return [page.front.title, page.front.summary, *page.front.keywords, *parts]
