"""Somebody at the payroll office who works in Nmbrs itself: enters, changes and removes hours by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.integrations.providers.nmbrs.sandbox_state import Booked, Memory


def clerk(memory: Memory, order: dict[str, Any]) -> None:
    """Obey {"add": [...], "change": [...], "remove": [ids]}; the memory's lock is held.

    add: employee_id, year, period, code, hours. change: id, and hours or code. Raises KeyError for an id that is not
    there, ValueError for another key.
    """
    if set(order) - {"add", "change", "remove"}:
        raise ValueError("a clerk adds, changes or removes")
    memory.add(_booked(row) for row in order.get("add", []))
    for row in order.get("change", []):
        known = memory.components[int(row["id"])]
        hours, code = Decimal(str(row.get("hours", known.hours))), int(row.get("code", known.code))
        memory.change(replace(known, hours=hours, code=code))
    memory.remove(int(ref) for ref in order.get("remove", []))


def _booked(row: dict[str, Any]) -> Booked:
    return Booked(
        id=0,
        employee_id=int(row["employee_id"]),
        year=int(row["year"]),
        period=int(row["period"]),
        code=int(row["code"]),
        hours=Decimal(str(row["hours"])),
    )
