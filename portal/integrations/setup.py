"""Setting up a koppeling: the company per venue, a code per kind of hours, people by hand."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from portal.accounts.queries import venue as require_venue
from portal.audit.service import record
from portal.hours.queries import member as require_member
from portal.integrations import keyring, questions
from portal.integrations.contract import Company
from portal.integrations.facts import facts_to_json
from portal.integrations.models import KindCode, MemberLink, VenueCompany
from portal.integrations.queries import companies, require_active
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Work


def choose_company(acting: Acting, key: str, venue_id: int, company_ref: str) -> None:
    """Tie a venue to a company and read its period, codes and people from payroll.

    Raises NotFound, InvalidInput on `company`, AccessRefused, Refused, Unavailable (nothing changes then).
    """
    with acting.begin() as work:
        require_venue(work, venue_id)
        require_active(work, key)
        company = next((c for c in companies(work, key) if c.ref == company_ref), None)
        if company is None:
            raise InvalidInput("Kies een bedrijf uit de lijst.", "company")
    answer = questions.company(acting, key, company_ref)
    with acting.begin() as work:
        keyring.locked(work, work.organisation_id, key)
        if keyring.in_use(work, work.organisation_id, key) != answer.used:
            raise Conflict("De koppeling is intussen gewijzigd. Kies het bedrijf opnieuw.")
        _store(work, key, venue_id, company, answer)
        keyring.mark_mended(work, work.organisation_id, key)


def refresh(acting: Acting, key: str, venue_id: int) -> None:
    """Read the company of a venue again. Raises as `choose_company`."""
    with acting.read() as work:
        require_venue(work, venue_id)
        stored = _stored(work, key, venue_id)
        if stored is None:
            raise NotFound
        company_ref = stored.company_ref
    choose_company(acting, key, venue_id, company_ref)


def _store(work: Work, key: str, venue_id: int, company: Company, answer: questions.Answer) -> None:
    stored = _stored(work, key, venue_id)
    if stored is None:
        stored = VenueCompany(organisation_id=work.organisation_id, venue_id=venue_id, provider=key)
        work.session.add(stored)
    elif (stored.company_ref, stored.domain) != (company.ref, answer.domain):
        keyring.forget_venue(work, key, venue_id)
    stored.domain, stored.company_ref, stored.company_number = answer.domain, company.ref, company.number[:40]
    stored.company_name, stored.facts, stored.read_at = company.name[:200], facts_to_json(answer.facts), work.now
    record(work, "koppeling.company", provider=key, venue=venue_id, company=company.ref)


def _stored(work: Work, key: str, venue_id: int) -> VenueCompany | None:
    own = VenueCompany.organisation_id == work.organisation_id
    return work.session.scalar(
        select(VenueCompany).where(own, VenueCompany.venue_id == venue_id, VenueCompany.provider == key)
    )


def choose_codes(acting: Acting, key: str, venue_id: int, codes: Mapping[str, str]) -> None:
    """Set the code per kind of hours; an empty code takes it away. The form checked the codes."""
    with acting.begin() as work:
        require_venue(work, venue_id)
        require_active(work, key)
        keyring.locked(work, work.organisation_id, key)
        own = (KindCode.venue_id == venue_id) & (KindCode.provider == key)
        stored = {row.kind: row for row in work.session.scalars(select(KindCode).where(own))}
        for kind, code in codes.items():
            _set_code(work, key, venue_id, stored.get(kind), kind, code)
        record(work, "koppeling.codes", provider=key, venue=venue_id, count=len(codes))


def _set_code(work: Work, key: str, venue_id: int, row: KindCode | None, kind: str, code: str) -> None:
    if row is None and code:
        work.session.add(
            KindCode(organisation_id=work.organisation_id, venue_id=venue_id, provider=key, kind=kind, code=code)
        )
    elif row is not None and code:
        row.code = code
    elif row is not None:
        work.session.delete(row)


def link_member(acting: Acting, key: str, member_id: int, employee_ref: str) -> None:
    """Tie a team member to an employee by hand; an empty ref unties. Raises InvalidInput, NotFound."""
    with acting.begin() as work:
        member = require_member(work, member_id)
        require_active(work, key)
        keyring.locked(work, work.organisation_id, key)
        own = (MemberLink.venue_id == member.venue_id) & (MemberLink.provider == key)
        links = {row.member_id: row for row in work.session.scalars(select(MemberLink).where(own))}
        mine = links.pop(member_id, None)
        if employee_ref and any(row.employee_ref == employee_ref for row in links.values()):
            raise InvalidInput("Deze medewerker hoort al bij een ander teamlid.", "employee")
        if mine is not None and not employee_ref:
            work.session.delete(mine)
        elif mine is not None:
            mine.employee_ref = employee_ref
        elif employee_ref:
            work.session.add(
                MemberLink(
                    organisation_id=work.organisation_id,
                    venue_id=member.venue_id,
                    member_id=member_id,
                    provider=key,
                    employee_ref=employee_ref,
                )
            )
        record(work, "koppeling.member", provider=key, member=member_id)
