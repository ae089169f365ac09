"""What the worker does for this area, once a day."""

from __future__ import annotations

from portal.help.retention import forget_old

DAILY = (("forget what readers said", forget_old),)
