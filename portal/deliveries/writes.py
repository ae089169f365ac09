"""What a worker writes down for one person at a time, as data: the scribe writes those of several persons together.

A write that changes another number of rows than `rows` means that something is not as this worker left it: the claim
counts no more, somebody stopped the delivery, or the token changed. Then nothing of it may be written.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from portal.deliveries import statements, why
from portal.deliveries.claims import Claim
from portal.deliveries.protocol import Event
from portal.integrations.contract import Component
from portal.kernel.codes import Reason
from portal.kernel.prepared import Given, Prepared, run_all
from portal.kernel.work import Work

ORDER = (
    statements.EXTEND, statements.KEEP_BASELINE, *statements.SETTLE_ONE.values(), *statements.MOVE_ON.values(),
    statements.START_ONE, statements.KEEP_READING, statements.KEEP_UNREAD, statements.RELEASE,
)  # fmt: skip


@dataclass(frozen=True)
class Write:
    statement: Prepared
    given: Given
    rows: int = 1


def done(work: Work, write: Write) -> bool:
    return together(work.session.connection(), [[write]])


def together(connection: Connection, groups: Sequence[Sequence[Write]]) -> bool:
    """Run groups of writes, each of one statement; False when one of them did not change what it should."""
    runs = [(same[0].statement, [write.given for write in same]) for same in groups]
    expected = [sum(write.rows for write in same) for same in groups]
    return run_all(connection, runs) == expected


def in_order(writes: Iterable[Write]) -> list[list[Write]]:
    """Writes of different parcels, together by statement and in the order in which one parcel needs them: what renews
    the lease comes first, what hands a parcel back last."""
    groups: dict[int, list[Write]] = {}
    for write in writes:
        groups.setdefault(id(write.statement), []).append(write)
    return sorted(groups.values(), key=lambda same: ORDER.index(same[0].statement))


def locking(parcel_ids: Sequence[int]) -> Write:
    """Lock parcels by id, on PostgreSQL."""
    return Write(statements.LOCK, {"parcels": parcel_ids}, rows=len(parcel_ids))


def extending(claim: Claim, until: datetime, used: str) -> Write:
    """Renew the lease in order to send; locks the parcel."""
    own = {"delivery": claim.delivery_id, "own": claim.organisation_id, "target": claim.provider, "used": used}
    return Write(statements.EXTEND, {**held(claim), **own, "until": until})


def starting(claim: Claim, line_id: int, now: datetime) -> Write:
    """A line is about to be sent. Extend first."""
    return Write(statements.START_ONE, {**held(claim), "line": line_id, "moment": now})


def settling(claim: Claim, line_id: int, now: datetime, event: Event, ref: str, reason: Reason | None) -> Write:
    """How a started line ended."""
    return Write(statements.SETTLE_ONE[event], {**held(claim), "line": line_id, **told(now, ref, reason)})


def moving_on(
    claim: Claim, line_id: int, now: datetime, event: Event, ref: str, reason: Reason | None, following: int
) -> Write:
    """Payroll answered a line, and the next is about to be sent. Extend first."""
    given = {**held(claim), "line": line_id, "following": following, **told(now, ref, reason)}
    return Write(statements.MOVE_ON[event], given, rows=2)


def releasing(claim: Claim, next_at: datetime, *, look_up: bool = False, looks: int = 0) -> Write:
    return Write(statements.RELEASE, {**held(claim), "then": next_at, "looking": look_up, "looked": looks})


def keeping_baseline(claim: Claim, shown: Sequence[dict[str, str]], now: datetime) -> Write:
    return Write(statements.KEEP_BASELINE, {**held(claim), "shown": shown, "moment": now})


def keeping_reading(claim: Claim, components: Iterable[Component] | None, error: str, now: datetime) -> Write:
    """A reading; `components` None: it could not be read now and is asked for again."""
    own = {
        "organisation_id": claim.organisation_id, "provider": claim.provider, "employee_ref": claim.employee_ref,
        "period_kind": claim.period.kind, "year": claim.period.year, "number": claim.period.number, "moment": now,
    }  # fmt: skip
    if components is None:
        return Write(statements.KEEP_UNREAD, {**own, "words": error[:400]})
    return Write(statements.KEEP_READING, {**own, "shown": as_rows(components)})


def as_rows(components: Iterable[Component]) -> list[dict[str, str]]:
    return [{"ref": c.ref, "code": c.code, "hours": str(c.hours)} for c in components]


def held(claim: Claim) -> dict[str, Any]:
    return {"parcel": claim.parcel_id, "held": claim.attempt}


def told(now: datetime, ref: str, reason: Reason | None) -> dict[str, Any]:
    return {"moment": now, "ref": ref[:60], **why.given(reason)}
