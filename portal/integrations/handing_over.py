"""Handing a token over: it is checked, reviewed by a person, and only then sent to support or taken into use (J5).

What is sent is what was reviewed: the review page gives its `mark` along. Another token, or another thing that would
happen with it, has another mark, and then nobody sends before they looked again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.accounts.queries import venues
from portal.integrations import codes, drafts, strongbox
from portal.integrations.contract import CheckReport
from portal.integrations.facts import report_from_json
from portal.integrations.keyring import WORKING, hold, locked, strangers
from portal.integrations.models import Credential, Koppeling, KoppelingState, TokenDraft
from portal.integrations.parts import Providers
from portal.integrations.queries import credential_age
from portal.integrations.queries import koppeling as koppeling_info
from portal.integrations.service import replace_token, request_activation, require_same_environment
from portal.kernel.errors import Conflict, NotFound
from portal.kernel.work import Acting, Work
from portal.secret import Secret
from portal.settings import Settings


class NothingToSend(NotFound):
    """There is no draft: sent by somebody else, cancelled, or its hour is over."""

    code = codes.DRAFT_GONE


class ReviewAgain(Conflict):
    """What would be sent is not what was reviewed."""

    code = codes.DRAFT_CHANGED


class AlreadySent(Conflict):
    code = codes.DRAFT_CHANGED


class Outcome(StrEnum):
    """What sending does. `RENEWS`: an open request gets another token; `ACTIVATES`: at once, without support."""

    ASKS = "aanvragen"
    RENEWS = "vernieuwen"
    ACTIVATES = "activeren"
    REPLACES = "vervangen"


@dataclass(frozen=True)
class Review:
    """What a person sees before sending; the token itself is nowhere to be seen. `now`: the fingerprint of the token
    that the koppeling has, "" without one. `unseen`: venues whose company this token does not see, so that they are
    set up anew."""

    mark: str
    outcome: Outcome
    state: KoppelingState
    email: str
    fingerprint: str
    now: str
    report: CheckReport
    unseen: tuple[str, ...]
    made_by: str
    made_at: datetime
    expires_at: datetime


def prepare(acting: Acting, key: str, token: Secret, email: str) -> CheckReport:
    """Check a token at the provider and, when it is right, seal it as the draft of this koppeling. Nothing is sent.

    The network call comes before the transaction.
    Raises AccessRefused, Refused, Unavailable, Conflict (nothing is stored then).
    """
    providers = acting.part(Providers)
    sender = providers.line_sender(key)
    with providers.place():
        report = sender.check({"token": token, "email": Secret(email), "domain": Secret("")})
    with acting.begin() as work:
        require_same_environment(work, hold(work, work.organisation_id, key), report.domain)
        drafts.keep(work, _seal(work, key, token, email, report), report)
    return report


def _seal(work: Work, key: str, token: Secret, email: str, report: CheckReport) -> Credential:
    credential = Credential(
        organisation_id=work.organisation_id, provider=key, seal_row=secrets.token_hex(16), email=email,
        domain=report.domain, fingerprint=work.vault.fingerprint(token, work.organisation_id), created_at=work.now,
    )  # fmt: skip
    strongbox.put(work, credential, token)
    return credential


def review(acting: Acting, key: str) -> Review:
    """What would be sent now. Raises NotFound, NothingToSend."""
    providers = acting.part(Providers)
    providers.line_sender(key)
    with acting.read() as work:
        state = koppeling_info(work, providers, key).state
        return _review(acting, work, _draft(work, key), state)


def submit(acting: Acting, key: str, seen: str) -> Outcome:
    """Send what was reviewed (`seen`, its mark): to support, or at once into use. Safe to call twice.
    Raises NotFound, NothingToSend, ReviewAgain, Conflict."""
    acting.part(Providers).line_sender(key)
    with acting.begin() as work:
        koppeling = locked(work, work.organisation_id, key)
        done = _sent_before(koppeling, seen)
        if done is not None:
            return done
        draft = _draft(work, key)
        wanted = _require_seen(_review(acting, work, draft, koppeling.state), seen)
        credential = work.session.get_one(Credential, draft.credential_id)
        report = report_from_json(draft.found)
        work.session.delete(draft)
        if wanted is Outcome.REPLACES:
            replace_token(work, koppeling, credential, report)
        else:
            request_activation(acting, work, koppeling, credential, report)
    return wanted


def cancel(acting: Acting, key: str, seen: str) -> None:
    """Destroy the token that was reviewed; nothing is sent.
    Raises NotFound, NothingToSend, ReviewAgain, AlreadySent."""
    acting.part(Providers).line_sender(key)
    with acting.begin() as work:
        koppeling = hold(work, work.organisation_id, key)
        if koppeling is not None and _sent_before(koppeling, seen):
            raise AlreadySent("Deze token is intussen verstuurd. Annuleren kan niet meer.")
        draft = _draft(work, key)
        if not seen.startswith(_prefix(draft.credential_id)):
            raise ReviewAgain("Er staat intussen een andere token klaar. Die is niet geannuleerd. Bekijk hem eerst.")
        drafts.cancel(work, key)


def _draft(work: Work, key: str) -> TokenDraft:
    found = drafts.find(work, key)
    if found is None:
        raise NothingToSend("Er staat geen token klaar om te versturen.")
    return found


def _review(acting: Acting, work: Work, draft: TokenDraft, state: KoppelingState) -> Review:
    credential, report = work.session.get_one(Credential, draft.credential_id), report_from_json(draft.found)
    now = credential_age(work, draft.provider)
    wanted = outcome(state, report, by_itself=acting.part(Settings).auto_activate)
    return Review(
        mark=_prefix(draft.credential_id) + wanted.value, outcome=wanted, state=state, email=credential.email,
        fingerprint=credential.fingerprint, now=now[1] if now else "", report=report,
        unseen=_unseen(work, draft, report), made_by=draft.made_by, made_at=draft.made_at,
        expires_at=drafts.expires(draft),
    )  # fmt: skip


def _unseen(work: Work, draft: TokenDraft, report: CheckReport) -> tuple[str, ...]:
    rows = strangers(work, draft.organisation_id, draft.provider, report.domain, report.companies)
    names = {venue.id: venue.name for venue in venues(work)}
    return tuple(names[row.venue_id] for row in rows)


def outcome(state: KoppelingState, report: CheckReport, *, by_itself: bool) -> Outcome:
    """What sending does with a koppeling in this state; `by_itself`: without support, when all rights are there."""
    if state in WORKING:
        return Outcome.REPLACES
    if by_itself and not report.missing:
        return Outcome.ACTIVATES
    return Outcome.RENEWS if state is KoppelingState.REQUESTED else Outcome.ASKS


def _require_seen(now: Review, seen: str) -> Outcome:
    if now.mark != seen:
        raise ReviewAgain("Er is intussen iets veranderd. Er is niets verstuurd. Bekijk opnieuw wat je verstuurt.")
    return now.outcome


def _sent_before(koppeling: Koppeling, seen: str) -> Outcome | None:
    """A second click: what was seen is the token of this koppeling already."""
    start, _, wanted = seen.partition("-")
    known = koppeling.credential_id is not None and _prefix(koppeling.credential_id) == f"{start}-"
    return Outcome(wanted) if known and wanted in list(Outcome) else None


def _prefix(credential_id: int) -> str:
    return f"{credential_id}-"
