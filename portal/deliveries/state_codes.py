"""Codes of the states of a delivery and a line, and of what the difference screen finds."""

from __future__ import annotations

from portal.deliveries.difference_types import Finding
from portal.deliveries.models import DeliveryState, LineState
from portal.kernel.codes import CODES

DELIVERY = CODES.of_states("levering", DeliveryState)
LINE = CODES.of_states("regel", LineState)
FINDING = CODES.of_states("verschil", Finding)
