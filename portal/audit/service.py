"""Writes the trail, in the transaction of the act: when the row cannot be written, neither is the act."""

from __future__ import annotations

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.dialects import postgresql, sqlite

from portal.audit import chain
from portal.audit.models import AuditEvent
from portal.kernel.chain import digest
from portal.kernel.work import Acting, Work

LOOK_SECONDS = 600


def record(work: Work, action: str, organisation_id: int | None = None, **facts: object) -> None:
    """Add one row. `facts` holds ids and states, never a secret, a BSN or a name from an upload."""
    work.session.add(_event(work, action, organisation_id, facts))


def look(acting: Acting, action: str, organisation_id: int | None = None, **facts: object) -> None:
    """Record that somebody is about to see personal data (H1); call it before the page goes out.

    One row per person, thing and ten minutes by the clock, however often a page refreshes itself and in however many
    processes; after the first it costs one read. Raises what the database raises: then nothing is shown (H2).
    """
    with acting.read() as work:
        event = _event(work, action, organisation_id, facts)
        slot = int(work.now.timestamp()) // LOOK_SECONDS
        event.once = digest({
            "who": event.actor_id, "actor": event.actor, "action": action, "organisation": event.organisation_id,
            "facts": event.facts, "slot": slot,
        })  # fmt: skip
        if work.session.scalar(select(exists().where(AuditEvent.once == event.once))):
            return
    with acting.begin() as work:
        chain.mark(work.vault, event)
        _add_once(work, event)


def _add_once(work: Work, event: AuditEvent) -> None:
    """Another process may be as fast; its row is as good. Any other refusal of the database is raised."""
    on_postgres = work.session.get_bind().dialect.name == "postgresql"
    insert = postgresql.insert(AuditEvent) if on_postgres else sqlite.insert(AuditEvent)
    row = {column.key: getattr(event, column.key) for column in AuditEvent.__table__.columns if column.key != "id"}
    work.session.execute(insert.values(row).on_conflict_do_nothing(index_elements=["once"]))


def _event(work: Work, action: str, organisation_id: int | None, facts: dict[str, Any]) -> AuditEvent:
    event = AuditEvent(
        at=work.now,
        organisation_id=organisation_id or work.actor.organisation_id,
        actor_id=work.actor.user_id,
        actor=work.actor.name,
        action=action,
        facts={name: value if isinstance(value, int | bool) else str(value) for name, value in facts.items()},
        once=None,
    )
    return chain.mark(work.vault, event)
