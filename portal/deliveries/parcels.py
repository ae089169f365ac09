"""What a worker holds while it sends: the parcel with its lines, and what all parcels of a delivery share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from portal.deliveries.claims import Claim
from portal.deliveries.codes import OTHER_COMPANY
from portal.deliveries.models import DeliveryLine
from portal.deliveries.protocol import Action, LineState, Sought
from portal.exports.codes import EXPORT
from portal.exports.models import Export, ExportKind, ExportLine, ExportState
from portal.exports.queries import period_of_export
from portal.hours.periods import bounds
from portal.hours.types import BatchLine, Period, Person
from portal.integrations import keyring
from portal.integrations.contract import Credentials
from portal.integrations.queries import companies
from portal.kernel.errors import NotFound
from portal.kernel.restore_models import is_blind
from portal.kernel.work import Acting, Work
from portal.secret import Secret

LINES = (
    select(
        DeliveryLine.id, DeliveryLine.parcel_id, DeliveryLine.export_line_id, DeliveryLine.action, DeliveryLine.hours,
        DeliveryLine.target_ref, DeliveryLine.hours_before, DeliveryLine.state, DeliveryLine.started_at,
        DeliveryLine.attempt, DeliveryLine.losses,
        ExportLine.member_id, ExportLine.name, ExportLine.personnel_number, ExportLine.email, ExportLine.kind,
        ExportLine.code, ExportLine.minutes, ExportLine.employee_ref,
    )
    .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
    .order_by(ExportLine.id, DeliveryLine.step)
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the ledger with what a sender needs. `hours` is what payroll must hold afterwards; `tried`: it was
    started before."""

    id: int
    export_line_id: int
    action: Action
    hours: Decimal
    target_ref: str
    hours_before: Decimal | None
    state: LineState
    started_at: datetime | None
    booking: BatchLine
    tried: bool = False
    losses: int = 0

    @property
    def key(self) -> tuple[int, str]:
        return self.booking.person.member_id, self.booking.code

    @property
    def sought(self) -> Sought:
        return Sought(self.id, self.action, self.booking.code, self.hours, self.target_ref, self.hours_before)


@dataclass(frozen=True)
class Corrects:
    """The exports that a correction changes: of a target, venue and period, wherever it is booked itself."""

    provider: str
    venue_id: int
    period: Period


@dataclass(frozen=True)
class Job:
    """What all parcels of a delivery share. `used` is the word for the token in use (`keyring.in_use`).
    `corrects`: what a correction builds on, None for hours. `blind`: a backup was put back since the period began, so
    that hours may be in payroll of which we know nothing."""

    credentials: Credentials
    used: str
    unprotected: bool
    corrects: Corrects | None = None
    blind: bool = False


@dataclass(frozen=True)
class Held:
    """A claimed parcel with its lines, in their order."""

    claim: Claim
    lines: tuple[Line, ...]


def open_job(acting: Acting, claim: Claim) -> Job:
    """Open the token of a delivery, recorded as one use. Raises NotFound, Tampered."""
    with acting.begin() as work:
        credentials = keyring.open_credentials(work, claim.organisation_id, claim.provider, "levering")
        used = keyring.in_use(work, claim.organisation_id, claim.provider)
        export = work.session.get_one(Export, claim.export_id)
        _require_sendable(work, export)
        corrects = None
        if export.kind is ExportKind.CORRECTION:
            corrects = Corrects(export.provider, export.venue_id, period_of_export(export))
        blind = is_blind(work, bounds(claim.period)[0])
        return Job(credentials, used, export.unprotected, corrects, blind)


def _require_sendable(work: Work, export: Export) -> None:
    """Raises NotFound, which pauses, when this export must not leave (any more)."""
    if export.state is not ExportState.READY:
        message = "Deze export is ingetrokken. De uren kunnen in een nieuwe export zitten."
        raise NotFound(message, code=EXPORT[ExportState.WITHDRAWN])
    seen = {company.ref for company in companies(work, export.provider)}
    if export.company_ref and export.company_ref not in seen:
        raise NotFound("De token van nu ziet het bedrijf van deze export niet.", code=OTHER_COMPANY)


def load(work: Work, claims: Sequence[Claim]) -> list[Held]:
    """The lines of claimed parcels in one query; nobody else changes them while they are held."""
    mine = DeliveryLine.parcel_id.in_([claim.parcel_id for claim in claims])
    lines: dict[int, list[Line]] = {}
    for row in work.session.execute(LINES.where(mine)):
        lines.setdefault(row.parcel_id, []).append(_line(row))
    return [Held(claim, tuple(lines.get(claim.parcel_id, ()))) for claim in claims]


def _line(row: Any) -> Line:
    person = Person(row.member_id, row.name, row.personnel_number, row.email, Secret(""))
    booking = BatchLine(row.export_line_id, person, row.kind, row.code, row.minutes, row.hours, row.employee_ref)
    return Line(
        row.id, row.export_line_id, row.action, row.hours, row.target_ref, row.hours_before, row.state,
        row.started_at, booking, row.attempt > 0, row.losses,
    )  # fmt: skip
