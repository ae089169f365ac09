"""Walks the whole chain and says whether anything was changed, added, moved or taken away.

Batch by batch, each in one snapshot: workers may go on sealing meanwhile, and memory does not grow with the chain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import func, select

from portal.accounts.models import Organisation
from portal.deliveries import receipt_chain
from portal.deliveries.receipt_facts import at_rest, body_of
from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.deliveries.receipts import Broken, latest, numbers, opened, same, same_numbers
from portal.kernel.anchor import Damaged
from portal.kernel.chain import EMPTY, Head
from portal.kernel.work import Acting, Work

BATCH = 200


class Wrong(Exception):
    """The first thing that is not as we left it; the text names the place and what is wrong."""


@dataclass(frozen=True)
class Report:
    """What was walked before the end, or before `wrong`. `anchored`: a note of an earlier end was there to compare."""

    checked: int
    erased: int
    head: Head
    anchored: bool
    wrong: str = ""


@dataclass
class Walk:
    """How far we are, and what the file outside the database said before we began."""

    anchor: Head | None
    at: Head = EMPTY
    erased: int = 0


def verify(acting: Acting) -> Report:
    """Check every receipt. When all is well the file outside the database is brought up to date."""
    file = receipt_chain.ANCHOR.place(acting.engine)
    walk = Walk(None)
    try:
        walk.anchor = _anchor(acting, file)
        for _ in _batches(acting, walk):
            pass
        _against_anchor(walk)
    except Wrong as wrong:
        return _report(walk, str(wrong))
    if file is not None:
        receipt_chain.ANCHOR.note(acting.vault, file, walk.at)
    return _report(walk)


def _report(walk: Walk, wrong: str = "") -> Report:
    return Report(walk.at.count, walk.erased, walk.at, walk.anchor is not None, wrong)


def _anchor(acting: Acting, file: Path | None) -> Head | None:
    try:
        return receipt_chain.ANCHOR.read(acting.vault, file) if file else None
    except Damaged:
        raise Wrong(f"anchor: {file} was changed, or belongs to another installation") from None


def _batches(acting: Acting, walk: Walk) -> Iterator[None]:
    engine = acting.engine
    if engine.dialect.name == "postgresql":  # SQLite reads one snapshot anyway
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    steady, more = replace(acting, engine=engine), True
    while more:
        with steady.read() as work:
            more = _batch(work, walk)
        yield


def _batch(work: Work, walk: Walk) -> bool:
    """Check the next receipts; False when these were the last."""
    query = select(Receipt).where(Receipt.seq > walk.at.count).order_by(Receipt.seq).limit(BATCH)
    rows = work.session.scalars(query).all()
    head = receipt_chain.CHAIN.head_of(work.vault, work.session.get(ReceiptHead, 1))
    if head is None:
        raise Wrong("head: changed or gone; it is not signed by this installation")
    for row in rows:
        _entry(work, walk, row, head)
        _body(work, walk, row)
        walk.at = Head(row.seq, row.hash)
        if walk.anchor and walk.anchor.count == row.seq and walk.anchor.hash != row.hash:
            raise Wrong(f"receipt {row.seq}: changed; the note outside the database knows another one")
        work.session.expire(row, ["body"])  # the row stays until the batch is through, its body need not
    if len(rows) == BATCH:
        return True
    if head.count > walk.at.count:
        raise Wrong(f"receipt {walk.at.count + 1}: tail cut; there must be {head.count} receipts")
    if head != walk.at:
        raise Wrong(f"head: it does not belong to receipt {walk.at.count}")
    return False


def _entry(work: Work, walk: Walk, row: Receipt, head: Head) -> None:
    place = f"receipt {walk.at.count + 1}"
    if row.seq > head.count:
        raise Wrong(f"receipt {row.seq}: inserted; the head counts {head.count}")
    sound = receipt_chain.hash_of(row) == row.hash
    if not sound and (seq := _true_place(row, head.count)):
        raise Wrong(f"{place}: reordered; what stands at {row.seq} was sealed as receipt {seq}")
    if row.seq != walk.at.count + 1:
        raise Wrong(f"{place}: missing; the next one is receipt {row.seq}")
    if not sound:
        raise Wrong(f"{place}: changed; its hash is not that of its contents")
    if not receipt_chain.is_signed(work.vault, row):
        total = work.session.scalar(select(func.count()).select_from(Receipt)) or 0
        what = "inserted" if total > head.count else "changed or inserted"
        raise Wrong(f"{place}: {what}; the signature is not of this installation")
    if row.previous != walk.at.hash:
        raise Wrong(f"{place}: reordered or replaced; it does not follow the one before")


def _true_place(row: Receipt, count: int) -> int | None:
    """The number that this receipt had when it was sealed, when only its number was changed."""
    return next((seq for seq in range(1, count + 1) if receipt_chain.hash_of(row, seq) == row.hash), None)


def _body(work: Work, walk: Walk, row: Receipt) -> None:
    """The people it names, the numbers outside it, and, of the newest of a delivery, the ledger itself."""
    place = f"receipt {row.seq}"
    newest = latest(work, row.delivery_id) is row and at_rest(work, row.delivery_id)
    if row.body is None:
        walk.erased += 1
        if newest and not _customer_is_gone(work, row) and not same_numbers(row, body_of(work, row.delivery_id)):
            raise Wrong(f"{place}: the ledger of delivery {row.delivery_id} was changed after it")
        return
    try:
        told = opened(work, row)
    except Broken:
        raise Wrong(f"{place}: changed; its body is not what was sealed") from None
    if (told.code, *numbers(told)) != (row.code, row.accepted, row.refused, row.unclear, row.unsent):
        raise Wrong(f"{place}: changed; its body belongs to another one")
    if newest and not same(told, body_of(work, row.delivery_id)):
        raise Wrong(f"{place}: the ledger of delivery {row.delivery_id} was changed after it")


def _customer_is_gone(work: Work, row: Receipt) -> bool:
    """Of an erased customer the ledger is gone; the trail says when and by whom it was erased."""
    gone = select(Organisation.erased_at).where(Organisation.id == row.organisation_id)
    return work.session.scalar(gone) is not None


def _against_anchor(walk: Walk) -> None:
    if walk.anchor and walk.anchor.count > walk.at.count:
        raise Wrong(
            f"receipt {walk.at.count + 1}: tail cut; the note outside the database knows {walk.anchor.count} receipts, "
            "the database is behind it (or an older copy was put back)"
        )
