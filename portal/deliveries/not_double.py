"""Payroll holds hours of somebody else under our code: a person looked, and says that ours are not the same hours.

It is said with the sending, kept in the trail and shown with the export. It stops nothing: the warning stays a warning.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.queries import acts_about
from portal.audit.service import record
from portal.exports.models import ExportLine
from portal.kernel.work import Work


@dataclass(frozen=True)
class Said:
    name: str
    by: str
    at: datetime


def say(work: Work, export_id: int, members: Collection[int]) -> None:
    """Record it for each of these people who is in this export."""
    for member_id in sorted(_names(work, export_id).keys() & set(members)):
        record(work, "export.not_double", export=export_id, member=member_id)


def said(work: Work, export_id: int) -> list[Said]:
    """Of whom it was said, by whom and when; the newest word of a person counts."""
    names = _names(work, export_id)
    newest = {act.facts["member"]: act for act in reversed(acts_about(work, "export.not_double", export=export_id))}
    found = [Said(names[member], act.actor, act.at) for member, act in newest.items() if member in names]
    return sorted(found, key=lambda one: one.name.casefold())


def _names(work: Work, export_id: int) -> dict[int, str]:
    own = (ExportLine.export_id == export_id) & (ExportLine.organisation_id == work.organisation_id)
    return {
        row.member_id: row.name
        for row in work.session.execute(select(ExportLine.member_id, ExportLine.name).where(own))
    }
