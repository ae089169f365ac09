from __future__ import annotations

import pytest

from portal.help.render import clean, to_html


@pytest.mark.parametrize(
    "bad",
    [
        "<script>alert(1)</script>",
        '<p onclick="x()">a</p>',
        '<p style="color:red">a</p>',
        '<a href="javascript:x()">a</a>',
        '<a href="http://voorbeeld.nl">a</a>',
        '<iframe src="/x"></iframe>',
        "<video autoplay></video>",
        '<form action="/x"><input name="y"></form>',
    ],
)
def test_what_is_dangerous_or_refused_by_the_policy_disappears(bad: str) -> None:
    """E1, J6 (no autoplay)"""
    kept = clean(f"<p>blijft</p>{bad}")
    assert "blijft" in kept
    for word in ("script", "onclick", "style", "http:", "iframe", "autoplay", "form", "input"):
        assert word not in kept


def test_what_a_page_needs_stays() -> None:
    figure = (
        '<figure class="video"><video controls="" muted="" preload="none" playsinline="" width="683" height="384"'
        ' poster="/assets/x.jpg"><source src="/assets/x.mp4" type="video/mp4"><track kind="captions" src="/x.vtt"'
        ' srclang="nl" label="Nederlands" default=""></video><figcaption>x</figcaption></figure>'
    )
    assert clean(figure).count("=") == figure.count("=")


def test_every_heading_links_to_itself() -> None:
    html, (heading,) = to_html("## Een **kop** & meer {: #mijn-kop }")
    assert 'href="#mijn-kop"' in html
    assert 'aria-label="Link naar deze kop"' in html
    assert (heading.id, heading.text, heading.level) == ("mijn-kop", "Een kop & meer", 2)


def test_header_cells_say_what_they_head() -> None:
    """J1"""
    html, _ = to_html("| A | B |\n|---|---|\n| 1 | 2 |")
    assert clean(html).count('<th scope="col">') == 2
    assert '<th scope="row">1</th>' in clean(html)
    assert clean(html).startswith('<div class="table table--cards"><table>')


def test_a_note_has_its_title() -> None:
    html, _ = to_html('!!! warning "Let op"\n    Vul het BSN in.')
    assert '<div class="admonition warning">' in clean(html)
    assert "Let op" in html
