"""Codes of what Nmbrs may say. Its own numbers (reference nmbrs-soap-v3, 11.2) get theirs in `faults.py`."""

from __future__ import annotations

from portal.kernel.codes import CODES

UNKNOWN_FAULT = CODES.new("nmbrs-onbekend")
NO_ENVIRONMENT = CODES.new("nmbrs-omgeving")
BAD_INPUT = CODES.new("nmbrs-invoer")
BAD_NUMBER = CODES.new("nmbrs-nummer")
NOT_DELETED = CODES.new("nmbrs-niet-weggehaald")
