"""A site with only the help pages, over real HTTP on loopback, and a small content folder to break."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.serving import make_server

from portal.help import machine_routes, pages, routes, search_routes
from portal.help.assets import Shelf
from portal.help.cache import Cache
from portal.help.opening import Opening
from portal.help.search_later import SearchLater
from portal.help.types import ContentError, Library
from portal.kernel.errors import PortalError
from portal.kernel.filters import FILTERS
from portal.kernel.headers import protect

ROOT = Path(__file__).parents[2]
CONTENT = ROOT / "content" / "koppelingen"
ASSETS = ROOT / "static" / "assets"
PROVIDERS = ("nmbrs", "horecalonen", "connexie")
APP_PATHS = (
    "/inloggen",
    "/portaal/uren",
    "/portaal/exports",
    "/ontvangstbewijs",
    *(f"/portaal/bedrijf/koppelingen/{key}/activeren" for key in PROVIDERS),
)
BASE_URL = "https://portaal.example"


@pytest.fixture(scope="session")
def library() -> Library:
    """The real pages of this repository."""
    opening = pages.begin(CONTENT, ASSETS, providers=PROVIDERS, app_paths=APP_PATHS, base_url=BASE_URL)
    return opening.check()


def _app(library: Library) -> Flask:
    app = Flask("help-only", template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions["help"] = library
    app.extensions["assets"] = Shelf.of(ASSETS)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = True
    app.extensions["help_search"] = SearchLater(library)
    app.register_blueprint(routes.bp)
    app.register_blueprint(machine_routes.bp)
    app.register_blueprint(search_routes.bp)
    protect(app, secure=False)

    @app.errorhandler(PortalError)
    def explain(error: PortalError) -> ResponseReturnValue:
        return error.message, error.status

    return app


@pytest.fixture(scope="session")
def address(library: Library) -> Iterator[tuple[str, int]]:
    """Host and port of a server that answers the help pages."""
    server = make_server("127.0.0.1", 0, _app(library), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield "127.0.0.1", server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def site(address: tuple[str, int]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}") as client:
        yield client


INTRODUCTION = """---
title: Koppelingen
summary: Alles over koppelingen.
owner: integraties
checked_on: 2026-11-22
changes:
  - 2026-11-22: Nieuw.
keywords: [koppelingen]
---
Lees over [Nmbrs](/koppelingen#nmbrs).
"""
NMBRS = """---
title: Nmbrs
summary: Koppel eitje aan Nmbrs.
provider: nmbrs
order: 1
owner: integraties
checked_on: 2026-11-22
changes:
  - 2026-11-22: Nieuw.
keywords: [nmbrs, token]
---
Eerste alinea.

## Uren doorzetten

Ga naar {pad: Bedrijf > Instellingen}.

{video: filmpje | Een filmpje}
"""
CHAPTERS = "WEBVTT\n\n00:00.000 --> 00:01.500\nEerst\n\n00:01.500 --> 00:02.000\nDan\n"
CAPTIONS = "WEBVTT\n\n00:00.500 --> 00:02.000\nStap 1\n"


@dataclass(frozen=True)
class Folder:
    """A content folder with two good files and one clip."""

    root: Path

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def media(self) -> Path:
        return self.root / "assets" / "media"

    def write(self, name: str, text: str | bytes) -> None:
        (self.content / name).write_bytes(text.encode() if isinstance(text, str) else text)

    def edit(self, old: str, new: str, name: str = "nmbrs.md") -> None:
        before = (self.content / name).read_text(encoding="utf-8")
        assert old in before
        self.write(name, before.replace(old, new))

    def load(self, cache: Cache | None = None) -> Library:
        return self.begin(cache).check()

    def begin(self, cache: Cache | None = None) -> Opening:
        return pages.begin(
            self.content, self.root / "assets", providers={"nmbrs", "connexie"}, app_paths={"/inloggen"}, cache=cache
        )

    def problems(self) -> list[str]:
        with pytest.raises(ContentError) as stopped:
            self.load()
        return str(stopped.value).split("\n")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    made.content.mkdir()
    made.media.mkdir(parents=True)
    made.write("_inleiding.md", INTRODUCTION)
    made.write("nmbrs.md", NMBRS)
    clip = (ASSETS / "media" / "nmbrsAPIToken.mp4").read_bytes()
    for suffix, content in {
        "mp4": clip, "webm": b"webm", "jpg": b"jpg", "vtt": CAPTIONS.encode(), "chapters.vtt": CHAPTERS.encode(),
        "txt": b"Stap 1",
    }.items():  # fmt: skip
        (made.media / f"filmpje.{suffix}").write_bytes(content)
    return made
