"""Codes of exports: their states, and why the check holds hours back."""

from __future__ import annotations

from portal.exports.models import ExportState
from portal.kernel.codes import CODES

EXPORT = CODES.of_states("export", ExportState)
EXPORTED = CODES.new("controle-al-geexporteerd")
LEAVING = CODES.new("controle-wordt-teruggedraaid")
UNAPPROVED = CODES.new("controle-niet-goedgekeurd")
NO_COMPANY = CODES.new("controle-geen-bedrijf")
PERIOD_KIND = CODES.new("controle-soort-periode")
PROCESSED = CODES.new("export-al-verwerkt")
NO_CSV = CODES.new("export-geen-csv")
FORGOTTEN = CODES.new("export-gewist")
TOO_LATE = CODES.new("export-te-oud")
