"""Reads for the difference screen: a fixed number of queries, however many people (A2: own organisation only)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from portal.deliveries.difference import rows
from portal.deliveries.difference_types import Approved, Person, Promise, Row, Seen, Sent
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel
from portal.deliveries.not_double import said_about
from portal.deliveries.payroll_seen import own_readings, seen, strangers
from portal.deliveries.protocol import LineState
from portal.deliveries.refusals import OWN
from portal.deliveries.standing import standing
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
    """`refs`: payroll's ids by member; `seen`: the readings by that id."""

    persons: list[Person]
    refs: Mapping[int, Sequence[str]]
    seen: Mapping[str, Seen]


@dataclass(frozen=True)
class Lines:
    """The lines of exports and deliveries that say something about a place, by member. `refs`: payroll's ids for what
    is still to be sent or settled, or else of the newest line."""

    promises: Mapping[int, Mapping[str, Sequence[Promise]]]
    sent: Mapping[int, Sequence[Sent]]
    kinds: Mapping[int, Mapping[str, str]]
    refs: Mapping[int, Collection[str]]
    codes: Mapping[tuple[int, int, str], str]


def difference(work: Work, place: Place) -> Difference:
    """All rows of a place. Raises NotFound for a strange venue."""
    found = people(work, place)
    return Difference(rows(found.persons, reads=place.reads), _state(_all(found.refs), found.seen))


def people(work: Work, place: Place) -> People:
    """Everybody with hours in a place, sent or not, with what was read of them. Raises NotFound."""
    setup = venue_setup(work, place.provider.key, place.venue_id)
    lines = _lines(work, place)
    approved = _approved(work, place, setup, lines)
    names = _names(work, place.venue_id)
    refs = _refs(setup, lines, {*approved, *lines.promises, *lines.sent})
    key, period = place.provider.key, place.period
    read = seen(work, key, period) if place.reads else {}
    readings = own_readings(refs, read, lines.sent) if place.reads else {}
    foreign = strangers(work, key, place.venue_id, period) if place.reads else {}
    said = said_about(work, {export_id for export_id, _member, _kind in lines.codes}) if place.reads else {}
    persons = [
        Person(
            member_id, names.get(member_id, ""), lines.kinds.get(member_id, {}), approved.get(member_id, {}),
            lines.promises.get(member_id, {}), lines.sent.get(member_id, ()),
            readings.get(member_id, {}),
            frozenset((ref, one) for ref in refs.get(member_id, ()) for one in foreign.get(ref, ())),
            said.get(member_id, {}),
        )
        for member_id in {*approved, *lines.promises, *lines.sent}
    ]  # fmt: skip
    return People(with_before(work, key, place.venue_id, period, persons), refs, read)


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
    return sorted(set(_all(_refs(setup, lines, people))))


def _all(refs: Mapping[int, Sequence[str]]) -> list[str]:
    return [ref for some in refs.values() for ref in some]


def reading_state(work: Work, place: Place) -> ReadingState:
    """How far the readings are, without the rows: for the part of the page that refreshes itself."""
    return _state(people_refs(work, place), seen(work, place.provider.key, place.period))


def _state(refs: Iterable[str], read: Mapping[str, Seen]) -> ReadingState:
    known = [read.get(ref) for ref in dict.fromkeys(refs)]
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
            DeliveryLine.released_at.label("freed_at"), Parcel.look_up,
            Parcel.employee_ref.label("parcel_ref"), Parcel.next_at, Parcel.baseline_at,
            Delivery.id.label("delivery_id"),
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
    refs: dict[int, set[str]] = defaultdict(set)
    newest: dict[int, str] = {}
    codes: dict[tuple[int, int, str], str] = {}
    told: set[int] = set()
    went_out = {row.delivery_id for row in found if row.state not in (None, LineState.PLANNED, LineState.REFUSED)}
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
                    row.delivery_id if row.delivery_id in went_out else 0,
                )
            )
        told.add(row.id)
        kinds[row.member_id][row.code] = row.kind
        codes |= {(row.export_id, row.member_id, kind): row.code for kind in row.kinds}
        if row.employee_ref:
            newest[row.member_id] = row.employee_ref
            if row.state is not LineState.ACCEPTED and row.released_at is None:
                refs[row.member_id].add(row.employee_ref)
        if row.state is not None:
            sent[row.member_id].append(_sent(row, period, for_this=for_this))
    shown = {member_id: refs[member_id] or {ref} for member_id, ref in newest.items()}
    return Lines(promises, sent, kinds, shown, codes)


def _closed_at(row: Any) -> datetime | None:
    """When the round of calls that booked a line ended; its parcel is not taken again until then. None when it was
    booked in an earlier round."""
    begun = row.baseline_at is not None and row.settled_at is not None and row.baseline_at <= row.settled_at
    return row.next_at if begun and row.settled_at <= row.next_at else None


def _sent(row: Any, period: tuple[int, int], *, for_this: bool) -> Sent:
    return Sent(
        delivery_id=row.delivery_id, export_id=row.export_id, action=row.action, state=row.state, hours=row.hours,
        hours_before=row.hours_before, ref=row.remote_ref or row.target_ref, code=row.code, settled_at=row.settled_at,
        employee_ref=row.parcel_ref or row.employee_ref,
        here=(row.book_year or row.year, row.book_number or row.number) == period, for_this=for_this,
        looking=row.look_up, frozen=row.delivery_state in STOPPED, released=row.freed_at is not None,
        receipt=row.receipt, kept=row.reason in OWN, closed_at=_closed_at(row),
    )  # fmt: skip


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


def _refs(setup: VenueSetup, lines: Lines, people: Iterable[int]) -> dict[int, list[str]]:
    """Payroll's ids of each person: where their hours are or may be, else who they are matched with now."""
    found: dict[int, list[str]] = {}
    for member_id in people:
        there = {*lines.refs.get(member_id, ()), *standing(lines.sent.get(member_id, ())).employees} - {""}
        match = setup.matches.get(member_id)
        if not there and match and match.employee:
            there = {match.employee.ref}
        if there:
            found[member_id] = sorted(there)
    return found
