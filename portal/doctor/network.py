"""What the network tells: where receivers live, and whether our own address has a certificate that holds."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from portal.dangers import Finding, host_of
from portal.kernel.clock import machine_now
from portal.kernel.remote.addresses import is_public, lookup, system_resolve
from portal.settings import Settings

SECONDS = 3.0
SOON = timedelta(days=14)


def examine(settings: Settings) -> list[Finding]:
    return [*_receivers(settings), *(_certificate(settings.base_url) if settings.secure else ())]


def _receivers(settings: Settings) -> Iterator[Finding]:
    places = {
        "PORTAL_NMBRS_SOAP_URL": settings.nmbrs_soap_url, "PORTAL_EITJE_URL": settings.eitje_url,
        "PORTAL_CONNEXIE_URL": settings.connexie_url, "PORTAL_HORECALONEN_URL": settings.horecalonen_url,
    }  # fmt: skip
    for name, url in places.items():
        if not url:
            continue
        try:
            addresses = lookup(system_resolve, host_of(url), _port(url), SECONDS)
        except OSError:
            yield Finding(
                f"{name}: {host_of(url)} has no address.", "Check it, and the DNS of this machine.", wrong=False
            )
            continue
        if not all(is_public(one) for one in addresses):
            yield Finding(
                f"{name}: {host_of(url)} is on a private network.", "Ask for a public address: this is refused."
            )


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (443 if parts.scheme == "https" else 80)


def _certificate(url: str) -> Iterator[Finding]:
    """As a browser would see it. Nothing is sent but the handshake."""
    host, context = host_of(url), ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, _port(url)), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as safe,
        ):
            found = safe.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        yield Finding(f"The certificate of {url} does not hold: {error.verify_message}.", "Renew or mend it.")
    except OSError:
        yield Finding(f"{url} does not answer from this machine.", "Start the proxy, or check DNS.", wrong=False)
    else:
        left = ssl.cert_time_to_seconds(str(found["notAfter"])) - machine_now().timestamp()
        if left < SOON.total_seconds():
            yield Finding(f"The certificate of {url} ends in {left // 86_400:.0f} days.", "Renew it.", wrong=False)
