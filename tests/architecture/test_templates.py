"""Rules that hold for every template and every style sheet (E1: a policy without `unsafe-inline`; J1, J7)."""

import re
from collections.abc import Iterator
from pathlib import Path

import html5lib
import pytest
from jinja2 import Environment, FileSystemLoader, nodes

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = ROOT / "templates"
MAILS = TEMPLATES / "notifications"
ASSETS = ROOT / "static" / "assets"
LONGEST_TEMPLATE = 120
LONGEST_ASSET = 300

# What the content security policy would refuse: the browser shows the page without it, and nobody notices.
REFUSED_BY_POLICY = (
    re.compile(r"\sstyle\s*=", re.IGNORECASE),
    re.compile(r"<style\b", re.IGNORECASE),
    re.compile(r"<script\b(?![^>]*\ssrc=)", re.IGNORECASE),
    re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    re.compile(r"(?:src|srcset|href|action|data)\s*=\s*[\"']?\s*(?:data|javascript):", re.IGNORECASE),
    re.compile(r"<(?:script|img|source|video|iframe|form|link)\b[^>]*[\"'](?:https?:)?//", re.IGNORECASE),
)


def pages() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*.html") if MAILS not in path.parents)


def environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)


def refused_by_policy(source: str) -> list[str]:
    without_comments = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    return [found.group() for rule in REFUSED_BY_POLICY for found in rule.finditer(without_comments)]


def imported(tree: nodes.Template) -> Iterator[tuple[str, str, str]]:
    """Yield (template, macro, the name it has here) of each `from … import …`."""
    for node in tree.find_all(nodes.FromImport):
        assert isinstance(node.template, nodes.Const)
        for name in node.names:
            macro, here = (name, name) if isinstance(name, str) else name
            yield node.template.value, macro, here


def unused_imports(source: str) -> list[str]:
    tree = environment().parse(source)
    read = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "load"}
    return [here for _, _, here in imported(tree) if here not in read]


def macros_of(template: str) -> set[str]:
    tree = environment().parse((TEMPLATES / template).read_text(encoding="utf-8"))
    return {macro.name for macro in tree.find_all(nodes.Macro)}


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(TEMPLATES)))
def test_template_keeps_the_rules(path):
    """E1: nothing inline or foreign; every import exists and is used; a file fits on a few screens."""
    source = path.read_text(encoding="utf-8")
    assert refused_by_policy(source) == []
    assert unused_imports(source) == []
    for template, macro, _ in imported(environment().parse(source)):
        assert macro in macros_of(template), f"{template} has no macro {macro}"
    assert len(source.splitlines()) <= LONGEST_TEMPLATE


@pytest.mark.parametrize(
    "mistake",
    [
        '<p style="color: red">',
        "<style>p { }</style>",
        "<script>start()</script>",
        '<button type="button" onclick="start()">',
        '<img src="data:image/png;base64,AA==" alt="">',
        '<a href="javascript:start()">x</a>',
        '<script src="//elders.example/x.js"></script>',
    ],
)
def test_the_policy_check_sees_a_mistake(mistake):
    """E1: each rule of the check above finds what it was written for."""
    assert refused_by_policy(mistake)


def test_the_import_check_sees_a_mistake():
    both = '{% from "components/button.html" import button, link_button %}'
    assert unused_imports(both + '{{ button("OK") }}') == ["link_button"]
    assert unused_imports(both + '{{ button("OK") }}{{ link_button("Terug", "/") }}') == []


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.css")), ids=lambda path: path.name)
def test_style_sheet_loads_nothing_from_elsewhere(path):
    """E1: a style sheet imports nothing, embeds nothing and stays within its size."""
    source = path.read_text(encoding="utf-8")
    assert re.findall(r"@import|data:|https?:|url\(\s*[\"']?//", source) == []
    assert len(source.splitlines()) <= LONGEST_ASSET


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.svg")), ids=lambda path: path.name)
def test_drawing_holds_no_script_or_style(path):
    """E1: opened as a page of its own, a drawing still breaks no policy."""
    source = path.read_text(encoding="utf-8")
    assert re.findall(r"<style|<script|\sstyle=|\son[a-z]+=|data:|href=", source) == []


def test_every_colour_of_the_dark_scheme_has_a_light_one():
    """J1: a token that exists in one scheme only leaves text without a colour in the other."""
    light, dark = (ASSETS / "tokens.css").read_text(encoding="utf-8").split("@media (prefers-color-scheme: dark)")
    names = {part: set(re.findall(r"(--[\w-]+):", text)) for part, text in (("light", light), ("dark", dark))}
    shared = re.compile(r"--(?:font|text|space|measure|wide|gutter|radius|tap)")
    assert {name for name in names["light"] if not shared.match(name)} == names["dark"]


def test_every_token_in_use_is_defined():
    """J1: a misspelt token makes a browser drop the whole declaration without a word."""
    sheets = [path.read_text(encoding="utf-8") for path in ASSETS.glob("*.css")]
    used = {name for sheet in sheets for name in re.findall(r"var\((--[\w-]+)", sheet)}
    assert used <= set(re.findall(r"(--[\w-]+):", (ASSETS / "tokens.css").read_text(encoding="utf-8")))


def test_error_page_needs_nothing_from_the_application():
    """J4, J7: without session, request, viewer or asset hashes it is a valid Dutch page with a way on."""
    page = (
        environment()
        .get_template("errors/error.html")
        .render(
            status=503,
            title="Even geen verbinding",
            message="Probeer het zo weer.",
            code="fout-503",
            actions=[("Probeer opnieuw", "/portaal")],
        )
    )
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert tree.get("lang") == "nl"
    assert [heading.text for heading in tree.iter("h1")] == ["Even geen verbinding"]
    assert tree.find(".//title").text == "Even geen verbinding – koppelportaal"
    assert '<a class="button button--primary" href="/portaal">' in page
