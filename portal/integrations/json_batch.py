"""The sender of our own JSON contract (docs/contract-uren-json.md), shared by providers without an API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from stdnum.nl import bsn

from portal.hours.types import Batch, BatchLine, Person
from portal.integrations.contract import Credentials, LineResult, Receipt
from portal.integrations.line_codes import BAD_CODE, BSN, PERSONNEL_NUMBER
from portal.kernel.codes import CODES, Reason
from portal.kernel.errors import AccessRefused, Refused, RemoteError
from portal.kernel.remote import wording
from portal.kernel.remote.answer import Answer
from portal.kernel.remote.http import Limits, Remote
from portal.secret import Secret
from portal.settings import Settings

SCHEMA = "koppelportaal.hours/1"
REFERENCE = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
NUMBER = re.compile(r"[A-Za-z0-9./-]{1,20}", re.ASCII)
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CODE_LENGTH = 50
NOT_BOOKED = (400, 413, 415, 422)  # section 3
SUPPORT = "Meld dit aan support van eitje."
NO_ACCESS = CODES.new("kantoor-geen-toegang")
IN_USE = CODES.new("kantoor-zelfde-referentie")
TURNED_AWAY = CODES.new("kantoor-weigert")
NEW_EXPORT = "Los dit op en maak daarna een nieuwe export."

Identify = Callable[[Person], dict[str, str]]


class _BadReceiptError(Exception):
    """The answer is no receipt for what was asked."""


def connect(name: str, url: str, token: Secret, identify: Identify, settings: Settings) -> JsonBatch:
    """The sender to one receiver, with the limits of this installation. Makes no connection."""
    limits = Limits(connect=min(5, settings.remote_seconds), total=settings.remote_seconds)
    remote = Remote(name, url, allow_private=settings.allow_private_endpoints, limits=limits)
    return JsonBatch(remote, token, identify)


class SendsJson:
    """The half of a BatchSender that all receivers of our contract share."""

    def __init__(self, sender: JsonBatch) -> None:
        self._sender = sender
        self.close = sender.close

    def send(self, batch: Batch, credentials: Credentials) -> Receipt:
        """Safe to call twice. Raises Refused, AccessRefused, Unavailable, Unclear."""
        del credentials  # the token is the portal's own, from the settings
        return self._sender.send(batch)

    def find(self, reference: str, credentials: Credentials) -> Receipt | None:
        """Raises AccessRefused, Unavailable."""
        del credentials
        return self._sender.find(reference)


class JsonBatch:
    """Sends and finds whole batches. `identify` gives the one key by which the receiver knows a person;
    `token` may be empty. Safe for threads."""

    def __init__(self, remote: Remote, token: Secret, identify: Identify) -> None:
        self._remote = remote
        self._token = token
        self._identify = identify
        self.close = remote.close

    def send(self, batch: Batch) -> Receipt:
        """Safe to call twice: the reference is the key (section 1). Raises Refused, AccessRefused,
        Unavailable and, whenever it may have been booked, Unclear."""
        body = json.dumps(as_json(batch, self._identify), ensure_ascii=False).encode()
        headers = {"content-type": "application/json"}
        answer = self._call("PUT", batch.reference, write=True, headers=headers, content=body)
        if answer.status in (200, 201):
            return self._receipt(answer, batch.reference, {str(line.line_id) for line in batch.lines})
        raise self._refusal(answer, write=True)

    def find(self, reference: str) -> Receipt | None:
        """Look a batch up. None only for the exact answer "unknown reference" (section 4).
        Raises AccessRefused and Unavailable."""
        answer = self._call("GET", reference, write=False)
        if answer.status == 200:
            return self._receipt(answer, reference, None)
        if answer.status == 404 and _object(answer) == {"error": "unknown_reference"}:
            return None
        raise self._refusal(answer, write=False)

    def _call(
        self,
        method: str,
        reference: str,
        *,
        write: bool,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Answer:
        if not REFERENCE.fullmatch(reference):
            raise ValueError("A reference has 8 to 64 letters, digits and hyphens.")
        allowed = {"authorization": f"Bearer {self._token.reveal()}"} if self._token else {}
        path = f"/v1/batches/{reference}"
        return self._remote.call(method, path, write=write, headers={**(headers or {}), **allowed}, content=content)

    def _receipt(self, answer: Answer, reference: str, sent: set[str] | None) -> Receipt:
        """Read a receipt; `sent` are the line ids it must answer, each once. None: not known here."""
        try:
            return read_receipt(_object(answer), reference, sent, (self._token.reveal(),))
        except _BadReceiptError as bad:
            cause = str(bad)
        raise self._unusable(answer, cause, write=sent is not None)

    def _refusal(self, answer: Answer, *, write: bool) -> RemoteError:
        name, found = self._remote.name, _object(answer)
        if answer.status in (401, 403):
            message = f"{name} laat het portaal niet toe."
            return AccessRefused(message, remedy=SUPPORT, code=NO_ACCESS, status=answer.status)
        if not write or not _turned_away(answer.status, found):
            return self._unusable(answer, "status", write=write)
        if answer.status == 409:
            return Refused(
                f"{name} kent deze levering al, maar met andere uren. Er is niets geboekt.",
                "reference_in_use",
                SUPPORT,
                code=IN_USE,
            )
        said = self._said(found)
        message = f"{name} weigert deze levering. Er is niets geboekt.{said}"
        return Refused(message, remedy=NEW_EXPORT, code=TURNED_AWAY)

    def _said(self, found: Mapping[str, Any]) -> str:
        lines = found.get("lines")
        reasons = [line.get("reason") for line in lines if isinstance(line, dict)] if isinstance(lines, list) else []
        texts = [text for text in (found.get("message"), *reasons) if isinstance(text, str) and text.strip()]
        said = wording.cleaned("; ".join(dict.fromkeys(texts)), (self._token.reveal(),))
        return f" De reden: {said}" if said else ""

    def _unusable(self, answer: Answer, cause: str, *, write: bool) -> RemoteError:
        what = "een antwoord dat wij niet kunnen gebruiken"
        return wording.unusable(self._remote.name, what, cause, write=write, status=answer.status)


def _turned_away(status: int, found: Mapping[str, Any]) -> bool:
    """Say whether an answer to PUT means that surely nothing was booked."""
    return status in NOT_BOOKED or (status == 409 and found.get("error") == "reference_in_use")


def as_json(batch: Batch, identify: Identify) -> dict[str, object]:
    """Return the body of section 2. Pure; the order of lines is that of the batch."""
    lines = batch.lines
    totals = {
        "lines": len(lines),
        "minutes": sum(line.minutes for line in lines),
        "hours": hours_text(sum((line.hours for line in lines), Decimal(0))),
    }
    period = {
        "kind": batch.period.kind.value,
        "year": batch.period.year,
        "number": batch.period.number,
        "first_day": batch.first_day.isoformat(),
        "last_day": batch.last_day.isoformat(),
    }
    return {
        "schema": SCHEMA,
        "reference": batch.reference,
        "organisation": batch.organisation,
        "venue": batch.venue,
        "period": period,
        "totals": totals,
        "lines": [_line_json(line, identify) for line in lines],
    }


def _line_json(line: BatchLine, identify: Identify) -> dict[str, object]:
    return {
        "line": str(line.line_id),
        "employee": identify(line.person),
        "code": line.code,
        "minutes": line.minutes,
        "hours": hours_text(line.hours),
    }


def hours_text(hours: Decimal) -> str:
    """Return `7.50`: a point, two decimals, never an exponent or -0.00. Raises ValueError when the
    hours have more than two decimals: rounding is not done here."""
    exact = hours.quantize(Decimal("0.01"))
    if exact != hours:
        raise ValueError("Hours for payroll have two decimals.")
    return f"{exact:.2f}" if exact else "0.00"  # never -0.00


def read_receipt(
    found: Mapping[str, Any], reference: str, sent: set[str] | None, hidden: tuple[str, ...] = ()
) -> Receipt:
    """Read section 3's receipt strictly: whatever is odd means that we do not know what is booked."""
    number, lines = found.get("receipt"), found.get("lines")
    if found.get("reference") != reference or found.get("status") != "booked":
        raise _BadReceiptError("receipt")
    if not isinstance(number, str) or not number.strip() or not isinstance(lines, list):
        raise _BadReceiptError("receipt")
    results = tuple(_line_result(line, hidden) for line in lines)
    answered = [str(result.line_id) for result in results]
    if len(set(answered)) != len(answered) or (sent is not None and set(answered) != sent):
        raise _BadReceiptError("lines")
    return Receipt(wording.cleaned(number, hidden), results)


