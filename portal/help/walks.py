"""What a page tells a reader to click in the portal. The build walks it, so that no instruction is out of date."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from portal.help.source import BUTTON, PATH

TESTED = "getest.json"


@dataclass(frozen=True)
class Walk:
    """`paths`: menu words in the order of clicking; `buttons`: words of buttons and links. As written."""

    paths: tuple[tuple[str, ...], ...]
    buttons: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Changes when a reader is told to click something else."""
        told = json.dumps([self.paths, self.buttons], ensure_ascii=False)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Tested:
    """What was tested, and when. `on_screen`: a browser saw every button; otherwise words were only compared."""

    digest: str
    on: date
    on_screen: bool


def walk_of(markdown: str) -> Walk:
    paths = [tuple(step.strip() for step in found[1].split(">")) for found in PATH.finditer(markdown)]
    buttons = [found[1].strip() for found in BUTTON.finditer(markdown)]
    return Walk(tuple(dict.fromkeys(paths)), tuple(dict.fromkeys(buttons)))


def tested(content_dir: Path) -> Mapping[str, Tested]:
    """How and when the steps of each page were tested last; empty when never."""
    try:
        kept = json.loads((content_dir / TESTED).read_text(encoding="utf-8"))
        return {
            key: Tested(row["digest"], date.fromisoformat(row["on"]), bool(row["on_screen"]))
            for key, row in kept.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def note(content_dir: Path, walks: Mapping[str, Walk], on_screen: Collection[str], on: date) -> None:
    """Write down that all these were tested, and of which every button was seen."""
    rows = {
        key: {"digest": walk.digest, "on": on.isoformat(), "on_screen": key in on_screen}
        for key, walk in sorted(walks.items())
    }
    (content_dir / TESTED).write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
