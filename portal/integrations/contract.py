"""What a provider package must offer. Three shapes, because no two payrolls are alike:

* Provider      a target of an export; enough for a file
* BatchSender   takes a whole batch in one call and can be asked about a reference
* LineSender    takes one line (person x code) a call, after a baseline read (Nmbrs)

A provider imports neither Flask nor SQLAlchemy and knows no other provider.
Errors: portal.kernel.errors (Refused, AccessRefused, Unavailable, Unclear); a read never raises
Unclear, a write raises it whenever the other side may have booked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, runtime_checkable

from portal.hours.types import Batch, BatchLine, Period
from portal.kernel.codes import Reason
from portal.secret import Secret

Credentials = Mapping[str, Secret]


@dataclass(frozen=True)
class CredentialField:
    """One field of the activation form. `kind` is "token" or "email"."""

    name: str
    label: str
    hint: str
    kind: str = "token"


@dataclass(frozen=True)
class Company:
    """A company in payroll. `ref` is the id to pass, `number` what people see."""

    ref: str
    number: str
    name: str
    debtor: str = ""


class RightState(StrEnum):
    """Outcome of trying one call: on, off (1002), no access to the data, or not tried."""

    ON = "aan"
    OFF = "uit"
    NO_ACCESS = "geen toegang"
    FAILED = "mislukt"
    UNTRIED = "onbekend tot de eerste levering"


@dataclass(frozen=True)
class Right:
    """One row of the rights table: `service` and `call` in the provider's words, `purpose` in ours."""

    service: str
    call: str
    purpose: str
    state: str


@dataclass(frozen=True)
class CheckReport:
    """What a credential check found. `domain` is kept with the credential (Nmbrs sub-domain)."""

    environment: str
    domain: str
    debtors: tuple[str, ...]
    companies: tuple[Company, ...]
    rights: tuple[Right, ...] = ()

    @property
    def missing(self) -> tuple[Right, ...]:
        return tuple(r for r in self.rights if r.state not in (RightState.ON, RightState.UNTRIED))


@dataclass(frozen=True)
class HourCode:
    code: str
    description: str
    model: int


@dataclass(frozen=True)
class Employee:
    ref: str
    number: str
    name: str


@dataclass(frozen=True)
class CompanyFacts:
    """What payroll says of one company: its current period, hour codes of both models, people."""

    period: Period
    codes: tuple[HourCode, ...]
    employees: tuple[Employee, ...]


@dataclass(frozen=True)
class Component:
    """A booked line as payroll reads it back."""

    ref: str
    code: str
    hours: Decimal


@dataclass(frozen=True)
class LineResult:
    """What a BatchSender said of one line: `accepted` with their id, or refused with a reason."""

    line_id: int
    accepted: bool
    ref: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Receipt:
    ref: str
    results: tuple[LineResult, ...] = field(default=())


@runtime_checkable
class Provider(Protocol):
    key: str
    name: str
    needs_bsn: bool
    file_columns: Sequence[str]

    def preflight_line(self, line: BatchLine) -> list[Reason]:
        """Return Dutch reasons, each with its code, why this line cannot go to this target; empty when it can."""


@runtime_checkable
class BatchSender(Provider, Protocol):
    def send(self, batch: Batch, credentials: Credentials) -> Receipt:
        """Send the whole batch under `batch.reference`. Safe to call twice: the reference is the
        idempotency key. Raises Refused, AccessRefused, Unavailable, Unclear."""

    def find(self, reference: str, credentials: Credentials) -> Receipt | None:
        """Read back by reference. None only when they say "unknown reference".
        Raises Refused, AccessRefused, Unavailable."""


@runtime_checkable
class LineSender(Provider, Protocol):
    credentials: Sequence[CredentialField]

    def check(self, credentials: Credentials) -> CheckReport:
        """Try the credentials and every read call that is needed, once.
        Raises AccessRefused, Refused, Unavailable."""

    def company_facts(self, company_ref: str, credentials: Credentials) -> CompanyFacts: ...

    def booked(self, employee_ref: str, period: Period, credentials: Credentials) -> tuple[Component, ...]:
        """Read what payroll holds for this person and period, ours and others'."""

    def insert(self, line: BatchLine, period: Period, credentials: Credentials, *, unprotected: bool = False) -> str:
        """Book one line and return payroll's id. NOT safe to call twice. `unprotected`: a person chose to write in
        a closed period."""

    def update(
        self, employee_ref: str, component: Component, credentials: Credentials, *, unprotected: bool = False
    ) -> None:
        """Change the hours of our own component. Safe to call twice."""

    def delete(self, employee_ref: str, component: Component, credentials: Credentials) -> None:
        """Take our own component away. Raises Refused when payroll says that it did not."""
