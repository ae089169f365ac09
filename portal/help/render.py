"""Markdown to safe HTML, with a link on every heading. Pure: no files, no web framework."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from html import unescape
from typing import Any, cast
from xml.etree.ElementTree import Element

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import HTML_PLACEHOLDER

from portal.help.types import Heading

HEADER_LINK = ""  # its sign comes from the style sheet, so that a heading is only its words
HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
EXTENSIONS = ("attr_list", "admonition", "tables", "sane_lists", "fenced_code")
TAGS = nh3.ALLOWED_TAGS | {"video", "source", "track", "figure", "figcaption", "details", "summary"}
ATTRIBUTES = {
    "*": {"id", "class", "itemprop"},
    "a": {"href", "title", "aria-label"},
    "abbr": {"title"},
    "ol": {"itemscope", "itemtype", "itemref"},
    "img": {"src", "alt", "width", "height"},
    "pre": {"tabindex"},
    "th": {"scope", "align"},
    "td": {"align"},
    "video": {"controls", "muted", "preload", "playsinline", "width", "height", "poster", "aria-label"},
    "source": {"src", "type"},
    "track": {"kind", "src", "srclang", "label", "default"},
}
CODES_MARK = '<p class="codes">'
MARKUP = re.compile(r"[^\w ,.:;?!()/'\"%€–—…“”‘’-]|_|  ")
SCHEMES = {"https", "mailto"}


class Accessible(Treeprocessor):
    """What the extensions leave undone: heading links with a name, tables that turn into cards on a phone, steps that
    machines know as steps."""

    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            if link.get("class") == "headerlink":
                link.attrib.pop("title", None)
                link.set("aria-label", "Link naar deze kop")
        for parent in list(root.iter()):
            for place, child in enumerate(parent):
                if child.tag == "table":
                    parent[place] = _cards(child)
        _name_steps(root, self._articles())

    def _articles(self) -> frozenset[str]:
        """What the library puts in the tree for the marks of codes, which are HTML already."""
        raw = enumerate(self.md.htmlStash.rawHtmlBlocks)
        return frozenset(HTML_PLACEHOLDER % n for n, html in raw if str(html).startswith(CODES_MARK))


def _name_steps(root: Element, articles: Collection[str]) -> None:
    """Mark the numbered lists as schema.org/HowTo, named by the heading above. Microdata, because our policy allows
    no script in a page, not even one that only holds data.

    `articles` stand below the heading of an error: what to do about it is not how to get it.
    """
    heading: Element | None = None
    for node in root:
        if node.tag in HEADINGS:
            heading = node
        elif node.text in articles:
            heading = None
        elif node.tag == "ol" and heading is not None:
            heading.set("itemprop", "name")
            node.attrib.update(itemscope="", itemtype="https://schema.org/HowTo", itemref=heading.get("id", ""))
            for item in node.findall("li"):
                item.set("itemprop", "step")


def _cards(table: Element) -> Element:
    """Name the header cells, make the first cell of a row its header, and wrap the table."""
    for cell in table.iter("th"):
        cell.set("scope", "col")
    for row in table.findall("tbody/tr"):
        row[0].tag = "th"
        row[0].set("scope", "row")
    frame = Element("div", {"class": "table table--cards"})
    frame.append(table)
    return frame


class OurExtension(Extension):
    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 (the library's name)
        md.treeprocessors.register(Accessible(md), "accessible", 4)  # after toc, which has 5


def to_html(text: str) -> tuple[str, tuple[Heading, ...]]:
    """Return the HTML, NOT yet sanitised, and its headings in order. `clean` makes it safe to show."""
    machine = Markdown(
        extensions=[*EXTENSIONS, "toc", OurExtension()],
        extension_configs={"toc": {"permalink": HEADER_LINK, "permalink_class": "headerlink"}},
        output_format="html",
    )
    # a block of code scrolls sideways, also for who has a keyboard only
    html = machine.convert(text).replace("<pre>", '<pre tabindex="0">')
    tokens = cast("list[dict[str, Any]]", getattr(machine, "toc_tokens", []))
    return html, tuple(_headings(tokens))


def heading_words(text: str) -> str:
    """The words of a heading without its markup, as `to_html` reads them.

    >>> heading_words("Kies **`1002`**")
    'Kies 1002'
    """
    if not MARKUP.search(text):
        return text
    _html, headings = to_html(f"## {text} {{: #x }}")
    return headings[0].text if headings else text


def clean(html: str) -> str:
    """Keep only the tags and attributes above; scripts, styles and event handlers disappear."""
    return nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel=None)


def _headings(tokens: list[dict[str, Any]]) -> Iterator[Heading]:
    for token in tokens:
        yield Heading(token["id"], unescape(token["name"]), token["level"])
        yield from _headings(token["children"])
