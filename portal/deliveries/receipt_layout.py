"""Texts of a receipt broken into lines that fit, and rows into pages that fit. Lengths are in points."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from portal.deliveries.receipt_body import Line, change
from portal.deliveries.receipt_words import STATES, notes, remark
from portal.kernel.filters import AMSTERDAM, uren

FOLDER = Path(__file__).parents[2] / "static" / "fonts"
TEXT, BOLD = "Noto Sans", "Noto Sans Bold"
SIZE, SMALL, LEADING = 8.5, 7.5, 11.5
LOCK = threading.Lock()
UNSHOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class Column:
    heading: str
    width: float
    right: bool = False


COLUMNS = (
    Column("Teamlid", 48 * mm),
    Column("Nummer", 18 * mm),
    Column("Code", 17 * mm),
    Column("Uren", 17 * mm, right=True),
    Column("Stand", 25 * mm),
    Column("Kenmerk", 23 * mm),
    Column("Antwoord op", 32 * mm),
)
GAP = 2 * mm
WIDTH = sum(column.width for column in COLUMNS)


@dataclass(frozen=True)
class Row:
    """The broken texts of each column, and what goes below them over the whole width."""

    cells: tuple[tuple[str, ...], ...]
    below: tuple[str, ...]

    @property
    def height(self) -> float:
        return (max(len(cell) for cell in self.cells) + 0.9 * len(self.below)) * LEADING + 2 * mm


def fonts() -> frozenset[int]:
    """Register the fonts, once; returns the signs that they have. Safe for threads."""
    with LOCK:
        return _register()


@cache
def _register() -> frozenset[int]:
    regular = TTFont(TEXT, str(FOLDER / "NotoSans-Regular.ttf"))
    registerFont(regular)
    registerFont(TTFont(BOLD, str(FOLDER / "NotoSans-Bold.ttf")))
    return frozenset(regular.face.charToGlyph)


def shown(text: str) -> str:
    """The text with � for each sign that the font does not have; on the page and in the CSV it is whole."""
    known = fonts()
    return "".join(sign if ord(sign) in known else UNSHOWN for sign in text)


def broken(text: str, width: float, font: str = TEXT, size: float = SIZE) -> tuple[str, ...]:
    """Break a text at spaces, and within a word when it is longer than a line."""
    lines, line = [], ""
    for word in shown(text).split(" "):
        rest = word
        while rest:
            joined = f"{line} {rest}" if line else rest
            if stringWidth(joined, font, size) <= width:
                line, rest = joined, ""
            elif line:
                lines.append(line)
                line = ""
            else:
                fits = _fitting(rest, width, font, size)
                lines.append(rest[:fits])
                rest = rest[fits:]
    return (*lines, line) if line or not lines else tuple(lines)


def _fitting(word: str, width: float, font: str, size: float) -> int:
    """How many signs fit; at least one."""
    count = 1
    while count < len(word) and stringWidth(word[: count + 1], font, size) <= width:
        count += 1
    return count


def row(line: Line) -> Row:
    moment = line.settled_at.astimezone(AMSTERDAM) if line.settled_at else None
    texts = (
        line.name, line.personnel_number or "–", line.code, uren(change(line)), STATES[line.state],
        remark(line) or "–", f"{moment:%d-%m-%Y %H:%M:%S}" if moment else "–",
    )  # fmt: skip
    cells = tuple(broken(text, column.width - GAP) for text, column in zip(texts, COLUMNS, strict=True))
    return Row(cells, broken(notes(line), WIDTH - GAP, size=SMALL))


def paged(rows: Iterable[Row], first: float, other: float, last: float) -> list[list[Row]]:
    """Spread rows over pages: `first` and `other` are the room on a page, `last` what must be left for the totals."""
    pages: list[list[Row]] = [[]]
    room = first
    for found in rows:
        if found.height > room and pages[-1]:
            pages.append([])
            room = other
        pages[-1].append(found)
        room -= found.height
    if room < last:
        pages.append([])
    return pages
