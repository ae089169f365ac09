"""`portal help write`: the help pages while they are written. A page in the browser loads again when a file changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.serving import run_simple

from portal import app as portal_app
from portal.help.search_later import SearchLater
from portal.help.types import ContentError
from portal.kernel.access import Audience, access
from portal.settings import Settings

STATE = "/koppelingen/_stand"


class Desk:
    """The pages as they are now; a mistake is shown in the terminal and in the browser until it is mended."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.app: Flask = portal_app.create_app(settings, keep_ready=False)
        self.app.extensions["help_opening"].check()
        self.seen, self.fault = self.stand(), ""
        self.app.config["TEMPLATES_AUTO_RELOAD"] = True
        self.app.jinja_env.globals["writing"] = STATE
        self.app.add_url_rule(STATE, "writing.state", access(Audience.PUBLIC)(lambda: self.state()))
        self.app.before_request(self.refresh)

    def stand(self) -> str:
        files = sorted(self.settings.content.rglob("*"))
        facts = "".join(f"{file} {file.stat().st_mtime_ns}" for file in files if file.is_file())
        return hashlib.sha256(facts.encode()).hexdigest()[:16]

    def state(self) -> ResponseReturnValue:
        return Response(self.stand(), mimetype="text/plain", headers={"Cache-Control": "no-store"})

    def refresh(self) -> ResponseReturnValue | None:
        now = self.stand()
        if now != self.seen and request.path != STATE:
            self.seen = now
            try:
                library = portal_app.opening_of(self.app, self.settings).check()
                self.app.extensions.update(help=library, help_search=SearchLater(library))
                self.fault = ""
            except ContentError as error:
                self.fault = str(error)
                click.echo(self.fault, err=True)
        if self.fault and request.path.startswith(("/koppelingen", "/zoeken")) and request.path != STATE:
            return Response(f"Deze pagina's kloppen nog niet:\n\n{self.fault}\n", 500, mimetype="text/plain")
        return None


def serve(settings: Settings, port: int, content: Path) -> None:
    """Run until Ctrl-C, on this machine only."""
    desk = Desk(settings)
    click.echo(f"Schrijf in {content} en kijk op http://127.0.0.1:{port}/koppelingen")
    run_simple("127.0.0.1", port, desk.app, threaded=True)
