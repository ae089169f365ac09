"""A sign of life of the workers: `portal doctor` says when there was none lately."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.kernel.beat_models import WorkerBeat
from portal.kernel.work import Acting, Work

FORGET = timedelta(days=7)


def beat(acting: Acting) -> bool:
    """Note that a worker of this machine is at work. Safe to call at any time and in many processes."""
    with acting.begin() as work:
        on_postgres = work.session.get_bind().dialect.name == "postgresql"
        insert = postgresql.insert(WorkerBeat) if on_postgres else sqlite.insert(WorkerBeat)
        written = insert.values(machine=socket.gethostname()[:100], seen_at=work.now)
        work.session.execute(
            written.on_conflict_do_update(index_elements=["machine"], set_={"seen_at": written.excluded.seen_at})
        )
        work.session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < work.now - FORGET))
    return False


def last(work: Work) -> datetime | None:
    """When any worker was last at work; None when there was none for days."""
    return work.session.scalar(select(func.max(WorkerBeat.seen_at)))
