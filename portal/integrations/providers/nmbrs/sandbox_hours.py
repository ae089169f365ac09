"""The hour and day calls of the Nmbrs stand-in.

Source: reference nmbrs-soap-v3 sections 9, 10 and 16. An insert always makes a new component; reading
back gives Id, HourCode and Hours only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from portal.integrations.providers.nmbrs.sandbox_desk import Desk, Operation
from portal.integrations.providers.nmbrs.sandbox_schema import (
    HOUR_COMPONENT,
    HOUR_COMPONENTS,
    UNPROTECTED,
    Field,
    Values,
    ints,
)
from portal.integrations.providers.nmbrs.sandbox_soap import Children, SoapFault, nmbrs_fault, text_fault
from portal.integrations.providers.nmbrs.sandbox_state import Booked
from portal.integrations.providers.nmbrs.sandbox_world import Firm

YearPeriod = tuple[int, int]
NO_OBJECT = "Object reference not set to an instance of an object."


def get(desk: Desk, asked: Values) -> Children:
    _, firm = desk.worker(asked["EmployeeId"])
    desk.check_period(firm, asked["Year"], asked["Period"])
    return _items(desk.memory.of(asked["EmployeeId"], asked["Year"], asked["Period"]))


def get_current(desk: Desk, asked: Values) -> Children:
    _, firm = desk.worker(asked["EmployeeId"])
    return _items(desk.memory.of(asked["EmployeeId"], *desk.memory.current(firm)))


def get_fixed(desk: Desk, asked: Values) -> Children:
    """The stand-in keeps no fixed components: always an empty list."""
    _, firm = desk.worker(asked["EmployeeId"])
    desk.check_period(firm, asked["Year"], asked["Period"])
    return []


def _items(found: Iterable[Booked]) -> Children:
    return [("HourComponent", [("Id", c.id), ("HourCode", c.code), ("Hours", c.hours)]) for c in found]


def insert(desk: Desk, asked: Values) -> int:
    when = asked["Year"], asked["Period"]
    _, firm = desk.worker(asked["EmployeeId"])
    desk.check_open(firm, *when, unprotected=asked["UnprotectedMode"])
    return desk.memory.add([_fresh(firm, asked["EmployeeId"], when, asked["Hourcomponent"])])[0]


def insert_current(desk: Desk, asked: Values) -> int:
    _, firm = desk.worker(asked["EmployeeId"])
    component = _fresh(firm, asked["EmployeeId"], desk.memory.current(firm), asked["Hourcomponent"])
    return desk.memory.add([component])[0]


def insert_batch(desk: Desk, asked: Values) -> None:
    """All or nothing by choice; with `batch_stops_at_first` the good lines before a bad one stay."""
    good: list[Booked] = []
    try:
        for line in asked["HourComponents"]:
            _, firm = desk.worker(line["EmployeeId"])
            desk.check_open(firm, asked["Year"], asked["Period"], unprotected=asked["UnprotectedMode"])
            good.append(_fresh(firm, line["EmployeeId"], (asked["Year"], asked["Period"]), line))
    except SoapFault:
        if desk.memory.switches.batch_stops_at_first:
            desk.memory.add(good)
        raise
    desk.memory.add(good)


def update(desk: Desk, asked: Values) -> int:
    """Change a component of this employee. An unknown id gives 2001 (our choice)."""
    _, firm = desk.worker(asked["EmployeeId"])
    values = asked["Hourcomponent"]
    if values is None:
        raise text_fault(NO_OBJECT)
    known = desk.memory.components.get(values["Id"])
    if known is None or known.employee_id != asked["EmployeeId"]:
        raise nmbrs_fault(2001)
    when = known.year, known.period
    desk.check_open(firm, *when, unprotected=asked["UnprotectedMode"])
    desk.memory.change(replace(_fresh(firm, asked["EmployeeId"], when, values), id=known.id))
    return known.id


def delete(desk: Desk, asked: Values) -> bool:
    """False for an unknown id; 2011 in a closed period, as it has no UnprotectedMode (our choices)."""
    _, firm = desk.worker(asked["EmployeeId"])
    known = desk.memory.components.get(asked["HourComponentID"])
    if known is None or known.employee_id != asked["EmployeeId"]:
        return False
    desk.check_open(firm, known.year, known.period, unprotected=False)
    desk.memory.remove([known.id])
    return True


def clear(desk: Desk, asked: Values) -> None:
    """Removes every variable component of employee and period, whoever put it there."""
    _, firm = desk.worker(asked["EmployeeId"])
    when = asked["Year"], asked["Period"]
    desk.check_open(firm, *when, unprotected=asked["UnprotectedMode"])
    desk.memory.remove([c.id for c in desk.memory.of(asked["EmployeeId"], *when)])


def clear_current(desk: Desk, asked: Values) -> None:
    _, firm = desk.worker(asked["EmployeeId"])
    found = desk.memory.of(asked["EmployeeId"], *desk.memory.current(firm))
    desk.memory.remove([c.id for c in found])


def days_get(desk: Desk, asked: Values) -> int:
    _, firm = desk.worker(asked["EmployeeId"])
    desk.check_period(firm, asked["Year"], asked["Period"])
    return desk.memory.days.get((asked["EmployeeId"], asked["Year"], asked["Period"]), 0)


def days_set(desk: Desk, asked: Values) -> None:
    _, firm = desk.worker(asked["EmployeeId"])
    when = asked["Year"], asked["Period"]
    desk.check_open(firm, *when, unprotected=asked["UnprotectedMode"])
    desk.memory.set_days(asked["EmployeeId"], *when, asked["Days"])


def _fresh(firm: Firm, employee_id: int, when: YearPeriod, values: Values | None) -> Booked:
    """A component to book, its code and costs checked: 2001, 2037, 2030, 2040."""
    if values is None:
        raise text_fault(NO_OBJECT)
    _check_codes(firm, values)
    return Booked(
        id=0,
        employee_id=employee_id,
        year=when[0],
        period=when[1],
        code=values["HourCode"],
        hours=values["Hours"],
        cost_center_id=values["CostCenterId"],
        cost_unit_id=values["CostUnitId"],
        comment=values["Comment"],
    )


def _check_codes(firm: Firm, values: Values) -> None:
    if values["HourCode"] not in {code.code for code in (*firm.hour_codes, *firm.hour_codes_2)}:
        raise nmbrs_fault(2001)
    if values["CostCenterId"] not in {None, *(cost.id for cost in firm.cost_centers)}:
        raise nmbrs_fault(2037)
    if values["CostUnitId"] not in {None, *(cost.id for cost in firm.cost_units)}:
        raise nmbrs_fault(2030)
    if values["Attachment"] and "." not in (values["DocumentName"] or ""):
        raise nmbrs_fault(2040)


_READ = ints("EmployeeId", "Period", "Year")
_WRITE_END = (*ints("Period", "Year"), UNPROTECTED)
_SERVICE = "EmployeeService"
OPERATIONS = (
    Operation(_SERVICE, "HourComponentVar_Get", _READ, get),
    Operation(_SERVICE, "HourComponentVar_GetCurrent", ints("EmployeeId"), get_current),
    Operation(_SERVICE, "HourComponentFixed_Get", _READ, get_fixed),
    Operation(_SERVICE, "HourComponentVar_Insert", (Field("EmployeeId"), HOUR_COMPONENT, *_WRITE_END), insert),
    Operation(_SERVICE, "HourComponentVar_InsertCurrent", (Field("EmployeeId"), HOUR_COMPONENT), insert_current),
    Operation(_SERVICE, "HourComponentVar_Insert_Batch", (HOUR_COMPONENTS, *_WRITE_END), insert_batch),
    Operation(
        _SERVICE,
        "HourComponent_Update",
        (Field("EmployeeId"), HOUR_COMPONENT, *ints("EndPeriod", "EndYear"), UNPROTECTED),
        update,
    ),
    Operation(_SERVICE, "HourComponent_Delete", ints("EmployeeId", "HourComponentID"), delete),
    Operation(_SERVICE, "HourComponentVar_Clear", (*_READ, UNPROTECTED), clear),
    Operation(_SERVICE, "HourComponentVar_ClearCurrent", ints("EmployeeId"), clear_current),
    Operation(_SERVICE, "DaysVar_Get", _READ, days_get),
    Operation(_SERVICE, "DaysVar_Set", (*ints("EmployeeId", "Days", "Period", "Year"), UNPROTECTED), days_set),
)
