"""Walks the whole trail and says whether a row or a seal was changed, added, moved or taken away.

Batch by batch, each in one snapshot: people and workers may go on meanwhile, and memory does not grow with the trail.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from portal.audit import chain, seals
from portal.audit.models import AuditEvent, AuditForgotten, AuditHead, AuditSeal
from portal.kernel.anchor import Damaged
from portal.kernel.chain import EMPTY, Head
from portal.kernel.work import Acting, Work

BATCH = 20  # seals


class Wrong(Exception):
    """The first thing that is not as we left it; the text names the row or seal and what is wrong."""


@dataclass(frozen=True)
class Report:
    """What was walked before the end, or before `wrong`. `anchored`: a note of an earlier end was there to compare.
    `forgotten`: rows whose time was over (`retention.py`); their seals are still there, and checked."""

    rows: int
    fresh: int
    head: Head
    anchored: bool
    wrong: str = ""
    forgotten: int = 0


@dataclass
class Walk:
    anchor: Head | None = None
    at: Head = EMPTY
    rows: int = 0
    fresh: int = 0
    forgotten: int = 0


def verify(acting: Acting) -> Report:
    """Seal what waits, then check every row and seal. When all is well the note outside the database is renewed."""
    with suppress(seals.Broken):  # what is broken is found below, with its place
        while seals.seal(acting):
            pass
    file, walk = chain.ANCHOR.place(acting.engine), Walk()
    try:
        walk.anchor = _anchor(acting, file)
        _walk(acting, walk)
    except Wrong as wrong:
        return _report(walk, str(wrong))
    if file is not None:
        chain.ANCHOR.note(acting.vault, file, walk.at)
    return _report(walk)


def _report(walk: Walk, wrong: str = "") -> Report:
    return Report(walk.rows, walk.fresh, walk.at, walk.anchor is not None, wrong, walk.forgotten)


def _anchor(acting: Acting, file: Path | None) -> Head | None:
    try:
        return chain.ANCHOR.read(acting.vault, file) if file else None
    except Damaged:
        raise Wrong(f"anchor: {file} was changed, or belongs to another installation") from None


def _walk(acting: Acting, walk: Walk) -> None:
    engine = acting.engine
    if engine.dialect.name == "postgresql":  # SQLite reads one snapshot anyway
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    steady, more = replace(acting, engine=engine), True
    while more:
        with steady.read() as work:
            more = _batch(work, walk)


def _batch(work: Work, walk: Walk) -> bool:
    """Check the next seals with their rows; False when these were the last, and the rest is checked too."""
    head = chain.CHAIN.head_of(work.vault, work.session.get(AuditHead, 1))
    if head is None:
        raise Wrong("head: changed or gone; it is not signed by this installation")
    upto = _forgotten(work, head)
    query = select(AuditSeal).where(AuditSeal.number > walk.at.count).order_by(AuditSeal.number).limit(BATCH)
    found = work.session.scalars(query).all()
    rows = _rows(work, found[0].number, found[-1].number) if found else {}
    for seal in found:
        _entry(work, walk, seal, head)
        _rows_of(work, walk, seal, rows.get(seal.number, []), gone=seal.number <= upto)
        walk.at = Head(seal.number, seal.hash)
        if walk.anchor and walk.anchor.count == seal.number and walk.anchor.hash != seal.hash:
            raise Wrong(f"seal {seal.number}: replaced; the note outside the database knows another one")
    if len(found) == BATCH:
        return True
    _end(work, walk, head)
    return False


def _rows(work: Work, first: int, last: int) -> dict[int, list[AuditEvent]]:
    query = select(AuditEvent).where(AuditEvent.seal.between(first, last)).order_by(AuditEvent.id)
    found: dict[int, list[AuditEvent]] = defaultdict(list)
    for row in work.session.scalars(query):
        found[row.seal or 0].append(row)
    return found


def _entry(work: Work, walk: Walk, seal: AuditSeal, head: Head) -> None:
    place = f"seal {walk.at.count + 1}"
    if seal.number > head.count:
        raise Wrong(f"seal {seal.number}: inserted; the head counts {head.count}")
    if seal.number != walk.at.count + 1:
        raise Wrong(f"{place}: deleted; the next one is seal {seal.number}")
    genuine(work, seal)
    if seal.previous != walk.at.hash:
        raise Wrong(f"{place}: moved or replaced; it does not follow the one before")


def genuine(work: Work, seal: AuditSeal) -> None:
    """Whether this installation signed a seal as it is. Raises Wrong."""
    place = f"seal {seal.number}"
    if chain.hash_of(seal) != seal.hash:
        raise Wrong(f"{place}: changed or moved; its hash is not that of its contents")
    if not chain.is_signed(work.vault, seal):
        raise Wrong(f"{place}: changed or inserted; the signature is not of this installation")


def _forgotten(work: Work, head: Head) -> int:
    """Up to which seal the rows are gone because their time was over."""
    note = work.session.get(AuditForgotten, 1, populate_existing=True)
    if note is None or not chain.is_signed_note(work.vault, note) or note.upto > head.count:
        raise Wrong("forgotten: the note of what was forgotten is gone, or not signed by this installation")
    return note.upto


def _rows_of(work: Work, walk: Walk, seal: AuditSeal, rows: list[AuditEvent], *, gone: bool) -> None:
    if not gone:
        covered(work, seal, rows)
        walk.rows += seal.count
    elif rows:
        raise Wrong(f"row {rows[0].id}: put back; the rows of seal {seal.number} were forgotten")
    else:
        walk.forgotten += seal.count


def covered(work: Work, seal: AuditSeal, rows: list[AuditEvent]) -> None:
    """The rows that a seal names: all there, no other, and each as it was. Raises Wrong."""
    meant, there = chain.numbers(seal.ids), [row.id for row in rows]
    if gone := sorted(set(meant) - set(there)):
        raise Wrong(f"row {gone[0]}: deleted, or taken out of seal {seal.number}")
    if more := sorted(set(there) - set(meant)):
        raise Wrong(f"row {more[0]}: inserted, or put into seal {seal.number} afterwards")
    for row in rows:
        if not chain.is_genuine(work.vault, row) and not (seal.opening and not row.mac):
            raise Wrong(f"row {row.id} in seal {seal.number}: changed; it is not what was written")
    if chain.digest_of(work.vault, rows) != seal.rows_digest:
        raise Wrong(f"rows {seal.ids} in seal {seal.number}: one was changed, or two changed places")


def _end(work: Work, walk: Walk, head: Head) -> None:
    """What no seal can tell of itself: whether it was the last, and the rows that are in none."""
    missing = f"seal {walk.at.count + 1}: tail cut;"
    if head.count > walk.at.count:
        raise Wrong(f"{missing} there must be {head.count} seals")
    if head != walk.at:
        raise Wrong(f"head: it does not belong to seal {walk.at.count}")
    if walk.anchor and walk.anchor.count > walk.at.count:
        raise Wrong(
            f"{missing} the note outside the database knows {walk.anchor.count} seals, the database is behind it "
            "(or an older copy was put back)"
        )
    outside = select(AuditEvent.id).where((AuditEvent.seal > head.count) | (AuditEvent.seal < 1)).limit(1)
    if (stray := work.session.scalar(outside)) is not None:
        raise Wrong(f"row {stray}: inserted or moved; the seal that it names does not exist")
    _fresh(work, walk)
    _copied(work)


def _fresh(work: Work, walk: Walk) -> None:
    opening = seals.may_open(work)
    query = select(AuditEvent).where(seals.FRESH).order_by(AuditEvent.id).execution_options(yield_per=seals.BATCH)
    for row in work.session.scalars(query):
        if not chain.is_genuine(work.vault, row) and not (opening and not row.mac):
            raise Wrong(f"row {row.id}, not sealed: changed or inserted; it was not written by this installation")
        walk.fresh += 1


def _copied(work: Work) -> None:
    """A row of ours that was copied has a genuine MAC; but no two rows of ours have the same."""
    twice = select(func.max(AuditEvent.id)).where(AuditEvent.mac != "").group_by(AuditEvent.mac)
    if (copy := work.session.scalar(twice.having(func.count() > 1).limit(1))) is not None:
        raise Wrong(f"row {copy}: inserted; it is a copy of another row")
