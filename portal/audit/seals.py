"""Seals fresh rows of the trail, some seconds after they were committed.

Not in the transaction of the act: a chain that grows there would let all writers of the installation wait for one
another. A row that is committed late, with a lower number than what is sealed, simply goes into the next seal.
"""

from __future__ import annotations

from sqlalchemy import exists, select, update

from portal.audit import chain
from portal.audit.models import AuditEvent, AuditHead, AuditSeal
from portal.kernel.anchor import Damaged
from portal.kernel.chain import Head
from portal.kernel.logs import warn
from portal.kernel.work import Acting, Work

BATCH = 200  # SQLite lets nobody write meanwhile
FRESH = AuditEvent.seal.is_(None)


class Broken(Exception):
    """The chain is not what we signed: nothing is added to it until a person has looked (`portal audit verify`)."""


def tend(acting: Acting) -> bool:
    """What the worker does: seal what waits; True when there may be more at once."""
    try:
        return seal(acting)
    except Broken as error:
        warn("audit_not_sealed", why=str(error))
        return False


def seal(acting: Acting) -> bool:
    """Seal the oldest fresh rows; True when there may be more. Raises Broken.

    Locks the head of the trail and nothing else, in a transaction of its own.
    """
    with acting.read() as work:  # nobody takes the lock of SQLite for nothing
        if not work.session.scalar(select(exists().where(FRESH))):
            return False
    known = _known(acting)
    with acting.begin() as work:
        head = _locked_head(work, known)
        rows = work.session.scalars(select(AuditEvent).where(FRESH).order_by(AuditEvent.id).limit(BATCH)).all()
        opening = any(not row.mac for row in rows) and may_open(work)
        sound = [row for row in rows if chain.is_genuine(work.vault, row) or (opening and not row.mac)]
        if len(sound) < len(rows):
            warn("audit_rows_not_ours", count=len(rows) - len(sound))
        if sound:
            _add(work, head, sound, opening=opening)
        return len(sound) == BATCH


def may_open(work: Work) -> bool:
    """Whether rows without a MAC may still be taken for rows of before: until the first seal without any."""
    return not work.session.scalar(select(exists().where(AuditSeal.opening.is_(False))))


def _known(acting: Acting) -> Head | None:
    file = chain.ANCHOR.place(acting.engine)
    try:
        return chain.ANCHOR.read(acting.vault, file) if file else None
    except Damaged:
        raise Broken("the note outside the database is not ours") from None


def _locked_head(work: Work, known: Head | None) -> AuditHead:
    """The end of the chain, held until the end of the transaction. It must have grown out of what this machine knew:
    else new seals would hide that the old ones were cut off."""
    row = work.session.scalar(select(AuditHead).where(AuditHead.id == 1).with_for_update())
    head = chain.CHAIN.head_of(work.vault, row)
    if row is None or head is None:
        raise Broken("the head of the trail is gone or not ours")
    if known is not None:
        there = work.session.get(AuditSeal, known.count)
        if known.count > head.count or there is None or there.hash != known.hash:
            raise Broken("seals that this machine knew are gone")
    return row


def _add(work: Work, head: AuditHead, rows: list[AuditEvent], *, opening: bool) -> None:
    ids = [row.id for row in rows]
    made = AuditSeal(
        number=head.count + 1, sealed_at=work.now, ids=chain.written(ids), count=len(ids), opening=opening,
        rows_digest=chain.digest_of(work.vault, rows), previous=head.hash,
    )  # fmt: skip
    work.session.add(chain.sign(work.vault, made))
    covered = update(AuditEvent).where(AuditEvent.id.in_(ids), FRESH).values(seal=made.number)
    work.session.execute(covered, execution_options={"synchronize_session": False})
    head.count, head.hash = made.number, made.hash
    end = Head(made.number, made.hash)
    head.signature = chain.CHAIN.head_signature(work.vault, end)
    work.session.flush()
    chain.ANCHOR.after_commit(work.session, work.vault, end)
