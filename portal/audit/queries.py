"""Reads of the trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.kernel.errors import Forbidden
from portal.kernel.work import Role, Work


@dataclass(frozen=True)
class TrailRow:
    id: int
    at: datetime
    actor: str
    action: str
    organisation_id: int | None
    facts: dict[str, Any]


def latest(work: Work, before: int | None = None, limit: int = 100) -> list[TrailRow]:
    """The newest rows: support sees all, a customer only the own organisation."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if work.actor.role is not Role.SUPPORT:
        query = query.where(AuditEvent.organisation_id == work.organisation_id)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return [_row(event) for event in work.session.scalars(query)]


def acts(work: Work, action: str) -> list[tuple[dict[str, Any], datetime]]:
    """Facts and moments of one kind of act in the own organisation, oldest first."""
    own = (AuditEvent.organisation_id == work.organisation_id) & (AuditEvent.action == action)
    query = select(AuditEvent.facts, AuditEvent.at).where(own).order_by(AuditEvent.id)
    return [(facts, at) for facts, at in work.session.execute(query)]


def of_thing(work: Work, prefix: str, **facts: int) -> list[TrailRow]:
    """Rows about one thing (`request=12`), oldest first. For support only."""
    if work.actor.role is not Role.SUPPORT:
        raise Forbidden("Dit logboek is voor support.")
    query = select(AuditEvent).where(AuditEvent.action.startswith(prefix, autoescape=True)).order_by(AuditEvent.id)
    for name, value in facts.items():
        query = query.where(AuditEvent.facts[name].as_integer() == value)
    return [_row(event) for event in work.session.scalars(query)]


def _row(event: AuditEvent) -> TrailRow:
    return TrailRow(event.id, event.at, event.actor, event.action, event.organisation_id, event.facts)
