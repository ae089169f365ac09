"""Reads for the difference screen: a fixed number of queries, however many people (A2: own organisation only)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.deliveries.difference import rows
from portal.deliveries.difference_types import Approved, Person, Promise, Row, Seen, Sent
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel, Reading
from portal.deliveries.not_double import said_about
from portal.deliveries.protocol import Booked, LineState
from portal.deliveries.refusals import OWN
from portal.deliveries.stood_before import with_before
from portal.exports import settled
from portal.exports.models import Export, ExportLine, ExportState
from portal.exports.queries import downloads
from portal.hours.models import Shift, TeamMember
from portal.hours.periods import bounds
from portal.hours.types import Period
from portal.integrations.contract import LineSender, Provider
from portal.integrations.queries import VenueSetup, venue_setup
from portal.kernel.work import Work

STOPPED = (DeliveryState.CANCELLED, DeliveryState.DONE)


@dataclass(frozen=True)
class Place:
    """What the screen is about: a venue, a target and a period."""

    venue_id: int
    provider: Provider
    period: Period

    @property
    def reads(self) -> bool:
        return isinstance(self.provider, LineSender)


@dataclass(frozen=True)
class ReadingState:
    """How far the readings are: `open` of `people` still have to be read; `oldest` is the moment of the oldest."""

    people: int
    open: int
    oldest: datetime | None
    errors: tuple[str, ...]


@dataclass(frozen=True)
class Difference:
    rows: list[Row]
    reading: ReadingState


@dataclass(frozen=True)
class People:
    """`refs`: payroll's id by member; `seen`: the readings by that id."""

    persons: list[Person]
    refs: Mapping[int, str]
    seen: Mapping[str, Seen]


@dataclass(frozen=True)
class Lines:
    """The lines of exports and deliveries that say something about a place, by member."""

    promises: Mapping[int, Mapping[str, Sequence[Promise]]]
    sent: Mapping[int, Sequence[Sent]]
    kinds: Mapping[int, Mapping[str, str]]
    refs: Mapping[int, str]
    codes: Mapping[tuple[int, int, str], str]


def difference(work: Work, place: Place) -> Difference:
    """All rows of a place. Raises NotFound for a strange venue."""
    found = people(work, place)
    return Difference(rows(found.persons, reads=place.reads), _state(found.refs.values(), found.seen))


def people(work: Work, place: Place) -> People:
    """Everybody with hours in a place, sent or not, with what was read of them. Raises NotFound."""
    setup = venue_setup(work, place.provider.key, place.venue_id)
    lines = _lines(work, place)
    approved = _approved(work, place, setup, lines)
    names = _names(work, place.venue_id)
    refs = _refs(setup, lines, {*approved, *lines.promises, *lines.sent})
    seen, strangers = (_seen(work, place), _strangers(work, place)) if place.reads else ({}, {})
    said = said_about(work, {export_id for export_id, _member, _kind in lines.codes}) if place.reads else {}
    persons = [
        Person(
            member_id, names.get(member_id, ""), lines.kinds.get(member_id, {}), approved.get(member_id, {}),
            lines.promises.get(member_id, {}), lines.sent.get(member_id, ()),
            strangers.get(refs.get(member_id, ""), frozenset()), seen.get(refs.get(member_id, "")),
            said.get(member_id, {}),
        )
        for member_id in {*approved, *lines.promises, *lines.sent}
    ]  # fmt: skip
    period = place.period
    return People(with_before(work, place.provider.key, place.venue_id, period, persons), refs, seen)


def doubles(work: Work, place: Place, members: Collection[int]) -> list[Row]:
    """Rows of these people with hours of somebody else under the same code, by the last reading. Raises NotFound."""
    if not place.reads:
        return []
    return [row for row in difference(work, place).rows if row.double and row.member_id in members]


def people_refs(work: Work, place: Place) -> list[str]:
    """Payroll's ids of everybody with hours in this place, sent or not. Raises NotFound."""
    setup = venue_setup(work, place.provider.key, place.venue_id)
    lines = _lines(work, place)
    people = {*_approved(work, place, setup, lines), *lines.promises, *lines.sent}
    return sorted(set(_refs(setup, lines, people).values()))


