"""Connexie: payroll that knows people by personnel number. A file, or our JSON contract."""

from __future__ import annotations

from portal.hours.types import BatchLine
from portal.integrations.json_batch import (
    SendsJson,
    by_personnel_number,
    code_reasons,
    connect,
    personnel_number_reasons,
)
from portal.kernel.codes import Reason
from portal.settings import Settings


class ConnexieFile:
    """A Provider for a file only."""

    key = "connexie"
    name = "Connexie"
    needs_bsn = False
    file_columns = ("Personeelsnummer", "Naam", "Periode", "Soort uren", "Code", "Uren")

    def preflight_line(self, line: BatchLine) -> list[Reason]:
        return [*personnel_number_reasons(line.person), *code_reasons(line)]


class Connexie(SendsJson, ConnexieFile):
    """A BatchSender."""


def build(settings: Settings) -> ConnexieFile:
    if not settings.connexie_url:
        return ConnexieFile()
    token = settings.connexie_token
    return Connexie(connect(ConnexieFile.name, settings.connexie_url, token, by_personnel_number, settings))