def _line_result(line: object, hidden: tuple[str, ...]) -> LineResult:
    name = line.get("line") if isinstance(line, dict) else None
    if not isinstance(line, dict) or not isinstance(name, str) or not re.fullmatch(r"[1-9][0-9]{0,18}", name):
        raise _BadReceiptError("line")
    ref, reason = line.get("id"), line.get("reason")
    if line.get("status") == "accepted" and isinstance(ref, str) and ref.strip():
        return LineResult(int(name), accepted=True, ref=wording.cleaned(ref, hidden))
    if line.get("status") == "refused":
        said = wording.cleaned(reason, hidden) if isinstance(reason, str) else ""
        return LineResult(int(name), accepted=False, reason=said or "geen reden gegeven")
    raise _BadReceiptError("line")


def _object(answer: Answer) -> dict[str, Any]:
    """Return the JSON object of an answer; empty when there is none."""
    if answer.media_type != "application/json":
        return {}
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def by_bsn(person: Person) -> dict[str, str]:
    return {"bsn": bsn.compact(person.bsn.reveal())}


def by_personnel_number(person: Person) -> dict[str, str]:
    return {"personnel_number": person.personnel_number}


def bsn_reasons(person: Person) -> list[Reason]:
    """Return why this person cannot be named by BSN; never the BSN itself."""
    if not person.bsn:
        return [Reason("Het BSN ontbreekt.", BSN)]
    return [] if bsn.is_valid(person.bsn.reveal()) else [Reason("Het BSN klopt niet (11-proef).", BSN)]


def personnel_number_reasons(person: Person) -> list[Reason]:
    if not person.personnel_number:
        return [Reason("Het personeelsnummer ontbreekt.", PERSONNEL_NUMBER)]
    if NUMBER.fullmatch(person.personnel_number) and not _formula(person.personnel_number):
        return []
    text = "Het personeelsnummer mag alleen letters, cijfers, punt, streepje en schuine streep bevatten."
    return [Reason(text, PERSONNEL_NUMBER)]


def code_reasons(line: BatchLine) -> list[Reason]:
    """Return why the code cannot be sent. Text that a spreadsheet may run is refused (E3)."""
    if not line.code.strip():
        return [Reason(f"Voor “{line.kind}” is nog geen code gekozen.", BAD_CODE)]
    if _formula(line.code):
        text = "De code begint met een teken dat een rekenblad als formule leest. Kies een andere code."
        return [Reason(text, BAD_CODE)]
    if len(line.code) > CODE_LENGTH or not line.code.isprintable():
        text = f"De code is langer dan {CODE_LENGTH} tekens of bevat een vreemd teken. Kies een andere code."
        return [Reason(text, BAD_CODE)]
    return []


def _formula(text: str) -> bool:
    return text.startswith(FORMULA)
