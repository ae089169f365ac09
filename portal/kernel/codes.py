"""Codes of errors and states: each leads to one article of the help centre, at the fixed address /meldingen/<code>.

A code exists because `CODES` was asked to make it, in the `codes.py` of its area or beside the words that it belongs
to. Whatever carries words to a screen asks for a `Code` and not for a `str`, so mypy refuses words without one; the
help pages do not load while a code lacks its article (`help/pages.py`). So no code can slip by (decision 0013).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
LONGEST = 60  # fits the columns that keep a code
State = TypeVar("State", bound=StrEnum)


class Code(str):
    """Small letters, digits and single dashes, "nmbrs-2011". Make one with `CODES.new`: that is what registers it."""

    __slots__ = ()


class Codes:
    """Every code there is, in the order in which they were made."""

    def __init__(self) -> None:
        self._known: dict[str, Code] = {}

    def new(self, text: str) -> Code:
        """Make and remember a code. Raises ValueError when it exists already or is no slug: at start-up, not later."""
        if not FORM.fullmatch(text) or len(text) > LONGEST:
            raise ValueError(f"{text!r} is no code: a slug of two words or more, at most {LONGEST} signs")
        if text in self._known:
            raise ValueError(f"the code {text} was made already: import it from there")
        return self._known.setdefault(text, Code(text))

    def of_states(self, thing: str, states: type[State]) -> Mapping[State, Code]:
        """Make a code for each state of a thing: of "aanvraag" and "wacht op klant", `aanvraag-wacht-op-klant`."""
        return {state: self.new(f"{thing}-{slug(state.value)}") for state in states}

    def of(self, thing: str, state: str) -> str:
        """The code of a state, "" when there is none: no page breaks for want of a link."""
        return self._known.get(f"{thing}-{slug(state)}", "")

    def __iter__(self) -> Iterator[Code]:
        return iter(self._known.values())


CODES = Codes()


@dataclass(frozen=True)
class Reason:
    """Words of ours, or of an outsider, on a screen, with the code that says which article explains them."""

    text: str
    code: Code


def slug(words: str) -> str:
    """
    >>> slug("nog niet geëxporteerd")
    'nog-niet-geexporteerd'
    """
    plain = unicodedata.normalize("NFKD", words.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
