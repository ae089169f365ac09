"""The round of a worker: take a parcel, send it, hand it back; end deliveries that are through.

Safe with any number of threads, processes and machines: the ledger decides who has a parcel.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.exc import SQLAlchemyError

from portal.audit.service import record
from portal.deliveries import decisions, ledger, notices, receipts, take_backs, trouble
from portal.deliveries.batches import BatchRound
from portal.deliveries.claims import Claim
from portal.deliveries.crew import Crew
from portal.deliveries.models import Delivery, DeliveryLine, DeliveryState, LineState
from portal.deliveries.parcels import Held, Job
from portal.deliveries.persons import PersonRound, Stopped
from portal.deliveries.receipts import Broken
from portal.deliveries.reconcile import give_back
from portal.integrations import keyring
from portal.integrations.contract import BatchSender, LineSender
from portal.integrations.models import Koppeling, KoppelingState
from portal.integrations.parts import Providers
from portal.kernel.errors import AccessRefused, NotFound, Unavailable
from portal.kernel.logs import log, warn
from portal.kernel.remote.guard import on_behalf_of
from portal.kernel.vault import Tampered
from portal.kernel.work import ROBOT, Acting, Actor, Work


@dataclass(frozen=True)
class Stop:
    """Set when this process should end: a line under way is finished, the rest is handed back."""

    event: threading.Event


class Round(Protocol):
    def run(self) -> None: ...
    def hand_back(self) -> None: ...


@dataclass(frozen=True)
class Unopened:
    """A parcel whose delivery cannot be sent: it is only handed back."""

    crew: Crew
    claim: Claim

    def run(self) -> None:
        raise Stopped

    def hand_back(self) -> None:
        self.crew.write(self.claim, lambda work: give_back(work, self.claim, look_up=self.claim.look_up))


def crew_of(acting: Acting) -> Crew:
    return Crew(acting, acting.part(Stop).event)


def work_once(acting: Acting) -> bool:
    """Send everything that can be sent now, and return whether there was anything. For commands and tests; a worker
    process keeps one crew (see portal/worker.py)."""
    crew = crew_of(acting)
    tend(crew)
    if crew.threads == 1:
        busy = _until_nothing(crew)
    else:
        with ThreadPoolExecutor(crew.threads) as pool:
            busy = any(list(pool.map(_until_nothing, [crew] * crew.threads)))
    if crew.stopped:
        crew.hand_back()
    return busy


def _until_nothing(crew: Crew) -> bool:
    busy = False
    while work_parcel(crew):
        busy = True
    return busy


def work_parcel(crew: Crew) -> bool:
    """Take one parcel and bring it as far as it goes now; False when there is none."""
    with crew.take() as held:
        if held is None:
            return False
        with on_behalf_of(held.claim.organisation_id):
            _bring(crew, held)
    # asked after it was put down: of two threads with the last two parcels, the second finds nobody
    if not crew.works_on(held.claim.delivery_id):
        end(crew.acting, held.claim.delivery_id)
    return True


def _bring(crew: Crew, held: Held) -> None:
    """Every way in which a parcel can end here gives its claim back; only a crash leaves that to the sweep."""
    robot, claim, used = crew.robot(held.claim), held.claim, ""
    work_round: Round = Unopened(crew, claim)
    try:
        job = crew.job(claim)
        used, work_round = job.used, _round(crew, held, job)
        work_round.run()
    except Stopped as stopped:
        log("parcel handed back", delivery=claim.delivery_id, attempt=claim.attempt)
        trouble.wait_as_asked(robot, claim, stopped.__cause__)
        crew.forget(claim.delivery_id)
    except AccessRefused as error:
        trouble.access_refused(robot, claim, used, error)
    except Unavailable as error:
        trouble.unavailable(robot, claim, error)
    except NotFound as error:
        trouble.not_sendable(robot, claim, error)
    except Tampered:
        warn("a sealed value cannot be opened", delivery=claim.delivery_id)
        trouble.unreadable(robot, claim)
    except SQLAlchemyError:
        raise  # the database is not there: nothing can be written down, the lease will end
    except Exception as error:  # noqa: BLE001 - a person must hear of what nobody thought of, not only the log
        warn("a parcel failed", delivery=claim.delivery_id, error=type(error).__name__)
        trouble.unexpected(robot, claim)
    else:
        return
    work_round.hand_back()


def _round(crew: Crew, held: Held, job: Job) -> Round:
    provider = crew.acting.part(Providers).get(held.claim.provider)
    if isinstance(provider, LineSender):
        return PersonRound(crew, provider, held, job)
    if isinstance(provider, BatchSender):
        return BatchRound(crew, provider, held, job)
    raise NotFound(f"Voor {provider.name} is geen adres ingesteld. Vraag het aan je salariskantoor.")


def tend(crew: Crew) -> bool:
    """What has to happen now and then: take back from the dead, go on after a mend, end what is through.
    Never has more to do at once."""
    crew.sweep()
    resume_mended(crew.acting)
    with crew.acting.read() as work:
        moving = select(Delivery.id).where(Delivery.state.in_(ledger.MOVING)).order_by(Delivery.id)
        through = [row for row in work.session.scalars(moving) if ledger.over(work, row)]
        left = crew.looks_at_stopped()
        if left:
            through += {*receipts.unsealed(work), *_stopped_too_late(work)}
    for delivery_id in through:
        try:
            end(crew.acting, delivery_id)
        except (Broken, Tampered) as error:  # one that cannot be sealed must not keep the others
            warn("a delivery cannot be ended", delivery=delivery_id, error=type(error).__name__)
    if left:
        take_backs.settle_left(crew.acting, ROBOT)
    return False


def _stopped_too_late(work: Work) -> list[int]:
    """Stopped deliveries of which payroll answered every line."""
    open_line = exists().where(DeliveryLine.delivery_id == Delivery.id, ledger.OPEN_LINE)
    return list(work.session.scalars(select(Delivery.id).where(Delivery.state == DeliveryState.CANCELLED, ~open_line)))


def end(acting: Acting, delivery_id: int) -> None:
    """Close a delivery when nothing is left to do, with its receipt. Safe to call twice, by any number of workers."""
    with acting.read() as work:
        row = work.session.get(Delivery, delivery_id)
        over = row is not None and row.state in ledger.MOVING and ledger.over(work, delivery_id)
    if row is None or not (over or row.state is DeliveryState.CANCELLED):
        return
    robot = acting.as_actor(Actor(ROBOT, organisation_id=row.organisation_id))
    with robot.begin() as work:
        # the organisation is locked before the delivery, in the order of every other transaction
        koppeling = keyring.locked(work, row.organisation_id, row.provider)
        if ledger.finish(work, delivery_id):
            if _proves(work, delivery_id, koppeling):
                keyring.mark_mended(work, row.organisation_id, row.provider)
            notices.left_unknown(robot, work, delivery_id)
            record(work, "delivery.done", delivery=delivery_id)
        take_backs.settle(work, row.export_id)
        receipts.seal(work, delivery_id)


def _proves(work: Work, delivery_id: int, koppeling: Koppeling) -> bool:
    """Whether payroll took something of this delivery since the koppeling was refused, and everything of the kind that
    other deliveries wait for: who may book may still not change, and what a person said proves nothing."""
    booked = (
        (DeliveryLine.delivery_id == delivery_id) & (DeliveryLine.state == LineState.ACCEPTED)
        & (DeliveryLine.settled_at > koppeling.changed_at) & ~DeliveryLine.reason.startswith(decisions.CHECKED)
    )  # fmt: skip
    taken = select(DeliveryLine.action).where(booked).distinct()
    waiting = (
        select(DeliveryLine.action).join(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(ledger.waiting_for_mend(koppeling.organisation_id, koppeling.provider))
        .where(DeliveryLine.state == LineState.PLANNED).distinct()
    )  # fmt: skip
    seen = set(work.session.scalars(taken))
    return bool(seen) and seen.issuperset(work.session.scalars(waiting))


def resume_mended(acting: Acting) -> None:
    """A delivery that was paused because the koppeling was refused goes on once that works again."""
    query = (
        select(Delivery.id, Delivery.organisation_id)
        .join(
            Koppeling,
            (Koppeling.organisation_id == Delivery.organisation_id) & (Koppeling.provider == Delivery.provider),
        )
        .where(Delivery.state == DeliveryState.PAUSED, Delivery.waits_for_mend)
        .where(Koppeling.state == KoppelingState.ACTIVE)
    )
    with acting.read() as work:
        found = work.session.execute(query).all()
    for delivery_id, organisation_id in found:
        with acting.as_actor(Actor(ROBOT, organisation_id=organisation_id)).begin() as work:
            if decisions.resume(work, delivery_id):
                record(work, "delivery.resumed", delivery=delivery_id)
