"""The credential check: what was found, which rights are there, and four ways to fail."""

from __future__ import annotations

import json
import socket
from datetime import date
from urllib.request import Request, urlopen

import pytest

from portal.integrations.contract import LineSender, Right, RightState
from portal.integrations.providers.nmbrs import sandbox_world as demo
from portal.integrations.providers.nmbrs.provider import Nmbrs
from portal.kernel.errors import AccessRefused, Refused, Unavailable
from portal.sandbox.server import running
from portal.secret import Secret
from tests.integrations.providers.nmbrs.soap_stub import LOGIN, fault, nmbrs, reply
from tests.kernel.remote.stub import answer

GOOD = {"email": Secret(demo.DEMO_USER), "token": Secret(demo.DEMO_TOKEN)}


@pytest.fixture(scope="module")
def sandbox():
    with running(strict=True, today=date(2026, 11, 22)) as url:
        yield url


@pytest.fixture
def provider(sandbox):
    post(sandbox, "reset", {})
    made = Nmbrs(f"{sandbox}/nmbrs/soap/v3", allow_private=True)
    yield made
    made.close()


def post(url: str, name: str, body: dict[str, object]) -> None:
    request = Request(f"{url}/nmbrs/_sandbox/{name}", json.dumps(body).encode(), method="POST")
    request.add_header("content-type", "application/json")
    with urlopen(request, timeout=5) as got:
        assert got.status < 300


def switch_off(url: str, *operations: str) -> None:
    for operation in operations:
        post(url, "rights", {"username": demo.DEMO_USER, "operation": operation, "allowed": False})


def states(rights: tuple[Right, ...]) -> dict[str, str]:
    return {f"{right.service}.{right.call}": right.state for right in rights}


def test_a_good_token_shows_environment_debtors_companies_and_rights(provider):
    assert isinstance(provider, LineSender)
    report = provider.check(GOOD)
    assert (report.environment, report.domain) == ("brasserie-zon", "brasserie-zon")
    assert report.debtors == ("De Zon Horeca Groep", "De Zon Catering Groep")
    first = report.companies[0]
    assert (first.ref, first.number, first.name) == ("3301", "1", "Brasserie De Zon B.V.")
    assert report.missing == ()
    found = states(report.rights)
    assert found.pop("EmployeeService.HourComponentVar_Insert") == RightState.UNTRIED
    assert found.pop("EmployeeService.HourComponent_Update") == RightState.UNTRIED
    assert found.pop("EmployeeService.HourComponent_Delete") == RightState.UNTRIED
    assert set(found.values()) == {RightState.ON}
    assert len(found) == 9


def test_a_check_tries_no_writing_call(provider, sandbox):
    provider.check(GOOD)
    with urlopen(f"{sandbox}/nmbrs/_sandbox/state", timeout=5) as got:
        counts = json.load(got)["call_counts"]
    assert set(counts) == {
        "Environment_Get", "List_GetAll", "Company_GetCurrentPeriod", "HourModel_GetHourCodes",
        "HourModel2_GetHourCodes", "EmployeeType_GetList", "List_GetByCompany", "HourComponentVar_Get",
    }  # fmt: skip


@pytest.mark.parametrize(
    "call",
    [
        "CompanyService/Company_GetCurrentPeriod",
        "CompanyService/HourModel_GetHourCodes",
        "CompanyService/HourModel2_GetHourCodes",
        "EmployeeService/EmployeeType_GetList",
        "EmployeeService/List_GetByCompany",
        "EmployeeService/HourComponentVar_Get",
    ],
)
def test_a_later_right_that_is_off_is_a_row_and_no_error(provider, sandbox, call):
    switch_off(sandbox, call)
    missing = provider.check(GOOD).missing
    assert states(missing) == {call.replace("/", "."): RightState.OFF}


def test_no_access_and_failure_are_told_apart(provider, sandbox):
    post(sandbox, "faults", {"operation": "Company_GetCurrentPeriod", "kind": "fault:2004"})
    post(sandbox, "faults", {"operation": "HourModel_GetHourCodes", "kind": "html"})
    found = states(provider.check(GOOD).missing)
    assert found == {
        "CompanyService.Company_GetCurrentPeriod": RightState.NO_ACCESS,
        "CompanyService.HourModel_GetHourCodes": RightState.FAILED,
    }


def test_companies_come_debtor_by_debtor_when_the_list_is_off(provider, sandbox):
    switch_off(sandbox, "CompanyService/List_GetAll")
    report = provider.check(GOOD)
    assert [(c.name, c.debtor) for c in report.companies] == [
        ("Brasserie De Zon B.V.", "De Zon Horeca Groep"),
        ("Strandpaviljoen De Zon B.V.", "De Zon Horeca Groep"),
        ("De Zon Catering", "De Zon Catering Groep"),
    ]
    assert "CompanyService.List_GetByDebtor" in states(report.rights)


