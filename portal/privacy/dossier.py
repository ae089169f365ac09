"""Inzage: everything that is kept about a person, as data that can be handed over (H5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from portal.accounts.models import OneTimeLink, SecondFactor, User, Venue, WebSession
from portal.audit.models import AuditEvent
from portal.audit.service import record
from portal.audit.words import act
from portal.deliveries.models import Delivery, DeliveryLine
from portal.exports.models import Export, ExportLine, SettledHours
from portal.hours.models import Shift, TeamMember
from portal.hours.team import open_bsn
from portal.integrations.models import MemberLink
from portal.kernel.work import Acting, Work
from portal.notifications.models import OutboxMail
from portal.privacy import people

Facts = dict[str, Any]


def of_member(
    acting: Acting, customer: str, words: str, chosen: Collection[int] = (), *, with_bsn: bool = False
) -> Facts:
    """What is kept about a team member; the trail says that it was taken, and whether with the BSN (H1).

    Raises NotFound, Conflict when several fit.
    """
    acting = people.of_customer(acting, customer)
    with acting.begin() as work:
        rows = people.members(work, words, chosen)
        for row in rows:
            record(work, "person.exported", member=row.id, with_bsn=with_bsn)
        found = [_member(work, row, with_bsn=with_bsn) for row in rows]
        return {"klant": acting.actor.organisation_name, "gemaakt": plain(work.now), "teamleden": found}


def of_account(acting: Acting, email: str) -> Facts:
    """What is kept about an account. Raises NotFound."""
    with acting.begin() as work:
        user = people.account(work, email)
        record(work, "account.exported", user.organisation_id, user=user.id)
        return {"gemaakt": plain(work.now), "account": _account(work, user)}


def _member(work: Work, row: TeamMember, *, with_bsn: bool) -> Facts:
    venue = work.session.get_one(Venue, row.venue_id)
    bsn = (
        (open_bsn(work, row).reveal() or "niet bekend") if with_bsn else ("bekend" if row.bsn_sealed else "niet bekend")
    )
    links = work.session.scalars(select(MemberLink).where(MemberLink.member_id == row.id))
    return {
        "nummer": row.id, "naam": row.name, "vestiging": venue.name, "e-mail": row.email,
        "personeelsnummer": row.personnel_number, "bsn": bsn, "bekend sinds": plain(row.created_at),
        "koppelingen": [{"pakket": one.provider, "nummer in het pakket": one.employee_ref} for one in links],
        "diensten": [_shift(one) for one in _of(work, Shift, row)],
        "gewiste diensten, opgeteld": [_settled(one) for one in _of(work, SettledHours, row)],
        "regels van exports": _lines(work, row.id), "logboek": _trail(work, "member", row.id),
    }  # fmt: skip


def _of(work: Work, table: Any, row: TeamMember) -> list[Any]:
    return list(work.session.scalars(select(table).where(table.member_id == row.id).order_by(table.id)))


def _shift(row: Shift) -> Facts:
    return {
        "dag": plain(row.workday), "van": plain(row.starts_at), "tot": plain(row.ends_at), "pauze": row.break_minutes,
        "minuten": row.minutes, "soort": row.kind, "goedgekeurd": row.approved, "export": row.export_id,
    }  # fmt: skip


def _settled(row: SettledHours) -> Facts:
    return {
        "export": row.export_id, "soort": row.kind, "minuten": row.minutes, "goedgekeurd": row.approved,
        "aantal": row.shifts,
    }  # fmt: skip


def _lines(work: Work, member_id: int) -> list[Facts]:
    query = (
        select(ExportLine, Export, DeliveryLine, Delivery.id)
        .join(Export, Export.id == ExportLine.export_id)
        .outerjoin(DeliveryLine, DeliveryLine.export_line_id == ExportLine.id)
        .outerjoin(Delivery, Delivery.id == DeliveryLine.delivery_id)
        .where(ExportLine.member_id == member_id)
        .order_by(ExportLine.id, DeliveryLine.step)
    )
    return [
        {
            "export": export.id, "pakket": export.provider, "eerste dag": plain(export.first_day),
            "laatste dag": plain(export.last_day), "naam": line.name, "personeelsnummer": line.personnel_number,
            "e-mail": line.email, "bsn": "bekend" if line.bsn_sealed else "", "nummer in het pakket": line.employee_ref,
            "soort": line.kind, "code": line.code, "uren": plain(line.hours), "levering": delivery,
            "stand": sent.state.value if sent else "", "nummer van de boeking": sent.remote_ref if sent else "",
        }
        for line, export, sent, delivery in work.session.execute(query)
    ]  # fmt: skip


def _account(work: Work, user: User) -> Facts:
    sessions = work.session.scalars(select(WebSession).where(WebSession.user_id == user.id).order_by(WebSession.id))
    mine = or_(OneTimeLink.email == user.email, OneTimeLink.user_id == user.id)
    links = work.session.scalars(select(OneTimeLink).where(mine).order_by(OneTimeLink.id))
    mails = work.session.scalars(select(OutboxMail).where(OutboxMail.recipient == user.email).order_by(OutboxMail.id))
    factor = work.session.scalar(select(SecondFactor.confirmed_at).where(SecondFactor.user_id == user.id))
    return {
        "naam": user.name, "e-mail": user.email, "rol": user.role.value,
        "klant": user.organisation.name if user.organisation else "", "sinds": plain(user.created_at),
        "toegang ingetrokken": plain(user.disabled_at), "tweede stap sinds": plain(factor),
        "inloggen": [{"op": plain(one.created_at), "laatst": plain(one.seen_at), "apparaat": one.device}
                     for one in sessions],
        "links": [{"soort": one.purpose.value, "gemaakt": plain(one.created_at), "gebruikt": plain(one.used_at)}
                  for one in links],
        "mails": [{"soort": one.mail, "gemaakt": plain(one.created_at), "stand": one.state.value} for one in mails],
        "logboek": _own_trail(work, user), "logboek over dit account": _trail(work, "user", user.id),
    }  # fmt: skip


def _trail(work: Work, fact: str, number: int) -> list[Facts]:
    """What was done with this person, and who looked."""
    about = AuditEvent.facts[fact].as_integer() == number
    return [_row(one) for one in work.session.scalars(select(AuditEvent).where(about).order_by(AuditEvent.id))]


def _own_trail(work: Work, user: User) -> list[Facts]:
    mine = select(AuditEvent).where(AuditEvent.actor_id == user.id).order_by(AuditEvent.id)
    return [_row(one) for one in work.session.scalars(mine)]


def _row(event: AuditEvent) -> Facts:
    return {"op": plain(event.at), "wie": event.actor, "wat": act(event.action), "over": event.facts}


def plain(value: date | datetime | Decimal | None) -> str:
    """
    >>> plain(Decimal("7.50")), plain(date(2026, 11, 26)), plain(None)
    ('7.50', '2026-11-26', '')
    """
    return "" if value is None else value.isoformat() if isinstance(value, date) else str(value)
