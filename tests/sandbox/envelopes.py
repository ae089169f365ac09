"""Raw SOAP for the stand-in, written by hand on purpose: the client under `portal` has no part in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from lxml import etree

SERVICES = "https://api.nmbrs.nl/soap/v3/"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
NIL = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"'
USER, TOKEN, DOMAIN = "koppeling@brasseriezon.example", "sandbox-nmbrs-token-0001", "brasserie-zon"
COSTS = f"<CostCenterId {NIL}/><CostUnitId {NIL}/>"


def fields(**values: object) -> str:
    return "".join(f"<{name}>{value}</{name}>" for name, value in values.items())


def hours(code: int = 2100, amount: str = "7.50", ref: int = 0, costs: str = COSTS, more: str = "") -> str:
    inner = fields(Id=ref, HourCode=code, Hours=amount) + costs + more
    return f"<Hourcomponent>{inner}</Hourcomponent>"


def insert(employee: int = 50101, period: int = 10, year: int = 2026, unprotected: str = "false", **kw) -> str:
    end = fields(Period=period, Year=year, UnprotectedMode=unprotected)
    return fields(EmployeeId=employee) + hours(**kw) + end


def when(employee: int = 50101, period: int = 10, year: int = 2026) -> str:
    return fields(EmployeeId=employee, Period=period, Year=year)


@dataclass
class Answer:
    response: httpx.Response
    root: Any = field(repr=False)

    @property
    def fault(self) -> str:
        names = {"faultstring", f"{{{SOAP_12}}}Text"}
        return "".join(e.text for e in self.root.iter() if e.tag in names)

    @property
    def fault_code(self) -> str:
        names = {"faultcode", f"{{{SOAP_12}}}Value"}
        return "".join(e.text for e in self.root.iter() if e.tag in names)

    def texts(self, name: str) -> list[str]:
        return [e.text or "" for e in self.root.iter() if etree.QName(e).localname == name]

    def records(self, name: str) -> list[dict[str, str]]:
        found = [e for e in self.root.iter() if etree.QName(e).localname == name]
        return [{etree.QName(c).localname: c.text or "" for c in e} for e in found]


@dataclass
class Nmbrs:
    """Calls the stand-in at `base` (…/nmbrs)."""

    base: str
    user: str = USER
    token: str = TOKEN
    domain: str | None = DOMAIN

    def header(self, service: str, name: str, order: str = "UTD") -> str:
        parts = {"U": fields(Username=self.user), "T": fields(Token=self.token)}
        parts["D"] = "" if self.domain is None else fields(Domain=self.domain)
        inner = "".join(parts[letter] for letter in order)
        return f'<{name} xmlns="{SERVICES}{service}">{inner}</{name}>'

    def call(self, call: str, body: str = "", header: str | None = None, soap: str = SOAP_11, **kw) -> Answer:
        service, operation = call.split("/")
        if header is None:
            open_call = operation == "Environment_Get"
            header = self.header(
                service, "AuthHeader" if open_call else "AuthHeaderWithDomain", "UT" if open_call else "UTD"
            )
        message = f'<{operation} xmlns="{SERVICES}{service}">{body}</{operation}>'
        return self.post(service, envelope(header, message, soap), operation, soap=soap, **kw)

    def post(self, service: str, data: str | bytes, operation: str | None, **kw) -> Answer:
        soap, timeout = kw.get("soap", SOAP_11), kw.get("timeout", 10)
        action = f"{SERVICES}{service}/{operation}"
        types = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: f'application/soap+xml; action="{action}"'}
        headers = {"Content-Type": kw.get("content_type", types[soap])}
        if soap == SOAP_11 and operation:
            headers["SOAPAction"] = kw.get("quote", '"') + action + kw.get("quote", '"')
        content = data if isinstance(data, bytes) else data.encode()
        url = f"{self.base}/soap/v3/{service}.asmx"
        response = httpx.post(url, content=content, headers=headers, timeout=timeout)
        return Answer(
            response,
            etree.fromstring(response.content) if "xml" in response.headers["content-type"] else None,
        )

    def emp(self, operation: str, body: str = "", **kw) -> Answer:
        return self.call(f"EmployeeService/{operation}", body, **kw)

    def com(self, operation: str, body: str = "", **kw) -> Answer:
        return self.call(f"CompanyService/{operation}", body, **kw)

    def insert(self, **kw) -> Answer:
        return self.emp("HourComponentVar_Insert", insert(**kw))

    def booked(self, **kw) -> list[dict[str, str]]:
        return self.emp("HourComponentVar_Get", when(**kw)).records("HourComponent")

    def state(self) -> dict[str, Any]:
        return httpx.get(f"{self.base}/_sandbox/state").json()

    def control(self, name: str, **body: object) -> httpx.Response:
        return httpx.post(f"{self.base}/_sandbox/{name}", json=body)


def envelope(header: str, message: str, soap: str = SOAP_11) -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="{soap}">'
        f"<s:Header>{header}</s:Header><s:Body>{message}</s:Body></s:Envelope>"
    )
