"""The SOAP side of the Nmbrs stand-in: versions, routing, strict reading, log-in (issue 2 item 8, F4)."""

from __future__ import annotations

import httpx
import pytest

from tests.sandbox.envelopes import (
    COSTS,
    SERVICES,
    SOAP_11,
    SOAP_12,
    Nmbrs,
    envelope,
    fields,
    hours,
    insert,
    when,
)

PERIOD = fields(CompanyId=3301)


def test_soap_11_answers_in_soap_11(nmbrs: Nmbrs) -> None:
    answer = nmbrs.com("Company_GetCurrentPeriod", PERIOD)
    assert answer.response.status_code == 200
    assert answer.response.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.root.tag == f"{{{SOAP_11}}}Envelope"
    assert answer.texts("Company_GetCurrentPeriodResult") == ["2026-10-M"]


def test_soap_12_answers_in_soap_12(nmbrs: Nmbrs) -> None:
    answer = nmbrs.com("Company_GetCurrentPeriod", PERIOD, soap=SOAP_12)
    assert answer.response.headers["content-type"].startswith("application/soap+xml")
    assert answer.root.tag == f"{{{SOAP_12}}}Envelope"
    wrong = nmbrs.com("Company_GetCurrentPeriod", fields(CompanyId=1), soap=SOAP_12)
    assert wrong.response.status_code == 500
    assert (wrong.fault_code, "---> 2004: " in wrong.fault) == ("soap:Receiver", True)


def test_soap_11_fault_has_code_arrow_and_empty_detail(nmbrs: Nmbrs) -> None:
    answer = nmbrs.com("Company_GetCurrentPeriod", fields(CompanyId=1))
    assert answer.response.status_code == 500
    assert answer.fault_code == "soap:Server"
    assert answer.fault == "Server was unable to process request. ---> 2004: Unauthorized Access"
    assert answer.root.find(".//detail") is not None


def test_unquoted_soap_action_is_understood(nmbrs: Nmbrs) -> None:
    assert nmbrs.com("Company_GetCurrentPeriod", PERIOD, quote="").response.status_code == 200


@pytest.mark.parametrize("call", ["CompanyService/Company_Explode", "DebtorService/Company_GetCurrentPeriod"])
def test_unknown_action_is_a_client_fault(nmbrs: Nmbrs, call: str) -> None:
    answer = nmbrs.call(call, PERIOD)
    assert answer.response.status_code == 500
    assert answer.fault_code == "soap:Client"
    assert "SOAPAction" in answer.fault


def test_action_of_another_service_is_refused_at_this_address(nmbrs: Nmbrs) -> None:
    message = f'<List_GetAll xmlns="{SERVICES}CompanyService"/>'
    data = envelope(nmbrs.header("CompanyService", "AuthHeaderWithDomain"), message)
    headers = {"Content-Type": "text/xml", "SOAPAction": f"{SERVICES}CompanyService/List_GetAll"}
    response = httpx.post(f"{nmbrs.base}/soap/v3/DebtorService.asmx", content=data, headers=headers)
    assert (response.status_code, "soap:Client" in response.text) == (500, True)


def test_missing_action_is_refused_in_strict_mode_only(nmbrs: Nmbrs, lenient: Nmbrs) -> None:
    message = f'<List_GetAll xmlns="{SERVICES}CompanyService"/>'
    for server, status in ((nmbrs, 500), (lenient, 200)):
        data = envelope(server.header("CompanyService", "AuthHeaderWithDomain"), message)
        assert server.post("CompanyService", data, None).response.status_code == status


def test_other_methods_and_the_wsdl_address(nmbrs: Nmbrs) -> None:
    address = f"{nmbrs.base}/soap/v3/DebtorService.asmx"
    assert httpx.put(address).status_code == 405
    assert httpx.delete(address).status_code == 405
    assert httpx.get(f"{address}?WSDL").status_code == 404
    assert httpx.post(f"{nmbrs.base}/soap/v3/ReportService.asmx").status_code == 404


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (
            fields(EmployeeId=50101) + hours() + fields(Year=2026, Period=10, UnprotectedMode="false"),
            "Period",
        ),
        (insert() + fields(Extra=1), "Extra"),
        (insert().replace("EmployeeId>", "EmployeeID>"), "EmployeeID"),
        (insert().replace("<UnprotectedMode>false</UnprotectedMode>", ""), "UnprotectedMode"),
        (insert().replace(COSTS, ""), "CostCenterId"),
        (insert().replace("<Id>0</Id>", ""), "Id"),
        (insert().replace("<HourCode>2100</HourCode>", "") + fields(HourCode=2100), "HourCode"),
        (insert() + fields(Year=2026), "Year"),
        (insert().replace("<Period>", '<Period unit="month">'), "Period"),
        (insert().replace("<Hours>7.50</Hours>", '<Hours xmlns="urn:other">7.50</Hours>'), "Hours"),
        (insert() + "loose", "HourComponentVar_Insert"),
    ],
)
def test_strict_mode_names_the_wrong_element_and_books_nothing(nmbrs: Nmbrs, body: str, named: str) -> None:
    answer = nmbrs.emp("HourComponentVar_Insert", body)
    assert answer.response.status_code == 500
    assert answer.fault_code == "soap:Client"
    assert f" {named}" in answer.fault
    assert nmbrs.state()["components"] == []


@pytest.mark.parametrize("order", ["UDT", "TUD", "DUT"])
def test_strict_mode_wants_username_token_domain(nmbrs: Nmbrs, lenient: Nmbrs, order: str) -> None:
    for server, status in ((nmbrs, 500), (lenient, 200)):
        header = server.header("CompanyService", "AuthHeaderWithDomain", order)
        answer = server.com("List_GetAll", header=header)
        assert answer.response.status_code == status
        assert ("misordered" in answer.fault) == (status == 500)


