"""What zeep writes for us is valid against Nmbrs' own older schema, with only its version raised.

The genuine files are no part of this repository; PORTAL_REFERENCE names the folder that holds them.
DebtorService has no genuine file.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from portal.integrations.contract import Credentials
from portal.integrations.providers.nmbrs.client import Login, NmbrsClient
from portal.kernel.errors import Unavailable
from portal.kernel.remote.http import Remote
from portal.secret import Secret
from tests.integrations.providers.nmbrs.soap_stub import LOGIN, OCTOBER
from tests.kernel.remote.stub import answer, says, serving

ROOT = Path(__file__).parents[4]
REFERENCE = Path(os.environ.get("PORTAL_REFERENCE") or ROOT.parent / "shared" / "reference") / "wsdl"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
HOURS = Decimal("7.50")
LATER_VERSION = (b"/soap/v2.1/", b"/soap/v3/")


def login(given: Credentials = LOGIN) -> Login:
    return Login(given["email"], given["token"], Secret("acme"))


CALLS = {
    "CompanyService List_GetAll": lambda c: c.companies(login()),
    "CompanyService List_GetByDebtor": lambda c: c.companies_of(login(), 71, "Zon"),
    "CompanyService Company_GetCurrentPeriod": lambda c: c.current_period(login(), 3301),
    "CompanyService HourModel_GetHourCodes": lambda c: c.hour_codes(login(), 3301, 1),
    "CompanyService HourModel2_GetHourCodes": lambda c: c.hour_codes(login(), 3301, 2),
    "CompanyService Run_GetList": lambda c: c.runs(login(), 3301, 2026),
    "EmployeeService HourComponentVar_Get": lambda c: c.components(login(), 50101, OCTOBER),
    "EmployeeService HourComponentVar_Insert": lambda c: c.insert(login(), 50101, 2100, HOURS, OCTOBER),
    "EmployeeService HourComponent_Update": lambda c: c.update(login(), 50101, 7, 2100, HOURS),
    "EmployeeService HourComponent_Delete": lambda c: c.delete(login(), 50101, 7),
}
NEW_IN_V3 = {"EmployeeService List_GetByCompany": lambda c: c.employees(login(), 3301, 2)}


def sent(call) -> etree._Element:
    """The envelope that really goes over the socket for one call."""
    with serving(says(answer(429))) as stub:
        remote = Remote("Nmbrs", f"{stub.url}/soap/v3", allow_private=True)
        with pytest.raises(Unavailable):
            call(NmbrsClient(remote))
        remote.close()
    return etree.fromstring(stub.requests[0].partition(b"\r\n\r\n")[2])


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, etree.XMLSchema]:
    if not REFERENCE.is_dir():
        pytest.skip(f"the genuine schemas are not here: {REFERENCE}")
    services = ("CompanyService", "EmployeeService")
    return {name: genuine(name, tmp_path_factory.mktemp(name)) for name in services}


def genuine(name: str, folder: Path) -> etree.XMLSchema:
    """The schema of v3 as far as it is known: the older one under the new namespace, in which
    AuthHeaderWithDomain extends AuthHeader (reference nmbrs-soap-v3, sections 3 and 4)."""
    whole = (REFERENCE / f"{name}-v2.1.wsdl.xml").read_bytes().replace(*LATER_VERSION)
    for number, schema in enumerate(etree.fromstring(whole).iter(f"{XSD}schema")):
        for wanted in schema.iter(f"{XSD}import"):
            wanted.set("schemaLocation", "1.xsd")  # the only other schema of these files: guid
        if number == 0 and schema.find(f"{XSD}element[@name='AuthHeaderWithDomain']") is None:
            schema.extend(list(etree.fromstring(WITH_DOMAIN.format(name=name))))
        (folder / f"{number}.xsd").write_bytes(etree.tostring(schema))
    return etree.XMLSchema(etree.parse(folder / "0.xsd"))


def part(envelope: etree._Element, name: str) -> etree._Element:
    """The one child of Header or Body, on its own."""
    found = envelope.find(f"{SOAP}{name}")
    assert found is not None
    assert len(found) == 1
    return etree.fromstring(etree.tostring(found[0]))


WITH_DOMAIN = """
<s:schema xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:tns="https://api.nmbrs.nl/soap/v3/{name}">
  <s:element name="AuthHeaderWithDomain" type="tns:AuthHeaderWithDomain"/>
  <s:complexType name="AuthHeaderWithDomain"><s:complexContent mixed="false">
    <s:extension base="tns:AuthHeader"><s:sequence>
      <s:element minOccurs="0" maxOccurs="1" name="Domain" type="s:string"/>
    </s:sequence></s:extension>
  </s:complexContent></s:complexType>
</s:schema>
"""


@pytest.mark.parametrize("name", CALLS)
def test_a_request_is_valid_in_the_genuine_schema(schemas, name):
    service, _, operation = name.partition(" ")
    envelope = sent(CALLS[name])
    header, body = part(envelope, "Header"), part(envelope, "Body")
    assert body.tag == f"{{https://api.nmbrs.nl/soap/v3/{service}}}{operation}"
    for alone in (header, body):
        assert schemas[service].validate(alone), schemas[service].error_log


@pytest.mark.parametrize("name", NEW_IN_V3)
def test_exactly_the_known_difference_of_v3_is_refused(schemas, name):
    """Section 4: EmployeeType took the place of `active`."""
    service = name.partition(" ")[0]
    assert not schemas[service].validate(part(sent(NEW_IN_V3[name]), "Body"))
    complaint = str(schemas[service].error_log.last_error)
    assert "EmployeeType" in complaint
    assert "active" in complaint


def test_every_call_of_the_client_is_looked_at():
    looked_at = {name.partition(" ")[2] for name in (*CALLS, *NEW_IN_V3)}
    wsdl = ROOT / "portal" / "integrations" / "providers" / "nmbrs" / "wsdl"
    described = set()
    for name in ("CompanyService", "EmployeeService"):
        found = etree.parse(wsdl / f"{name}.wsdl").iterfind("{*}binding/{*}operation")
        described |= {operation.get("name") for operation in found}
    assert described - looked_at == {"EmployeeType_GetList"}  # new in v3: no older schema has it


def test_the_header_and_action_are_those_of_the_reference():
    """Sections 2 and 3; runs without the genuine files."""
    with serving(says(answer(429))) as stub:
        remote = Remote("Nmbrs", f"{stub.url}/nmbrs/soap/v3", allow_private=True)
        with pytest.raises(Unavailable):
            NmbrsClient(remote).components(login(), 50101, OCTOBER)
        with pytest.raises(Unavailable):
            NmbrsClient(remote).environment(login())
        remote.close()
    first, second = stub.requests
    assert first.startswith(b"POST /nmbrs/soap/v3/EmployeeService.asmx HTTP/1.1")
    head = first.partition(b"\r\n\r\n")[0].lower()
    assert b'soapaction: "https://api.nmbrs.nl/soap/v3/employeeservice/hourcomponentvar_get"' in head
    assert b"content-type: text/xml; charset=utf-8" in head
    assert names(first) == ["AuthHeaderWithDomain", "Username", "Token", "Domain"]
    assert names(second) == ["AuthHeader", "Username", "Token"]


def names(request: bytes) -> list[str]:
    header = part(etree.fromstring(request.partition(b"\r\n\r\n")[2]), "Header")
    return [etree.QName(element).localname for element in header.iter()]