@pytest.mark.parametrize(
    ("off", "service", "call"),
    [
        (["DebtorService/List_GetAll"], "DebtorService", "List_GetAll"),
        (["CompanyService/List_GetAll", "List_GetByDebtor"], "CompanyService", "List_GetByDebtor"),
    ],
)
def test_1002_on_a_list_names_the_call_and_where_to_switch_it_on(provider, sandbox, off, service, call):
    switch_off(sandbox, *off)
    with pytest.raises(AccessRefused) as caught:
        provider.check(GOOD)
    assert caught.value.remote_code == "1002"
    assert call in caught.value.message
    assert f"Gebruikerssjablonen (User templates) > tandwiel in de kolom API > {service} > {call}" in (
        caught.value.remedy
    )


def test_1001_1002_and_no_answer_are_three_texts(provider, sandbox):
    with pytest.raises(AccessRefused) as wrong:
        provider.check({**GOOD, "token": Secret("fout-token")})
    switch_off(sandbox, "DebtorService/List_GetAll")
    with pytest.raises(AccessRefused) as off:
        provider.check(GOOD)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable) as silent:
        Nmbrs(f"http://127.0.0.1:{port}/soap/v3", allow_private=True).check(GOOD)
    errors = [wrong.value, off.value, silent.value]
    assert wrong.value.remote_code == "1001"
    assert len({error.message for error in errors} | {error.remedy for error in errors}) == 6


def test_1001_in_the_middle_stops_the_check(provider, sandbox):
    post(sandbox, "faults", {"operation": "List_GetByCompany", "kind": "fault:1001"})
    with pytest.raises(AccessRefused) as caught:
        provider.check(GOOD)
    assert caught.value.remote_code == "1001"


def test_a_user_without_companies_is_told_so():
    answers = [
        reply("DebtorService", "Environment_Get", "<SubDomain>acme</SubDomain>"),
        reply("DebtorService", "List_GetAll", "<Debtor><Id>7</Id><Name>Zon</Name></Debtor>"),
        reply("CompanyService", "List_GetAll", ""),
        reply("EmployeeService", "EmployeeType_GetList", ""),
    ]
    with nmbrs(*answers) as (provider, _):
        report = provider.check(LOGIN)
    assert report.companies == ()
    assert RightState.NO_ACCESS in states(report.missing).values()


def test_an_environment_without_a_domain_is_a_clear_error():
    nameless = reply("DebtorService", "Environment_Get", "<Domain/>")
    with nmbrs(nameless) as (provider, _), pytest.raises(Refused) as caught:
        provider.check(LOGIN)
    assert "bij welke omgeving" in caught.value.message


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (fault("x ---&gt; 1004: No valid subscription"), AccessRefused, "abonnement"),
        (answer(200, b"<html>", Content_Type="text/html"), Unavailable, "webpagina"),
        (fault("Er ging iets mis"), Unavailable, "die wij niet kennen: “Er ging iets mis”"),
    ],
)
def test_other_failures_have_texts_of_their_own(given, kind, words):
    with nmbrs(given) as (provider, _), pytest.raises(kind) as caught:
        provider.check(LOGIN)
    assert words in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize("field", ["token", "email"])
@pytest.mark.parametrize("value", ["", "met spatie", "regel\neinde", "nul\x00", "tab\t"])
def test_a_value_that_cannot_be_right_is_not_sent(field, value):
    with nmbrs(fault("x")) as (provider, stub), pytest.raises(AccessRefused) as caught:
        provider.check({**LOGIN, field: Secret(value)})
    assert stub.connections == 0
    assert "kan niet kloppen" in caught.value.message


def test_without_a_domain_nothing_is_read():
    with nmbrs(fault("x")) as (provider, stub), pytest.raises(AccessRefused):
        provider.company_facts("3301", GOOD)
    assert stub.connections == 0


def test_the_second_hour_model_and_the_types_may_be_off(provider, sandbox):
    switch_off(sandbox, "HourModel2_GetHourCodes", "EmployeeType_GetList")
    login = {**GOOD, "domain": Secret("brasserie-zon")}
    facts = provider.company_facts("3301", login)
    assert [code.code for code in facts.codes] == ["2100", "2190", "3041", "3063"]
    assert len(facts.employees) == 11
    switch_off(sandbox, "HourModel_GetHourCodes")
    with pytest.raises(AccessRefused):
        provider.company_facts("3301", login)
