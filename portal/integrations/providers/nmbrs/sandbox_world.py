"""The little payroll office behind the Nmbrs stand-in: who may log in, companies, codes, people.

All names and numbers are invented; the tokens open nothing but the stand-in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from portal.integrations.providers.nmbrs.sandbox_periods import (
    FOUR_WEEKS,
    MONTH,
    WEEK,
    YearPeriod,
    last_ended,
)

ON_PAYROLL = 2  # EmployeeType "payroll" (reference section 8.4)
DEMO_USER = "koppeling@brasseriezon.example"
DEMO_TOKEN = "sandbox-nmbrs-token-0001"
READ_ONLY_USER = "alleenlezen@brasseriezon.example"
READ_ONLY_TOKEN = "sandbox-nmbrs-token-geen-rechten"
NO_RIGHTS_USER = "geenrechten@brasseriezon.example"
NO_RIGHTS_TOKEN = "sandbox-nmbrs-token-0002"
ONE_DEBTOR_USER = "eendebiteur@brasseriezon.example"
ONE_DEBTOR_TOKEN = "sandbox-nmbrs-token-0003"


@dataclass(frozen=True)
class Code:
    code: int
    description: str


@dataclass(frozen=True)
class Cost:
    """A cost centre or a cost unit."""

    id: int
    code: str
    description: str


@dataclass(frozen=True)
class Debtor:
    id: int
    number: str
    name: str


@dataclass(frozen=True)
class Worker:
    id: int
    number: int
    first: str
    prefix: str
    last: str
    employee_type: int = ON_PAYROLL

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.first, self.prefix, self.last) if part)

    @property
    def email(self) -> str:
        return self.name.lower().replace(" ", ".") + "@brasseriezon.example"


@dataclass(frozen=True)
class Firm:
    """A company. `kind` and `current` are its period kind and current (year, number)."""

    id: int
    number: int
    name: str
    debtor_id: int
    kind: str
    current: YearPeriod
    workers: tuple[Worker, ...]
    hour_codes: tuple[Code, ...] = ()
    hour_codes_2: tuple[Code, ...] = ()
    wage_codes: tuple[Code, ...] = ()
    wage_codes_2: tuple[Code, ...] = ()
    cost_centers: tuple[Cost, ...] = ()
    cost_units: tuple[Cost, ...] = ()


@dataclass(frozen=True)
class Login:
    """A user. `off` names calls as "Service/Operation" (fault 1002); `debtors` None means all."""

    username: str
    token: str
    off: frozenset[str] = frozenset()
    debtors: frozenset[int] | None = None


@dataclass(frozen=True)
class World:
    subdomain: str
    logins: tuple[Login, ...]
    debtors: tuple[Debtor, ...]
    firms: tuple[Firm, ...]


_HOURS = (
    Code(2100, "Gewerkte uren"),
    Code(2190, "Meeruren"),
    Code(3041, "Vakantie-uren"),
    Code(3063, "Feestdaguren"),
)
_HOURS_2 = (Code(6100, "Overwerk 100%"), Code(3050, "Ziekte-uren"))
_ZON = (
    (101, "Sanne", "de", "Boer"),
    (102, "Youssef", "El", "Amrani"),
    (103, "Daan", "", "Visser"),
    (104, "Fleur", "", "Bakker"),
    (105, "Milan", "", "Kowalski"),
    (106, "Noor", "van", "Dijk"),
    (107, "Lars", "", "Hendriks"),
    (108, "Aylin", "", "Yilmaz"),
    (109, "Tim", "", "Mulder"),
    (110, "Eva", "", "Smit"),
    (112, "Bram", "de", "Groot"),
)
_STRAND = ((201, "Jesse", "", "Postma"), (202, "Lotte", "van den", "Berg"), (203, "Omar", "", "Haddad"))
_CATERING = ((301, "Iris", "", "Kuipers"), (302, "Stefan", "", "Wolters"))


def demo_world(today: date) -> World:
    """The world of the demo: current periods are the last ones that ended before `today`."""
    return World(
        subdomain="brasserie-zon",
        logins=_demo_logins(),
        debtors=(Debtor(71, "1001", "De Zon Horeca Groep"), Debtor(72, "1002", "De Zon Catering Groep")),
        firms=(
            _firm(3301, 1, "Brasserie De Zon B.V.", 71, MONTH, today, _ZON),
            _firm(3302, 2, "Strandpaviljoen De Zon B.V.", 71, FOUR_WEEKS, today, _STRAND),
            _firm(3303, 3, "De Zon Catering", 72, WEEK, today, _CATERING),
        ),
    )


def _demo_logins() -> tuple[Login, ...]:
    no_hours = frozenset({"CompanyService/HourModel_GetHourCodes", "EmployeeService/HourComponentVar_Insert"})
    return (
        Login(DEMO_USER, DEMO_TOKEN),
        Login(READ_ONLY_USER, READ_ONLY_TOKEN, off=no_hours),
        Login(NO_RIGHTS_USER, NO_RIGHTS_TOKEN, off=frozenset({"DebtorService/List_GetAll"})),
        Login(ONE_DEBTOR_USER, ONE_DEBTOR_TOKEN, debtors=frozenset({71})),
    )


def _firm(
    ref: int,
    number: int,
    name: str,
    debtor: int,
    kind: str,
    today: date,
    people: tuple[tuple[int, str, str, str], ...],
) -> Firm:
    return Firm(
        id=ref,
        number=number,
        name=name,
        debtor_id=debtor,
        kind=kind,
        current=last_ended(kind, today),
        workers=tuple(Worker(50000 + person[0], *person) for person in people),
        hour_codes=_HOURS,
        hour_codes_2=_HOURS_2,
        wage_codes=(Code(4010, "Fooi"), Code(5200, "Reiskosten")),
        wage_codes_2=(Code(7300, "Maaltijden"),),
        cost_centers=(Cost(401, "BED", "Bediening"), Cost(402, "KEU", "Keuken")),
        cost_units=(Cost(501, "ZAAL", "Zaal"),),
    )
