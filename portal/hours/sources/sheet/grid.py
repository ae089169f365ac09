"""What a file is once it is no longer a file: numbered rows of cells. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

MAX_ROWS = 50_000  # rows with hours, without the heading


@dataclass(frozen=True)
class Problem:
    """A cell whose value cannot be known. The Dutch words are in `cells.PROBLEMS`.

    `kind`: "error" (#N/A), "formula" (never calculated), "negative", "merged".
    """

    kind: str


Cell = str | bool | Decimal | date | datetime | time | timedelta | Problem


@dataclass(frozen=True)
class Row:
    """`number` is the row number a person sees in the spreadsheet: the first row is 1."""

    number: int
    cells: Sequence[Cell]

    @property
    def is_empty(self) -> bool:
        return all(is_empty(cell) for cell in self.cells)


@dataclass(frozen=True)
class Grid:
    """`heading` is the first row that is not empty. `exact_width`: a row of another length is wrong."""

    heading: Row
    rows: Sequence[Row]
    exact_width: bool = False


def is_empty(cell: Cell) -> bool:
    return isinstance(cell, str) and not cell.strip()
