"""Nmbrs: one line (person x hour code) a call, after a look at what is already there."""

from __future__ import annotations

from portal.hours.types import BatchLine, Period
from portal.integrations.contract import (
    CheckReport,
    CompanyFacts,
    Component,
    CredentialField,
    Credentials,
    HourCode,
)
from portal.integrations.line_codes import NO_HOUR_CODE, UNKNOWN_MEMBER
from portal.integrations.providers.nmbrs import faults, mapping
from portal.integrations.providers.nmbrs.check import check, refused_here
from portal.integrations.providers.nmbrs.client import Login, NmbrsClient
from portal.integrations.providers.nmbrs.codes import BAD_NUMBER, NO_ENVIRONMENT, NOT_DELETED
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, Refused
from portal.kernel.remote.breaker import Breaker
from portal.kernel.remote.http import Limits, Remote, Turnstile
from portal.kernel.remote.soap import soap_outage
from portal.secret import Secret
from portal.settings import Settings

NAME = "Nmbrs"
WAITING_PAGES = 4  # sockets for pages beside those of the persons that are sent at a time


class Nmbrs:
    """A LineSender. `credentials` maps "token" and "email", and after a check "domain"."""

    key = "nmbrs"
    name = NAME
    needs_bsn = False
    file_columns = ("Personeelsnummer", "Naam", "Periode", "Urencode", "Soort uren", "Uren")
    credentials = (
        CredentialField("token", "API-token", "In Nmbrs: je gebruikersprofiel > tabblad API Token."),
        CredentialField("email", "E-mailadres", "Het e-mailadres dat in Nmbrs bij deze token staat.", kind="email"),
    )

    def __init__(
        self,
        url: str,
        *,
        allow_private: bool,
        limits: Limits | None = None,
        breaker: Breaker | None = None,
        pace: Turnstile | None = None,
    ) -> None:
        """`url` runs up to and including /soap/v3. Raises ValueError when it cannot be used."""
        remote = Remote(
            NAME, url, allow_private=allow_private, limits=limits, breaker=breaker, pace=pace, outage=soap_outage
        )
        self.close = remote.close
        self._client = NmbrsClient(remote)

    def preflight_line(self, line: BatchLine) -> list[Reason]:
        reasons = []
        if not line.code:
            reasons.append(Reason(f"Voor “{line.kind}” is nog geen urencode van Nmbrs gekozen.", NO_HOUR_CODE))
        elif not _is_id(line.code):
            reasons.append(Reason("De urencode is geen getal. Kies een urencode uit de lijst van Nmbrs.", NO_HOUR_CODE))
        if not line.employee_ref:
            reasons.append(Reason("Dit teamlid is nog niet gekoppeld aan een medewerker in Nmbrs.", UNKNOWN_MEMBER))
        elif not _is_id(line.employee_ref):
            text = "De koppeling met de medewerker in Nmbrs klopt niet. Kies de medewerker opnieuw."
            reasons.append(Reason(text, UNKNOWN_MEMBER))
        return reasons

    def check(self, credentials: Credentials) -> CheckReport:
        login = _login(credentials)
        return check(self._client, login.email, login.token)

    def company_facts(self, company_ref: str, credentials: Credentials) -> CompanyFacts:
        """Read period, hour codes of both models and the people on the payroll of one company.
        Raises AccessRefused, Refused, Unavailable."""
        login, company = _login(credentials, with_domain=True), _id(company_ref)
        period = self._client.current_period(login, company)
        codes = {code.code: code for model in (2, 1) for code in self._codes(login, company, model)}
        people = self._client.employees(login, company, self._payroll_type(login))
        return CompanyFacts(period, tuple(sorted(codes.values(), key=lambda c: int(c.code))), people)

    def booked(self, employee_ref: str, period: Period, credentials: Credentials) -> tuple[Component, ...]:
        """Read what payroll holds. Raises AccessRefused, Refused, Unavailable."""
        return self._client.components(_login(credentials, with_domain=True), _id(employee_ref), period)

    def insert(self, line: BatchLine, period: Period, credentials: Credentials, *, unprotected: bool = False) -> str:
        """Book one line and return the id of Nmbrs. NOT safe to call twice.
        Raises AccessRefused, Refused, Unavailable, Unclear."""
        reasons = self.preflight_line(line)
        if reasons:
            first = reasons[0]
            raise Refused(first.text, remedy="Los dit op en maak daarna een nieuwe export.", code=first.code)
        login = _login(credentials, with_domain=True)
        employee, code = int(line.employee_ref), int(line.code)
        return str(self._client.insert(login, employee, code, line.hours, period, unprotected=unprotected))

    def update(
        self, employee_ref: str, component: Component, credentials: Credentials, *, unprotected: bool = False
    ) -> None:
        """Change our own component. Safe to call twice.
        Raises AccessRefused, Refused, Unavailable, Unclear."""
        login, employee = _login(credentials, with_domain=True), _id(employee_ref)
        ref, code = _id(component.ref), _id(component.code)
        self._client.update(login, employee, ref, code, component.hours, unprotected=unprotected)

    def delete(self, employee_ref: str, component: Component, credentials: Credentials) -> None:
        """Take our own component away. Raises AccessRefused, Refused, Unavailable, Unclear."""
        login = _login(credentials, with_domain=True)
        if not self._client.delete(login, _id(employee_ref), _id(component.ref)):
            raise Refused(
                "Nmbrs heeft deze regel niet weggehaald: hij staat er niet meer, of de periode is afgesloten.",
                remedy="Lees bij Verschil na wat er staat.",
                code=NOT_DELETED,
            )

    def _codes(self, login: Login, company: int, model: int) -> tuple[HourCode, ...]:
        """A company may do without the second hour model, so its call may be switched off."""
        try:
            return self._client.hour_codes(login, company, model)
        except AccessRefused as error:
            if model == 1 or error.remote_code != faults.RIGHT:
                raise
            return ()

    def _payroll_type(self, login: Login) -> int:
        try:
            return mapping.payroll_type(self._client.employee_types(login))
        except AccessRefused as error:
            if error.remote_code != faults.RIGHT:
                raise
            return mapping.PAYROLL


