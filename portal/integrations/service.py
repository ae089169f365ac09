"""Activating koppelingen: switching on and off, a token that arrives, what support decides."""

from __future__ import annotations

from sqlalchemy import select

from portal.accounts.queries import beheerder_mails
from portal.audit.service import record
from portal.integrations import codes, drafts, strongbox
from portal.integrations.contract import CheckReport, LineSender
from portal.integrations.facts import report_from_json, report_to_json
from portal.integrations.keyring import WORKING, change_state, destroy_credentials, forget_strangers, locked
from portal.integrations.models import (
    Credential,
    CredentialRequest,
    Koppeling,
    KoppelingState,
    RequestState,
)
from portal.integrations.parts import Providers
from portal.integrations.states import OPEN, require_state, require_step
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.service import enqueue
from portal.settings import Settings


def switch_on(acting: Acting, key: str) -> None:
    """Activate a koppeling that needs no credentials; safe to call twice. Raises NotFound, Conflict."""
    provider = acting.part(Providers).get(key)
    if isinstance(provider, LineSender):
        raise Conflict(f"Vul eerst je gegevens van {provider.name} in.")
    with acting.begin() as work:
        koppeling = locked(work, work.organisation_id, key)
        if koppeling.state is not KoppelingState.ACTIVE:
            change_state(work, koppeling, KoppelingState.ACTIVE)


def switch_off(acting: Acting, key: str) -> None:
    """Switch off; a credential is destroyed, a draft too, and an open request withdrawn. Safe to call twice."""
    acting.part(Providers).get(key)
    with acting.begin() as work:
        koppeling = locked(work, work.organisation_id, key)
        request = _open_request(work, work.organisation_id, key)
        if request is not None:
            _step(work, request, RequestState.WITHDRAWN)
        destroy_credentials(work, koppeling)
        drafts.cancel(work, key)
        if koppeling.state is not KoppelingState.OFF:
            change_state(work, koppeling, KoppelingState.OFF)


def require_same_environment(work: Work, koppeling: Koppeling | None, domain: str) -> None:
    """A koppeling that works keeps its environment. Raises Conflict."""
    old = _in_use(work, koppeling) if koppeling is not None and koppeling.state in WORKING else None
    if old is not None and old.domain != domain:
        raise Conflict(
            f"Deze token is van een andere omgeving ({domain}) dan de koppeling ({old.domain}). "
            "Zet de koppeling eerst uit als je van omgeving wisselt.",
            code=codes.OTHER_ENVIRONMENT,
        )


def _in_use(work: Work, koppeling: Koppeling) -> Credential | None:
    return work.session.get(Credential, koppeling.credential_id) if koppeling.credential_id else None


def replace_token(work: Work, koppeling: Koppeling, credential: Credential, report: CheckReport) -> None:
    """A koppeling that works takes a sealed token into use at once; the old one is destroyed. Raises Conflict."""
    require_same_environment(work, koppeling, credential.domain)
    old = _in_use(work, koppeling)
    if old is not None:
        strongbox.destroy(work, old)
    koppeling.credential_id = credential.id
    _update_found(work, koppeling, credential, report)
    forget_strangers(work, koppeling, credential.domain, report.companies)
    change_state(work, koppeling, KoppelingState.ACTIVE)
    record(work, "credential.replaced", koppeling=koppeling.id, fingerprint=credential.fingerprint)


def _update_found(work: Work, koppeling: Koppeling, credential: Credential, report: CheckReport) -> None:
    """The request that led to this koppeling now tells of the new token."""
    request = work.session.scalar(
        select(CredentialRequest)
        .where(
            CredentialRequest.organisation_id == koppeling.organisation_id,
            CredentialRequest.provider == koppeling.provider,
            CredentialRequest.state == RequestState.ACTIVATED,
        )
        .order_by(CredentialRequest.id.desc())
        .limit(1)
    )
    if request is not None:
        request.found, request.credential_id = report_to_json(report), credential.id


