"""Horecalonen: payroll that knows people by BSN. A file, or our JSON contract when it has an address."""

from __future__ import annotations

from portal.hours.types import Batch, BatchLine
from portal.integrations.contract import Credentials, Receipt
from portal.integrations.json_batch import JsonBatch, bsn_reasons, by_bsn, code_reasons
from portal.kernel.remote.http import Limits, Remote
from portal.settings import Settings


class HorecalonenFile:
    """A Provider for a file only."""

    key = "horecalonen"
    name = "Horecalonen"
    needs_bsn = True
    file_columns = ("BSN", "Naam", "Periode", "Soort uren", "Code", "Uren")

    def preflight_line(self, line: BatchLine) -> list[str]:
        return [*bsn_reasons(line.person), *code_reasons(line)]


class Horecalonen(HorecalonenFile):
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


def build(settings: Settings) -> HorecalonenFile:
    if not settings.horecalonen_url:
        return HorecalonenFile()
    limits = Limits(connect=min(5, settings.remote_seconds), total=settings.remote_seconds)
    private = settings.allow_private_endpoints
    remote = Remote(HorecalonenFile.name, settings.horecalonen_url, allow_private=private, limits=limits)
    return Horecalonen(JsonBatch(remote, settings.horecalonen_token, by_bsn))
