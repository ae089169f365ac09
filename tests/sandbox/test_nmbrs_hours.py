"""Hours and days at the Nmbrs stand-in: codes, periods, rights, double booking (issue 2 item 8)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal.integrations.providers.nmbrs.sandbox import NmbrsStandIn
from portal.integrations.providers.nmbrs.sandbox_periods import last_ended
from portal.integrations.providers.nmbrs.sandbox_world import Worker, demo_world
from portal.sandbox.server import running
from tests.sandbox.conftest import TODAY
from tests.sandbox.envelopes import COSTS, NIL, Nmbrs, fields, hours, insert, when


def test_insert_gives_an_id_and_reads_back_id_code_hours_only(nmbrs: Nmbrs) -> None:
    answer = nmbrs.insert(amount="7.50", more="<Comment>week 41</Comment>")
    ref = answer.texts("HourComponentVar_InsertResult")[0]
    assert nmbrs.booked() == [{"Id": ref, "HourCode": "2100", "Hours": "7.50"}]


def test_equal_inserts_make_two_components(nmbrs: Nmbrs) -> None:
    """The rule on which everything rests: Nmbrs has no key, so a resend is paid twice."""
    ids = [nmbrs.insert().texts("HourComponentVar_InsertResult")[0] for _ in range(2)]
    assert ids[0] != ids[1]
    assert [row["Id"] for row in nmbrs.booked()] == ids


def test_components_are_kept_apart_by_employee_and_period(nmbrs: Nmbrs) -> None:
    nmbrs.insert()
    assert nmbrs.booked(employee=50102) == []
    assert nmbrs.booked(period=11) == []
    assert nmbrs.booked(year=2025) == []


def test_nothing_booked_is_an_empty_result_element(nmbrs: Nmbrs) -> None:
    answer = nmbrs.emp("HourComponentVar_Get", when())
    assert answer.texts("HourComponentVar_GetResult") == [""]
    assert nmbrs.emp("HourComponentFixed_Get", when()).texts("HourComponentFixed_GetResult") == [""]


def test_state_shows_what_was_booked_and_no_token(nmbrs: Nmbrs) -> None:
    nmbrs.insert(amount="8.25", costs=fields(CostCenterId=401) + f"<CostUnitId {NIL}/>")
    state = nmbrs.state()
    row = state["components"][0]
    assert (row["employee_id"], row["employee_number"], row["year"], row["period"]) == (50101, 101, 2026, 10)
    assert (row["id"], row["code"], row["hours"], row["cost_center_id"]) == (700001, 2100, "8.25", 401)
    assert state["call_counts"] == {"HourComponentVar_Insert": 1}
    assert state["calls"][0]["user"] == nmbrs.user
    assert "sandbox-nmbrs-token" not in str(state)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"employee": 99}, 2003),
        ({"period": 13}, 2006),
        ({"period": 0}, 2006),
        ({"period": 11, "year": 20261}, 2006),
        ({"period": 9}, 2011),
        ({"period": 12, "year": 2025}, 2011),
        ({"code": 9999}, 2001),
        ({"code": 4010}, 2001),
        ({"costs": fields(CostCenterId=77) + f"<CostUnitId {NIL}/>"}, 2037),
        ({"costs": f"<CostCenterId {NIL}/>" + fields(CostUnitId=77)}, 2030),
        ({"more": fields(DocumentName="bewijs", Attachment="aGFsbG8=")}, 2040),
    ],
)
def test_a_wrong_line_has_its_code_and_books_nothing(nmbrs: Nmbrs, change: dict[str, Any], code: int) -> None:
    answer = nmbrs.insert(**change)
    assert f"---> {code}: " in answer.fault
    assert answer.fault_code == "soap:Server"
    assert nmbrs.state()["components"] == []
    assert nmbrs.state()["calls"][0]["answer"] == str(code)


def test_codes_of_both_hour_models_are_good(nmbrs: Nmbrs) -> None:
    for code in (2100, 2190, 3041, 3063, 6100, 3050):
        assert nmbrs.insert(code=code).response.status_code == 200


def test_missing_component_is_a_fault_without_a_code(nmbrs: Nmbrs) -> None:
    end = fields(Period=10, Year=2026, UnprotectedMode="false")
    fault = nmbrs.emp("HourComponentVar_Insert", fields(EmployeeId=50101) + end).fault
    assert "---> Object reference" in fault


def test_unprotected_mode_opens_the_past_until_the_return_is_filed(nmbrs: Nmbrs) -> None:
    assert nmbrs.insert(period=9, unprotected="true").response.status_code == 200
    nmbrs.control("settings", filed={"3301": [2026, 8]})
    assert "2012:" in nmbrs.insert(period=8, unprotected="true").fault
    assert nmbrs.insert(period=9, unprotected="true").response.status_code == 200


def test_protected_period_may_answer_9999_with_a_twk_text(nmbrs: Nmbrs) -> None:
    nmbrs.control("settings", protected_code=9999)
    fault = nmbrs.insert(period=9).fault
    assert "---> 9999: " in fault
    assert "TWK" in fault


def test_future_period_is_accepted_unless_switched(nmbrs: Nmbrs) -> None:
    assert nmbrs.insert(period=11).response.status_code == 200
    nmbrs.control("settings", future_refused=True)
    assert "2011:" in nmbrs.insert(period=11).fault


def test_period_kinds_have_their_own_limits(nmbrs: Nmbrs) -> None:
    """Four-weekly 13 periods; weekly 53 in 2026 and 52 in 2027."""
    assert nmbrs.insert(employee=50201, period=13).response.status_code == 200
    assert "2006:" in nmbrs.insert(employee=50201, period=14).fault
    assert nmbrs.insert(employee=50301, period=53).response.status_code == 200
    assert "2006:" in nmbrs.insert(employee=50301, period=53, year=2027).fault


def test_period_texts_and_their_suffixes(nmbrs: Nmbrs) -> None:
    def texts() -> list[str]:
        calls = [nmbrs.com("Company_GetCurrentPeriod", fields(CompanyId=ref)) for ref in (3301, 3302, 3303)]
        return [call.texts("Company_GetCurrentPeriodResult")[0] for call in calls]

    assert texts() == ["2026-10-M", "2026-11-4W", "2026-46-W1"]
    nmbrs.control("settings", suffixes={"four_weeks": "W4", "week": "1W"}, current={"3301": [2027, 1]})
    assert texts() == ["2027-1-M", "2026-11-W4", "2026-46-1W"]


@pytest.mark.parametrize(
    ("today", "month", "four_weeks", "week"),
    [
        (date(2026, 11, 22), (2026, 10), (2026, 11), (2026, 46)),
        (date(2026, 11, 23), (2026, 10), (2026, 11), (2026, 47)),
        (date(2026, 11, 30), (2026, 10), (2026, 12), (2026, 48)),
        (date(2027, 1, 3), (2026, 12), (2026, 12), (2026, 52)),
        (date(2027, 1, 4), (2026, 12), (2026, 13), (2026, 53)),
        (date(2026, 1, 1), (2025, 12), (2025, 13), (2025, 52)),
    ],
)
def test_current_period_is_the_last_one_that_ended(today, month, four_weeks, week) -> None:
    assert [last_ended(kind, today) for kind in ("month", "four_weeks", "week")] == [month, four_weeks, week]


def test_current_variants_work_on_the_current_period(nmbrs: Nmbrs) -> None:
    nmbrs.emp("HourComponentVar_InsertCurrent", fields(EmployeeId=50101) + hours(amount="3.00"))
    assert nmbrs.booked()[0]["Hours"] == "3.00"
    current = nmbrs.emp("HourComponentVar_GetCurrent", fields(EmployeeId=50101))
    assert current.records("HourComponent") == nmbrs.booked()
    nmbrs.emp("HourComponentVar_ClearCurrent", fields(EmployeeId=50101))
    assert nmbrs.booked() == []


def update(ref: int, **kw) -> str:
    return fields(EmployeeId=50101) + hours(ref=ref, **kw) + fields(EndPeriod=0, EndYear=0, UnprotectedMode="false")


def test_update_changes_and_an_unknown_id_is_2001(nmbrs: Nmbrs) -> None:
    nmbrs.insert()
    assert nmbrs.emp("HourComponent_Update", update(700001, amount="6.25")).texts("HourComponent_UpdateResult") == [
        "700001"
    ]
    assert [row["Hours"] for row in nmbrs.booked()] == ["6.25"]
    assert "2001:" in nmbrs.emp("HourComponent_Update", update(700002)).fault


def test_delete_says_true_once_and_knows_whose_it_is(nmbrs: Nmbrs) -> None:
    nmbrs.insert()

    def delete(employee: int) -> list[str]:
        body = fields(EmployeeId=employee, HourComponentID=700001)
        return nmbrs.emp("HourComponent_Delete", body).texts("HourComponent_DeleteResult")

    assert [delete(50102), delete(50101), delete(50101)] == [["false"], ["true"], ["false"]]
    assert nmbrs.booked() == []


def test_clear_removes_all_of_employee_and_period_only(nmbrs: Nmbrs) -> None:
    for employee in (50101, 50101, 50102):
        nmbrs.insert(employee=employee)
    answer = nmbrs.emp("HourComponentVar_Clear", when() + fields(UnprotectedMode="false"))
    assert answer.response.status_code == 200
    assert (nmbrs.booked(), len(nmbrs.booked(employee=50102))) == ([], 1)


def batch(*codes: int) -> str:
    """In the batch the hours come after the cost fields."""
    items = [fields(EmployeeId=50101, Id=0, HourCode=code) + COSTS + fields(Hours="1.00") for code in codes]
    lines = "".join(f"<EmployeeHourComponent>{item}</EmployeeHourComponent>" for item in items)
    return f"<HourComponents>{lines}</HourComponents>" + fields(Period=10, Year=2026, UnprotectedMode="false")


def test_batch_is_void_and_all_or_nothing_unless_switched(nmbrs: Nmbrs) -> None:
    good = nmbrs.emp("HourComponentVar_Insert_Batch", batch(2100, 2190))
    assert (good.response.status_code, good.texts("HourComponentVar_Insert_BatchResult")) == (200, [])
    assert "2001:" in nmbrs.emp("HourComponentVar_Insert_Batch", batch(3041, 1, 3063)).fault
    assert [row["HourCode"] for row in nmbrs.booked()] == ["2100", "2190"]
    nmbrs.control("settings", batch_stops_at_first=True)
    assert "2001:" in nmbrs.emp("HourComponentVar_Insert_Batch", batch(3041, 1, 3063)).fault
    assert [row["HourCode"] for row in nmbrs.booked()] == ["2100", "2190", "3041"]


def test_days_are_set_not_added(nmbrs: Nmbrs) -> None:
    for days in (12, 14):
        body = fields(EmployeeId=50101, Days=days, Period=10, Year=2026, UnprotectedMode="false")
        assert nmbrs.emp("DaysVar_Set", body).response.status_code == 200
    assert nmbrs.emp("DaysVar_Get", when()).texts("DaysVar_GetResult") == ["14"]
    assert nmbrs.emp("DaysVar_Get", when(employee=50102)).texts("DaysVar_GetResult") == ["0"]


def test_a_call_that_is_off_is_1002_until_switched_on(nmbrs: Nmbrs) -> None:
    reader = Nmbrs(nmbrs.base, "alleenlezen@brasseriezon.example", "sandbox-nmbrs-token-geen-rechten")
    assert "---> 1002: Unauthorized Access" in reader.insert().fault
    assert "1002:" in reader.com("HourModel_GetHourCodes", fields(CompanyId=3301)).fault
    assert reader.com("HourModel2_GetHourCodes", fields(CompanyId=3301)).response.status_code == 200
    call = {"username": reader.user, "operation": "EmployeeService/HourComponentVar_Insert", "allowed": True}
    assert nmbrs.control("rights", **call).status_code == 200
    assert reader.insert().response.status_code == 200


def test_the_debtor_list_can_be_off_while_the_company_list_is_on(nmbrs: Nmbrs) -> None:
    user = Nmbrs(nmbrs.base, "geenrechten@brasseriezon.example", "sandbox-nmbrs-token-0002")
    assert "1002:" in user.call("DebtorService/List_GetAll").fault
    assert len(user.com("List_GetAll").records("Company")) == 3


def test_a_user_sees_only_his_debtors(nmbrs: Nmbrs) -> None:
    user = Nmbrs(nmbrs.base, "eendebiteur@brasseriezon.example", "sandbox-nmbrs-token-0003")
    assert [row["Id"] for row in user.call("DebtorService/List_GetAll").records("Debtor")] == ["71"]
    assert [row["ID"] for row in user.com("List_GetAll").records("Company")] == ["3301", "3302"]
    assert "2009:" in user.com("List_GetByDebtor", fields(DebtorId=72)).fault
    assert "2004:" in user.com("CostUnit_GetList", fields(CompanyId=3303)).fault
    assert "2003:" in user.insert(employee=50301, period=46).fault


def test_lists_have_the_documented_fields(nmbrs: Nmbrs) -> None:
    """Reference sections 6 to 8: Debtor.Id but Company.ID; CostCenter has its Id last."""
    found = nmbrs.call("DebtorService/List_GetByNumber", fields(Number="1002")).records("Debtor")
    assert found == [{"Id": "72", "Number": "1002", "Name": "De Zon Catering Groep"}]
    assert [r["Number"] for r in nmbrs.com("List_GetByDebtor", fields(DebtorId=72)).records("Company")] == ["3"]
    codes = nmbrs.com("HourModel_GetHourCodes", fields(CompanyId=3301)).records("HourCode")
    assert codes[0] == {"Code": "2100", "Description": "Gewerkte uren"}
    assert len(nmbrs.com("WageModel2_GetWageCodes", fields(CompanyId=3301)).records("WageCode")) == 1
    center = nmbrs.com("CostCenter_GetList", fields(CompanyId=3301)).records("CostCenter")[0]
    assert list(center) == ["Code", "Description", "Id"]
    assert nmbrs.com("Company_GetCurrentByEmployeeId", fields(EmployeeId=50201)).texts("Number") == ["2"]
    runs = nmbrs.com("Run_GetList", fields(CompanyId=3301, Year=2026)).records("RunInfo")
    assert [(runs[0]["IsLocked"], runs[-1]["IsLocked"], len(runs))] == [("true", "false", 10)]


def test_people_of_a_company(nmbrs: Nmbrs) -> None:
    types = nmbrs.emp("EmployeeType_GetList").records("EmployeeType")
    payroll = next(row["Id"] for row in types if row["Description"] == "Payroll")
    body = fields(CompanyId=3301, EmployeeType=payroll)
    people = nmbrs.emp("List_GetByCompany", body).records("Employee")
    assert [int(row["Number"]) for row in people] == [*range(101, 111), 112]
    assert people[1] == {"Id": "50102", "Number": "102", "DisplayName": "Youssef El Amrani"}
    infos = nmbrs.emp("PersonalInfoWithoutBSN_Get_GetAllEmployeesByCompany", fields(CompanyID=3301))
    assert infos.records("PersonalInfo_V2")[5]["EmailWork"] == "noor.van.dijk@brasseriezon.example"
    assert infos.texts("BSN") == []
    debtor = nmbrs.emp("List_GetByDebtor", fields(DebtorId=72, EmployeeType=2)).records("Employee")
    assert [row["Number"] for row in debtor] == ["301", "302"]
    assert nmbrs.emp("Employee_GetCurrent", fields(EmployeeId=50301)).texts("Employee_GetCurrentResult") == [
        "2026-46-W1"
    ]


def test_former_employees_are_another_type() -> None:
    world = demo_world(TODAY)
    left = Worker(50090, 90, "Joost", "", "Vermeer", employee_type=3)
    firm = replace(world.firms[0], workers=(left,))
    with running(world=replace(world, firms=(firm,))) as url:
        server = Nmbrs(f"{url}/nmbrs")
        assert server.emp("List_GetByCompany", fields(CompanyId=3301, EmployeeType=2)).records("Employee") == []
        found = server.emp("List_GetByCompany", fields(CompanyId=3301, EmployeeType=3)).records("Employee")
        assert [row["Number"] for row in found] == ["90"]


def test_bookings_survive_a_restart_when_a_folder_is_given(tmp_path: Path) -> None:
    for expected in (["7.50"], ["7.50", "7.50"]):
        with running(today=TODAY, state_dir=tmp_path / "state") as url:
            server = Nmbrs(f"{url}/nmbrs")
            server.insert()
            assert [row["Hours"] for row in server.booked()] == expected
    assert [row["Id"] for row in server_rows(tmp_path)] == [700001, 700002]


def server_rows(folder: Path) -> list[dict[str, int]]:
    with running(today=TODAY, state_dir=folder / "state") as url:
        rows = Nmbrs(f"{url}/nmbrs").state()["components"]
    return [{"Id": row["id"]} for row in rows]


def test_parallel_inserts_are_all_kept(nmbrs: Nmbrs) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: nmbrs.insert(amount="0.25"), range(40)))
    refs = {answer.texts("HourComponentVar_InsertResult")[0] for answer in answers}
    assert len(refs) == len(nmbrs.booked()) == 40


def test_calls_above_the_limit_are_delayed() -> None:
    stand_in = NmbrsStandIn(demo_world(TODAY), calls_a_second=1)
    with running(parts=[stand_in]) as url:
        server = Nmbrs(f"{url}/nmbrs")
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: server.com("List_GetAll"), range(12)))
        assert server.state()["delayed"] >= 1


def test_reset_goes_back_to_the_beginning(nmbrs: Nmbrs) -> None:
    nmbrs.insert()
    nmbrs.control("faults", kind="html")
    nmbrs.control("reset")
    state = nmbrs.state()
    assert (state["components"], state["calls"], state["armed"]) == ([], [], [])
    assert nmbrs.emp("HourComponentVar_Insert", insert()).texts("HourComponentVar_InsertResult") == ["700001"]
