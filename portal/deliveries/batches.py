"""Sends a whole batch in one call to a target with our JSON contract; the reference is the idempotency key.

"Unknown reference" is the only answer that proves that nothing was booked (docs/contract-uren-json.md, section 4):
only then the same batch goes again, under the same reference.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from portal.audit.service import record
from portal.deliveries import codes, ledger
from portal.deliveries.crew import Crew
from portal.deliveries.parcels import Held, Job, Line
from portal.deliveries.persons import Stopped, words
from portal.deliveries.protocol import Event, LineState
from portal.deliveries.reconcile import give_back, not_read
from portal.deliveries.trouble import MAX_TRIES, waiting_time
from portal.exports.models import Export
from portal.exports.queries import batch_of
from portal.hours.types import Batch
from portal.integrations.contract import BatchSender, LineResult
from portal.kernel.codes import Reason
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable, Unclear
from portal.kernel.logs import warn
from portal.kernel.remote.guard import finish_by
from portal.kernel.work import Work

NOT_NAMED = Reason(
    "De ontvanger noemt deze regel niet in zijn antwoord. Vraag je salariskantoor wat er staat.", codes.NOT_NAMED
)


def said_of(told: LineResult) -> Reason | None:
    """What the receiver said of a line, in its words; the code is ours."""
    return Reason(told.reason, codes.REFUSED_BY_OFFICE) if told.reason else None


class BatchRound:
    """One claim of a batch. Used by one thread."""

    def __init__(self, crew: Crew, sender: BatchSender, held: Held, job: Job) -> None:
        self.crew, self.sender, self.claim, self.job = crew, sender, held.claim, job
        self.lines: Sequence[Line] = held.lines
        self.look_up = held.claim.look_up

    def run(self) -> None:
        """Look up what was lost, else send what is planned. Raises Stopped, AccessRefused, Unavailable, NotFound."""
        lost = [line for line in self.lines if line.state is LineState.UNCLEAR]
        planned = [line for line in self.lines if line.state is LineState.PLANNED]
        if self.look_up and lost:
            planned += self._look(lost)
        self.look_up = False
        if planned:
            self._send(planned)
        self.crew.write(self.claim, lambda work: ledger.release(work, self.claim, work.now))

    def _batch(self, lines: Sequence[Line]) -> Batch:
        wanted = {line.export_line_id for line in lines}
        with self.crew.robot(self.claim).read() as work:
            batch = batch_of(work, work.session.get_one(Export, self.claim.export_id))
        return replace(batch, lines=tuple(line for line in batch.lines if line.line_id in wanted))

    def _look(self, lost: Sequence[Line]) -> list[Line]:
        """Ask by reference; returns the lines that may go again."""
        try:
            receipt = self.sender.find(self._batch(()).reference, self.job.credentials)
        except AccessRefused:
            raise
        except RemoteError as error:
            if isinstance(error, Unavailable) and self.claim.looks + 1 < MAX_TRIES:
                self._look_later(self.crew.acting.clock() + waiting_time(self.claim.looks, error), self.claim.looks + 1)
                raise Stopped from error
            self._found(lost, {}, not_read(error.message), "")
            return []
        if receipt is None:
            self._found(lost, None, None, "")
            return list(lost)
        self._found(lost, {result.line_id: result for result in receipt.results}, NOT_NAMED, receipt.ref)
        return []

    def _found(
        self, lost: Sequence[Line], results: dict[int, LineResult] | None, reason: Reason | None, receipt: str
    ) -> None:
        """`results` None: the other side never saw this batch."""

        def settle(work: Work) -> None:
            for line in lost:
                told = None if results is None else results.get(line.export_line_id)
                if results is None:
                    ledger.find(work, self.claim, line.id, Event.ABSENT)
                elif told is None:
                    ledger.find(work, self.claim, line.id, None, reason=reason)
                else:
                    event = Event.FOUND if told.accepted else Event.TURNED_AWAY
                    ledger.find(work, self.claim, line.id, event, remote_ref=told.ref, reason=said_of(told))
            ledger.keep_receipt(work, self.claim.delivery_id, receipt)
            outcome = "niet aangekomen" if results is None else "geboekt" if results else "onbekend"
            organisation = self.claim.organisation_id
            record(work, "delivery.looked_up", organisation, delivery=self.claim.delivery_id, outcome=outcome)

        self.crew.write(self.claim, settle)

    def _send(self, lines: Sequence[Line]) -> None:
        if self.crew.must_stop():
            raise Stopped
        batch, ids = self._batch(lines), [line.id for line in lines]
        lease_end = time.monotonic() + self.crew.lease_seconds
        if not self.crew.write(self.claim, lambda work: self._start(work, ids)):
            raise Stopped
        try:
            with finish_by(lease_end):
                receipt = self.sender.send(batch, self.job.credentials)
        except (AccessRefused, Unavailable):
            self._settle(lambda work: ledger.settle(work, self.claim, ids, Event.NOT_SENT))
            raise
        except Refused as error:
            reason = words(error)
            self._settle(lambda work: ledger.settle(work, self.claim, ids, Event.REFUSE, reason=reason))
        except Unclear as error:
            reason = words(error)
            self._settle(lambda work: self._lose(work, ids, reason))
            raise Stopped from error
        else:
            by_line = {line.export_line_id: line.id for line in lines}
            results = {by_line[result.line_id]: result for result in receipt.results}
            self._settle(lambda work: self._settle_each(work, results, receipt.ref))

    def _start(self, work: Work, ids: Sequence[int]) -> bool:
        return ledger.extend(work, self.claim, self.crew.lease_seconds, self.job.used) and ledger.start(
            work, self.claim, ids
        )

    def _lose(self, work: Work, ids: Sequence[int], reason: Reason) -> bool:
        """In one commit: a worker killed in between would never look it up."""
        return ledger.settle(work, self.claim, ids, Event.LOSE, reason=reason) and ledger.release(
            work, self.claim, work.now + self.crew.quiet, look_up=True
        )

    def _settle_each(self, work: Work, results: dict[int, LineResult], receipt: str) -> bool:
        ledger.keep_receipt(work, self.claim.delivery_id, receipt)
        return all(
            ledger.settle(
                work, self.claim, [line_id], Event.ACCEPT if told.accepted else Event.REFUSE, remote_ref=told.ref,
                reason=said_of(told),
            )
            for line_id, told in results.items()
        )  # fmt: skip

    def _settle(self, write: Callable[[Work], bool]) -> None:
        if not self.crew.write(self.claim, write):
            warn("a late worker was refused", delivery=self.claim.delivery_id, attempt=self.claim.attempt)
            raise Stopped

    def _look_later(self, moment: datetime, looks: int) -> None:
        self.crew.write(self.claim, lambda work: ledger.release(work, self.claim, moment, look_up=True, looks=looks))

    def hand_back(self) -> None:
        """Let another worker, or another time, take it."""
        self.crew.write(self.claim, lambda work: give_back(work, self.claim, look_up=self.look_up))
