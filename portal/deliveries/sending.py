"""Sends a claimed delivery. The network stands between transactions, never in one.

A line is committed as `bezig` before its call and with its outcome after it. A crash in between
leaves `bezig`, which the sweep turns into `onbekend`; nothing is ever resent by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select

from portal.audit.service import record
from portal.deliveries import ledger
from portal.deliveries.ledger import Claim
from portal.deliveries.models import DeliveryLine, LineState
from portal.deliveries.waiting import wait_or_pause
from portal.exports.models import Export, ExportState
from portal.exports.queries import batch_of
from portal.hours.types import Batch, BatchLine
from portal.integrations import keyring
from portal.integrations.contract import BatchSender, Credentials, LineResult, LineSender
from portal.integrations.parts import Providers
from portal.integrations.queries import companies
from portal.kernel.errors import AccessRefused, NotFound, Refused, RemoteError, Unavailable, Unclear
from portal.kernel.logs import log, warn
from portal.kernel.remote.guard import finish_by
from portal.kernel.vault import Tampered
from portal.kernel.work import Acting, Actor, Work
from portal.settings import Settings

ROBOT = "koppelportaal"
UNREADABLE = "Een versleutelde waarde van deze levering is niet te openen."


@dataclass(frozen=True)
class Stop:
    """Set when this process should end: a line under way is finished, the rest is handed back."""

    event: threading.Event


@dataclass(frozen=True)
class Parcel:
    """What is left to send: `line_ids` maps an export line to its ledger line, in order of person."""

    claim: Claim
    batch: Batch
    line_ids: dict[int, int]
    credentials: Credentials
    used: str


class Stopped(Exception):
    """The lease is lost, a person stopped it, or the process ends: leave everything as it stands."""


def work_once(acting: Acting) -> bool:
    """Sweep, claim one delivery and send it; True when there was one. Safe with any number of workers."""
    lease = acting.part(Settings).lease_seconds
    with acting.begin() as work:
        swept = ledger.sweep(work)
        claim = ledger.claim_next(work, lease)
    if swept:
        warn("leases ended", count=swept)
    if claim is None:
        return False
    robot = acting.as_actor(Actor(ROBOT, organisation_id=claim.organisation_id))
    try:
        _send(robot, claim)
    except Stopped:
        log("delivery handed back", delivery=claim.delivery_id, attempt=claim.attempt)
    return True


def _send(acting: Acting, claim: Claim) -> None:
    used = ""
    try:
        parcel = _load(acting, claim)
        used = parcel.used
        _hand_over(acting, parcel)
    except AccessRefused as error:
        with acting.begin() as work:
            keyring.mark_broken(work, claim.organisation_id, claim.provider, used, error.message, error.remedy)
            ledger.pause(work, claim, error.message, error.remedy)
            record(work, "delivery.paused", delivery=claim.delivery_id, remote_code=error.remote_code)
    except Unavailable as error:
        wait_or_pause(acting, claim, error)
    except NotFound as error:
        with acting.begin() as work:
            ledger.pause(work, claim, error.message, "Kijk de koppeling na bij Bedrijf > Instellingen en hervat.")
    except Tampered:
        warn("a sealed value cannot be opened", delivery=claim.delivery_id)
        with acting.begin() as work:
            ledger.pause(work, claim, UNREADABLE, "Neem contact op met support.")


def _hand_over(acting: Acting, parcel: Parcel) -> None:
    provider = acting.part(Providers).get(parcel.claim.provider)
    if isinstance(provider, LineSender):
        _send_lines(acting, provider, parcel)
    elif isinstance(provider, BatchSender):
        _send_batch(acting, provider, parcel)
    else:
        raise NotFound(f"Voor {provider.name} is geen adres ingesteld. Vraag het aan je salariskantoor.")


def _load(acting: Acting, claim: Claim) -> Parcel:
    with acting.begin() as work:
        credentials = keyring.open_credentials(work, claim.organisation_id, claim.provider, "levering")
        used = keyring.in_use(work, claim.organisation_id, claim.provider)
        export = work.session.get_one(Export, claim.export_id)
        _require_sendable(work, export)
        planned = select(DeliveryLine.export_line_id, DeliveryLine.id).where(
            DeliveryLine.delivery_id == claim.delivery_id, DeliveryLine.state == LineState.PLANNED
        )
        line_ids = {row[0]: row[1] for row in work.session.execute(planned)}
        batch = batch_of(work, export)
    return Parcel(claim, batch, line_ids, credentials, used)


def _require_sendable(work: Work, export: Export) -> None:
    """Raises NotFound, which pauses, when this export must not leave (any more)."""
    if export.state is not ExportState.READY:
        raise NotFound("Deze export is ingetrokken. De uren kunnen in een nieuwe export zitten.")
    seen = {company.ref for company in companies(work, export.provider)}
    if export.company_ref and export.company_ref not in seen:
        raise NotFound("De token van nu ziet het bedrijf van deze export niet.")


def _send_lines(acting: Acting, sender: LineSender, parcel: Parcel) -> None:
    for line in parcel.batch.lines:
        if line.line_id in parcel.line_ids:
            _check_stop(acting, parcel.claim)
            _send_line(acting, sender, parcel, line)
    with acting.begin() as work:
        _finish(work, parcel.claim)


def _check_stop(acting: Acting, claim: Claim) -> None:
    if acting.part(Stop).event.is_set():
        with acting.begin() as work:
            ledger.put_back(work, claim, timedelta(0), tries=claim.tries)
        raise Stopped


def _send_line(acting: Acting, sender: LineSender, parcel: Parcel, line: BatchLine) -> None:
    claim, line_id = parcel.claim, parcel.line_ids[line.line_id]
    if not _readable(acting, sender, parcel, line):
        return
    lease_end = _start(acting, parcel, [line_id])
    ref, reason = "", ""
    try:
        with finish_by(lease_end):
            ref = sender.insert(line, parcel.batch.period, parcel.credentials)
        state = LineState.ACCEPTED
    except (AccessRefused, Unavailable):
        _settle(acting, claim, line_id, LineState.PLANNED)
        raise
    except Refused as error:
        state, reason = LineState.REFUSED, _words(error)
    except Unclear as error:
        state, reason = LineState.UNCLEAR, _words(error)
    _settle(acting, claim, line_id, state, ref, reason)


def _start(acting: Acting, parcel: Parcel, line_ids: Iterable[int]) -> float:
    """Commit lines as `bezig` and return the moment (monotonic) at which the lease ends.

    Raises Stopped when the lease is lost, or when the koppeling was switched off or got another token
    meanwhile; the transaction is rolled back then and no line is left `bezig`.
    """
    claim, seconds = parcel.claim, acting.part(Settings).lease_seconds
    lease_end = time.monotonic() + seconds
    with acting.begin() as work:
        if keyring.in_use(work, claim.organisation_id, claim.provider) != parcel.used:
            ledger.put_back(work, claim, timedelta(0), tries=claim.tries)
            changed = True
        else:
            changed = False
            started = ledger.extend(work, claim, seconds) and all(
                ledger.start_line(work, claim, line_id) for line_id in line_ids
            )
            if not started:
                raise Stopped
    if changed:
        raise Stopped
    return lease_end


def _readable(acting: Acting, sender: LineSender, parcel: Parcel, line: BatchLine) -> bool:
    """Read what is there before the first write of this person; who cannot be read is not written."""
    with acting.read() as work:
        if ledger.has_baseline(work, parcel.claim, line.employee_ref):
            return True
    try:
        components = sender.booked(line.employee_ref, parcel.batch.period, parcel.credentials)
    except AccessRefused:
        raise
    except Refused as error:
        _refuse_unread(acting, parcel, line, error)
        return False
    with acting.begin() as work:
        ledger.keep_baseline(work, parcel.claim, line.employee_ref, components)
    return True


def _refuse_unread(acting: Acting, parcel: Parcel, line: BatchLine, error: Refused) -> None:
    line_id = parcel.line_ids[line.line_id]
    _start(acting, parcel, [line_id])
    _settle(acting, parcel.claim, line_id, LineState.REFUSED, reason=_words(error))


def _settle(acting: Acting, claim: Claim, line_id: int, state: LineState, ref: str = "", reason: str = "") -> None:
    with acting.begin() as work:
        if not ledger.settle_line(work, claim, line_id, state, remote_ref=ref, reason=reason):
            warn("a late worker was refused", delivery=claim.delivery_id, line=line_id, attempt=claim.attempt)
            raise Stopped


def _send_batch(acting: Acting, sender: BatchSender, parcel: Parcel) -> None:
    if not parcel.line_ids:
        with acting.begin() as work:
            _finish(work, parcel.claim)
        return
    batch = replace(parcel.batch, lines=tuple(li for li in parcel.batch.lines if li.line_id in parcel.line_ids))
    _check_stop(acting, parcel.claim)
    lease_end = _start(acting, parcel, parcel.line_ids.values())
    receipt = ""
    try:
        with finish_by(lease_end):
            answer = sender.send(batch, parcel.credentials)
        outcomes, receipt = {result.line_id: result for result in answer.results}, answer.ref
    except (AccessRefused, Unavailable):
        _settle_all(acting, parcel, LineState.PLANNED)
        raise
    except Refused as error:
        _settle_all(acting, parcel, LineState.REFUSED, _words(error))
        outcomes = None
    except Unclear as error:
        _settle_all(acting, parcel, LineState.UNCLEAR, _words(error))
        outcomes = None
    _finish_batch(acting, parcel, outcomes, receipt)


def _settle_all(acting: Acting, parcel: Parcel, state: LineState, reason: str = "") -> None:
    with acting.begin() as work:
        _hold(acting, work, parcel.claim)
        for line_id in parcel.line_ids.values():
            if not ledger.settle_line(work, parcel.claim, line_id, state, reason=reason):
                raise Stopped


def _hold(acting: Acting, work: Work, claim: Claim) -> None:
    """Lock organisation, delivery, then lines: the order of every transaction. Raises Stopped without a lease."""
    keyring.locked(work, claim.organisation_id, claim.provider)
    if not ledger.extend(work, claim, acting.part(Settings).lease_seconds):
        raise Stopped


def _finish_batch(acting: Acting, parcel: Parcel, outcomes: dict[int, LineResult] | None, receipt: str) -> None:
    with acting.begin() as work:
        _hold(acting, work, parcel.claim)
        for export_line_id, result in (outcomes or {}).items():
            state = LineState.ACCEPTED if result.accepted else LineState.REFUSED
            line_id = parcel.line_ids[export_line_id]
            words = {"remote_ref": result.ref, "reason": result.reason}
            if not ledger.settle_line(work, parcel.claim, line_id, state, **words):
                raise Stopped
        _finish(work, parcel.claim, receipt)


def _finish(work: Work, claim: Claim, receipt: str = "") -> None:
    # the organisation is locked before the delivery, in the order of every other transaction
    keyring.mark_mended(work, claim.organisation_id, claim.provider)
    if ledger.finish(work, claim, receipt):
        record(work, "delivery.done", delivery=claim.delivery_id)


def _words(error: RemoteError) -> str:
    return f"{error.message} {error.remedy}".strip()