def request_activation(
    acting: Acting, work: Work, koppeling: Koppeling, credential: Credential, report: CheckReport
) -> None:  # fmt: skip
    """Make a request, or give an open one the sealed token (the answer to a question of support)."""
    request = _open_request(work, koppeling.organisation_id, koppeling.provider)
    if request is None:
        request = CredentialRequest(
            organisation_id=koppeling.organisation_id, provider=koppeling.provider, state=RequestState.NEW,
            created_at=work.now, asked_by=work.actor.name, message="", answer="", taken_by="",
        )  # fmt: skip
        work.session.add(request)
    elif request.state is RequestState.WAITING:
        _step(work, request, RequestState.TAKEN)
    destroy_credentials(work, koppeling)
    request.credential_id, koppeling.credential_id = credential.id, credential.id
    request.found, request.changed_at = report_to_json(report), work.now
    work.session.flush()
    if koppeling.state is not KoppelingState.REQUESTED:
        change_state(work, koppeling, KoppelingState.REQUESTED)
    record(work, "request.submitted", request=request.id, fingerprint=credential.fingerprint)
    _mail(acting, work, request, Mail.REQUEST_RECEIVED, environment=report.environment)
    if acting.part(Settings).auto_activate and not report.missing:
        activate(acting, work, request)


def withdraw(acting: Acting, key: str) -> None:
    """Take an open request back and destroy its token, and one that waits to be sent. Raises NotFound, Conflict."""
    with acting.begin() as work:
        koppeling = locked(work, work.organisation_id, key)
        request = _open_request(work, work.organisation_id, key)
        if request is None:
            raise Conflict("Er is geen open aanvraag om in te trekken.")
        _step(work, request, RequestState.WITHDRAWN)
        destroy_credentials(work, koppeling)
        drafts.cancel(work, key)
        change_state(work, koppeling, KoppelingState.OFF)


def answer(acting: Acting, key: str, text: str) -> None:
    """Answer the question of support; the request goes back to support. Raises Conflict."""
    with acting.begin() as work:
        locked(work, work.organisation_id, key)
        request = _open_request(work, work.organisation_id, key)
        if request is None:
            raise Conflict("Er is geen open aanvraag.")
        require_state(request.state, RequestState.WAITING)
        _step(work, request, RequestState.TAKEN)
        request.answer = text


def activate(acting: Acting, work: Work, request: CredentialRequest) -> None:
    """Put the koppeling of a request on, inside the caller's transaction."""
    koppeling = locked(work, request.organisation_id, request.provider)
    _step(work, request, RequestState.ACTIVATED)
    koppeling.credential_id = request.credential_id
    report = report_from_json(request.found)
    forget_strangers(work, koppeling, report.domain, report.companies)
    change_state(work, koppeling, KoppelingState.ACTIVE)
    _mail(acting, work, request, Mail.REQUEST_ACTIVATED)


def reject(acting: Acting, work: Work, request: CredentialRequest, reason: str) -> None:
    """Turn a request down with a reason; the token is destroyed."""
    koppeling = locked(work, request.organisation_id, request.provider)
    _step(work, request, RequestState.REJECTED)
    request.message = reason
    destroy_credentials(work, koppeling)
    change_state(work, koppeling, KoppelingState.OFF)
    _mail(acting, work, request, Mail.REQUEST_REJECTED, reason=reason)


def ask(acting: Acting, work: Work, request: CredentialRequest, question: str) -> None:
    """Ask the customer something."""
    _step(work, request, RequestState.WAITING)
    request.message, request.answer = question, ""
    _mail(acting, work, request, Mail.REQUEST_QUESTION, question=question)


def take(work: Work, request: CredentialRequest) -> None:
    """Take a new request on; of fifty at once, one succeeds. Raises Conflict."""
    require_state(request.state, RequestState.NEW)
    _step(work, request, RequestState.TAKEN)
    request.taken_by = work.actor.name


def _step(work: Work, request: CredentialRequest, wanted: RequestState) -> None:
    require_step(request.state, wanted)
    record(work, "request.changed", request.organisation_id, request=request.id, state=wanted.value)
    request.state, request.changed_at = wanted, work.now


def _mail(acting: Acting, work: Work, request: CredentialRequest, mail: Mail, **values: object) -> None:
    settings = acting.part(Settings)
    link = f"{settings.base_url}/portaal/bedrijf/koppelingen/{request.provider}"
    name = acting.part(Providers).get(request.provider).name
    for address in beheerder_mails(work, request.organisation_id):
        enqueue(work, settings, mail, address, provider=name, link=link, **values)


def _open_request(work: Work, organisation_id: int, key: str) -> CredentialRequest | None:
    return work.session.scalar(
        select(CredentialRequest).where(
            CredentialRequest.organisation_id == organisation_id,
            CredentialRequest.provider == key,
            CredentialRequest.state.in_(OPEN),
        )
    )
