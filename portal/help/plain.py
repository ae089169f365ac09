"""A help page as plain Markdown, for programs that read (`/koppelingen/nmbrs.md`, `/llms.txt`). Pure."""

from __future__ import annotations

import re

from portal.help.source import BUTTON, BY_HAND, CODES, HEADING, PATH, STEP, VIDEO
from portal.help.types import Article, Library

INDENT = "    "
NOTE = re.compile(r'^!!! \w+ "([^"]+)"\s*$')
LINK = re.compile(r"\]\((/[^)\s]*)\)(?:\{[^}]*\})?")


def page(article: Article, base_url: str) -> str:
    """The page with its title, where it comes from and when it was checked; our own marks become words."""
    front = article.front
    head = [
        f"# {front.title}", "", f"> {front.summary}", "",
        f"Bron: {base_url}{article.path} (bijgewerkt op {front.updated_on}, gecontroleerd op {front.checked_on})", "",
    ]  # fmt: skip
    return "\n".join([*head, *_lines(article.markdown, base_url)]).rstrip() + "\n"


def whole(library: Library) -> str:
    return "\n\n".join(page(article, library.base_url) for article in library.sections)


def _lines(markdown: str, base_url: str) -> list[str]:
    lines, fenced = [], False
    for text in markdown.split("\n"):
        fence = text.lstrip().startswith("```")
        fenced ^= fence
        if fenced or fence:
            lines.append(text)
        elif not STEP.match(text):
            lines.append(_line(text, base_url))
    return _quoted(lines)


def _quoted(lines: list[str]) -> list[str]:
    """Our notes (`!!! warning "Let op"`, and what is indented below it) as quotations, which every reader knows."""
    quoted, inside = [], False
    for text in lines:
        if found := NOTE.match(text):
            inside = True
            quoted += [f"> **{found[1]}**", ">"]
        else:
            inside = inside and (text.startswith(INDENT) or not text)
            quoted.append(f"> {text.removeprefix(INDENT)}" if inside and text else text)
    return quoted


def _line(text: str, base_url: str) -> str:
    if found := HEADING.match(text):
        return f"{found[1]} {found[2]}"
    if found := VIDEO.match(text):
        clip = f"{base_url}/assets/media/{found[1]}"
        return f"Filmpje: [{found[2]}]({clip}.mp4) ([de tekst van dit filmpje]({clip}.txt))"
    if found := CODES.match(text):
        return f"Code: {found[1]}"
    if found := BY_HAND.match(text):
        return f"Met de hand gecontroleerd op {found[1]}, met {found[2]}."
    text = PATH.sub(lambda path: "**" + " > ".join(step.strip() for step in path[1].split(">")) + "**", text)
    text = BUTTON.sub(lambda button: f"**{button[1].strip()}**", text)
    return LINK.sub(lambda link: f"]({base_url}{link[1]})", text)
