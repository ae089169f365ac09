from __future__ import annotations

from tests.deliveries.conftest import deliver, nmbrs, sent, settings, stage

__all__ = ["deliver", "nmbrs", "sent", "settings", "stage"]
