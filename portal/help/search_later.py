"""The search engine, built when it is first needed: reading a thousand pages takes a second a start need not wait."""

from __future__ import annotations

import threading

from portal.help.once import Once
from portal.help.search import Search
from portal.help.search_types import Answer, Suggestion
from portal.help.types import Library


class SearchLater:
    """Answers as `Search` does. Safe for threads: who asks while it is being built waits for it."""

    def __init__(self, library: Library) -> None:
        self._engine = Once(lambda: Search(library))

    def warm(self) -> None:
        """Begin now, beside the rest of the start. Safe to call twice."""
        threading.Thread(target=self._engine, name="search index", daemon=True).start()

    def find(self, text: str) -> Answer:
        return self._engine().find(text)

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        return self._engine().suggest(text)
