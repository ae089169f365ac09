"""Everything that was exported of one venue, target and period, and the correction that is frozen of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import ColumnElement, select

from portal.accounts.queries import venue as require_venue
from portal.exports import settled
from portal.exports.corrections import Bound, Coding, Difference, Frozen
from portal.exports.models import Export, ExportKind, ExportLine, ExportState
from portal.exports.queries import line_binding
from portal.exports.types import Correction
from portal.hours.models import Shift, TeamMember
from portal.hours.team import open_bsn
from portal.hours.types import BatchLine, Period, Person
from portal.integrations.contract import LineSender, Provider
from portal.integrations.queries import VenueSetup, venue_setup
from portal.kernel.work import Work
from portal.secret import Secret


@dataclass(frozen=True)
class Series:
    """The exports of a venue, target and period, with their lines by id and the shifts that are bound to them.

    Shifts that are being taken back are left out: a correction that stands takes their hours off already. Of shifts
    that are forgotten there are sums.
    """

    venue_id: int
    provider: Provider
    period: Period
    exports: dict[int, Export]
    rows: dict[int, ExportLine]
    lines: list[Frozen]
    shifts: tuple[Bound, ...]
    setup: VenueSetup

    @property
    def coding(self) -> Coding:
        return Coding(self.setup.codes, any_kind=not isinstance(self.provider, LineSender))

    @property
    def company_ref(self) -> str:
        """Where it was booked: of the newest export, also when the venue has another company by now."""
        return max(self.exports.values(), key=lambda export: export.id).company_ref


def series(work: Work, provider: Provider, venue_id: int, period: Period) -> Series:
    """Raises NotFound for a strange venue."""
    require_venue(work, venue_id)
    exports, lines = lines_of(work, provider.key, venue_id, period)
    ready = [export.id for export in exports.values() if export.state is ExportState.READY]
    bound = select(Shift.member_id, Shift.export_id, Shift.kind, Shift.minutes, Shift.approved).where(
        Shift.export_id.in_(ready), Shift.organisation_id == work.organisation_id, Shift.taken_back_by.is_(None)
    )
    there = (Bound(m, e or 0, kind, minutes, ok) for m, e, kind, minutes, ok in work.session.execute(bound))
    return Series(
        venue_id, provider, period, exports, {row.id: row for row, _line in lines}, [line for _row, line in lines],
        (*there, *settled.bound(work, ready)),
        venue_setup(work, provider.key, venue_id),
    )  # fmt: skip


def lines_of(
    work: Work, key: str, venue_id: int, period: Period
) -> tuple[dict[int, Export], list[tuple[ExportLine, Frozen]]]:
    """The exports of a venue, target and period by id, and all their lines, oldest first."""
    found = work.session.scalars(select(Export).where(belongs(work, key, venue_id, period))).all()
    exports = {export.id: export for export in found}
    query = select(ExportLine).where(ExportLine.export_id.in_(list(exports))).order_by(ExportLine.id)
    return exports, [(row, _frozen(row, exports[row.export_id])) for row in work.session.scalars(query)]


def _frozen(row: ExportLine, export: Export) -> Frozen:
    return Frozen(
        row.id, row.export_id, row.member_id, row.code, row.kind, tuple(row.kinds), row.minutes, row.hours,
        export.kind is ExportKind.CORRECTION,
        export.state is ExportState.READY and row.released_at is None,
    )  # fmt: skip


def belongs(work: Work, key: str, venue_id: int, period: Period) -> ColumnElement[bool]:
    """The exports of a venue, target and period, withdrawn ones too."""
    return (
        (Export.organisation_id == work.organisation_id) & (Export.provider == key) & (Export.venue_id == venue_id)
        & (Export.period_kind == period.kind) & (Export.year == period.year) & (Export.number == period.number)
    )  # fmt: skip


def batch_line(work: Work, found: Series, one: Difference) -> BatchLine:
    """The line of a correction. It names the person as they were when the hours went out: payroll knows them so."""
    row = found.rows[one.line_id]
    bsn = _bsn(work, found, row) if found.provider.needs_bsn else Secret("")
    person = Person(row.member_id, row.name, row.personnel_number, row.email, bsn)
    return BatchLine(0, person, one.kind, one.code, one.minutes, one.hours, row.employee_ref, one.kinds)


def _bsn(work: Work, found: Series, row: ExportLine) -> Secret:
    """As it went out; when that is forgotten, the one that is known now."""
    if row.bsn_sealed is not None:
        return work.vault.open(row.bsn_sealed, line_binding(found.exports[row.export_id], row.member_id, row.code))
    return open_bsn(work, work.session.get_one(TeamMember, row.member_id))


def fingerprint(found: Series, rows: Sequence[Difference], *more: object) -> str:
    """Of everything on the screen that a correction would hold."""
    parts = [f"{found.venue_id}|{found.provider.key}|{found.period}|{'|'.join(map(str, more))}"]
    parts += [f"{d.member_id}|{d.code}|{d.kinds}|{d.minutes}|{d.hours}|{d.was}|{d.becomes}" for d in rows]
    parts += [f"{export.id}|{export.state}" for export in sorted(found.exports.values(), key=lambda one: one.id)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def as_correction(work: Work, found: Series, rows: Sequence[Difference]) -> Correction:
    lines = tuple(batch_line(work, found, one) for one in rows)
    total = sum((line.hours for line in lines), Decimal("0.00"))
    return Correction(found.venue_id, found.provider.key, found.period, found.company_ref, lines, total)
