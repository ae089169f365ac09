"""Cuts a page into the text below each heading, for searching. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree, html

from portal.help.types import Part

HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
APART = frozenset({"p", "li", "td", "th", "tr", "div", "figcaption", "summary", "details", "pre", "br", *HEADINGS})
LEFT_OUT = frozenset({"video", "source", "track"})
UNSEEN = frozenset({"headerlink", "sr-only"})


def parts_of(safe_html: str) -> tuple[Part, ...]:
    """Return the parts in order; text above the first heading has no anchor. A heading's own words are its title."""
    root = html.fragment_fromstring(safe_html, create_parent="div")
    anchor, title, words = "", "", list[str]()
    parts: list[Part] = []
    for node in root:
        if node.tag in HEADINGS and node.get("id"):
            parts.append(Part(anchor, title, _joined(words)))
            anchor, title, words = str(node.get("id")), _joined(list(_text(node))), []
        else:
            words.extend(_text(node))
    parts.append(Part(anchor, title, _joined(words)))
    return tuple(part for part in parts if part.text or part.title)


def words_in(node: etree._Element) -> str:
    """The words of an element, blocks apart, without what follows it."""
    return _joined([node.text or "", *(word for child in node for word in _text(child))])


def _text(node: etree._Element) -> Iterator[str]:
    """The words of an element; blocks are kept apart, the `#` of a heading is left out."""
    if node.tag in LEFT_OUT or node.get("class") in UNSEEN or not isinstance(node.tag, str):
        yield node.tail or ""
        return
    yield f"{' ' if node.tag in APART else ''}{node.text or ''}"
    for child in node:
        yield from _text(child)
    yield " " if node.tag in APART else ""
    yield node.tail or ""


def _joined(words: list[str]) -> str:
    return " ".join("".join(words).split())
