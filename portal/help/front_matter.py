"""Reads the front matter of a help page: the YAML between the first two lines of three dashes.

Every complaint carries the line it belongs to; python-frontmatter alone would lose it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from frontmatter.default_handlers import YAMLHandler
from yaml import MarkedYAMLError, YAMLError  # type: ignore[import-untyped]

from portal.help.types import EVERY_PROVIDER, Change, FrontMatter, Line, Problem

FENCE = "---"
COMMON = ("title", "summary", "owner", "checked_on", "changes", "keywords")
ONLY_ARTICLE = ("provider", "order")


class Reader:
    """Checks the fields of one file and collects what is wrong with them."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.end = _end_of_header(lines)
        self.header = lines[1 : self.end] if self.end else []
        self.body = [Line(n, text) for n, text in enumerate(lines[self.end + 1 :], self.end + 2)]

    def line_of(self, name: str) -> int:
        for number, text in enumerate(self.header, 2):
            if text.startswith(f"{name}:"):
                return number
        return 1

    def complain(self, line: int, reason: str) -> None:
        self.problems.append(Problem(self.file, line, reason))

    def values(self) -> Mapping[str, Any]:
        if not self.end:
            self.complain(1, "front matter is missing: start with a line of three dashes, and end it so")
            return {}
        try:
            found = YAMLHandler().load("\n".join(self.header))
        except YAMLError as error:
            self.complain(_line_of_error(error), "front matter is not valid YAML")
            return {}
        if not isinstance(found, dict):
            self.complain(2, "front matter must be a list of `name: value`")
            return {}
        return found

    def read(self, *, introduction: bool, providers: Collection[str]) -> FrontMatter | None:
        """Return the fields, or None when something is wrong; `problems` then says what."""
        values = self.values()
        if self.problems:
            return None
        self._names(values, COMMON if introduction else COMMON + ONLY_ARTICLE)
        front = FrontMatter(
            title=self._text(values, "title"),
            summary=self._text(values, "summary"),
            owner=self._text(values, "owner"),
            checked_on=self._date(values, "checked_on"),
            changes=self._changes(values),
            keywords=self._keywords(values),
            provider="" if introduction else self._provider(values, providers),
            order=0 if introduction else self._order(values),
        )
        return None if self.problems else front

    def _names(self, values: Mapping[str, Any], wanted: tuple[str, ...]) -> None:
        for name in values:
            if name not in wanted:
                self.complain(self.line_of(str(name)), f"unknown field in front matter: {name}")
        written = [m[1] for text in self.header if (m := re.match(r"(\w+):", text))]
        for name in {n for n in written if written.count(n) > 1}:
            self.complain(self.line_of(name), f"field stands twice in front matter: {name}")

    def _present(self, values: Mapping[str, Any], name: str) -> Any:
        if values.get(name) is None:
            self.complain(self.line_of(name), f"field is missing in front matter: {name}")
        return values.get(name)

    def _text(self, values: Mapping[str, Any], name: str) -> str:
        value = self._present(values, name)
        if value is not None and not (isinstance(value, str) and value.strip()):
            self.complain(self.line_of(name), f"{name} must be a text")
        return str(value).strip()

    def _date(self, values: Mapping[str, Any], name: str) -> date:
        value = self._present(values, name)
        if type(value) is date:
            return value
        if value is not None:
            self.complain(self.line_of(name), f"{name} must be a date such as 2026-11-22")
        return date.min

    def _changes(self, values: Mapping[str, Any]) -> tuple[Change, ...]:
        """A list of `- 2026-11-22: What is different`, in any order."""
        value = self._present(values, "changes")
        entries = [pair for one in value for pair in one.items()] if _is_list_of(dict, value) else []
        if entries and all(type(on) is date and isinstance(what, str) and what.strip() for on, what in entries):
            return tuple(sorted((Change(on, what.strip()) for on, what in entries), key=_newest_first))
        if value is not None:
            self.complain(self.line_of("changes"), "changes must be a list such as - 2026-11-22: Wat er anders is")
        return (Change(date.min, ""),)

    def _keywords(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        value = self._present(values, "keywords")
        if _is_list_of(str, value) and all(value):
            return tuple(value)
        if value is not None:
            self.complain(self.line_of("keywords"), "keywords must be a list of texts")
        return ()

    def _provider(self, values: Mapping[str, Any], providers: Collection[str]) -> str:
        value = self._text(values, "provider")
        known = sorted({*providers, EVERY_PROVIDER})
        if values.get("provider") is not None and value not in known:
            self.complain(self.line_of("provider"), f"unknown provider {value}; known are {', '.join(known)}")
        return value

    def _order(self, values: Mapping[str, Any]) -> int:
        value = self._present(values, "order")
        if type(value) is int and value > 0:
            return value
        if value is not None:
            self.complain(self.line_of("order"), "order must be a whole number above 0")
        return 0


def _is_list_of(kind: type, value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, kind) for one in value)


def _newest_first(change: Change) -> tuple[int, str]:
    return -change.on.toordinal(), change.what


def _end_of_header(lines: list[str]) -> int:
    """The index of the closing dashes; 0 when there is no front matter."""
    if not lines or lines[0].rstrip() != FENCE:
        return 0
    return next((n for n, text in enumerate(lines[1:], 1) if text.rstrip() == FENCE), 0)


def _line_of_error(error: YAMLError) -> int:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    return mark.line + 2 if mark else 2
