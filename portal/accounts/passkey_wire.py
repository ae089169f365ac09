"""The words between the portal and a passkey (Web Authentication, W3C): what is asked, and whether an answer is true.

No database here. All checking is done by py_webauthn 3; this file decides what is asked for and what is never taken:
another origin than the configured one, a frame of another site, a key that did not check who holds it where that is
needed. The name of the site comes from PORTAL_BASE_URL and never from a request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.settings import Settings

NAME = "Koppelportaal"
PORTS = {"https": 443, "http": 80}
PATIENCE_MS = 5 * 60 * 1000
MOST_TEXT = 20_000
LONGEST_ID = 1023  # WebAuthn, section 7.1, step 25
TRANSPORTS = frozenset(one.value for one in AuthenticatorTransport)
REQUIRED, PREFERRED = UserVerificationRequirement.REQUIRED, UserVerificationRequirement.PREFERRED


class Untrue(Exception):
    """An answer that is not to be believed. The reason is for tests and never shown: it would help who forges."""


@dataclass(frozen=True)
class Site:
    """What passkeys are bound to: the host name, and the origin that browsers report."""

    id: str
    origin: str


@dataclass(frozen=True)
class Known:
    """A key that was added before."""

    credential_id: bytes
    transports: str = ""


@dataclass(frozen=True)
class Answer:
    """What a browser sent, read and not yet believed."""

    body: dict[str, Any]
    challenge: bytes
    credential_id: bytes
    handle: bytes
    elsewhere: bool


@dataclass(frozen=True)
class NewKey:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: str


def site(settings: Settings) -> Site | None:
    """None when the address is a number: browsers bind passkeys to names only (WebAuthn, section 5.1.3)."""
    parts = urlsplit(settings.base_url)
    host = (parts.hostname or "").encode("idna").decode()
    try:
        ip_address(host)
    except ValueError:
        port = "" if parts.port in (None, PORTS[parts.scheme]) else f":{parts.port}"
        return Site(host, f"{parts.scheme}://{host}{port}")
    return None


def question_to_add(at: Site, challenge: bytes, handle: bytes, email: str, name: str, known: list[Known]) -> Any:
    """For navigator.credentials.create(): a key that finds its account by itself and checks who holds it."""
    options = generate_registration_options(
        rp_id=at.id, rp_name=NAME, user_id=handle, user_name=email, user_display_name=name, challenge=challenge,
        timeout=PATIENCE_MS, exclude_credentials=_described(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, require_resident_key=True, user_verification=REQUIRED
        ),
    )  # fmt: skip
    return options_to_json_dict(options)


def question(at: Site, challenge: bytes, known: list[Known], *, alone: bool) -> Any:
    """For navigator.credentials.get(). `alone`: no password stands beside it, so the key checks who holds it."""
    options = generate_authentication_options(
        rp_id=at.id, challenge=challenge, timeout=PATIENCE_MS, allow_credentials=_described(known),
        user_verification=REQUIRED if alone else PREFERRED,
    )  # fmt: skip
    return options_to_json_dict(options)


def read(text: str) -> Answer:
    """Raises Untrue for anything that is not an answer of a browser."""
    try:
        if len(text) > MOST_TEXT:
            raise Untrue("too long")  # noqa: TRY301
        body = json.loads(text)
        client = parse_client_data_json(base64url_to_bytes(body["response"]["clientDataJSON"]))
        handle = base64url_to_bytes(body["response"].get("userHandle") or "")
        credential_id = base64url_to_bytes(body["rawId"])
    except Exception as error:  # text of strangers: the parsers below it have errors of their own
        raise Untrue("cannot be read") from error
    return Answer(body, client.challenge, credential_id, handle, bool(client.cross_origin))


def check_new(at: Site, answer: Answer) -> NewKey:
    """Raises Untrue. That its challenge was asked is for the caller to know."""
    try:
        made = verify_registration_response(
            credential=answer.body, expected_challenge=answer.challenge, expected_rp_id=at.id,
            expected_origin=at.origin, require_user_verification=True,
        )  # fmt: skip
    except Exception as error:
        raise Untrue("not a key for us") from error
    if answer.elsewhere or len(made.credential_id) > LONGEST_ID:
        raise Untrue("in a frame of another site, or an id that is too long")
    transports = answer.body["response"].get("transports")
    known = [one for one in transports if one in TRANSPORTS] if isinstance(transports, list) else []
    return NewKey(made.credential_id, made.credential_public_key, made.sign_count, ",".join(sorted(set(known))))


def check(at: Site, answer: Answer, public_key: bytes, *, alone: bool) -> int:
    """The counter of the key, after its signature was found true. Raises Untrue.

    The counter is for the caller to judge: the library would do it before it looks at the signature, and then anybody
    could make it look as if a key was copied.
    """
    try:
        shown = verify_authentication_response(
            credential=answer.body, expected_challenge=answer.challenge, expected_rp_id=at.id,
            expected_origin=at.origin, credential_public_key=public_key, credential_current_sign_count=0,
            require_user_verification=alone,
        )  # fmt: skip
    except Exception as error:
        raise Untrue("not signed for us") from error
    if answer.elsewhere:
        raise Untrue("in a frame of another site")
    return shown.new_sign_count


def _described(known: list[Known]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(name) for name in one.transports.split(",") if name],
        )
        for one in known
    ]
