"""Reads of koppelingen, each limited to the own organisation (support sees requests of all)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.accounts.models import Organisation
from portal.hours.queries import members
from portal.integrations.codes import NOT_ACTIVE
from portal.integrations.contract import CheckReport, Company, CompanyFacts, Provider
from portal.integrations.facts import facts_from_json, report_from_json
from portal.integrations.matching import Candidate, Match, match
from portal.integrations.models import (
    Credential,
    CredentialRequest,
    KindCode,
    Koppeling,
    KoppelingState,
    MemberLink,
    RequestState,
    VenueCompany,
)
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.work import STAFF, Work


@dataclass(frozen=True)
class KoppelingInfo:
    key: str
    name: str
    state: KoppelingState
    cause: str
    cause_code: str
    remedy: str
    changed_at: datetime | None


@dataclass(frozen=True)
class RequestInfo:
    """`fingerprint` tells two tokens apart; the token itself is nowhere to be seen."""

    id: int
    organisation_id: int
    provider: str
    state: RequestState
    asked_by: str
    taken_by: str
    message: str
    answer: str
    email: str
    fingerprint: str
    report: CheckReport
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class VenueSetup:
    """What is set up for a venue at one koppeling; a code that left payroll's list counts as not chosen."""

    venue_id: int
    company: Company | None
    facts: CompanyFacts | None
    read_at: datetime | None
    codes: dict[str, str]
    matches: dict[int, Match]


def koppelingen(work: Work, providers: Providers) -> list[KoppelingInfo]:
    own = select(Koppeling).where(Koppeling.organisation_id == work.organisation_id)
    stored = {row.provider: row for row in work.session.scalars(own)}
    return [_info(provider, stored.get(key)) for key, provider in providers.by_key.items()]


def koppeling(work: Work, providers: Providers, key: str) -> KoppelingInfo:
    """Raises NotFound for a key that is no koppeling."""
    return _info(providers.get(key), _stored(work, key))


def _stored(work: Work, key: str) -> Koppeling | None:
    own = Koppeling.organisation_id == work.organisation_id
    return work.session.scalar(select(Koppeling).where(own, Koppeling.provider == key))


def _info(provider: Provider, row: Koppeling | None) -> KoppelingInfo:
    if row is None:
        return KoppelingInfo(provider.key, provider.name, KoppelingState.OFF, "", "", "", None)
    cause = (row.cause, row.cause_code, row.remedy)
    return KoppelingInfo(provider.key, provider.name, row.state, *cause, row.changed_at)


def is_active(work: Work, key: str) -> bool:
    row = _stored(work, key)
    return row is not None and row.state in (KoppelingState.ACTIVE, KoppelingState.BROKEN)


def require_active(work: Work, key: str) -> None:
    """Raises Conflict when the koppeling is not active."""
    if not is_active(work, key):
        raise Conflict("Deze koppeling is niet actief. Activeer haar bij Bedrijf > Instellingen.", code=NOT_ACTIVE)


def own_request(work: Work, key: str) -> RequestInfo | None:
    """The newest request of the own organisation."""
    query = (
        select(CredentialRequest)
        .where(CredentialRequest.organisation_id == work.organisation_id, CredentialRequest.provider == key)
        .order_by(CredentialRequest.id.desc())
        .limit(1)
    )
    row = work.session.scalar(query)
    return _request_info(work, row) if row else None


def requests(work: Work) -> list[RequestInfo]:
    """All requests, for support: open ones first, oldest first."""
    _only_support(work)
    rows = work.session.scalars(select(CredentialRequest).order_by(CredentialRequest.id)).all()
    order = list(RequestState)
    return [_request_info(work, row) for row in sorted(rows, key=lambda r: (order.index(r.state), r.id))]


def request(work: Work, request_id: int) -> RequestInfo:
    """Raises NotFound."""
    _only_support(work)
    row = work.session.get(CredentialRequest, request_id)
    if row is None:
        raise NotFound
    return _request_info(work, row)


def locked_request(work: Work, request_id: int) -> CredentialRequest:
    """The request, with its organisation locked as the customer's own acts lock it: one order, no deadlock.
    Raises NotFound."""
    _only_support(work)
    owner = work.session.scalar(select(CredentialRequest.organisation_id).where(CredentialRequest.id == request_id))
    if owner is None:
        raise NotFound
    work.session.get_one(Organisation, owner, with_for_update={"key_share": True})
    return work.session.get_one(CredentialRequest, request_id, with_for_update=True)


def _only_support(work: Work) -> None:
    if work.actor.role not in STAFF:
        raise Forbidden("Deze pagina is voor support.")


def _request_info(work: Work, row: CredentialRequest) -> RequestInfo:
    credential = work.session.get_one(Credential, row.credential_id)
    return RequestInfo(
        row.id, row.organisation_id, row.provider, row.state, row.asked_by, row.taken_by, row.message,
        row.answer,
        credential.email, credential.fingerprint, report_from_json(row.found), row.created_at, row.changed_at,
    )  # fmt: skip


def credential_age(work: Work, key: str) -> tuple[str, str, datetime] | None:
    """E-mail, fingerprint and date of the token in use; None when there is none."""
    row = _stored(work, key)
    if row is None or row.credential_id is None:
        return None
    credential = work.session.get_one(Credential, row.credential_id)
    return credential.email, credential.fingerprint, credential.created_at


def companies(work: Work, key: str) -> tuple[Company, ...]:
    """The companies that the last check of this koppeling found."""
    found = own_request(work, key)
    return found.report.companies if found else ()


def venue_setup(work: Work, key: str, venue_id: int) -> VenueSetup:
    """Everything that is set up for a venue. Raises NotFound for a strange venue."""
    people = members(work, venue_id)
    own = VenueCompany.organisation_id == work.organisation_id
    row = work.session.scalar(
        select(VenueCompany).where(own, VenueCompany.venue_id == venue_id, VenueCompany.provider == key)
    )
    codes = select(KindCode).where(KindCode.venue_id == venue_id, KindCode.provider == key)
    links = select(MemberLink).where(MemberLink.venue_id == venue_id, MemberLink.provider == key)
    by_hand = {link.member_id: link.employee_ref for link in work.session.scalars(links)}
    facts = facts_from_json(row.facts) if row else None
    known = {code.code for code in facts.codes} if facts else None
    candidates = [Candidate(person.id, person.personnel_number) for person in people]
    return VenueSetup(
        venue_id=venue_id,
        company=Company(row.company_ref, row.company_number, row.company_name) if row else None,
        facts=facts,
        read_at=row.read_at if row else None,
        codes={row.kind: row.code for row in work.session.scalars(codes) if known is None or row.code in known},
        matches=match(candidates, facts.employees if facts else (), by_hand),
    )
