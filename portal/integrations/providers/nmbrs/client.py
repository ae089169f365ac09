"""The calls of Nmbrs SOAP v3 that we use, typed (reference nmbrs-soap-v3, sections 6 to 9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from portal.hours.types import Period
from portal.integrations.contract import Company, Component, Employee, HourCode
from portal.integrations.providers.nmbrs import faults, mapping
from portal.kernel.remote.http import Remote
from portal.kernel.remote.soap import SoapFault, SoapService, unreadable
from portal.secret import Secret

WSDL = Path(__file__).with_name("wsdl")
DEBTOR, COMPANY, EMPLOYEE = "DebtorService", "CompanyService", "EmployeeService"
T = TypeVar("T")


@dataclass(frozen=True)
class Login:
    """`domain` is the sub-domain ("acme"); empty only for `environment`."""

    email: Secret
    token: Secret
    domain: Secret

    def header(self) -> tuple[str, Mapping[str, Secret]]:
        """Return part name and fields. Domain is always sent: sources disagree whether it may be
        left out (section 3)."""
        fields = {"Username": self.email, "Token": self.token, "Domain": self.domain}
        return "AuthHeaderWithDomain", fields

    def short_header(self) -> tuple[str, Mapping[str, Secret]]:
        return "AuthHeader", {"Username": self.email, "Token": self.token}


class NmbrsClient:
    """Every method raises AccessRefused, Refused or Unavailable; a writing one also Unclear."""

    def __init__(self, remote: Remote) -> None:
        self._name = remote.name
        self._services = {
            name: SoapService(remote, WSDL / f"{name}.wsdl", f"/{name}.asmx") for name in (DEBTOR, COMPANY, EMPLOYEE)
        }

    def environment(self, login: Login) -> str:
        """Return the sub-domain of the environment of this token; empty when Nmbrs gives none."""
        return self._value(DEBTOR, "Environment_Get", login.short_header(), {}, mapping.sub_domain, write=False)

    def debtors(self, login: Login) -> tuple[tuple[int, str], ...]:
        return self._rows(DEBTOR, "List_GetAll", login, {}, "Debtor", mapping.debtor)

    def companies(self, login: Login) -> tuple[Company, ...]:
        return self._rows(COMPANY, "List_GetAll", login, {}, "Company", mapping.company)

    def companies_of(self, login: Login, debtor: int, debtor_name: str) -> tuple[Company, ...]:
        def read(row: Any) -> Company:
            return mapping.company(row, debtor_name)

        return self._rows(COMPANY, "List_GetByDebtor", login, {"DebtorId": debtor}, "Company", read)

    def current_period(self, login: Login, company: int) -> Period:
        given = {"CompanyId": company}
        return self._value(COMPANY, "Company_GetCurrentPeriod", login.header(), given, mapping.period, write=False)

    def hour_codes(self, login: Login, company: int, model: int) -> tuple[HourCode, ...]:
        """Read the hour codes of hour model 1 or 2."""
        call = "HourModel_GetHourCodes" if model == 1 else "HourModel2_GetHourCodes"

        def read(row: Any) -> HourCode:
            return mapping.hour_code(row, model)

        return self._rows(COMPANY, call, login, {"CompanyId": company}, "HourCode", read)

    def runs(self, login: Login, company: int, year: int) -> tuple[mapping.Run, ...]:
        given = {"CompanyId": company, "Year": year}
        return self._rows(COMPANY, "Run_GetList", login, given, "RunInfo", mapping.run)

    def employee_types(self, login: Login) -> tuple[tuple[int, str], ...]:
        call = "EmployeeType_GetList"
        return self._rows(EMPLOYEE, call, login, {}, "EmployeeType", mapping.employee_type)

    def employees(self, login: Login, company: int, employee_type: int) -> tuple[Employee, ...]:
        given = {"CompanyId": company, "EmployeeType": employee_type}
        return self._rows(EMPLOYEE, "List_GetByCompany", login, given, "Employee", mapping.employee)

    def components(self, login: Login, employee: int, period: Period) -> tuple[Component, ...]:
        given = {"EmployeeId": employee, "Period": period.number, "Year": period.year}
        call = "HourComponentVar_Get"
        return self._rows(EMPLOYEE, call, login, given, "HourComponent", mapping.component)

    def insert(
        self, login: Login, employee: int, code: int, hours: Decimal, period: Period, *, unprotected: bool = False
    ) -> int:
        """Book a new component and return its id. NOT safe to call twice: each call makes one
        (section 9.3). `unprotected` opens a closed period: only when a person chose so (section 10)."""
        given = {
            "EmployeeId": employee,
            "Hourcomponent": _component(0, code, hours),
            "Period": period.number,
            "Year": period.year,
            "UnprotectedMode": unprotected,
        }

        def read(value: object) -> int:
            return mapping.identifier(value, "HourComponentVar_InsertResult")

        return self._value(EMPLOYEE, "HourComponentVar_Insert", login.header(), given, read, write=True)

    def update(
        self, login: Login, employee: int, component: int, code: int, hours: Decimal, *, unprotected: bool = False
    ) -> None:
        """Change a variable component. Safe to call twice. The end period is for fixed ones: 0."""
        given = {
            "EmployeeId": employee,
            "Hourcomponent": _component(component, code, hours),
            "EndPeriod": 0,
            "EndYear": 0,
            "UnprotectedMode": unprotected,
        }
        self._value(EMPLOYEE, "HourComponent_Update", login.header(), given, lambda _: None, write=True)

    def delete(self, login: Login, employee: int, component: int) -> bool:
        """Remove a component. Safe to call twice; False when Nmbrs did not remove it."""
        given = {"EmployeeId": employee, "HourComponentID": component}

        def read(value: object) -> bool:
            return mapping.flag(value, "HourComponent_DeleteResult")

        return self._value(EMPLOYEE, "HourComponent_Delete", login.header(), given, read, write=True)

    def _rows(
        self,
        service: str,
        call: str,
        login: Login,
        given: Mapping[str, object],
        item: str,
        read: Callable[[Any], T],
    ) -> tuple[T, ...]:
        try:
            rows = self._services[service].rows(call, login.header(), given, item)
            return tuple(read(row) for row in rows)
        except SoapFault as fault:
            error = faults.error_of(fault, service, call, write=False)
        except mapping.BadValueError as bad:
            error = unreadable(self._name, "value", write=False, field=str(bad), call=f"{service}.{call}")
        raise error

    def _value(
        self,
        service: str,
        call: str,
        header: tuple[str, Mapping[str, Secret]],
        given: Mapping[str, object],
        read: Callable[[Any], T],
        *,
        write: bool,
    ) -> T:
        try:
            return read(self._services[service].value(call, header, given, write=write))
        except SoapFault as fault:
            error = faults.error_of(fault, service, call, write=write)
        except mapping.BadValueError as bad:
            error = unreadable(self._name, "value", write=write, field=str(bad), call=f"{service}.{call}")
        raise error


def _component(ref: int, code: int, hours: Decimal) -> dict[str, object]:
    """No comment: Nmbrs never gives it back through SOAP (section 9.1), so it would help nobody."""
    exact = hours.quantize(Decimal("0.01"))
    if exact != hours:
        raise ValueError("Hours for payroll have two decimals.")
    return {"Id": ref, "HourCode": code, "Hours": exact, "CostCenterId": None, "CostUnitId": None}
