"""The ledger: the only code that writes a state of a delivery or a line.

Line:      gepland -> bezig -> geaccepteerd | geweigerd | onbekend
           bezig -> gepland only when it is certain that payroll did nothing
           geweigerd -> gepland by a person; onbekend -> geaccepteerd | gepland by a person
Delivery:  wacht -> bezig -> klaar | gepauzeerd | wacht; wacht | gepauzeerd -> geannuleerd
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, CursorResult, exists, func, select, update

from portal.deliveries.models import Baseline, Delivery, DeliveryLine, DeliveryState, LineState
from portal.integrations.contract import Component, LineResult
from portal.kernel.work import Work

LOST = "Het versturen is halverwege gestopt. Kijk in je salarispakket of deze uren er staan."


@dataclass(frozen=True)
class Claim:
    """The right to work on a delivery, until the lease ends or somebody else claims it."""

    delivery_id: int
    organisation_id: int
    export_id: int
    provider: str
    attempt: int
    tries: int


def claim_next(work: Work, lease_seconds: int) -> Claim | None:
    """Take the delivery that waits longest; None when there is none. One UPDATE decides who has it."""
    due = (Delivery.state == DeliveryState.WAITING) & (Delivery.next_at <= work.now)
    candidate = select(Delivery.id).where(due).order_by(Delivery.next_at, Delivery.id).limit(1).scalar_subquery()
    row = work.session.scalar(
        update(Delivery)
        .where(Delivery.id == candidate, due)
        .values(
            state=DeliveryState.BUSY, attempt=Delivery.attempt + 1,
            lease_until=work.now + timedelta(seconds=lease_seconds),
        )
        .returning(Delivery)
    )  # fmt: skip
    if row is None:
        return None
    return Claim(row.id, row.organisation_id, row.export_id, row.provider, row.attempt, row.tries)


def _mine(claim: Claim) -> ColumnElement[bool]:
    return (
        (Delivery.id == claim.delivery_id)
        & (Delivery.attempt == claim.attempt)
        & (Delivery.state == DeliveryState.BUSY)
    )


def extend(work: Work, claim: Claim, lease_seconds: int) -> bool:
    """Renew the lease; False when it was lost."""
    until = work.now + timedelta(seconds=lease_seconds)
    return _changed(work, update(Delivery).where(_mine(claim)).values(lease_until=until))


def start_line(work: Work, claim: Claim, line_id: int) -> bool:
    """Write down that this line is about to be sent. False: do not send it."""
    return _changed(
        work,
        update(DeliveryLine)
        .where(
            DeliveryLine.id == line_id, DeliveryLine.delivery_id == claim.delivery_id,
            DeliveryLine.state == LineState.PLANNED, exists().where(_mine(claim)),
        )
        .values(state=LineState.BUSY, attempt=claim.attempt, started_at=work.now, settled_at=None, reason=""),
    )  # fmt: skip


def settle_line(
    work: Work, claim: Claim, line_id: int, state: LineState, *, remote_ref: str = "", reason: str = ""
) -> bool:
    """Write down how a line ended. False when this worker lost its lease: its word counts no more."""
    return _changed(
        work,
        update(DeliveryLine)
        .where(
            DeliveryLine.id == line_id, DeliveryLine.state == LineState.BUSY,
            DeliveryLine.attempt == claim.attempt, exists().where(_mine(claim)),
        )
        .values(
            state=state, remote_ref=remote_ref[:60], reason=reason[:600],
            settled_at=None if state is LineState.PLANNED else work.now,
            # back to planned: certainly nothing left, as if it had never started
            **({"started_at": None} if state is LineState.PLANNED else {}),
        ),
    )  # fmt: skip


def keep_baseline(work: Work, claim: Claim, employee_ref: str, components: tuple[Component, ...]) -> None:
    """Store what payroll held before our first write; the first reading stays."""
    known = (Baseline.delivery_id == claim.delivery_id) & (Baseline.employee_ref == employee_ref)
    if work.session.scalar(select(Baseline.id).where(known)) is None:
        rows = [{"ref": c.ref, "code": c.code, "hours": str(c.hours)} for c in components]
        work.session.add(
            Baseline(delivery_id=claim.delivery_id, employee_ref=employee_ref, components=rows, read_at=work.now)
        )


def has_baseline(work: Work, claim: Claim, employee_ref: str) -> bool:
    known = (Baseline.delivery_id == claim.delivery_id) & (Baseline.employee_ref == employee_ref)
    return work.session.scalar(select(Baseline.id).where(known)) is not None


def finish(work: Work, claim: Claim, receipt: str = "") -> bool:
    """The worker is through its lines. False when it lost its lease: then nothing is written.

    A line that a person planned again meanwhile makes the delivery wait for another round.
    """
    own = DeliveryLine.delivery_id == claim.delivery_id
    open_ = select(DeliveryLine.id).where(own, DeliveryLine.state.in_((LineState.PLANNED, LineState.BUSY))).limit(1)
    over = work.session.scalar(open_) is None
    values: dict[str, object] = {"lease_until": None, "cause": "", "remedy": "", "next_at": work.now}
    values |= {"state": DeliveryState.DONE, "finished_at": work.now} if over else {"state": DeliveryState.WAITING}
    if receipt:
        values["receipt"] = receipt[:100]
    return _changed(work, update(Delivery).where(_mine(claim)).values(**values))


def put_back(work: Work, claim: Claim, after: timedelta, *, tries: int, cause: str = "", remedy: str = "") -> None:
    """Hand the lease back; the delivery waits for `after`."""
    values = {
        "state": DeliveryState.WAITING, "lease_until": None, "next_at": work.now + after, "tries": tries,
        "cause": cause[:400], "remedy": remedy[:400],
    }  # fmt: skip
    work.session.execute(update(Delivery).where(_mine(claim)).values(**values))


def pause(work: Work, claim: Claim, cause: str, remedy: str) -> None:
    """Stop until a person resumes."""
    values = {"state": DeliveryState.PAUSED, "lease_until": None, "cause": cause[:400], "remedy": remedy[:400]}
    work.session.execute(update(Delivery).where(_mine(claim)).values(**values))


def sweep(work: Work) -> int:
    """Take deliveries back from workers that died: what was being sent is `onbekend`, the rest goes on."""
    late = (Delivery.state == DeliveryState.BUSY) & (Delivery.lease_until < work.now)
    query = select(Delivery.id).where(late).with_for_update(skip_locked=True)
    ids = list(work.session.scalars(query))
    if not ids:
        return 0
    work.session.execute(
        update(DeliveryLine)
        .where(DeliveryLine.delivery_id.in_(ids), DeliveryLine.state == LineState.BUSY)
        .values(state=LineState.UNCLEAR, reason=LOST, settled_at=work.now)
    )
    values = {"state": DeliveryState.WAITING, "lease_until": None, "next_at": work.now}
    work.session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(**values))
    return len(ids)


def cancel(work: Work, delivery_id: int) -> bool:
    """Stop a delivery that is not being sent right now; lines that left keep their state."""
    where = (Delivery.id == delivery_id) & Delivery.state.in_((DeliveryState.WAITING, DeliveryState.PAUSED))
    return _changed(work, update(Delivery).where(where).values(state=DeliveryState.CANCELLED, cause="", remedy=""))


def resume(work: Work, delivery_id: int) -> bool:
    """A person starts a paused or cancelled delivery again."""
    where = (Delivery.id == delivery_id) & Delivery.state.in_((DeliveryState.PAUSED, DeliveryState.CANCELLED))
    values = {"state": DeliveryState.WAITING, "next_at": work.now, "tries": 0, "cause": "", "remedy": ""}
    return _changed(work, update(Delivery).where(where).values(**values))


def retry_refused(work: Work, delivery_id: int) -> int:
    """Plan the refused lines of a finished delivery again; returns how many."""
    lines = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.REFUSED)
    lines &= DeliveryLine.released_at.is_(None)
    count = work.session.scalar(select(func.count()).where(lines)) or 0
    if not count or not _reopen(work, delivery_id):
        return 0
    work.session.execute(update(DeliveryLine).where(lines).values(state=LineState.PLANNED, reason=""))
    return count


def decide(work: Work, delivery_id: int, line_id: int, *, booked: bool, quiet: timedelta = timedelta(0)) -> bool:
    """A person looked in payroll: an `onbekend` line is booked, or it is not and is sent again.

    Not booked is believed only when the line was started longer than `quiet` ago: a call under way may still land.
    """
    where = (
        (DeliveryLine.id == line_id) & (DeliveryLine.delivery_id == delivery_id)
        & (DeliveryLine.state == LineState.UNCLEAR)
    )  # fmt: skip
    if not booked:
        where &= DeliveryLine.started_at <= work.now - quiet
    state = LineState.ACCEPTED if booked else LineState.PLANNED
    reason = f"Nagekeken door {work.actor.name}." if booked else ""
    changed = _changed(work, update(DeliveryLine).where(where).values(state=state, reason=reason))
    if changed and not booked:
        _reopen(work, delivery_id)
    return changed


def release_refused(work: Work, delivery_id: int) -> list[int]:
    """Mark the refused lines as given free: they are never sent again. Returns their export lines."""
    done = (
        update(DeliveryLine)
        .where(
            DeliveryLine.delivery_id == delivery_id, DeliveryLine.state == LineState.REFUSED,
            DeliveryLine.released_at.is_(None),
        )
        .values(released_at=work.now)
        .returning(DeliveryLine.export_line_id)
    )  # fmt: skip
    return list(work.session.scalars(done))


def nothing_left(work: Work, delivery_id: int) -> bool:
    """Whether payroll certainly holds nothing of this delivery and nothing is on its way."""
    kept = (LineState.PLANNED, LineState.REFUSED)
    sent = select(DeliveryLine.id).where(
        DeliveryLine.delivery_id == delivery_id, DeliveryLine.state.not_in(kept)
    )  # fmt: skip
    still = (Delivery.id == delivery_id) & Delivery.state.in_((DeliveryState.DONE, DeliveryState.CANCELLED))
    resting = work.session.scalar(select(Delivery.id).where(still)) is not None
    return resting and work.session.scalar(sent.limit(1)) is None


def plan_unknown_again(work: Work, delivery_id: int) -> None:
    """The other side never saw this batch: all unknown lines go again, under the same reference."""
    where = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.UNCLEAR)
    again = update(DeliveryLine).where(where).values(state=LineState.PLANNED, started_at=None, reason="")
    if _changed(work, again):
        _reopen(work, delivery_id)


def settle_unknown(work: Work, delivery_id: int, results: dict[int, LineResult], receipt: str) -> None:
    """The other side told what it did with each line of the batch (by export line)."""
    where = (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.UNCLEAR)
    for row in work.session.scalars(select(DeliveryLine).where(where)).all():
        result = results.get(row.export_line_id)
        if result is not None:
            row.state = LineState.ACCEPTED if result.accepted else LineState.REFUSED
            row.remote_ref, row.reason, row.settled_at = result.ref[:60], result.reason[:600], work.now
    work.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(receipt=receipt[:100]))


def _reopen(work: Work, delivery_id: int) -> bool:
    where = (Delivery.id == delivery_id) & (Delivery.state == DeliveryState.DONE)
    values = {"state": DeliveryState.WAITING, "next_at": work.now, "tries": 0, "finished_at": None}
    return _changed(work, update(Delivery).where(where).values(**values))


def _changed(work: Work, statement: object) -> bool:
    result = work.session.execute(statement)  # type: ignore[call-overload]
    assert isinstance(result, CursorResult)  # noqa: S101 - an UPDATE gives one
    return result.rowcount > 0
