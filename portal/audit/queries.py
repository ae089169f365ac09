"""Reads of the trail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from portal.audit.models import AuditEvent
from portal.audit.words import GROUPS
from portal.kernel.errors import Forbidden
from portal.kernel.filters import AMSTERDAM
from portal.kernel.work import STAFF, Role, Work


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


@dataclass(frozen=True)
class Wanted:
    """What somebody looks for; what is empty does not matter. `group`: a key of GROUPS; `person`: a part of a name;
    `first` and `last`: days in the Netherlands, both included; `customer`: for support only."""

    group: str = ""
    first: date | None = None
    last: date | None = None
    person: str = ""
    customer: int | None = None


def latest(work: Work, wanted: Wanted = Wanted(), before: int | None = None, limit: int = 100) -> list[TrailRow]:
    """The newest rows: the head of support sees all, a customer only the own organisation. Raises Forbidden."""
    query = select(AuditEvent).where(*_terms(wanted)).order_by(AuditEvent.id.desc()).limit(limit)
    if work.actor.role is not Role.SUPPORT_LEAD:
        query = query.where(AuditEvent.organisation_id == work.organisation_id)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return [_row(event) for event in work.session.scalars(query)]


def _terms(wanted: Wanted) -> list[ColumnElement[bool]]:
    terms: list[ColumnElement[bool]] = []
    if wanted.group:
        prefixes = GROUPS[wanted.group].prefixes
        terms.append(or_(*(AuditEvent.action.startswith(prefix, autoescape=True) for prefix in prefixes)))
    if wanted.first:
        terms.append(AuditEvent.at >= _midnight(wanted.first))
    if wanted.last:
        terms.append(AuditEvent.at < _midnight(wanted.last + timedelta(days=1)))
    if wanted.person:
        terms.append(func.lower(AuditEvent.actor).contains(wanted.person.lower(), autoescape=True))
    if wanted.customer:
        terms.append(AuditEvent.organisation_id == wanted.customer)
    return terms


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, AMSTERDAM)


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
    if work.actor.role not in STAFF:
        raise Forbidden("Dit logboek is voor support.")
    query = select(AuditEvent).where(AuditEvent.action.startswith(prefix, autoescape=True), *_about(facts))
    query = query.order_by(AuditEvent.id)
    return [_row(event) for event in work.session.scalars(query)]


def _about(facts: Mapping[str, int]) -> list[ColumnElement[bool]]:
    return [AuditEvent.facts[name].as_integer() == value for name, value in facts.items()]


def _row(event: AuditEvent) -> TrailRow:
    return TrailRow(event.id, event.at, event.actor, event.action, event.organisation_id, event.facts)