def reading_state(work: Work, place: Place) -> ReadingState:
    """How far the readings are, without the rows: for the part of the page that refreshes itself."""
    return _state(people_refs(work, place), _seen(work, place))


def _state(refs: Iterable[str], seen: Mapping[str, Seen]) -> ReadingState:
    known = [seen.get(ref) for ref in dict.fromkeys(refs)]
    moments = [one.read_at for one in known if one and one.read_at]
    return ReadingState(
        people=len(known), open=sum(1 for one in known if one and one.asking),
        oldest=min(moments) if len(moments) == len(known) and moments else None,
        errors=tuple(dict.fromkeys(one.error for one in known if one and one.error)),
    )  # fmt: skip


def _lines(work: Work, place: Place) -> Lines:
    """The lines of this venue in exports of this period, and in those that are booked in it; one query."""
    period = place.period
    for_this = and_(Export.year == period.year, Export.number == period.number)
    here = and_(Export.book_year == period.year, Export.book_number == period.number)
    query = (
        select(
            ExportLine.id, ExportLine.member_id, ExportLine.code, ExportLine.kind, ExportLine.kinds,
            ExportLine.employee_ref, ExportLine.minutes, ExportLine.hours.label("promised"), ExportLine.released_at,
            Export.processed_at,
            Export.id.label("export_id"), Export.year, Export.number, Export.book_year, Export.book_number,
            DeliveryLine.action, DeliveryLine.state, DeliveryLine.hours, DeliveryLine.hours_before,
            DeliveryLine.remote_ref, DeliveryLine.target_ref, DeliveryLine.settled_at, DeliveryLine.reason,
            DeliveryLine.released_at.label("freed_at"), Parcel.look_up, Delivery.id.label("delivery_id"),
            Delivery.state.label("delivery_state"), Delivery.receipt,
        )
        .join(Export, Export.id == ExportLine.export_id)
        .outerjoin(DeliveryLine, DeliveryLine.export_line_id == ExportLine.id)
        .outerjoin(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .outerjoin(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(
            Export.organisation_id == work.organisation_id, Export.provider == place.provider.key,
            Export.venue_id == place.venue_id, Export.state == ExportState.READY, Export.period_kind == period.kind,
            or_(for_this, here),
        )
        .order_by(ExportLine.id, DeliveryLine.step)
    )  # fmt: skip
    return _sorted(work.session.execute(query).all(), (period.year, period.number), downloads(work))


def _sorted(found: Sequence[Any], period: tuple[int, int], loaded: Collection[int]) -> Lines:
    promises: dict[int, dict[str, list[Promise]]] = defaultdict(lambda: defaultdict(list))
    sent: dict[int, list[Sent]] = defaultdict(list)
    kinds: dict[int, dict[str, str]] = defaultdict(dict)
    refs: dict[int, str] = {}
    codes: dict[tuple[int, int, str], str] = {}
    told: set[int] = set()
    for row in found:
        for_this = (row.year, row.number) == period
        if for_this and row.id not in told and row.released_at is None:
            stopped = row.state is LineState.PLANNED and row.delivery_state in STOPPED
            idle = stopped or (row.state is None and row.processed_at is None)
            promises[row.member_id][row.code].append(
                Promise(
                    row.export_id,
                    row.minutes,
                    row.promised,
                    idle,
                    row.export_id in loaded,
                    row.processed_at is not None,
                )
            )
        told.add(row.id)
        kinds[row.member_id][row.code] = row.kind
        codes |= {(row.export_id, row.member_id, kind): row.code for kind in row.kinds}
        if row.employee_ref:
            refs[row.member_id] = row.employee_ref
        if row.state is not None:
            sent[row.member_id].append(_sent(row, period, for_this=for_this))
    return Lines(promises, sent, kinds, refs, codes)


def _sent(row: Any, period: tuple[int, int], *, for_this: bool) -> Sent:
    return Sent(
        delivery_id=row.delivery_id, export_id=row.export_id, action=row.action, state=row.state, hours=row.hours,
        hours_before=row.hours_before, ref=row.remote_ref or row.target_ref, code=row.code, settled_at=row.settled_at,
        here=(row.book_year or row.year, row.book_number or row.number) == period, for_this=for_this,
        looking=row.look_up, frozen=row.delivery_state in STOPPED, released=row.freed_at is not None,
        receipt=row.receipt, kept=row.reason in OWN,
    )  # fmt: skip


def _strangers(work: Work, place: Place) -> dict[str, frozenset[str]]:
    """Payroll's ids of what other venues of the organisation booked in this period, by person."""
    period = place.period
    query = (
        select(Parcel.employee_ref, DeliveryLine.remote_ref)
        .join(DeliveryLine, DeliveryLine.parcel_id == Parcel.id)
        .join(Delivery, Delivery.id == Parcel.delivery_id)
        .join(Export, Export.id == Delivery.export_id)
        .where(
            Delivery.organisation_id == work.organisation_id, Delivery.provider == place.provider.key,
            Export.venue_id != place.venue_id, DeliveryLine.remote_ref != "",
            Parcel.period_kind == period.kind, Parcel.year == period.year, Parcel.number == period.number,
        )
    )  # fmt: skip
    found: dict[str, set[str]] = defaultdict(set)
    for employee_ref, ref in work.session.execute(query):
        found[employee_ref].add(ref)
    return {employee_ref: frozenset(refs) for employee_ref, refs in found.items()}


def _approved(work: Work, place: Place, setup: VenueSetup, lines: Lines) -> dict[int, dict[str, Approved]]:
    """Approved minutes by member and code; exported hours keep the code that they were exported with."""
    first, last = bounds(place.period)
    query = (
        select(Shift.member_id, Shift.kind, Shift.export_id, Shift.taken_back_by, func.sum(Shift.minutes))
        .where(
            Shift.organisation_id == work.organisation_id, Shift.venue_id == place.venue_id,
            Shift.workday.between(first, last), Shift.approved,
        )
        .group_by(Shift.member_id, Shift.kind, Shift.export_id, Shift.taken_back_by)
    )  # fmt: skip
    found: dict[int, dict[str, Approved]] = defaultdict(dict)
    mine = {promise.export_id for by_code in lines.promises.values() for ps in by_code.values() for promise in ps}
    forgotten = ((b.member_id, b.kind, b.export_id, None, b.minutes) for b in settled.bound(work, mine) if b.approved)
    for member_id, kind, export_id, taken_back_by, minutes in (*work.session.execute(query), *forgotten):
        if export_id is not None and export_id not in mine:
            continue  # these hours went to another salarispakket
        fallback = setup.codes.get(kind, "" if place.reads else kind)
        code = lines.codes.get((export_id or 0, member_id, kind), fallback)
        where = "open" if export_id is None else "leaving" if taken_back_by is not None else "exported"
        before = found[member_id].get(code, Approved())
        found[member_id][code] = replace(before, **{where: getattr(before, where) + int(minutes)})
    return found


def _names(work: Work, venue_id: int) -> dict[int, str]:
    own = (TeamMember.organisation_id == work.organisation_id) & (TeamMember.venue_id == venue_id)
    return {row[0]: row[1] for row in work.session.execute(select(TeamMember.id, TeamMember.name).where(own))}


def _refs(setup: VenueSetup, lines: Lines, people: set[int]) -> dict[int, str]:
    """Payroll's id of each person: where their hours went, else who they are matched with now."""
    found = {}
    for member_id in people:
        match = setup.matches.get(member_id)
        ref = lines.refs.get(member_id) or (match.employee.ref if match and match.employee else "")
        if ref:
            found[member_id] = ref
    return found


def _seen(work: Work, place: Place) -> dict[str, Seen]:
    """The readings of this period, by payroll's id of the person."""
    period = place.period
    query = select(Reading).where(
        Reading.organisation_id == work.organisation_id, Reading.provider == place.provider.key,
        Reading.period_kind == period.kind, Reading.year == period.year, Reading.number == period.number,
    )  # fmt: skip
    return {
        row.employee_ref: Seen(
            row.read_at, row.asked_at is not None, row.error,
            tuple(Booked(one["ref"], one["code"], Decimal(one["hours"])) for one in row.components),
        )
        for row in work.session.scalars(query)
    }  # fmt: skip
