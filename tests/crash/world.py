"""An installation with a customer, many people, and hours for one round after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from portal.app import wire
from portal.deliveries import service
from portal.exports import service as exports
from portal.exports.queries import preview
from portal.hours.periods import bounds, period_of, previous
from portal.hours.plan import SameDay
from portal.hours.types import Period, PeriodKind
from portal.integrations.parts import Providers
from portal.integrations.providers.nmbrs.sandbox_world import Worker, World, demo_world
from portal.kernel.work import Acting
from portal.secret import Secret
from portal.settings import Settings
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.crash.nursery import start_stand_in
from tests.factories.people import Cast, make_cast
from tests.factories.setup import CODES, COMPANY, activate_nmbrs, all_in_one, import_hours
from tests.hours.sheets import row

FIRST_NUMBER, FIRST_REF = 1000, 60000
LINES_A_PERSON = 4  # two codes in one export, a supplement to it, and an export of the month before
MOST_ROUNDS = 20  # of one installation: there are 28 safe days with room for three shifts in a month
STARTS = ("07:00", "12:30", "18:00")
LEASE_SECONDS, REMOTE_SECONDS, PARALLEL = 4, 2, 8
ANSWER_SECONDS = 0.015
CLERK_EVERY, TWIN_EVERY = 3, 5


@dataclass(frozen=True)
class Entry:
    """One line to be: `slot` decides when it was worked, `length` (a slot too) how long."""

    period: Period
    kind: str
    slot: int
    length: int

    def minutes(self, person: int) -> int:
        """1 to 5 hours, unlike every other line of this person and period; threes of minutes round to nothing."""
        return 60 + 3 * ((self.length * 7 + person) % 80)

    def hours(self, person: int) -> Decimal:
        return Decimal(self.minutes(person)) / 60


@dataclass
class Place:
    """One installation. `theirs` are the components that a clerk at the payroll office entered by hand."""

    acting: Acting
    cast: Cast
    sandbox: str
    people: int
    environment: dict[str, str]
    folder: Path
    rounds: int = 0
    theirs: dict[int, tuple[int, Decimal]] = field(default_factory=dict)

    @property
    def alice(self) -> Acting:
        return self.acting.as_actor(self.cast.actors["alice"])

    @property
    def expected(self) -> int:
        """Lines that were sent off so far."""
        return self.rounds * self.people * LINES_A_PERSON

    def control(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(f"{self.sandbox}/nmbrs/_sandbox/{name}", json=body, timeout=30)
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.sandbox}/nmbrs/_sandbox/state", timeout=30).json()
        return found

    def bring_round(self) -> list[int]:
        """Import new hours, export them three times and send: each person has three deliveries at once, two of them
        in one period, and every fifth has two lines of equal code and hours in those. Returns the deliveries."""
        number, month = self.rounds, last_month()
        self.rounds += 1
        first = [Entry(month, "gewerkt", 3 * number, 3 * number)]
        first += [Entry(month, "vakantie", 3 * number + 1, 3 * number + 1)]
        supplement = Entry(month, "gewerkt", 3 * number + 2, 3 * number + 2)
        before = Entry(previous(month), "gewerkt", number, number)
        self._clerk(first, number)
        made = [self._export(month, first), self._export(month, [supplement], twin_of=3 * number)]
        made.append(self._export(previous(month), [before]))
        return [service.send(self.alice, export) for export in made]

    def _export(self, period: Period, entries: list[Entry], twin_of: int | None = None) -> int:
        rows = [self._row(entry, person, twin_of) for entry in entries for person in range(self.people)]
        import_hours(self.acting, self.cast, rows, who="alice", same_day=SameDay.BOTH)
        with self.alice.read() as work:
            found = preview(work, self.acting.part(Providers), self._venue, "nmbrs", period)
        return exports.create(self.alice, self._venue, "nmbrs", period, found.fingerprint, leave_out=True)

    @property
    def _venue(self) -> int:
        return self.cast.venue("alice")

    def _row(self, entry: Entry, person: int, twin_of: int | None) -> list[str]:
        if twin_of is not None and person % TWIN_EVERY == 0:
            entry = replace(entry, length=twin_of)
        # from the last day back: the first of the month before last can be too old to read in
        day, start = bounds(entry.period)[1] - timedelta(days=entry.slot % 28), STARTS[entry.slot // 28]
        begins = datetime.combine(day, datetime.strptime(start, "%H:%M").time())
        ends = begins + timedelta(minutes=entry.minutes(person))
        found: list[str] = row(
            Teamlid=f"Teamlid {person}", E_mail="", Personeelsnummer=str(FIRST_NUMBER + person), BSN="",
            Datum=f"{day:%d-%m-%Y}", Start=start, Eind=f"{ends:%H:%M}", Pauze="0", Soort_uren=entry.kind,
        )  # fmt: skip
        return found

    def _clerk(self, entries: list[Entry], number: int) -> None:
        """Somebody enters by hand just what we are about to send: whoever takes that for ours, loses an hour."""
        known = {int(one["id"]) for one in self.state()["components"]}
        rows = [
            {
                "employee_id": FIRST_REF + person, "year": entry.period.year, "period": entry.period.number,
                "code": CODES[entry.kind], "hours": f"{entry.hours(person):.2f}",
            }
            for entry in entries
            for person in range(self.people)
            if person % CLERK_EVERY == number % CLERK_EVERY
        ]  # fmt: skip
        self.control("clerk", {"add": rows})
        for one in self.state()["components"]:
            if int(one["id"]) not in known:
                self.theirs[int(one["id"])] = int(one["code"]), Decimal(one["hours"])


def last_month() -> Period:
    return previous(period_of(datetime.now(UTC).date(), PeriodKind.MONTH))


def world_of(people: int, today: date) -> World:
    base = demo_world(today)
    workers = tuple(Worker(FIRST_REF + n, FIRST_NUMBER + n, "Teamlid", "", str(n)) for n in range(people))
    return replace(base, firms=(replace(base.firms[0], workers=workers), *base.firms[1:]))


@contextmanager
def place(database_url: str, folder: Path, people: int) -> Iterator[Place]:
    """An installation on an empty, migrated database, with the stand-in of Nmbrs as a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    stand_in, url = start_stand_in(world_of(people, datetime.now(UTC).date()), ANSWER_SECONDS)
    settings = Settings(
        data=folder, database_url=database_url, base_url="http://localhost", secret_key=Secret(SECRET_KEY),
        vault_key=Secret(VAULT_KEY), allow_private_endpoints=True, nmbrs_soap_url=f"{url}/nmbrs/soap/v3",
        lease_seconds=LEASE_SECONDS, remote_seconds=REMOTE_SECONDS,
    )  # fmt: skip
    acting = all_in_one(wire(settings))
    try:
        cast = make_cast(acting)
        activate_nmbrs(acting, cast)
        found = Place(acting, cast, url, people, _environment(settings), folder)
        # both months are open: a closed one would refuse everything
        found.control("settings", {"current": {COMPANY: [previous(previous(last_month())).year, 1]}})
        yield found
    finally:
        acting.engine.dispose()
        stand_in.kill()
        stand_in.join()


def _environment(settings: Settings) -> dict[str, str]:
    return {
        "DATABASE_URL": settings.database_url,
        "DATA": str(settings.data),
        "PORTAL_BASE_URL": settings.base_url,
        "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_VAULT_KEY": VAULT_KEY,
        "PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1",
        "PORTAL_NMBRS_SOAP_URL": settings.nmbrs_soap_url,
        "PORTAL_LEASE_SECONDS": str(LEASE_SECONDS),
        "PORTAL_REMOTE_SECONDS": str(REMOTE_SECONDS),
        "PORTAL_PARALLEL": str(PARALLEL),
    }
