"""What the Nmbrs stand-in remembers: bookings, tokens, rights and its own switches.

Every public method must be called with `lock` held, except the constructor: the server is threaded.
With a path, bookings survive a restart; the file is replaced as a whole, so it is never half written.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from portal.integrations.providers.nmbrs.sandbox_world import Firm, Login, World

FIRST_ID = 700001


@dataclass(frozen=True)
class Booked:
    """A variable hour component. `hours` keeps the decimals it came with."""

    id: int
    employee_id: int
    year: int
    period: int
    code: int
    hours: Decimal
    cost_center_id: int | None = None
    cost_unit_id: int | None = None
    comment: str | None = None


@dataclass
class Switches:
    """Where the reference leaves Nmbrs' behaviour open, and what an administrator may change.

    `protected_code` is 2011 or 9999; `filed` is per company id the last (year, period) whose wage-tax
    return was sent (2012); `current` overrides the current period per company id.
    """

    suffixes: dict[str, str] = field(
        default_factory=lambda: {"month": "M", "four_weeks": "4W", "week": "W1"},
    )
    protected_code: int = 2011
    future_refused: bool = False
    batch_stops_at_first: bool = False
    filed: dict[int, tuple[int, int]] = field(default_factory=dict)
    current: dict[int, tuple[int, int]] = field(default_factory=dict)


class Memory:
    def __init__(self, world: World, path: Path | None = None) -> None:
        self.world = world
        self.lock = threading.RLock()
        self._path = path
        self.forget(save=False)
        if path is not None and path.exists():
            self._load(path)

    def forget(self, *, save: bool = True) -> None:
        """Back to the beginning: rights and tokens of the world, nothing booked."""
        self.switches = Switches()
        self.logins = {login.username: login for login in self.world.logins}
        self.components: dict[int, Booked] = {}
        self.days: dict[tuple[int, int, int], int] = {}
        self.next_id = FIRST_ID
        if save:
            self._save()

    def current(self, firm: Firm) -> tuple[int, int]:
        return self.switches.current.get(firm.id, firm.current)

    def of(self, employee_id: int, year: int, period: int) -> list[Booked]:
        """What is booked for this employee in this period, in order of booking."""
        key = (employee_id, year, period)
        return [c for c in self.components.values() if (c.employee_id, c.year, c.period) == key]

    def add(self, fresh: Iterable[Booked]) -> list[int]:
        """Book new components; every one gets a new id, also when the data are equal."""
        ids = []
        for component in fresh:
            self.components[self.next_id] = replace(component, id=self.next_id)
            ids.append(self.next_id)
            self.next_id += 1
        self._save()
        return ids

    def change(self, component: Booked) -> None:
        self.components[component.id] = component
        self._save()

    def remove(self, ids: Iterable[int]) -> None:
        for ref in ids:
            del self.components[ref]
        self._save()

    def set_days(self, employee_id: int, year: int, period: int, days: int) -> None:
        self.days[employee_id, year, period] = days
        self._save()

    def set_right(self, username: str, call: str, *, allowed: bool) -> None:
        """Switch "Service/Operation" on or off in this user's template. Raises KeyError."""
        login = self.logins[username]
        off = login.off - {call} if allowed else login.off | {call}
        self.logins[username] = replace(login, off=off)

    def set_token(self, username: str, token: str) -> None:
        """Reset a token, so that the old one gives 1001. Raises KeyError."""
        self.logins[username] = replace(self.logins[username], token=token)

    def login(self, username: str) -> Login | None:
        return self.logins.get(username)

    def _save(self) -> None:
        if self._path is None:
            return
        data: dict[str, Any] = {"next_id": self.next_id}
        data["components"] = [{**asdict(c), "hours": str(c.hours)} for c in self.components.values()]
        data["days"] = [[*key, days] for key, days in self.days.items()]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(data, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def _load(self, path: Path) -> None:
        data = json.loads(path.read_text(encoding="utf-8"))
        rows = [Booked(**{**row, "hours": Decimal(row["hours"])}) for row in data["components"]]
        self.components = {row.id: row for row in rows}
        self.days = {(row[0], row[1], row[2]): row[3] for row in data["days"]}
        self.next_id = data["next_id"]
