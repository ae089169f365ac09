"""Reads of the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select

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


@dataclass(frozen=True)
class Act:
    actor_id: int | None
    actor: str
    at: datetime
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


def acts_about(work: Work, action: str, limit: int | None = None, **facts: int) -> list[Act]:
    """Acts of one kind about one thing (`delivery=12`) in the own organisation, newest first."""
    own = (AuditEvent.organisation_id == work.organisation_id) & (AuditEvent.action == action)
    query = select(AuditEvent.actor_id, AuditEvent.actor, AuditEvent.at, AuditEvent.facts).where(own, *_about(facts))
    return [Act(*row) for row in work.session.execute(query.order_by(AuditEvent.id.desc()).limit(limit))]


def last_act(work: Work, action: str, **facts: int) -> Act | None:
    return next(iter(acts_about(work, action, limit=1, **facts)), None)


def of_thing(work: Work, prefix: str, **facts: int) -> list[TrailRow]:
    """Rows about one thing (`request=12`), oldest first. For support only."""
    if work.actor.role is not Role.SUPPORT:
        raise Forbidden("Dit logboek is voor support.")
    query = select(AuditEvent).where(AuditEvent.action.startswith(prefix, autoescape=True), *_about(facts))
    query = query.order_by(AuditEvent.id)
    return [_row(event) for event in work.session.scalars(query)]


def _about(facts: Mapping[str, int]) -> list[ColumnElement[bool]]:
    return [AuditEvent.facts[name].as_integer() == value for name, value in facts.items()]


def _row(event: AuditEvent) -> TrailRow:
    return TrailRow(event.id, event.at, event.actor, event.action, event.organisation_id, event.facts)