def test_strict_mode_refuses_another_header_block(nmbrs: Nmbrs) -> None:
    header = nmbrs.header("CompanyService", "AuthHeaderWithDomain") + '<Trace xmlns="urn:x"/>'
    assert "unknown header block Trace" in nmbrs.com("List_GetAll", header=header).fault


def test_strict_mode_wants_the_content_type_of_the_version(nmbrs: Nmbrs) -> None:
    answer = nmbrs.com("List_GetAll", soap=SOAP_11, content_type="application/soap+xml")
    assert "Content-Type" in answer.fault


def test_lenient_mode_hides_a_misspelt_name_like_the_real_one(lenient: Nmbrs) -> None:
    """CompanyID where CompanyId is meant arrives as company 0: 2004, not an error about the name."""
    assert "2004:" in lenient.com("Company_GetCurrentPeriod", fields(CompanyID=3301)).fault
    swapped = fields(EmployeeId=50101) + hours() + fields(UnprotectedMode="0", Year=2026, Period=10, More=1)
    assert lenient.emp("HourComponentVar_Insert", swapped).response.status_code == 200
    assert lenient.booked()[0]["Hours"] == "7.50"


@pytest.mark.parametrize(
    "body",
    [
        insert(amount="7,50"),
        insert(amount="NaN"),
        insert(amount="1e1"),
        insert(amount=""),
        insert(unprotected="nee"),
        insert().replace("<Period>10<", "<Period>tien<"),
        insert().replace("<Period>10<", "<Period>99999999999<"),
        insert().replace("<Period>10<", "<Period><b/><"),
        insert(more="<Attachment>???</Attachment>"),
    ],
)
def test_unreadable_values_are_a_client_fault(lenient: Nmbrs, body: str) -> None:
    answer = lenient.emp("HourComponentVar_Insert", body)
    assert answer.fault_code == "soap:Client"
    assert lenient.state()["components"] == []


BOMB = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "data",
    [
        envelope("", "<x/>").replace("?>", f"?>{BOMB}", 1),
        envelope("", "<x/>").replace("?>", '?><!DOCTYPE s:Envelope SYSTEM "file:///etc/hostname">', 1),
        envelope("", "<x/>").replace("?>", "?><!DOCTYPE x>", 1),
        "<a>" * 5000,
        "not xml",
        "",
        "<x/>",
        envelope("", ""),
        envelope("", "<x/><y/>"),
    ],
)
def test_what_is_not_a_plain_envelope_is_a_client_fault(lenient: Nmbrs, data: str) -> None:
    answer = lenient.post("EmployeeService", data, "HourComponentVar_Insert")
    assert (answer.response.status_code, answer.fault_code) == (500, "soap:Client")


def test_doctype_is_refused_even_around_a_good_call(nmbrs: Nmbrs) -> None:
    header = nmbrs.header("EmployeeService", "AuthHeaderWithDomain")
    message = f'<HourComponentVar_Insert xmlns="{SERVICES}EmployeeService">{insert()}</HourComponentVar_Insert>'
    data = envelope(header, message).replace("?>", "?><!DOCTYPE x>", 1)
    assert "DTD" in nmbrs.post("EmployeeService", data, "HourComponentVar_Insert").fault
    assert nmbrs.state()["components"] == []


@pytest.mark.parametrize(
    ("user", "token", "domain"),
    [
        ("iemand@brasseriezon.example", "sandbox-nmbrs-token-0001", "brasserie-zon"),
        ("koppeling@brasseriezon.example", "sandbox-nmbrs-token-0002", "brasserie-zon"),
        ("koppeling@brasseriezon.example", "sandbox-nmbrs-token-0001", "brasserie-maan"),
        ("koppeling@brasseriezon.example", "sandbox-nmbrs-token-0001", "brasserie-zon.nmbrs.nl"),
        ("koppeling@brasseriezon.example", "", "brasserie-zon"),
        ("", "", ""),
    ],
)
def test_wrong_user_token_or_domain_is_1001(nmbrs: Nmbrs, user: str, token: str, domain: str) -> None:
    stranger = Nmbrs(nmbrs.base, user, token, domain)
    assert "---> 1001: Invalid Authentication" in stranger.com("List_GetAll").fault


def test_missing_header_or_domain_is_1001(lenient: Nmbrs) -> None:
    assert "1001:" in lenient.com("List_GetAll", header="").fault
    lenient.domain = None
    assert "1001:" in lenient.com("List_GetAll").fault


def test_environment_get_takes_auth_header_only(nmbrs: Nmbrs, lenient: Nmbrs) -> None:
    answer = nmbrs.call("DebtorService/Environment_Get")
    assert answer.texts("SubDomain") == ["brasserie-zon"]
    full = lenient.header("DebtorService", "AuthHeaderWithDomain")
    assert "1001:" in lenient.call("DebtorService/Environment_Get", header=full).fault
    short = lenient.header("CompanyService", "AuthHeader", "UT")
    assert "1001:" in lenient.com("List_GetAll", header=short).fault


def test_header_in_the_namespace_of_another_service_is_not_a_login(lenient: Nmbrs) -> None:
    header = lenient.header("DebtorService", "AuthHeaderWithDomain")
    assert "1001:" in lenient.com("List_GetAll", header=header).fault


def test_reset_token_gives_1001_until_the_new_one_is_used(nmbrs: Nmbrs) -> None:
    assert nmbrs.control("token", username=nmbrs.user, token="sandbox-new-token").status_code == 200
    assert "1001:" in nmbrs.emp("HourComponentVar_Get", when()).fault
    nmbrs.token = "sandbox-new-token"
    assert nmbrs.emp("HourComponentVar_Get", when()).response.status_code == 200
