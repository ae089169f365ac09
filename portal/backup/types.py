"""What a backup says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """`kind`: "sqlite" or "postgresql". `columns`: of each table, in the order of its rows (PostgreSQL)."""

    kind: str
    revision: str
    made_at: datetime
    columns: dict[str, list[str]]


@dataclass(frozen=True)
class Made:
    path: Path
    size: int
    keys: int


@dataclass(frozen=True)
class Restored:
    """What came back, and what nobody can know any more."""

    made_at: datetime
    tokens: int
    lost_tokens: int
    doubtful_lines: int
    erased_again: int


class CannotRestore(Exception):
    """Nothing was changed; the message says what to do first."""
