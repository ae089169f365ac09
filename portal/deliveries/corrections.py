"""Corrections: hours that changed after their export, and taking a whole delivery back.

A correction is an export of its own with signed differences, so it is sent, followed and proved like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from portal.audit.service import record
from portal.deliveries.components import Key, Obstacle, obstacles
from portal.deliveries.correction_types import Choice, Review, Row, Way
from portal.deliveries.difference_queries import Place
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.deliveries.strayed import aside
from portal.exports import service as exports
from portal.exports import settled, take_back
from portal.exports.codes import LEAVING
from portal.exports.corrections import Difference, differences, without
from portal.exports.models import Export, ExportKind, ExportState
from portal.exports.queries import period_of_export
from portal.exports.series import Series, as_correction, batch_line, fingerprint, series
from portal.hours.models import Shift
from portal.hours.team import lock_organisation
from portal.hours.types import Period
from portal.integrations.contract import LineSender, Provider
from portal.integrations.line_codes import NO_HOUR_CODE
from portal.integrations.parts import Providers
from portal.integrations.queries import require_active
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Work

CHANGED = "De verschillen zijn intussen veranderd, of deze correctie is al gemaakt. Bekijk het verschil opnieuw."
OVER = (DeliveryState.DONE, DeliveryState.CANCELLED)


@dataclass(frozen=True)
class Subject:
    """What is corrected. `export_id`: take this export back as a whole, 0: what changed in all of them.
    `member_id`: only this person, 0: everybody."""

    venue_id: int
    provider: Provider
    period: Period
    export_id: int = 0
    member_id: int = 0


def review(work: Work, subject: Subject) -> Review:
    """What a correction would hold, and the ways it can go. Raises NotFound, Conflict when the koppeling is off."""
    return _examine(work, subject)[1]


def create(acting: Acting, subject: Subject, choice: Choice, seen: str) -> int:
    """Freeze a correction of everything that has no obstacle; return the id of its export. It is sent like any export.

    `seen` is the fingerprint of what was on the screen: of many clicks at once one makes the correction, the others
    raise Conflict. When an export is taken back, its hours stay bound to it until payroll accepted that.
    Raises NotFound, Conflict, InvalidInput on `way` or `sure`.
    """
    with acting.begin() as work:
        lock_organisation(work)
        found, shown = _examine(work, subject)
        _require(shown, choice, seen)
        rows = [row.difference for row in shown.ready]
        members = {row.member_id for row in rows}
        export = exports.correct(
            work, as_correction(work, found, rows), subject.provider,
            book=shown.book if choice.way is Way.NEXT else None, unprotected=choice.way is Way.FORCE,
        )  # fmt: skip
        if subject.export_id:
            take_back.begin(work, export, subject.export_id, members)
            record(work, "export.taken_back", export=subject.export_id, correction=export.id, people=len(members))
        return export.id


def _require(shown: Review, choice: Choice, seen: str) -> None:
    if shown.fingerprint != seen:
        raise Conflict(CHANGED)
    if not shown.ready:
        raise Conflict("Er is niets om te corrigeren. Doe eerst wat bij de regels staat.")
    if choice.way not in shown.ways:
        raise InvalidInput("Kies een van de wegen die hier kunnen.", "way")
    if choice.way is Way.FORCE and not choice.sure:
        raise InvalidInput("Vink aan dat je dit hebt overlegd, of kies een andere weg.", "sure")


def subject_of(work: Work, providers: Providers, delivery_id: int) -> Subject:
    """What taking a delivery back is about. Raises NotFound, and Conflict when that cannot be (any more)."""
    query = (
        select(Export, Delivery)
        .join(Delivery, Delivery.export_id == Export.id)
        .where(Delivery.id == delivery_id, Delivery.organisation_id == work.organisation_id)
    )
    found = work.session.execute(query).one_or_none()
    if found is None:
        raise NotFound
    export, delivery = found
    if not can_be_undone(work, export, delivery):
        taking = take_back.corrections_of(work, export.id)
        if taking:
            raise Conflict(
                f"Correctie {taking[-1]} draait deze levering al terug. Kijk daar hoe het ervoor staat. "
                "De uren komen vrij zodra die correctie is verwerkt.",
                code=LEAVING,
            )
        raise Conflict("Deze levering kun je niet (meer) terugdraaien. Bekijk bij Verschil hoe het ervoor staat.")
    return Subject(export.venue_id, providers.get(export.provider), period_of_export(export), export.id)


def can_be_undone(work: Work, export: Export, delivery: Delivery) -> bool:
    """Whether payroll took lines of this delivery of hours, and hours of it are not being taken back already."""
    if export.kind is not ExportKind.HOURS or export.state is not ExportState.READY or delivery.state not in OVER:
        return False
    taken = (DeliveryLine.delivery_id == delivery.id) & (DeliveryLine.state == LineState.ACCEPTED)
    if not work.session.scalar(select(func.count()).where(taken)) or settled.is_settled(work, export.id):
        return False
    bound = (Shift.export_id == export.id) & Shift.taken_back_by.is_(None)
    return bool(work.session.scalar(select(func.count()).where(bound)))


def _examine(work: Work, subject: Subject) -> tuple[Series, Review]:
    found = series(work, subject.provider, subject.venue_id, subject.period)
    require_active(work, subject.provider.key)
    apart = aside(work, Place(subject.venue_id, subject.provider, subject.period))
    wanted = _wanted(found, subject, apart.done)
    in_the_way = {**obstacles(work, subject.provider.key, subject.venue_id, subject.period), **apart.people}
    # taking back is about all hours of a person: what is in the way of one code is in the way of all
    waiting = {member_id: why for (member_id, _code), why in in_the_way.items()} if subject.export_id else {}
    rows = _rows(work, found, wanted, {**apart.codes, **in_the_way}, waiting)
    current = found.setup.facts.period if found.setup.facts else None
    book = _book(found, current)
    ways = _ways(found, current)
    default = Way.NEXT if Way.FORCE in ways else Way.SAME
    stamp = fingerprint(found, wanted, subject.export_id, subject.member_id, book)
    shown = Review(rows, ways, default, current, book, found.setup.read_at, stamp, subject.export_id)
    return found, shown


def _wanted(found: Series, subject: Subject, done: Collection[Key]) -> list[Difference]:
    """The differences that this is about. `done`: payroll holds these as approved; what is taken back counts."""
    back = {(line.member_id, line.code) for line in found.lines if line.export_id == subject.export_id}
    left = set(done) - back
    bound, members = list(found.shifts), {shift.member_id for shift in found.shifts}
    if subject.export_id:
        members = {shift.member_id for shift in bound if shift.export_id == subject.export_id}
        bound = without(bound, subject.export_id, members)
    else:
        members |= {line.member_id for line in found.lines}
    if subject.member_id:
        members &= {subject.member_id}
    rows = [one for one in differences(found.lines, bound, found.coding) if one.member_id in members]
    return [one for one in rows if (one.member_id, one.code) not in left]


def _rows(
    work: Work,
    found: Series,
    wanted: Sequence[Difference],
    in_the_way: Mapping[Key, Obstacle],
    waiting: Mapping[int, Obstacle],
) -> tuple[Row, ...]:
    """What holds one code of a person back, holds back the others: half a correction would be another mistake."""
    held = dict(waiting)
    for one in wanted:
        everywhere = in_the_way.get((one.member_id, ""))
        why = everywhere or in_the_way.get((one.member_id, one.code)) or _impossible(work, found, one)
        if why is not None:
            held.setdefault(one.member_id, why)
    rows = [Row(one, found.rows[one.line_id].name, held.get(one.member_id)) for one in wanted]
    return tuple(sorted(rows, key=lambda row: (row.name.casefold(), row.difference.member_id, row.difference.code)))


def _impossible(work: Work, found: Series, one: Difference) -> Obstacle | None:
    if not one.code:
        return Obstacle(f"Kies eerst bij de koppeling een urencode voor ‘{one.kind}’.", NO_HOUR_CODE)
    reasons = found.provider.preflight_line(batch_line(work, found, one))
    return Obstacle(reasons[0].text, reasons[0].code) if reasons else None


def _book(found: Series, current: Period | None) -> Period | None:
    """The period of a difference line: the one that payroll works on, never one before that of the hours."""
    if not isinstance(found.provider, LineSender) or current is None or current.kind is not found.period.kind:
        return None
    return max(current, found.period)


def _ways(found: Series, current: Period | None) -> tuple[Way, ...]:
    """A batch or a file has one way: the difference itself."""
    book = _book(found, current)
    if book is None:
        return (Way.SAME,)
    return (Way.SAME, Way.NEXT, Way.FORCE) if book > found.period else (Way.SAME, Way.NEXT)
