"""SOAP answers written by hand, and a provider that is pointed at them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from portal.hours.types import BatchLine, Period, PeriodKind, Person
from portal.integrations.providers.nmbrs.provider import Nmbrs
from portal.kernel.remote.http import Limits
from portal.secret import Secret
from tests.kernel.remote.stub import EASY, Stub, Talk, answer, says, serving

TOKEN = "tok-3f9a-geheim"
EMAIL = "koppeling@voorbeeld.example"
LOGIN = {"token": Secret(TOKEN), "email": Secret(EMAIL), "domain": Secret("acme")}
OCTOBER = Period(PeriodKind.MONTH, 2026, 10)
SPACE = "https://api.nmbrs.nl/soap/v3/"


def envelope(service: str, call: str, result: str | None, version: str = "http://schemas.xmlsoap.org/soap/envelope/"):
    """The body of an answer; `result` None leaves the result element out."""
    inner = "" if result is None else f"<{call}Result>{result}</{call}Result>"
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{version}"><soap:Body>'
        f'<{call}Response xmlns="{SPACE}{service}">{inner}</{call}Response></soap:Body></soap:Envelope>'
    ).encode()


def reply(service: str, call: str, result: str | None) -> bytes:
    return xml(envelope(service, call, result))


def xml(body: bytes, status: int = 200, kind: str = "text/xml; charset=utf-8") -> bytes:
    return answer(status, body, Content_Type=kind)


def fault(text: str, code: str = "soap:Server") -> bytes:
    return xml(
        (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault>'
            f"<faultcode>{code}</faultcode><faultstring>{text}</faultstring><detail />"
            "</soap:Fault></soap:Body></soap:Envelope>"
        ).encode(),
        500,
    )


def inserted(result: str | None) -> bytes:
    return reply("EmployeeService", "HourComponentVar_Insert", result)


def booked(result: str | None) -> bytes:
    return reply("EmployeeService", "HourComponentVar_Get", result)


@contextmanager
def nmbrs(*answers: bytes, talk: Talk | None = None, limits: Limits = EASY) -> Iterator[tuple[Nmbrs, Stub]]:
    """A provider whose calls get these answers in turn."""
    with serving(talk or says(*answers)) as stub:
        made = Nmbrs(f"{stub.url}/nmbrs/soap/v3", allow_private=True, limits=limits)
        try:
            yield made, stub
        finally:
            made.close()


def line(hours: str = "7.50", code: str = "2100", employee: str = "50101") -> BatchLine:
    person = Person(1, "Sanne", "101", "sanne@voorbeeld.example", Secret(""))
    return BatchLine(41, person, "gewerkt", code, int(Decimal(hours) * 60), Decimal(hours), employee)


def row(**fields: str) -> str:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return f"<HourComponent>{inner}</HourComponent>"
