"""What the help pages tell a reader to click, against the portal in a browser (issue 4, item 6).

The words are taken from the pages themselves: a menu path must lead from word to word, a button must be on a screen.
`PORTAL_NOTE_TESTED=1` (`make instructions`) writes the day beside the pages, which show it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from datetime import datetime

from portal.help.walks import Walk, note, walk_of
from portal.integrations.registry import keys
from portal.kernel.filters import AMSTERDAM
from portal.settings import CONTENT
from tests.journeys.browser import ROOT, Person
from tests.journeys.labels import labels

STORIES = ("_inleiding", *keys(), "eerste-levering")  # pages that tell the main job: their buttons are all seen
NAMES = ("Nmbrs", "Horecalonen", "Connexie", "Excel", "CSV")  # what a label is filled in with


def walks() -> dict[str, Walk]:
    """What each page tells to click, by the name of its file."""
    found = {file.stem: walk_of(file.read_text(encoding="utf-8")) for file in sorted(CONTENT.glob("*.md"))}
    return {name: walk for name, walk in found.items() if walk.paths or walk.buttons}


def menu_paths(person: Person) -> list[tuple[str, ...]]:
    """The paths through our own menu; the others are about screens of Nmbrs."""
    person.open("/portaal")
    menu = {" ".join(text.split()) for text in person.page.locator(".main-nav a").all_inner_texts()}
    told = dict.fromkeys(path for walk in walks().values() for path in walk.paths)
    return [path for path in told if path[0] in menu]


def walk(person: Person, path: tuple[str, ...]) -> None:
    """Click each word, from the first page after signing in. Fails when one is not there."""
    person.open("/portaal")
    for word in path:
        person.click(word)


def missing_buttons(seen: set[str]) -> Iterator[str]:
    """What a page tells to click and nobody saw: on a screen for the pages of the main job, else as the whole label of
    a button or link in a template."""
    on_screen = _nameless(seen)
    written = on_screen | _nameless(labels(ROOT / "templates"))
    for name, told in walks().items():
        known = on_screen if name in STORIES else written
        yield from (f"{name}: {button}" for button in told.buttons if not _nameless([button]) <= known)


def _nameless(texts: Collection[str]) -> set[str]:
    """ "Versturen naar Nmbrs" is the same button as "Versturen naar Connexie"."""
    return {" ".join(re.sub("|".join(NAMES), "*", text).split()) for text in texts}


def note_walked(seen: set[str]) -> None:
    """Write the day beside the pages, and of which of them every button was on a screen."""
    if os.environ.get("PORTAL_NOTE_TESTED") == "1":
        known = {("koppelingen" if name == "_inleiding" else name): told for name, told in walks().items()}
        on_screen = {name for name, told in known.items() if _nameless(told.buttons) <= _nameless(seen)}
        note(CONTENT, known, on_screen, datetime.now(AMSTERDAM).date())
