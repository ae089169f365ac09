"""Horecalonen: payroll that knows people by BSN. A file, or our JSON contract when it has an address."""

from __future__ import annotations

from portal.hours.types import BatchLine
from portal.integrations.json_batch import SendsJson, bsn_reasons, by_bsn, code_reasons, connect
from portal.kernel.codes import Reason
from portal.settings import Settings


class HorecalonenFile:
    """A Provider for a file only."""

    key = "horecalonen"
    name = "Horecalonen"
    needs_bsn = True
    file_columns = ("BSN", "Naam", "Periode", "Soort uren", "Code", "Uren")

    def preflight_line(self, line: BatchLine) -> list[Reason]:
        return [*bsn_reasons(line.person), *code_reasons(line)]


class Horecalonen(SendsJson, HorecalonenFile):
    """A BatchSender."""


def build(settings: Settings) -> HorecalonenFile:
    if not settings.horecalonen_url:
        return HorecalonenFile()
    token = settings.horecalonen_token
    return Horecalonen(connect(HorecalonenFile.name, settings.horecalonen_url, token, by_bsn, settings))
