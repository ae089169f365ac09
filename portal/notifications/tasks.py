"""What the worker does for this area."""

from __future__ import annotations

from portal.notifications.service import send_waiting

TASKS = (("mail", send_waiting),)
