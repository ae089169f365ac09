"""Connexie: payroll that knows people by personnel number. A file, or our JSON contract."""

from __future__ import annotations

from portal.hours.types import Batch, BatchLine
from portal.integrations.contract import Credentials, Receipt
from portal.integrations.json_batch import (
    JsonBatch,
    by_personnel_number,
    code_reasons,
    personnel_number_reasons,
)
from portal.kernel.remote.http import Limits, Remote
from portal.settings import Settings


class ConnexieFile:
    """A Provider for a file only."""

    key = "connexie"
    name = "Connexie"
    needs_bsn = False
    file_columns = ("Personeelsnummer", "Naam", "Periode", "Soort uren", "Code", "Uren")

    def preflight_line(self, line: BatchLine) -> list[str]:
        return [*personnel_number_reasons(line.person), *code_reasons(line)]


class Connexie(ConnexieFile):
    """A BatchSender."""

    def __init__(self, sender: JsonBatch) -> None:
        self._sender = sender
        self.close = sender.close

    def send(self, batch: Batch, credentials: Credentials) -> Receipt:
        """Safe to call twice. Raises Refused, AccessRefused, Unavailable, Unclear."""
        del credentials  # the token is the portal's own, from the settings
        return self._sender.send(batch)

    def find(self, reference: str, credentials: Credentials) -> Receipt | None:
        """Raises AccessRefused, Unavailable."""
        del credentials
        return self._sender.find(reference)


def build(settings: Settings) -> ConnexieFile:
    if not settings.connexie_url:
        return ConnexieFile()
    limits = Limits(connect=min(5, settings.remote_seconds), total=settings.remote_seconds)
    private = settings.allow_private_endpoints
    remote = Remote(ConnexieFile.name, settings.connexie_url, allow_private=private, limits=limits)
    return Connexie(JsonBatch(remote, settings.connexie_token, by_personnel_number))
