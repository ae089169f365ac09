"""`portal help write`: who writes sees each change, and each mistake until it is mended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from portal.settings import Settings
from portal.writing import STATE, Desk
from tests.help.conftest import CONTENT

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_a_change_and_a_mistake_are_shown(settings: Settings, tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.mkdir()
    for file in CONTENT.iterdir():
        (content / file.name).write_bytes(file.read_bytes())
    desk = Desk(replace(settings, content=content))
    reader, page = desk.app.test_client(), content / "connexie.md"
    before, text = reader.get(STATE).text, page.read_text(encoding="utf-8")
    page.write_text(f"{text}\n[weg](#weg)\n", encoding="utf-8")
    assert reader.get(STATE).text != before
    assert "connexie.md:" in reader.get("/koppelingen/connexie").text
    page.write_text(f"{text}\nHelemaal nieuw.\n", encoding="utf-8")
    assert "Helemaal nieuw." in reader.get("/koppelingen/connexie").text
    desk.app.extensions["portal"].engine.dispose()
