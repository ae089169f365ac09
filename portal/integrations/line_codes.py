"""Codes of what a provider may have against a line of hours. By itself: a provider knows no database."""

from __future__ import annotations

from portal.kernel.codes import CODES

UNKNOWN_MEMBER = CODES.new("controle-teamlid-onbekend")
NO_HOUR_CODE = CODES.new("controle-geen-urencode")
BAD_CODE = CODES.new("controle-code")
BSN = CODES.new("controle-bsn")
PERSONNEL_NUMBER = CODES.new("controle-personeelsnummer")
