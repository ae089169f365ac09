"""The certificate of our own address, as a browser would see it (E2, F2)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import trustme

from portal.doctor import network
from portal.kernel.clock import machine_now
from portal.settings import Settings
from tests.kernel.remote.stub import serving

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@contextmanager
def site(cert: trustme.LeafCert) -> Iterator[int]:
    side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    cert.configure_cert(side)
    with serving(lambda _stub, _connection: None, side) as stub:
        yield stub.port


def told(settings: Settings, port: int, monkeypatch: pytest.MonkeyPatch, ca: trustme.CA, tmp_path) -> list[str]:
    trusted = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))  # OpenSSL's own variable
    alone = {"nmbrs_soap_url": "", "connexie_url": "", "horecalonen_url": ""}
    here = replace(settings, base_url=f"https://localhost:{port}", **alone)  # type: ignore[arg-type]
    return [f"{one.wrong} {one}" for one in network.examine(here)]


@SQLITE
def test_a_certificate_that_holds_is_no_finding(settings: Settings, monkeypatch, tmp_path) -> None:
    ca = trustme.CA()
    with site(ca.issue_cert("localhost")) as port:
        assert told(settings, port, monkeypatch, ca, tmp_path) == []


@SQLITE
@pytest.mark.parametrize("fault", ["unknown authority", "expired", "other name", "ends soon"])
def test_a_certificate_that_does_not_hold_is_wrong(settings: Settings, monkeypatch, tmp_path, fault: str) -> None:
    ca, now = trustme.CA(), machine_now()
    certs = {
        "unknown authority": lambda: trustme.CA().issue_cert("localhost"),
        "expired": lambda: ca.issue_cert("localhost", not_after=now - timedelta(days=1), not_before=_before(now)),
        "other name": lambda: ca.issue_cert("elders.example"),
        "ends soon": lambda: ca.issue_cert("localhost", not_after=now + timedelta(days=5), not_before=_before(now)),
    }
    with site(certs[fault]()) as port:
        (found,) = told(settings, port, monkeypatch, ca, tmp_path)
    if fault == "ends soon":
        assert found.startswith("False The certificate")
    else:
        assert "does not hold" in found
        assert found.startswith("True")


def _before(now: datetime) -> datetime:
    return now - timedelta(days=30)


@SQLITE
def test_an_address_that_does_not_answer_is_a_warning(settings: Settings, monkeypatch, tmp_path) -> None:
    with site(trustme.CA().issue_cert("localhost")) as port:
        pass
    (found,) = told(settings, port, monkeypatch, trustme.CA(), tmp_path)
    assert found.startswith("False")
