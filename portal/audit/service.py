"""Writes the trail, in the transaction of the act: when the row cannot be written, neither is the act."""

from __future__ import annotations

from portal.audit.models import AuditEvent
from portal.kernel.work import Work


def record(work: Work, action: str, organisation_id: int | None = None, **facts: object) -> None:
    """Add one row. `facts` holds ids and states, never a secret, a BSN or a name from an upload."""
    work.session.add(
        AuditEvent(
            at=work.now,
            organisation_id=organisation_id or work.actor.organisation_id,
            actor_id=work.actor.user_id,
            actor=work.actor.name,
            action=action,
            facts={name: value if isinstance(value, int | bool) else str(value) for name, value in facts.items()},
        )
    )
