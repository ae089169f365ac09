"""Codes of koppelingen: their states, the rights that a check tries, and why a line cannot go to a target."""

from __future__ import annotations

from portal.integrations.contract import RightState
from portal.integrations.models import KoppelingState, RequestState
from portal.kernel.codes import CODES

KOPPELING = CODES.of_states("koppeling", KoppelingState)
REQUEST = CODES.of_states("aanvraag", RequestState)
RIGHT = CODES.of_states("recht", RightState)
NOT_ACTIVE = KOPPELING[KoppelingState.OFF]
OTHER_ENVIRONMENT = CODES.new("koppeling-andere-omgeving")
DRAFT_GONE = CODES.new("token-staat-niet-klaar")
DRAFT_CHANGED = CODES.new("token-intussen-veranderd")
NO_WORKER_KEY = CODES.new("token-bewaren-kan-nog-niet")
TOKEN_UNREADABLE = CODES.new("token-niet-te-openen")
WORKER_SILENT = CODES.new("portaal-haalt-niet-op")
