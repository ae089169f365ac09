"""Payroll holds hours of somebody else under our code: a person looked, and says that ours are not the same hours.

It is said with the sending, or at the difference screen afterwards, kept in the trail and shown with the export. It is
about the rows that payroll held by the last reading: the trail keeps a mark of each, so that other or more hours later
raise the warning again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from portal.audit.queries import acts, acts_about
from portal.audit.service import record
from portal.deliveries.difference_types import Doubt, mark
from portal.deliveries.models import Reading
from portal.exports.models import Export, ExportLine
from portal.kernel.work import Work

ACT = "export.not_double"


@dataclass(frozen=True)
class Said:
    name: str
    by: str
    at: datetime


def say(work: Work, export_id: int, members: Collection[int]) -> None:
    """Record it for each of these people who is in this export, with the marks of what payroll holds of them."""
    for member_id in sorted(_names(work, export_id).keys() & set(members)):
        rows = " ".join(sorted(_shown(work, export_id, member_id)))
        record(work, "export.not_double", export=export_id, member=member_id, rows=rows)


def say_of(work: Work, doubt: Doubt) -> None:
    """Record it for hours that went out already, of exactly what was shown."""
    for export_id in doubt.exports:
        record(work, "export.not_double", export=export_id, member=doubt.member_id, rows=" ".join(doubt.marks))


def said(work: Work, export_id: int) -> list[Said]:
    """Of whom it was said, by whom and when; the newest word of a person counts."""
    names = _names(work, export_id)
    newest = {act.facts["member"]: act for act in reversed(acts_about(work, ACT, export=export_id))}
    found = [Said(names[member], act.actor, act.at) for member, act in newest.items() if member in names]
    return sorted(found, key=lambda one: one.name.casefold())


def said_about(work: Work, exports: Collection[int]) -> Mapping[int, Mapping[int, frozenset[str]]]:
    """By member and export: the marks of what others held when it was said. Older words have none."""
    found: dict[int, dict[int, frozenset[str]]] = defaultdict(dict)
    for facts, _at in acts(work, ACT) if exports else ():
        if facts["export"] in exports:
            before = found[facts["member"]].get(facts["export"], frozenset())
            found[facts["member"]][facts["export"]] = before | frozenset(facts.get("rows", "").split())
    return found


def _shown(work: Work, export_id: int, member_id: int) -> set[str]:
    """Marks of the rows under the codes of this person in this export, as they were read last; also of who this person
    was in payroll before."""
    mine = (ExportLine.organisation_id == work.organisation_id) & (ExportLine.member_id == member_id)
    of = (
        Reading.employee_ref.in_(select(ExportLine.employee_ref).where(mine)) & (Reading.provider == Export.provider)
        & (Reading.period_kind == Export.period_kind) & (Reading.year == Export.year)
        & (Reading.number == Export.number) & (Reading.organisation_id == Export.organisation_id)
    )  # fmt: skip
    query = (
        select(ExportLine.code, Reading.components)
        .join(Export, Export.id == ExportLine.export_id)
        .join(Reading, of)
        .where(ExportLine.export_id == export_id, ExportLine.member_id == member_id)
    )
    rows = [(code, one) for code, components in work.session.execute(query) for one in components]
    return {mark(one["ref"], code, Decimal(one["hours"])) for code, one in rows if one["code"] == code}


def _names(work: Work, export_id: int) -> dict[int, str]:
    own = (ExportLine.export_id == export_id) & (ExportLine.organisation_id == work.organisation_id)
    return {
        row.member_id: row.name
        for row in work.session.execute(select(ExportLine.member_id, ExportLine.name).where(own))
    }
