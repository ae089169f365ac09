"""Sealing: one receipt for what became of a delivery, chained to all that went before."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import UTC

from sqlalchemy import exists, func, or_, select

from portal.deliveries import receipt_body, receipt_chain
from portal.deliveries.models import FREED_WORD, Delivery, DeliveryLine, DeliveryState, LineState
from portal.deliveries.receipt_body import Body
from portal.deliveries.receipt_facts import at_rest, body_of, is_over
from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.kernel.chain import Head
from portal.kernel.vault import Tampered
from portal.kernel.work import Work


class Broken(Exception):
    """The chain is not what we signed: nothing is added to it until a person has looked (`portal audit verify`)."""


def seal(work: Work, delivery_id: int) -> None:
    """Seal what became of a delivery, in the transaction that finishes, cancels or changes it.

    Safe to call at any moment and as often as you like: it does nothing while the delivery is moving or a line is
    under way, when nothing was sent of a cancelled delivery, and when nothing changed since the last receipt.
    Otherwise a new receipt follows the last one of this delivery; rows never change.
    Lock order: organisation, export, delivery, parcels, lines, and the head of the receipts last.
    Raises Broken; then the transaction, and so the finishing, does not take place.
    """
    work.session.flush()
    if not is_over(work, delivery_id):
        return
    head = _locked_head(work)
    # asked under the lock: of two workers that hand in the last two parcels, the second sees that all are in
    if not at_rest(work, delivery_id):
        return
    last = latest(work, delivery_id)
    body = body_of(work, delivery_id, salt=secrets.token_hex(16), code=receipt_body.new_code())
    if not _worth_it(work, body, last):
        return
    row = _row(work, replace(body, replaces=last.code if last else ""), head)
    row.replaces = last.seq if last else None
    receipt_chain.sign(work.vault, row)
    work.session.add(row)
    head.count, head.hash = row.seq, row.hash
    head.signature = receipt_chain.CHAIN.head_signature(work.vault, Head(row.seq, row.hash))
    work.session.flush()
    receipt_chain.ANCHOR.after_commit(work.session, work.vault, Head(row.seq, row.hash))


def unsealed(work: Work) -> list[int]:
    """Stopped deliveries of which a line was settled after their newest receipt, or that have none."""
    newest = select(func.max(Receipt.sealed_at)).where(Receipt.delivery_id == Delivery.id).scalar_subquery()
    later = exists().where(
        DeliveryLine.delivery_id == Delivery.id, DeliveryLine.settled_at.is_not(None),
        or_(newest.is_(None), DeliveryLine.settled_at > newest),
    )  # fmt: skip
    return list(work.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.CANCELLED, later)))


def _locked_head(work: Work) -> ReceiptHead:
    """The end of the chain, held until the end of the transaction: receipts are sealed one after another."""
    query = select(ReceiptHead).where(ReceiptHead.id == 1).with_for_update()
    row = work.session.scalar(query.execution_options(populate_existing=True))
    if row is None or receipt_chain.CHAIN.head_of(work.vault, row) is None:
        raise Broken("the head of the receipts is gone or not ours: run `portal audit verify`")
    return row


def latest(work: Work, delivery_id: int) -> Receipt | None:
    """The newest receipt of a delivery, whoever asks."""
    query = select(Receipt).where(Receipt.delivery_id == delivery_id).order_by(Receipt.seq.desc()).limit(1)
    return work.session.scalar(query)


def _worth_it(work: Work, body: Body, last: Receipt | None) -> bool:
    """Whether there is something to say that was not said before."""
    if last is None:
        sent = body.count(*(state for state in LineState if state is not LineState.PLANNED))
        return sent > 0 or body.state == DeliveryState.DONE
    if last.body is None:
        return not same_numbers(last, body)
    return not same(opened(work, last), body)


def same(one: Body, other: Body) -> bool:
    """Whether two bodies tell the same of a delivery, apart from what makes each receipt its own."""
    return (one.state, one.lines, one.provider_receipt) == (other.state, other.lines, other.provider_receipt)


def same_numbers(row: Receipt, body: Body) -> bool:
    """As `same`, as far as a receipt without its body can tell."""
    told = (row.state.value, row.accepted, row.refused, row.unclear, row.unsent, row.hours)
    return told == (body.state, *numbers(body), body.accepted_hours)


def numbers(body: Body) -> tuple[int, int, int, int]:
    """How many lines are accepted, refused, unknown and not sent."""
    states = (LineState.ACCEPTED, LineState.REFUSED, LineState.UNCLEAR, LineState.PLANNED)
    accepted, refused, unclear, unsent = (body.count(state.value) for state in states)
    unsent += body.count(FREED_WORD)
    return accepted, refused, unclear, unsent


def _row(work: Work, body: Body, head: ReceiptHead) -> Receipt:
    content = receipt_body.canonical(body)
    accepted, refused, unclear, unsent = numbers(body)
    organisation = select(Delivery.organisation_id).where(Delivery.id == body.delivery_id)
    row = Receipt(
        seq=head.count + 1, organisation_id=work.session.scalars(organisation).one(), delivery_id=body.delivery_id,
        code=body.code, sealed_at=body.sealed_at.astimezone(UTC), state=DeliveryState(body.state), replaces=None,
        accepted=accepted, refused=refused, unclear=unclear, unsent=unsent, hours=body.accepted_hours,
        body_sha256=receipt_body.digest(content), previous=head.hash,
    )  # fmt: skip
    row.body = work.vault.seal_bytes(content, receipt_chain.body_binding(row))
    return row


def opened(work: Work, row: Receipt) -> Body:
    """What a receipt says. Raises Broken when it is not what was sealed, or was erased."""
    try:
        content = work.vault.open_bytes(row.body or b"", receipt_chain.body_binding(row))
        if receipt_body.digest(content) != row.body_sha256:
            raise Broken(f"the body of receipt {row.seq} is not what was sealed")
        return receipt_body.parse(content)
    except (Tampered, ValueError, KeyError, TypeError) as error:
        raise Broken(f"the body of receipt {row.seq} does not open") from error
