"""What a page asks of payroll with a stored token. A process that opens tokens asks itself; another lets the worker do
it and waits: the question and its answer are a row, sealed, for a minute at most.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update

from portal.integrations import codes, keyring
from portal.integrations.contract import CompanyFacts
from portal.integrations.facts import facts_from_json, facts_to_json
from portal.integrations.models import Question
from portal.integrations.parts import Providers
from portal.kernel.codes import CODES, Code
from portal.kernel.errors import AccessRefused, NotFound, PortalError, Refused, RemoteError, Unavailable, Unclear
from portal.kernel.logs import warn
from portal.kernel.vault import Binding, Tampered
from portal.kernel.wake import announce
from portal.kernel.work import Acting, Actor, Work

PATIENCE_SECONDS, TAKEN_SECONDS, LOOK_SECONDS = 45.0, 10.0, 0.15
FRESH = timedelta(seconds=30)  # an older question has nobody who waits for it
KEPT = timedelta(minutes=2)
KINDS: Mapping[str, type[RemoteError]] = {
    kind.__name__: kind for kind in (AccessRefused, Refused, Unavailable, Unclear)
}
SILENT = "Het portaal kan de gegevens nu niet ophalen: het programma dat dat doet, antwoordt niet."
REMEDY = "Er is niets gewijzigd. Probeer het over een paar minuten opnieuw, of mail support als het zo blijft."
UNREADABLE = "De bewaarde token kan niet worden gelezen."
HAND_OVER = "Vul de token opnieuw in bij Bedrijf > Instellingen."


@dataclass(frozen=True)
class Answer:
    """What payroll says of a company, of which environment, and the word for the token that was used."""

    facts: CompanyFacts
    domain: str
    used: str


def company(acting: Acting, key: str, company_ref: str) -> Answer:
    """Read a company from payroll. Raises NotFound, AccessRefused, Refused, Unavailable. Reads only."""
    if acting.vault.opener is not None:
        return look_up(acting, key, company_ref)
    question_id = _ask(acting, key, company_ref)
    try:
        return _answer(_waited_for(acting, question_id))
    finally:
        with acting.begin() as work:
            work.session.execute(delete(Question).where(Question.id == question_id))


def look_up(acting: Acting, key: str, company_ref: str) -> Answer:
    """Ask payroll with the stored token. Raises as `company`; a refusal makes the koppeling gestoord."""
    providers = acting.part(Providers)
    sender = providers.line_sender(key)
    try:
        with acting.begin() as work:
            credentials = keyring.open_credentials(work, work.organisation_id, key, "bedrijf lezen")
            used = keyring.in_use(work, work.organisation_id, key)
    except Tampered as error:
        warn("a sealed value cannot be opened", organisation=acting.actor.organisation_id)
        raise Refused(UNREADABLE, remedy=HAND_OVER, code=codes.TOKEN_UNREADABLE) from error
    try:
        with providers.place():
            facts = sender.company_facts(company_ref, credentials)
    except AccessRefused as error:
        with acting.begin() as work:
            keyring.mark_broken(work, work.organisation_id, key, used, error.reason, error.remedy)
        raise
    return Answer(facts, credentials["domain"].reveal(), used)


def answer_one(acting: Acting) -> bool:
    """Answer one question of a page; False when there is none. Safe with any number of workers."""
    with acting.read() as work:  # most of the time there is none: looking must not hold up who writes (SQLite)
        if work.session.scalar(select(Question.id).where(_due(work)).limit(1)) is None:
            return False
    with acting.begin() as work:
        question = _taken(work)
    if question is None:
        return False
    asker = Actor(question.asked_by, user_id=question.user_id, organisation_id=question.organisation_id)
    said = _said(acting.as_actor(asker), question)
    with acting.begin() as work:
        sealed = work.vault.seal_bytes(json.dumps(said).encode(), _binding(question))
        work.session.execute(update(Question).where(Question.id == question.id).values(sealed_answer=sealed))
    return True


def forget(work: Work) -> None:
    """Questions of pages that are gone. Safe to call at any time."""
    work.session.execute(delete(Question).where(Question.asked_at < work.now - KEPT))


def _ask(acting: Acting, key: str, company_ref: str) -> int:
    with acting.begin() as work:
        forget(work)
        question = Question(
            organisation_id=work.organisation_id, user_id=work.actor.user_id, asked_by=work.actor.name, provider=key,
            company_ref=company_ref, seal_row=secrets.token_hex(16), asked_at=work.now,
        )  # fmt: skip
        work.session.add(question)
        announce(work)
        work.session.flush()
        return question.id


def _waited_for(acting: Acting, question_id: int) -> Mapping[str, Any]:
    """Raises Unavailable when nobody takes the question, or it takes too long."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < PATIENCE_SECONDS:
        with acting.read() as work:
            row = work.session.get(Question, question_id)
            if row is not None and row.sealed_answer is not None:
                said: Mapping[str, Any] = json.loads(work.vault.open_bytes(row.sealed_answer, _binding(row)))
                return said
            if waited > TAKEN_SECONDS and (row is None or row.taken_at is None):
                break
        time.sleep(LOOK_SECONDS)
    raise Unavailable(SILENT, remedy=REMEDY, code=codes.WORKER_SILENT)


def _due(work: Work) -> ColumnElement[bool]:
    return Question.taken_at.is_(None) & (Question.asked_at > work.now - FRESH)


def _taken(work: Work) -> Question | None:
    oldest = select(Question.id).where(_due(work)).order_by(Question.id).limit(1).with_for_update(skip_locked=True)
    took = update(Question).where(Question.id.in_(oldest)).values(taken_at=work.now).returning(Question)
    return work.session.scalars(took, execution_options={"synchronize_session": False}).first()


def _said(acting: Acting, question: Question) -> dict[str, object]:
    try:
        found = look_up(acting, question.provider, question.company_ref)
    except RemoteError as error:
        return {
            "error": type(error).__name__, "message": error.message, "remedy": error.remedy,
            "remote_code": error.remote_code, "code": str(error.code),
        }  # fmt: skip
    except NotFound as error:
        return {"error": NotFound.__name__, "message": error.message}
    except Exception as error:  # noqa: BLE001 - the page must not wait for an answer that never comes
        warn("a question failed", error=type(error).__name__)
        away = {"error": Unavailable.__name__, "message": SILENT, "remedy": REMEDY, "remote_code": ""}
        return {**away, "code": str(codes.WORKER_SILENT)}
    return {"facts": facts_to_json(found.facts), "domain": found.domain, "used": found.used}


def _answer(said: Mapping[str, Any]) -> Answer:
    if "error" not in said:
        return Answer(facts_from_json(said["facts"]), said["domain"], said["used"])
    raise _error(said)


def _error(said: Mapping[str, Any]) -> PortalError:
    kind = KINDS.get(said["error"])
    if kind is None:
        return NotFound(said["message"])
    return kind(said["message"], said["remote_code"], said["remedy"], code=_known(said["code"]))


def _known(code: str) -> Code | None:
    return next((one for one in CODES if str(one) == code), None)


def _binding(question: Question) -> Binding:
    return Binding(question.organisation_id, "question", question.seal_row, "sealed_answer")
