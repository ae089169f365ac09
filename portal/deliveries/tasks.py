"""What the worker does for this area."""

from __future__ import annotations

from portal.deliveries.sending import work_once

TASKS = (("deliver", work_once),)
