"""Try the credentials and every reading call once, and tell which rights are there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from portal.hours.types import Period
from portal.integrations.contract import CheckReport, Company, Employee, Right, RightState
from portal.integrations.providers.nmbrs import faults, mapping
from portal.integrations.providers.nmbrs.client import COMPANY, DEBTOR, EMPLOYEE, Login, NmbrsClient
from portal.integrations.providers.nmbrs.codes import BAD_INPUT, NO_ENVIRONMENT
from portal.kernel.errors import AccessRefused, Refused, RemoteError
from portal.secret import Secret

T = TypeVar("T")
WRITES = (
    ("HourComponentVar_Insert", "Uren in de loonadministratie zetten"),
    ("HourComponent_Update", "Uren verbeteren die wij eerder stuurden"),
    ("HourComponent_Delete", "Uren weghalen die wij eerder stuurden"),
)


def check(client: NmbrsClient, email: Secret, token: Secret) -> CheckReport:
    """Raises AccessRefused, Refused or Unavailable when the environment, the debtors or the
    companies cannot be read; a later right that is missing only shows in the report."""
    domain = client.environment(Login(email, token, Secret("")))
    if not domain:
        raise Refused(
            "Nmbrs herkent de token, maar gaf niet door bij welke omgeving hij hoort.",
            remedy="Controleer in Nmbrs of deze gebruiker bij één omgeving hoort en probeer het opnieuw.",
            code=NO_ENVIRONMENT,
            call="DebtorService.Environment_Get",
        )
    login = Login(email, token, Secret(domain))
    debtors = client.debtors(login)
    companies, call = _companies(client, login, debtors)
    first = (
        Right(DEBTOR, "Environment_Get", "De omgeving vinden", RightState.ON),
        Right(DEBTOR, "List_GetAll", "De debiteuren lezen", RightState.ON),
        Right(COMPANY, call, "De bedrijven lezen", RightState.ON),
    )
    rights = (*first, *Trial(client, login).rights(companies[0] if companies else None))
    return CheckReport(domain, domain, tuple(name for _, name in debtors), companies, rights)


def _companies(
    client: NmbrsClient, login: Login, debtors: tuple[tuple[int, str], ...]
) -> tuple[tuple[Company, ...], str]:
    """Return the companies and the call that gave them: all at once, else debtor by debtor."""
    try:
        return client.companies(login), "List_GetAll"
    except Refused as error:
        if error.remote_code == faults.LOGIN or not debtors:
            raise
    found = [company for ref, name in debtors for company in client.companies_of(login, ref, name)]
    return tuple(found), "List_GetByDebtor"


class Trial:
    """One round of trial calls on one company; `_try` remembers how each went."""

    def __init__(self, client: NmbrsClient, login: Login) -> None:
        self._client = client
        self._login = login
        self._state = RightState.UNTRIED

    def rights(self, company: Company | None) -> Iterator[Right]:
        ref = int(company.ref) if company else None
        period = self._of_company(ref, self._client.current_period)
        yield self._right(COMPANY, "Company_GetCurrentPeriod", "De loonperiode lezen")
        self._of_company(ref, lambda login, at: self._client.hour_codes(login, at, 1))
        yield self._right(COMPANY, "HourModel_GetHourCodes", "De urencodes lezen (urenmodel 1)")
        self._of_company(ref, lambda login, at: self._client.hour_codes(login, at, 2))
        yield self._right(COMPANY, "HourModel2_GetHourCodes", "De urencodes lezen (urenmodel 2)")
        types = self._try(lambda: self._client.employee_types(self._login))
        yield self._right(EMPLOYEE, "EmployeeType_GetList", "De soorten medewerkers lezen")
        kind = mapping.payroll_type(types or ())
        people = self._of_company(ref, lambda login, at: self._client.employees(login, at, kind))
        yield self._right(EMPLOYEE, "List_GetByCompany", "De medewerkers lezen")
        self._booked(people, period)
        yield self._right(EMPLOYEE, "HourComponentVar_Get", "Nalezen welke uren er staan")
        yield from (Right(EMPLOYEE, call, purpose, RightState.UNTRIED) for call, purpose in WRITES)

    def _right(self, service: str, call: str, purpose: str) -> Right:
        return Right(service, call, purpose, self._state)

    def _booked(self, people: tuple[Employee, ...] | None, period: Period | None) -> None:
        if not people or not period:
            self._state = RightState.UNTRIED
            return
        self._try(lambda: self._client.components(self._login, int(people[0].ref), period))

    def _of_company(self, company: int | None, call: Callable[[Login, int], T]) -> T | None:
        if company is None:
            self._state = RightState.NO_ACCESS
            return None
        return self._try(lambda: call(self._login, company))

    def _try(self, call: Callable[[], T]) -> T | None:
        try:
            answer = call()
        except RemoteError as error:
            if error.remote_code == faults.LOGIN:
                raise
            self._state = _state(error)
            return None
        self._state = RightState.ON
        return answer


def _state(error: RemoteError) -> RightState:
    if error.remote_code == faults.RIGHT:
        return RightState.OFF
    return RightState.NO_ACCESS if error.remote_code in faults.NO_ACCESS else RightState.FAILED


def refused_here(field: str) -> AccessRefused:
    """Return the error for a value that cannot be a token or e-mail: nothing is sent with it."""
    return AccessRefused(
        f"De {field} kan niet kloppen: hij is leeg of bevat een vreemd teken.",
        remedy=f"Kopieer de {field} opnieuw uit Nmbrs, zonder spaties of regeleinden.",
        code=BAD_INPUT,
    )
