"""F1: on any certificate fault nothing is sent, and nothing counts as processed."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme

from portal.kernel.errors import Unavailable
from portal.kernel.remote.http import Remote
from tests.kernel.remote.stub import EASY, SHORT, Stub, answer, says, serving

YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def ca():
    return trustme.CA()


def server_side(cert: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(context)
    return context


def trusting(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    ca.configure_trust(context)
    return context


def call(stub: Stub, context: ssl.SSLContext | None) -> int:
    door = Remote("Nmbrs", stub.url, allow_private=True, limits=EASY, context=context)
    try:
        return door.call("POST", "/", write=True, headers={"x-token": "geheim"}).status
    finally:
        door.close()


def test_f1_a_good_certificate_works(ca):
    with serving(says(answer()), server_side(ca.issue_cert("localhost"))) as stub:
        assert call(stub, trusting(ca)) == 200
    assert len(stub.requests) == 1


@pytest.mark.parametrize("case", ["expired", "wrong host", "unknown authority"])
def test_f1_a_bad_certificate_gets_not_one_byte(ca, case):
    certificates = {
        "expired": ca.issue_cert("localhost", not_after=YESTERDAY, not_before=YESTERDAY - timedelta(9)),
        "wrong host": ca.issue_cert("api.example"),
        "unknown authority": trustme.CA().issue_cert("localhost"),
    }
    with serving(says(answer()), server_side(certificates[case])) as stub, pytest.raises(Unavailable) as caught:
        call(stub, trusting(ca))
    assert caught.value.facts["cause"] == "tls"
    assert "niet te vertrouwen" in caught.value.message
    assert (stub.connections, stub.requests) == (1, [])


def test_f1_by_default_only_public_authorities_count(ca):
    with serving(says(answer()), server_side(ca.issue_cert("localhost"))) as stub, pytest.raises(Unavailable):
        call(stub, None)
    assert stub.requests == []


def test_f1_a_server_without_tls_gets_not_one_byte():
    with serving(says(answer())) as stub:
        door = Remote("Nmbrs", stub.url.replace("http:", "https:"), allow_private=True, limits=SHORT)
        with pytest.raises(Unavailable):
            door.call("POST", "/", write=True, headers={"x-token": "geheim"})
        door.close()
    assert all(b"geheim" not in request for request in stub.requests)
