"""Forgets the oldest rows of the trail: whole seals, from the front, and only when they are what was sealed.

The seals themselves stay, so the chain stays whole: each says how many rows it covered, and what their digest was. A
signed row (`AuditForgotten`) says up to which seal the rows are gone; a trigger refuses every other deletion, and
`portal audit verify` takes any other gap for what it is.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select

from portal.audit import chain
from portal.audit.check import Wrong, covered, genuine
from portal.audit.models import AuditEvent, AuditForgotten, AuditSeal
from portal.audit.service import record
from portal.kernel.logs import warn
from portal.kernel.work import Acting, Work

BATCH = 20  # seals; SQLite lets nobody write meanwhile


def forget(acting: Acting, before: datetime) -> int:
    """Delete the rows of seals that hold nothing of `before` or later; returns how many.

    Each batch is a transaction with its own note, so a run that is killed has forgotten some batches and no half one;
    two at once take turns. Safe to call at any time. Stops, with a warning in the log, at a seal that is not what was
    sealed: what was tampered with is kept for whoever looks.
    """
    total = 0
    while True:
        with acting.begin() as work:
            done = _batch(work, before)
        total += done
        if not done:
            return total


def _batch(work: Work, before: datetime) -> int:
    note = work.session.scalar(select(AuditForgotten).where(AuditForgotten.id == 1).with_for_update())
    if note is None or not chain.is_signed_note(work.vault, note):
        warn("audit_not_forgotten", reason="the note of what was forgotten is gone or not ours")
        return 0
    count = 0
    for seal, rows in _old(work, note.upto, before):
        try:
            genuine(work, seal)
            covered(work, seal, rows)
        except Wrong as wrong:
            warn("audit_not_forgotten", reason=str(wrong))
            break
        note.upto, note.rows, count = seal.number, note.rows + len(rows), count + len(rows)
    if count:
        chain.sign_note(work.vault, note)
        work.session.flush()  # the trigger asks for the note first
        work.session.execute(delete(AuditEvent).where(AuditEvent.seal <= note.upto))
        record(work, "trail.forgotten", count=count)
    return count


def _old(work: Work, after: int, before: datetime) -> list[tuple[AuditSeal, list[AuditEvent]]]:
    """The next seals of which every row is old, in order."""
    newest = (
        select(AuditEvent.seal, func.max(AuditEvent.at)).where(AuditEvent.seal.between(after + 1, after + BATCH))
        .group_by(AuditEvent.seal)
    )  # fmt: skip
    moments = {row[0]: row[1] for row in work.session.execute(newest)}
    found = []
    query = select(AuditSeal).where(AuditSeal.number.between(after + 1, after + BATCH)).order_by(AuditSeal.number)
    for seal in work.session.scalars(query).all():
        if seal.number not in moments or moments[seal.number] >= before:
            break
        rows = select(AuditEvent).where(AuditEvent.seal == seal.number).order_by(AuditEvent.id)
        found.append((seal, list(work.session.scalars(rows))))
    return found
