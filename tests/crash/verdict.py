"""Is every hour in payroll exactly once? The stand-in of Nmbrs against the ledger, component by component."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.deliveries.models import DeliveryLine, LineState, Parcel
from portal.deliveries.protocol import MORE, OTHER_HOURS, Action
from portal.deliveries.reconcile import NO_BASELINE, NOT_READ, TOO_OFTEN
from portal.exports.models import ExportLine
from tests.crash.world import Place

# employee, year, period, code, hours: what makes two components alike
Alike = tuple[int, int, int, str, Decimal]


@dataclass(frozen=True)
class Sent:
    """A line of the ledger."""

    id: int
    delivery_id: int
    state: LineState
    remote_ref: str
    reason: str
    alike: Alike
    started_at: datetime | None
    baseline: frozenset[str] | None
    look_up: bool


@dataclass(frozen=True)
class There:
    """A component as payroll holds it. `booked_at` is the moment of the stand-in, in seconds since 1970."""

    ref: str
    alike: Alike
    booked_at: float


@dataclass
class Verdict:
    """`wrongs` is empty when every hour is there once, or unknown for a true reason."""

    lines: int = 0
    accepted: int = 0
    unclear: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    double: int = 0
    looked_up: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)


def judge(place: Place) -> Verdict:
    """Compare everything that was ever sent from this installation with what stands in payroll."""
    shown = place.state()
    there = [_there(one, shown["moments"]) for one in shown["components"]]
    sent, looked_up = _sent(place)
    met = (
        f"{call['trouble'].partition(':')[0]} {call['operation'][-3:]}" for call in shown["calls"] if call["trouble"]
    )
    found = Verdict(lines=len(sent), looked_up=looked_up, faults=Counter(met))
    if len(sent) != place.expected:
        found.wrongs.append(f"{len(sent)} lines in the ledger, {place.expected} were made")
    _theirs(found, place, there)
    ours = {one.ref: one for one in there if int(one.ref) not in place.theirs}
    _accepted(found, [one for one in sent if one.state is LineState.ACCEPTED], ours)
    claimed = {one.remote_ref for one in sent if one.state is LineState.ACCEPTED}
    unclear = [one for one in sent if one.state is LineState.UNCLEAR]
    stray = [one for one in ours.values() if one.ref not in claimed]
    _stray(found, stray, unclear, sent)
    like = Counter(line.alike for line in sent)
    for line in unclear:
        _true_reason(found, line, ours.values(), twins=like[line.alike] > 1)
    found.wrongs += [f"{_words(one)} ended as {one.state}: {one.reason}" for one in sent if one.state not in ENDED]
    return found


ENDED = (LineState.ACCEPTED, LineState.UNCLEAR)


def _there(one: dict[str, str], moments: dict[str, float]) -> There:
    alike = (int(one["employee_id"]), int(one["year"]), int(one["period"]), str(one["code"]), Decimal(one["hours"]))
    return There(str(one["id"]), alike, moments.get(str(one["id"]), 0.0))


def _sent(place: Place) -> tuple[list[Sent], Counter[str]]:
    query = (
        select(DeliveryLine, ExportLine.code, Parcel)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .order_by(DeliveryLine.id)
    )
    with place.acting.read() as work:
        lines = [_line(row, code, parcel) for row, code, parcel in work.session.execute(query)]
        looked = select(AuditEvent.facts).where(AuditEvent.action == "delivery.looked_up")
        outcomes = Counter(str(facts["outcome"]) for facts in work.session.scalars(looked))
    return lines, outcomes


def _line(row: DeliveryLine, code: str, parcel: Parcel) -> Sent:
    alike = (int(parcel.employee_ref), parcel.year, parcel.number, code, row.hours)
    before = None if parcel.baseline is None else frozenset(str(one["ref"]) for one in parcel.baseline)
    return Sent(
        row.id, row.delivery_id, row.state, row.remote_ref, row.reason, alike, row.started_at, before, parcel.look_up
    )


def _theirs(found: Verdict, place: Place, there: list[There]) -> None:
    """What others entered stays as it is."""
    standing = {int(one.ref): (int(one.alike[3]), one.alike[4]) for one in there}
    found.wrongs += [
        f"component {ref} of somebody else was changed or taken away"
        for ref, value in place.theirs.items()
        if standing.get(ref) != value
    ]


def _accepted(found: Verdict, accepted: list[Sent], ours: dict[str, There]) -> None:
    found.accepted = len(accepted)
    times = Counter(line.remote_ref for line in accepted)
    for line in accepted:
        one = ours.get(line.remote_ref)
        if one is None:
            found.lost += 1
            found.wrongs.append(f"LOST: {_words(line)} says component {line.remote_ref}, which is not ours")
        elif one.alike != line.alike:
            found.lost += 1
            found.wrongs.append(f"LOST: {_words(line)}, but its component {one.ref} is {one.alike}")
        elif times[line.remote_ref] > 1:
            found.lost += 1
            found.wrongs.append(f"LOST: {_words(line)} shares component {one.ref} with another line")


def _stray(found: Verdict, stray: list[There], unclear: list[Sent], sent: list[Sent]) -> None:
    """Nobody claims these: at most one for each unknown line that is like it, else it is there twice."""
    room = Counter(line.alike for line in unclear)
    like: dict[Alike, list[Sent]] = defaultdict(list)
    for line in sent:
        like[line.alike].append(line)
    for one in stray:
        room[one.alike] -= 1
        if room[one.alike] < 0:
            found.double += 1
            lines = "; ".join(f"{_words(line)} {line.state}{_late(line, one)}" for line in like[one.alike])
            found.wrongs.append(f"DOUBLE: nobody claims component {one.ref} {one.alike}. Lines like it: {lines}")


def _late(line: Sent, one: There) -> str:
    if line.started_at is None:
        return ""
    return f" (booked {one.booked_at - line.started_at.timestamp():+.2f} s after its last start)"


def _true_reason(found: Verdict, line: Sent, ours: Collection[There], *, twins: bool) -> None:
    """`twins`: another line of ours is like it. Only then can a component be of either."""
    found.unclear += 1
    start = line.reason.split(":")[0].split(".")[0]
    found.reasons[start] += 1
    fresh = [one for one in ours if line.baseline is not None and one.ref not in line.baseline]
    same_code = [one for one in fresh if one.alike[:4] == line.alike[:4]]
    reason = TOO_OFTEN[Action.INSERT].reason
    too_often = reason.text if reason else ""
    true = {
        MORE.text: twins and any(one.alike == line.alike for one in fresh),
        OTHER_HOURS.text: any(one.alike != line.alike for one in same_code),
        NO_BASELINE.text: line.baseline is None,
        too_often: not any(one.alike == line.alike for one in fresh),
    }.get(line.reason, line.reason.startswith(NOT_READ.partition("{")[0]))
    if line.look_up or not true:
        found.wrongs.append(f"{_words(line)} is onbekend for a reason that is not true: {line.reason!r}")


def _words(line: Sent) -> str:
    ref, year, number, code, hours = line.alike
    return f"line {line.id} of delivery {line.delivery_id} (employee {ref}, {year}-{number:02d}, {code}, {hours} h)"
