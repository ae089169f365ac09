"""The reading calls of the Nmbrs stand-in: debtors, companies, codes, people.

Source: reference nmbrs-soap-v3 sections 6, 7 and 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from portal.integrations.providers.nmbrs.sandbox_desk import Desk, Operation
from portal.integrations.providers.nmbrs.sandbox_periods import last_number
from portal.integrations.providers.nmbrs.sandbox_schema import Field, Values, ints
from portal.integrations.providers.nmbrs.sandbox_soap import NIL, Children, Value
from portal.integrations.providers.nmbrs.sandbox_world import Code, Cost, Debtor, Firm, Worker

# The product's types in the order the REST description gives them, counted from 0 (section 8.4).
EMPLOYEE_TYPES = (
    "Applicant",
    "New hire",
    "Payroll",
    "Former payroll",
    "External",
    "Former external",
    "Rejected applicant",
)
TAX_PERIODS = {"month": "Month", "four_weeks": "Week4", "week": "Month"}
CREATED = datetime(2024, 1, 1)  # noqa: DTZ001 - the wire has no zone


def environment(desk: Desk, _: Values) -> Children:
    name = desk.memory.world.subdomain
    return [("Domain", f"{name}.nmbrs.nl"), ("SubDomain", name)]


def debtors(desk: Desk, _: Values) -> Children:
    return _debtor_list(desk.debtors())


def debtors_by_number(desk: Desk, asked: Values) -> Children:
    return _debtor_list(d for d in desk.debtors() if d.number == asked["Number"])


def _debtor_list(found: Iterable[Debtor]) -> Children:
    return [("Debtor", [("Id", d.id), ("Number", d.number), ("Name", d.name)]) for d in found]


def companies(desk: Desk, _: Values) -> Children:
    return [("Company", _company(firm)) for firm in desk.firms()]


def companies_by_debtor(desk: Desk, asked: Values) -> Children:
    debtor = desk.debtor(asked["DebtorId"])
    return [("Company", _company(firm)) for firm in desk.firms() if firm.debtor_id == debtor.id]


def _company(firm: Firm) -> Children:
    return [
        ("ID", firm.id),
        ("Number", firm.number),
        ("Name", firm.name),
        ("LoonaangifteTijdvak", TAX_PERIODS[firm.kind]),
    ]


def current_period(desk: Desk, asked: Values) -> str:
    return desk.period_text(desk.firm(asked["CompanyId"]))


def company_of_employee(desk: Desk, asked: Values) -> Children:
    return _company(desk.worker(asked["EmployeeId"])[1])


def _codes(item: str, pick: Callable[[Firm], tuple[Code, ...]]) -> Callable[[Desk, Values], Value]:
    def run(desk: Desk, asked: Values) -> Children:
        found = pick(desk.firm(asked["CompanyId"]))
        return [(item, [("Code", c.code), ("Description", c.description)]) for c in found]

    return run


def cost_centers(desk: Desk, asked: Values) -> Children:
    found = desk.firm(asked["CompanyId"]).cost_centers
    return [("CostCenter", [*_cost(c), ("Id", c.id)]) for c in found]


def cost_units(desk: Desk, asked: Values) -> Children:
    found = desk.firm(asked["CompanyId"]).cost_units
    return [("CostUnit", [("Id", c.id), *_cost(c)]) for c in found]


def _cost(cost: Cost) -> Children:
    return [("Code", cost.code), ("Description", cost.description)]


def runs(desk: Desk, asked: Values) -> Children:
    """One run per period up to the current one; earlier ones are locked."""
    firm, year = desk.firm(asked["CompanyId"]), asked["Year"]
    current = desk.memory.current(firm)
    if not 1990 <= year <= current[0]:
        return []
    numbers = range(1, last_number(firm.kind, year) + 1)
    return [("RunInfo", _run(year, n, (year, n) < current)) for n in numbers if (year, n) <= current]


def _run(year: int, number: int, locked: bool) -> Children:
    return [
        ("ID", year * 100 + number),
        ("Number", number),
        ("Year", year),
        ("PeriodStart", number),
        ("PeriodEnd", number),
        ("Description", f"Run {number}"),
        ("RunAt", CREATED.replace(year=year)),
        ("IsLocked", locked),
    ]


def employee_types(_: Desk, __: Values) -> Children:
    return [("EmployeeType", [("Id", n), ("Description", text)]) for n, text in enumerate(EMPLOYEE_TYPES)]


def employees_by_company(desk: Desk, asked: Values) -> Children:
    return _employees(desk.firm(asked["CompanyId"]).workers, asked["EmployeeType"])


def employees_by_debtor(desk: Desk, asked: Values) -> Children:
    debtor = desk.debtor(asked["DebtorId"])
    found = [w for firm in desk.firms() if firm.debtor_id == debtor.id for w in firm.workers]
    return _employees(found, asked["EmployeeType"])


def _employees(workers: Iterable[Worker], kind: int) -> Children:
    return [
        ("Employee", [("Id", w.id), ("Number", w.number), ("DisplayName", w.name)])
        for w in workers
        if w.employee_type == kind
    ]


def employee_current(desk: Desk, asked: Values) -> str:
    return desk.period_text(desk.worker(asked["EmployeeId"])[1])


def personal_infos(desk: Desk, asked: Values) -> Children:
    workers = desk.firm(asked["CompanyID"]).workers
    return [
        (
            "PersonalInfoItem",
            [("EmployeeId", w.id), ("EmployeePersonalInfos", [("PersonalInfo_V2", _info(w))])],
        )
        for w in workers
    ]


def _info(worker: Worker) -> Children:
    names = [("FirstName", worker.first), ("Prefix", worker.prefix), ("LastName", worker.last)]
    return [
        ("Id", worker.id + 100000),
        ("DisplayName", worker.name),
        ("EmployeeNumber", worker.number),
        *names,
        ("Gender", "undefined"),
        ("NationalityCode", 1),
        ("IdentificationType", 0),
        ("EmailWork", worker.email),
        ("BurgerlijkeStaat", 0),
        ("Naamstelling", 0),
        ("Birthday", NIL),
        ("CreationDate", CREATED),
        ("StartPeriod", 1),
        ("StartYear", 2024),
        ("DeceasedDate", NIL),
    ]


_COMPANY = ints("CompanyId")
OPERATIONS = (
    Operation("DebtorService", "Environment_Get", (), environment),
    Operation("DebtorService", "List_GetAll", (), debtors),
    Operation("DebtorService", "List_GetByNumber", (Field("Number", "string", required=False),), debtors_by_number),
    Operation("CompanyService", "List_GetAll", (), companies),
    Operation("CompanyService", "List_GetByDebtor", ints("DebtorId"), companies_by_debtor),
    Operation("CompanyService", "Company_GetCurrentPeriod", _COMPANY, current_period),
    Operation("CompanyService", "Company_GetCurrentByEmployeeId", ints("EmployeeId"), company_of_employee),
    Operation("CompanyService", "HourModel_GetHourCodes", _COMPANY, _codes("HourCode", lambda f: f.hour_codes)),
    Operation("CompanyService", "HourModel2_GetHourCodes", _COMPANY, _codes("HourCode", lambda f: f.hour_codes_2)),
    Operation("CompanyService", "WageModel_GetWageCodes", _COMPANY, _codes("WageCode", lambda f: f.wage_codes)),
    Operation("CompanyService", "WageModel2_GetWageCodes", _COMPANY, _codes("WageCode", lambda f: f.wage_codes_2)),
    Operation("CompanyService", "CostCenter_GetList", _COMPANY, cost_centers),
    Operation("CompanyService", "CostUnit_GetList", _COMPANY, cost_units),
    Operation("CompanyService", "Run_GetList", ints("CompanyId", "Year"), runs),
    Operation("EmployeeService", "EmployeeType_GetList", (), employee_types),
    Operation("EmployeeService", "List_GetByCompany", ints("CompanyId", "EmployeeType"), employees_by_company),
    Operation("EmployeeService", "List_GetByDebtor", ints("DebtorId", "EmployeeType"), employees_by_debtor),
    Operation("EmployeeService", "Employee_GetCurrent", ints("EmployeeId"), employee_current),
    Operation(
        "EmployeeService",
        "PersonalInfoWithoutBSN_Get_GetAllEmployeesByCompany",
        ints("CompanyID"),
        personal_infos,
    ),
)
