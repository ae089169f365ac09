"""Reading back: what became of lines whose answer was lost, and what payroll holds in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import or_, select

from portal.audit.queries import acts_about
from portal.audit.service import record
from portal.deliveries import codes, ledger, writes
from portal.deliveries.claims import Claim
from portal.deliveries.crew import Crew
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, Parcel, Reading
from portal.deliveries.parcels import Job, Line
from portal.deliveries.protocol import Action, Booked, Event, LineState, Verdict, after, read_back
from portal.deliveries.trouble import MAX_TRIES, waiting_time
from portal.deliveries.writes import Write
from portal.exports.models import ExportLine
from portal.integrations.contract import Component, LineSender
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, RemoteError, Unavailable
from portal.kernel.work import Acting, Work

NO_BASELINE = Reason(
    "We weten niet wat er vooraf stond. Kijk in je salarispakket of deze uren er staan.", codes.NO_BASELINE
)
NOT_READ = "Nalezen lukte niet: {cause} Kijk in je salarispakket {what}."
LOOK_FOR = {
    Action.INSERT: "of deze uren er staan",
    Action.UPDATE: "wat er bij onze regel staat",
    Action.DELETE: "of onze regel er nog staat",
}

MOST_LOSSES = 3
NO_ANSWER = (
    "{what} en kregen nooit een duidelijk antwoord. {seen} "
    "Kijk in je salarispakket of dat klopt, of vraag support om hulp."
)
TRIED = {
    Action.INSERT: ("Wij stuurden deze regel een paar keer", "Hij stond er bij het nalezen niet."),
    Action.UPDATE: (
        "Wij wilden onze regel een paar keer veranderen",
        "Bij het nalezen stonden er nog de oude uren.",
    ),
    Action.DELETE: ("Wij wilden onze regel een paar keer weghalen", "Bij het nalezen stond hij er nog."),
}
TOO_OFTEN = {
    action: Verdict(None, reason=Reason(NO_ANSWER.format(what=what, seen=seen), codes.LOST_TOO_OFTEN))
    for action, (what, seen) in TRIED.items()
}


def not_read(cause: str, action: Action = Action.INSERT) -> Reason:
    return Reason(NOT_READ.format(cause=cause, what=LOOK_FOR[action]), codes.NOT_READ)


def _lost_too_often(line: Line, verdict: Verdict) -> bool:
    """Each new try is a new chance to pay twice: after a few without a clear answer a person looks first."""
    return verdict.event is Event.ABSENT and line.losses >= MOST_LOSSES


@dataclass(frozen=True)
class Found:
    """The states after looking; `again_at` when the other side could not be read (`error`) and we look again.
    `looked`: whether it was asked at all."""

    states: list[LineState]
    again_at: datetime | None = None
    error: RemoteError | None = None
    looked: bool = True


@dataclass(frozen=True)
class Known:
    """What the ledger knows of a person and period; `baseline` is None when it was never read before a first write.

    That happens only where a backup was put back: then `earlier` holds what any reading saw, and what is there now with
    just our code and hours is taken for ours, unless a person knew of such hours (`said_not_double`).

    `rivals`: lines that may own a component whose id we do not know: lost elsewhere, or "staat er al" by a person.
    """

    baseline: frozenset[str] | None
    ours: frozenset[str]
    rivals: frozenset[tuple[str, Decimal]]
    earlier: frozenset[str] = frozenset()
    said_not_double: bool = False


def look(
    crew: Crew, sender: LineSender, claim: Claim, lines: Sequence[Line], states: Sequence[LineState], job: Job
) -> Found:
    """Read back and settle the `onbekend` lines of a parcel. Raises AccessRefused; then nothing changed."""
    unclear = [line for line, state in zip(lines, states, strict=True) if state is LineState.UNCLEAR]
    if wait := _asked_to_wait(crew, claim):
        return Found(list(states), wait, looked=False)
    try:
        shown = sender.booked(claim.employee_ref, claim.period, job.credentials)
    except AccessRefused:
        raise
    except RemoteError as error:
        if isinstance(error, Unavailable) and claim.looks + 1 < MAX_TRIES:
            return Found(list(states), crew.acting.clock() + waiting_time(claim.looks, error), error)
        why = {line.id: Verdict(None, reason=not_read(error.message, line.action)) for line in unclear}
        return _write(crew, claim, lines, states, why)
    with crew.acting.read() as work:  # two customers may share an employee: our lines are those of both
        known = _known(work, claim)
    if known.baseline is None:
        known = replace(known, said_not_double=_said(crew.robot(claim), claim))
    found = [Booked(row.ref, row.code, row.hours) for row in shown]
    verdicts = read_back(
        [line.sought for line in unclear], found, ours=known.ours, rivals=known.rivals,
        baseline=known.earlier if known.baseline is None else known.baseline,
    )  # fmt: skip
    if known.baseline is None:
        new = [line for line in unclear if line.action is Action.INSERT]
        verdicts |= {line.id: Verdict(None, reason=NO_BASELINE) for line in new if known.said_not_double}
    else:
        too_often = {line.id: TOO_OFTEN[line.action] for line in unclear if _lost_too_often(line, verdicts[line.id])}
        if too_often and not claim.looks:  # nobody looks after this: give a call that is very late one more chance
            return Found(list(states), crew.acting.clock() + crew.quiet)
        verdicts |= too_often
    return _write(crew, claim, lines, states, verdicts, shown)


def _asked_to_wait(crew: Crew, claim: Claim) -> datetime | None:
    """Until when this delivery waits: it was claimed before the answer for somebody else asked for that."""
    with crew.acting.read() as work:
        waits = (Delivery.state == DeliveryState.WAITING) & (Delivery.next_at > work.now)
        return work.session.scalar(select(Delivery.next_at).where(Delivery.id == claim.delivery_id, waits))


def _known(work: Work, claim: Claim) -> Known:
    """Our lines of this person and period in all deliveries, whoever planned them."""
    same = (
        (Parcel.provider == claim.provider) & (Parcel.employee_ref == claim.employee_ref)
        & (Parcel.period_kind == claim.period.kind) & (Parcel.year == claim.period.year)
        & (Parcel.number == claim.period.number)
    )  # fmt: skip
    refs = select(DeliveryLine.remote_ref).join(Parcel).where(same, DeliveryLine.remote_ref != "")
    elsewhere = (Parcel.id != claim.parcel_id) & (DeliveryLine.state == LineState.UNCLEAR)
    by_hand = (DeliveryLine.state == LineState.ACCEPTED) & (DeliveryLine.remote_ref == "")
    lost = (
        select(ExportLine.code, DeliveryLine.hours)
        .join(ExportLine, ExportLine.id == DeliveryLine.export_line_id)
        .join(Parcel, Parcel.id == DeliveryLine.parcel_id)
        .where(same, DeliveryLine.action == Action.INSERT, or_(elsewhere, by_hand))
    )
    rivals = [(code, hours) for code, hours in work.session.execute(lost)]
    baseline = work.session.scalar(select(Parcel.baseline).where(Parcel.id == claim.parcel_id))
    before = None if baseline is None else frozenset(str(row["ref"]) for row in baseline)
    ours = frozenset(work.session.scalars(refs))
    if before is not None:
        return Known(before, ours, frozenset(rivals))
    return Known(None, ours, frozenset(rivals), _seen_earlier(work, claim))


def _seen_earlier(work: Work, claim: Claim) -> frozenset[str]:
    rows = work.session.scalars(
        select(Reading.components).where(
            Reading.organisation_id == claim.organisation_id, Reading.provider == claim.provider,
            Reading.employee_ref == claim.employee_ref, Reading.period_kind == claim.period.kind,
            Reading.year == claim.period.year, Reading.number == claim.period.number,
        )
    )  # fmt: skip
    return frozenset(str(one["ref"]) for components in rows for one in components)


def _said(robot: Acting, claim: Claim) -> bool:
    """Whether somebody said that hours of another that stood there are not the same as ours."""
    people = select(ExportLine.member_id).join(DeliveryLine, DeliveryLine.export_line_id == ExportLine.id)
    with robot.read() as work:
        members = set(work.session.scalars(people.where(DeliveryLine.parcel_id == claim.parcel_id)))
        acts = acts_about(work, "export.not_double", export=claim.export_id)
        return any(act.facts["member"] in members for act in acts)


def fresh(work: Work, claim: Claim, shown: Sequence[Component]) -> list[Component]:
    """The rows that came into payroll after our first reading and are not ours."""
    known = _known(work, claim)
    taken = (known.baseline or frozenset()) | known.ours
    return [row for row in shown if row.ref not in taken]


def _write(
    crew: Crew, claim: Claim, lines: Sequence[Line], states: Sequence[LineState], verdicts: dict[int, Verdict],
    shown: Sequence[Component] = (),
) -> Found:  # fmt: skip
    """`shown`: what payroll held, kept for the person who has to decide."""

    def settle(work: Work) -> None:
        for line_id, verdict in verdicts.items():
            ledger.find(work, claim, line_id, verdict.event, remote_ref=verdict.ref, reason=verdict.reason)
            outcome = verdict.event.name.lower() if verdict.event else "unclear"
            record(
                work,
                "delivery.looked_up",
                claim.organisation_id,
                delivery=claim.delivery_id,
                line=line_id,
                outcome=outcome,
            )

        if shown and any(verdict.event is None for verdict in verdicts.values()):
            keep(work, claim, shown)

    crew.write(claim, settle)
    now = []
    for line, state in zip(lines, states, strict=True):
        event = verdicts[line.id].event if line.id in verdicts else None
        now.append(after(state, event) if isinstance(event, Event) else state)
    return Found(now)


def give_back(work: Work, claim: Claim, *, look_up: bool) -> None:
    """Hand a parcel back as it stands. Nothing pauses a cancelled delivery whose lost line cannot be looked up (a
    refused key, a koppeling that is off): that is tried less and less often, and then left to a person."""
    if not (look_up and claim.cancelled):
        ledger.release(work, claim, work.now, look_up=look_up, looks=claim.looks)
    elif claim.looks + 1 < MAX_TRIES:
        wait = waiting_time(claim.looks)
        ledger.release(work, claim, work.now + wait, look_up=True, looks=claim.looks + 1)
    else:
        lost = select(DeliveryLine.id, DeliveryLine.action).where(DeliveryLine.parcel_id == claim.parcel_id)
        for line_id, action in work.session.execute(lost).all():
            ledger.find(work, claim, line_id, None, reason=not_read("De koppeling werkte niet.", action))
        ledger.release(work, claim, work.now)


def reading(sender: LineSender, claim: Claim, job: Job) -> Callable[[datetime], Write]:
    """Ask payroll what it holds and return what writes it down."""
    try:
        components = sender.booked(claim.employee_ref, claim.period, job.credentials)
    except RemoteError as error:
        message = error.message
        return lambda now: writes.keeping_reading(claim, None, message, now)
    return lambda now: writes.keeping_reading(claim, components, "", now)


def keep(work: Work, claim: Claim, components: Sequence[Component] | None, error: str = "") -> None:
    """Store a reading; `components` None: it could not be read now and is asked for again."""
    writes.done(work, writes.keeping_reading(claim, components, error, work.now))
