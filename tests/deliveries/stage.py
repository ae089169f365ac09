"""A customer with Nmbrs set up and hours ready, and what the stand-in holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from portal.exports import service as exports
from portal.exports.queries import preview
from portal.hours.periods import bounds, period_of, previous
from portal.hours.service import import_file
from portal.hours.types import Period, PeriodKind
from portal.integrations import setup
from portal.integrations.parts import Providers
from portal.integrations.queries import requests
from portal.kernel.errors import Unavailable
from portal.kernel.work import Acting
from portal.support import service as support
from tests.factories.people import Cast
from tests.factories.setup import hand_over
from tests.hours.sheets import csv_bytes

PEOPLE = (
    ("Sanne de Boer", "101", "123456782"),
    ("Youssef El Amrani", "102", "111222333"),
    ("Daan Visser", "103", "249566758"),
)
COMPANY = "3301"


def last_month() -> Period:
    return previous(period_of(datetime.now(UTC).date(), PeriodKind.MONTH))


def shift(person: tuple[str, str, str], day: date, *, kind: str = "gewerkt", approved: str = "ja") -> list[str]:
    name, number, bsn = person
    mail = f"{name.split()[0].lower()}@dezon.example"
    return [name, mail, number, bsn, f"{day:%d-%m-%Y}", "09:00", "17:00", "30", kind, approved]


@dataclass
class Stage:
    """`acting` is Alice; every step goes through the services that the pages call."""

    acting: Acting
    cast: Cast
    sandbox: str
    period: Period = field(default_factory=last_month)

    @property
    def alice(self) -> Acting:
        return self.acting.as_actor(self.cast.actors["alice"])

    @property
    def venue(self) -> int:
        return self.cast.venue("alice")

    def connect_nmbrs(
        self, token: str = "sandbox-nmbrs-token-0001", mail: str = "koppeling@brasseriezon.example"
    ) -> None:
        for press in range(5):  # a busy machine and short time-outs: the page then says to try again
            try:
                hand_over(self.alice, token, mail)
                break
            except Unavailable:
                if press == 4:
                    raise
        desk = self.acting.as_actor(self.cast.actors["support"])
        with desk.read() as work:
            request = requests(work)[0].id
        support.take(desk, request)
        support.activate(desk, request)
        setup.choose_company(self.alice, "nmbrs", self.venue, COMPANY)
        setup.choose_codes(self.alice, "nmbrs", self.venue, {"gewerkt": "2100", "vakantie": "3041"})

    def bring_hours(self, days: int = 2, people: tuple[tuple[str, str, str], ...] = PEOPLE, start: int = 0) -> None:
        first = bounds(self.period)[0] + timedelta(days=start)
        rows = [shift(person, first + timedelta(days=n)) for person in people for n in range(days)]
        import_file(self.alice, self.venue, "uren.csv", csv_bytes(rows))

    def export(self, key: str = "nmbrs", *, leave_out: bool = False) -> int:
        with self.alice.read() as work:
            seen = preview(work, self.acting.part(Providers), self.venue, key, self.period)
        return exports.create(self.alice, self.venue, key, self.period, seen.fingerprint, leave_out=leave_out)

    def state(self, name: str = "nmbrs") -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.sandbox}/{name}/_sandbox/state").json()
        return found

    def booked(self) -> list[tuple[int, str]]:
        """Hours per employee number as the Nmbrs stand-in holds them."""
        rows = self.state()["components"]
        return sorted((int(row["employee_number"]), str(row["hours"])) for row in rows)

    def trouble(self, operation: str, kind: str, name: str = "nmbrs", **options: object) -> None:
        body = {"operation": operation, "kind": kind, "times": 1, **options}
        httpx.post(f"{self.sandbox}/{name}/_sandbox/faults", json=body).raise_for_status()
