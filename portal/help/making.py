"""Makes the HTML of one page, and tells what only the HTML shows to be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from portal.help import links
from portal.help.drafts import Draft, Text
from portal.help.parts import parts_of
from portal.help.render import clean, to_html
from portal.help.source import Rewriter
from portal.help.types import Heading, Line, Part, Problem, Shown

ANCHORLESS = "a heading in a list or quote has no stable anchor"


@dataclass(frozen=True)
class Made:
    """`found` is what stood in the HTML before it was made safe: what the sanitiser drops is complained of."""

    shown: Shown
    found: links.Found
    problems: tuple[Problem, ...] = ()


def make(draft: Draft, media_dir: Path) -> Made:
    """A page that cannot be rendered is shown as it was written, so that it takes no other page along."""
    try:
        return _made(draft, media_dir)
    except Exception as error:  # noqa: BLE001 - a library may stumble over anything that is written
        text = draft.text()
        html = f"<pre>{escape(text.markdown)}</pre>"
        shown = Shown(html, html if draft.is_section else "", (Part("", "", " ".join(text.markdown.split())),))
        found = links.Found((), tuple(heading.id for heading in text.headings), ())
        return Made(shown, found, (Problem(draft.path.name, 1, f"cannot be rendered: {type(error).__name__}"),))


def _made(draft: Draft, media_dir: Path) -> Made:
    text = draft.text()
    html, headings = to_html(_joined(text.lines))
    safe = clean(html)
    shown = Shown(safe, _section(draft, media_dir), parts_of(safe))
    return Made(shown, links.found_in(html), tuple(_heading_faults(draft.path.name, text, headings)))


def _section(draft: Draft, media_dir: Path) -> str:
    if not draft.is_section:
        return ""
    lines = Rewriter(draft.path.name, draft.key, media_dir, shift=1).rewrite(draft.text().body)
    return clean(to_html(_joined(lines))[0])


def _joined(lines: list[Line]) -> str:
    return "\n".join(line.text for line in lines)


def _heading_faults(file: str, text: Text, shown: tuple[Heading, ...]) -> Iterator[Problem]:
    """The tables of contents are made before the HTML, so both must have the same headings."""
    anchors = {heading.id for heading in text.headings}
    for heading in shown:
        if heading.id not in anchors:
            yield Problem(file, _line_with(text.lines, heading.text), ANCHORLESS)
    for heading in sorted({*text.headings} - {*shown}, key=lambda one: one.id):
        line = _line_with(text.lines, f"{{: #{heading.id} }}")
        yield Problem(file, line, f"this heading is not shown as it is written: {heading.text}")


def _line_with(lines: list[Line], text: str) -> int:
    return next((line.number for line in lines if text in line.text), 1)
