"""Rewrites our own Markdown, line by line, into Markdown that the library knows.

Ours are `{pad: Bedrijf > Instellingen}` (where to click), `{knop: Maak export}` (words on a button), and on a line of
their own `{video: name | title}`, `{stap: uren}` (a step that the portal can tick off),
`{code: nmbrs-1002}` (below the heading of the article of a code) and
`{hand: 2026-11-25 | source}` (steps that no test can walk); stable ids on headings, and links in the form of the old
docsify site. Each line keeps its number, so that a complaint can name it.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from html import escape
from pathlib import Path

from portal.help import media
from portal.help.render import CODES_MARK, heading_words
from portal.help.types import Heading, Line, Problem
from portal.kernel.filters import datum

HEADING = re.compile(r"^(#{1,6})\s+(.*?)(?:\s+\{:?\s*#([^\s}]+)\s*\})?\s*#*\s*$")
UNDERLINE = re.compile(r"^ {0,3}(=+|-+)\s*$")
VIDEO = re.compile(r"^\{video:\s*([\w-]+)\s*\|\s*([^|{}]+?)\s*\}\s*$")
CODES = re.compile(r"^\{code:\s*([a-z0-9-]+(?:\s*,\s*[a-z0-9-]+)*)\s*\}\s*$")
STEP = re.compile(r"^\{stap:\s*([a-z]+)\s*\}\s*$")
BY_HAND = re.compile(r"^\{hand:\s*(\d{4}-\d\d-\d\d)\s*\|\s*([^|{}]+?)\s*\}\s*$")
BUTTON = re.compile(r"\{knop:([^{}]*)\}")
PATH = re.compile(r"\{pad:([^{}]*)\}")
OURS = re.compile(r"\{\s*(\w+):[^{}]*\}")
OLD_LINK = re.compile(r"\(/?koppelingen\?id=([^)\s]+)\)")
VALID_ID = re.compile(r"^[a-z0-9][a-z0-9_-]*$")


def slug(text: str) -> str:
    """
    >>> slug("Wat kost één token?")
    'wat-kost-een-token'
    """
    plain = unicodedata.normalize("NFKD", re.sub(r"[*_`]", "", text)).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain.lower()))


def menu_path(steps: str) -> str:
    """The HTML of a menu path; a screen reader hears what it is. Raises ValueError on an empty step."""
    names = [step.strip() for step in steps.split(">")]
    if not all(names):
        raise ValueError("a menu path looks like {pad: Bedrijf > Instellingen}")
    arrow = '<span class="menu-path__sep"> › </span>'
    shown = arrow.join(f'<span class="menu-path__step">{escape(name)}</span>' for name in names)
    return f'<span class="menu-path"><span class="sr-only">Menupad: </span>{shown}</span>'


class Rewriter:
    """One file. `shift` is 1 for a section of the whole page, where headings sit one level lower."""

    def __init__(self, file: str, prefix: str, media_dir: Path, shift: int = 0) -> None:
        self.file = file
        self.prefix = prefix
        self.media_dir = media_dir
        self.shift = shift
        self.problems: list[Problem] = []
        self.headings: list[Heading] = []
        self.steps: list[str] = []
        self.codes: list[tuple[str, str]] = []
        self._level = 1
        self._anchor = ""
        self._line = 0

    def rewrite(self, lines: list[Line]) -> list[Line]:
        """Return the new lines; `problems` then says what cannot be used."""
        fresh: list[Line] = []
        fenced = False
        before = ""
        for line in lines:
            fence = line.text.lstrip().startswith("```")
            fenced ^= fence
            if fenced or fence or _is_plain(line.text):
                fresh.append(line)
            else:
                self._line = line.number
                self._refuse(line.text, before)
                fresh += [Line(line.number, text) for text in self._texts(line.text)]
            before = line.text
        return fresh

    def _complain(self, reason: str) -> None:
        self.problems.append(Problem(self.file, self._line, reason))

    def _refuse(self, text: str, before: str) -> None:
        if re.search(r"<h[1-6]\b", text) or (UNDERLINE.match(text) and before.strip()):
            self._complain("write a heading with #, so that it gets a stable anchor")

    def _texts(self, text: str) -> list[str]:
        if found := HEADING.match(text):
            return [self._heading(len(found[1]), found[2], found[3])]
        if found := VIDEO.match(text):
            return ["", self._video(found[1], found[2]), ""]
        if found := CODES.match(text):
            return ["", self._codes(found[1].replace(" ", "").split(",")), ""]
        if found := STEP.match(text):
            return ["", self._step(found[1]), ""]
        if found := BY_HAND.match(text):
            return ["", self._by_hand(found[1], found[2]), ""]
        text = BUTTON.sub(self._button, PATH.sub(self._path, OLD_LINK.sub(_new_link, text)))
        for found in OURS.finditer(text):
            self._complain(f"unknown or badly written marker {found[0]}")
        return [text]

    def _heading(self, level: int, text: str, given: str | None) -> str:
        if level == 1:
            self._complain("the title in the front matter is the only heading of level 1")
        elif level > self._level + 1:
            self._complain(f"a heading of level {level} cannot follow one of level {self._level}")
        self._level = level
        anchor = given or f"{self.prefix}-{slug(text)}"
        if not VALID_ID.match(anchor) or anchor.endswith("-"):
            self._complain(f"this anchor cannot be used: {anchor}")
        self._anchor = anchor
        shown = min(level + self.shift, 6)
        self.headings.append(Heading(anchor, heading_words(text), shown))
        return f"{'#' * shown} {text} {{: #{anchor} }}"

    def _video(self, name: str, title: str) -> str:
        html, faults = media.figure(name, title, self.media_dir)
        for fault in faults:
            self._complain(fault)
        return html

    def _button(self, found: re.Match[str]) -> str:
        """Words on a button or link of the portal; the build walks the portal and looks for them."""
        if not found[1].strip():
            self._complain("a button looks like {knop: Maak export}")
        return f'<strong class="button-word">{escape(found[1].strip())}</strong>'

    def _codes(self, codes: list[str]) -> str:
        """What stands below the heading above is the article of these codes."""
        if not self._anchor:
            self._complain("a code stands below the heading of its article")
        self.codes += [(code, self._anchor) for code in codes]
        shown = ", ".join(f"<code>{code}</code>" for code in codes)
        return f"{CODES_MARK}{'Code' if len(codes) == 1 else 'Codes'}: {shown}</p>"

    def _step(self, name: str) -> str:
        """A place where somebody who is signed in sees whether this is done; empty for everybody else."""
        if name in self.steps:
            self._complain(f"this step stands here twice: {name}")
        self.steps.append(name)
        return f'<p class="step-mark" id="{self.prefix}-stap-{name}"></p>'

    def _by_hand(self, day: str, source: str) -> str:
        """Steps in screens that are not ours: no test can walk them."""
        try:
            shown = datum(date.fromisoformat(day))
        except ValueError:
            self._complain(f"this is no day: {day}")
            return ""
        return f'<p class="checked">Met de hand gecontroleerd op {shown}, met {escape(source)}.</p>'

    def _path(self, found: re.Match[str]) -> str:
        try:
            return menu_path(found[1])
        except ValueError as error:
            self._complain(str(error))
            return ""


def _new_link(found: re.Match[str]) -> str:
    return f"(/koppelingen#{found[1]})"


def _is_plain(text: str) -> bool:
    """Nothing here can mean something to us. Said without a pattern, because a start reads all lines of all pages."""
    return not ("{" in text or "<" in text or "?" in text or text.lstrip(" ").startswith(("#", "=", "-")))
