"""The index: one document for each part of a page, in memory, in tantivy. Read only once it is built.

A tantivy searcher is a picture that never changes and gives the GIL away while it looks, so all threads share one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import tantivy
from tantivy import Document, Occur, Query, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from portal.help.search_lexicon import EXACT, PIECE, Lexicon
from portal.help.search_types import Entry

# How much a word counts, by where it stands. `title` and `keys` are those of a page, found at its top; `page` holds
# both for each part of the page.
FIELDS = {"title": 8.0, "head": 5.0, "keys": 4.0, "page": 2.0, "text": 1.0}
NAMES = ("title", "head", "keys", "page")
KINDS = {EXACT: 1.4, "": 1.0, PIECE: 0.7}
TIE = 0.15
HEAP = 30_000_000  # one segment holds the terms of some thousand pages
FOUND = 60


@dataclass(frozen=True)
class Found:
    number: int
    score: float


class Index:
    def __init__(self, entries: Sequence[Entry], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._schema = _schema()
        index = tantivy.Index(self._schema)
        index.register_tokenizer("terms", TextAnalyzerBuilder(Tokenizer.whitespace()).build())
        writer = index.writer(HEAP, 1)
        for document in _documents(entries, lexicon):
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        self._searcher = index.searcher()

    def search(self, query: Query, limit: int = FOUND) -> list[Found]:
        """The best parts first; equal ones in the order of the site."""
        hits = self._searcher.search(query, limit, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        found = [Found(int(number or 0), score) for number, (score, _) in zip(numbers, hits, strict=True)]
        return sorted(found, key=lambda one: (-round(one.score, 3), one.number))

    def pages(self, query: Query) -> int:
        """How many pages have a part that is found."""
        return round(self._searcher.cardinality(query, "page_number"))

    def word(self, word: str, fields: Iterable[str] = FIELDS) -> Query:
        """What has this folded word, a form of it, a compound with it, or all of its pieces."""
        fields = tuple(fields)
        ways = self._terms(EXACT, word, fields) + self._keys(self._lexicon.key(word), fields)
        pieces = [self._any(self._keys(key, fields)) for key in self._lexicon.piece_keys(word)]
        return self._any([*ways, self.all_of(pieces)] if pieces else ways)

    def starting(self, start: str, fields: Iterable[str], *, typo: bool = False) -> Query:
        """What has a word that starts so in these fields."""
        return self._any(
            [Query.boost_query(self._start(field, EXACT + start, typo=typo), FIELDS[field]) for field in fields]
        )

    def _start(self, field: str, start: str, *, typo: bool) -> Query:
        if typo:
            return Query.fuzzy_term_query(self._schema, field, start, distance=1, prefix=True)
        return Query.regex_query(self._schema, field, f"{start}.*")

    def all_of(self, queries: Iterable[Query]) -> Query:
        return Query.boolean_query([(Occur.Must, query) for query in queries])

    def every(self, words: Sequence[str]) -> Query:
        """What has all words; more so when its heading alone has them all."""
        heading = self.all_of([self.word(word, ("head",)) for word in words])
        asked = [(Occur.Must, self.word(word)) for word in words]
        return Query.boolean_query([*asked, (Occur.Should, Query.boost_query(heading, 2.0))])

    def most_of(self, queries: Sequence[Query], least: int) -> Query:
        return Query.boolean_query([(Occur.Should, query) for query in queries], least)

    def among(self, query: Query, numbers: Iterable[int]) -> set[int]:
        """Which of these documents the query finds."""
        wanted = list(numbers)
        own = Query.const_score_query(Query.term_set_query(self._schema, "number", wanted), 1.0)
        return {found.number for found in self.search(self.all_of([query, own]), len(wanted) or 1)}

    def _keys(self, key: str, fields: tuple[str, ...]) -> list[Query]:
        return self._terms("", key, fields) + self._terms(PIECE, key, fields)

    def _terms(self, kind: str, value: str, fields: tuple[str, ...]) -> list[Query]:
        term = kind + value
        if term not in self._lexicon.terms:
            return []
        return [
            Query.boost_query(Query.term_query(self._schema, field, term, "freq"), FIELDS[field] * KINDS[kind])
            for field in fields
        ]

    def _any(self, queries: Sequence[Query]) -> Query:
        return Query.disjunction_max_query(queries, TIE) if queries else Query.empty_query()


def _schema() -> tantivy.Schema:
    builder = SchemaBuilder().add_integer_field("number", fast=True, indexed=True)
    builder = builder.add_integer_field("page_number", fast=True)
    for field in FIELDS:
        builder = builder.add_text_field(field, tokenizer_name="terms", index_option="freq")
    return builder.build()


def _documents(entries: Sequence[Entry], lexicon: Lexicon) -> Iterator[Document]:
    """One for each entry, in order. The parts of a page follow each other."""
    page, number_of_page, title, keys = None, -1, "", ""
    for number, entry in enumerate(entries):
        if entry.article is not page:
            page, number_of_page = entry.article, number_of_page + 1
            title, keys = lexicon.in_name(page.front.title), lexicon.in_name(" ".join(page.front.keywords))
        own = (
            {"head": lexicon.in_name(entry.part.title)}
            if entry.part.anchor
            else {"head": title, "title": title, "keys": keys}
        )
        text = lexicon.in_text(entry.text)
        yield Document(number=number, page_number=number_of_page, page=f"{title} {keys}", text=text, **own)