def calls_per_second(settings: Settings) -> int:
    """150 for the whole installation (reference nmbrs-soap-v3, section 11.3), unless set otherwise."""
    return settings.nmbrs_calls_per_second


def build(settings: Settings, pace: Turnstile | None = None) -> Nmbrs:
    connections = settings.parallel + WAITING_PAGES
    limits = Limits(min(5, settings.remote_seconds), settings.remote_seconds, connections=connections)
    return Nmbrs(settings.nmbrs_soap_url, allow_private=settings.allow_private_endpoints, limits=limits, pace=pace)


def _login(credentials: Credentials, *, with_domain: bool = False) -> Login:
    """Raises AccessRefused for values that cannot be right, before anything is sent."""
    for field, label in (("token", "API-token"), ("email", "e-mail")):
        if not _sendable(credentials.get(field)):
            raise refused_here(label)
    domain = credentials.get("domain", Secret(""))
    if with_domain and not _sendable(domain):
        raise AccessRefused(
            "Van deze koppeling is de Nmbrs-omgeving nog niet bekend.",
            remedy="Controleer de gegevens van de koppeling opnieuw.",
            code=NO_ENVIRONMENT,
        )
    return Login(credentials["email"], credentials["token"], domain)


def _sendable(value: Secret | None) -> bool:
    text = value.reveal() if value else ""
    return bool(text) and text.isprintable() and not any(sign.isspace() for sign in text)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < int(text[:11]) <= mapping.LARGEST_INT


def _id(text: str) -> int:
    """Raises Refused for a reference that Nmbrs cannot have given."""
    if not _is_id(text):
        raise Refused("Dit nummer kan niet van Nmbrs zijn.", remedy=faults.MATCH, code=BAD_NUMBER)
    return int(text)
