"""What can be clicked, whole, as the templates write it: the words of links and buttons. What a page fills in is `*`.

Read from the syntax tree of Jinja, so that a part of a sentence or of another label is no label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

from jinja2 import Environment, nodes

# the macros that draw what can be clicked: which arguments are its words
WORDS: Mapping[str, tuple[int | str, ...]] = {
    "button": (0,),
    "link_button": (0,),
    "follow": (1,),
    "passkey": (1,),
    "answer": (2,),
    "confirm": ("yes", "back_text"),
}
CLICKED = re.compile(r"<(a|button|summary)\b(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*>(.*?)</\1>", re.DOTALL)
UNSEEN = re.compile(r'<span class="sr-only">.*?</span>|<[^>]*>', re.DOTALL)
ANY = "*"
Known = Mapping[str, frozenset[str]]


def labels(folder: Path) -> frozenset[str]:
    """Every label of the templates in `folder`."""
    texts = (file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.html")))
    found = (" ".join(label.split()) for text in texts for label in _of(text))
    return frozenset(label for label in found if label.strip("* "))


def _of(text: str) -> Iterator[str]:
    tree = Environment(autoescape=True).parse(text)
    known = {one.target.name: frozenset(_said(one.node, {})) for one in tree.find_all(nodes.Assign)
             if isinstance(one.target, nodes.Name)}  # fmt: skip
    for call in tree.find_all(nodes.Call):
        for word in _words(call):
            yield from _said(word, known)
    for found in CLICKED.finditer(text):
        yield from _shown(Environment(autoescape=True).parse(UNSEEN.sub(" ", found[2])).body, known)


def _words(call: nodes.Call) -> Iterator[nodes.Expr]:
    name = call.node.name if isinstance(call.node, nodes.Name) else ""
    for place in WORDS.get(name, ()):
        if isinstance(place, int):
            yield from call.args[place : place + 1]
        else:
            yield from (one.value for one in call.kwargs if one.key == place)


def _shown(body: Iterable[nodes.Node], known: Known) -> Iterator[str]:
    """What a piece of a template can draw: each way through its ifs."""
    yield from map("".join, product(*(list(_ways(one, known)) for one in body)))


def _ways(node: nodes.Node, known: Known) -> Iterator[str]:
    if isinstance(node, nodes.Output):
        yield from map("".join, product(*(list(_said(one, known)) for one in node.nodes)))
    elif isinstance(node, nodes.If):
        yield from _shown(node.body, known)
        yield from _shown([*node.elif_, *node.else_], known)
    else:
        yield ""


def _said(node: nodes.Node, known: Known) -> Iterator[str]:
    """The texts that an expression can be."""
    if isinstance(node, nodes.TemplateData):
        yield node.data
    elif isinstance(node, nodes.Const):
        yield str(node.value)
    elif isinstance(node, nodes.CondExpr):
        yield from _said(node.expr1, known)
        yield from _said(node.expr2, known) if node.expr2 else ("",)
    elif isinstance(node, nodes.Concat):
        yield from map("".join, product(*(list(_said(one, known)) for one in node.nodes)))
    elif isinstance(node, nodes.Name) and node.name in known:
        yield from known[node.name]
    else:
        yield "" if isinstance(node, nodes.Call) else ANY
