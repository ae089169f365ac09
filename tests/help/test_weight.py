"""What a first visit costs a phone, and that our pages ask nobody else for anything."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from flask import Flask

MOST_BYTES = 14 * 1024
PAGES = ("/", "/koppelingen", "/koppelingen/nmbrs", "/zoeken", "/inloggen")
FETCHED = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch"}
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def fetched(app: Flask, path: str) -> tuple[int, str]:
    """The bytes on the wire, and the text."""
    sent = app.test_client().get(path, headers={"Accept-Encoding": "br"})
    assert sent.status_code == 200
    return len(sent.data), app.test_client().get(path).text


@pytest.mark.parametrize("path", PAGES)
def test_page_and_style_fit_in_the_first_round_trip(app: Flask, path: str) -> None:
    weight, text = fetched(app, path)
    sheets = [str(link["href"]) for link in BeautifulSoup(text, "html5lib").select("link[rel=stylesheet]")]
    assert len(sheets) == 1
    assert weight + fetched(app, sheets[0])[0] <= MOST_BYTES


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_asked_of_another_host(app: Flask, path: str) -> None:
    _weight, text = fetched(app, path)
    soup = BeautifulSoup(text, "html5lib")
    asked = [str(tag["src"]) for tag in soup.select("[src]")] + [str(tag["poster"]) for tag in soup.select("[poster]")]
    asked += [str(link["href"]) for link in soup.select("link[rel][href]") if set(link["rel"]) & FETCHED]
    assert asked
    assert [address for address in asked if not re.match(r"/(?!/)", address)] == []
    sheets = [address for address in asked if ".css" in address]
    assert "url(" not in "".join(fetched(app, sheet)[1] for sheet in sheets)
    assert "@import" not in "".join(fetched(app, sheet)[1] for sheet in sheets)
