"""What makes a configuration so dangerous that nothing starts with it (I7). `portal doctor` finds these and much more.

Without an address, or with one of this machine only, nobody else is meant: then a start asks for keys and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from portal.settings import Settings


@dataclass(frozen=True)
class Finding:
    """One thing, and what to do about it, in a line. `wrong` False: a warning."""

    what: str
    do: str
    wrong: bool = True

    def __str__(self) -> str:
        return f"{self.what} {self.do}"


def dangers(settings: Settings) -> list[Finding]:
    """What stops a start; empty when nothing does."""
    beyond = not is_loopback(host_of(settings.base_url))
    rules = (
        (settings.debug and (settings.secure or beyond), DEBUG),
        (settings.secure and not settings.trusted_hosts, TRUSTED_HOSTS),
        (settings.secure and settings.demo, DEMO),
        (settings.secure and settings.allow_private_endpoints, PRIVATE),
        (beyond and not settings.secure and not settings.demo and not settings.allow_http, HTTP),
    )
    return [finding for holds, finding in rules if holds]


DEBUG = Finding("Debug is on.", "Take FLASK_DEBUG out of the environment.")
TRUSTED_HOSTS = Finding(
    "PORTAL_TRUSTED_HOSTS is not set: any host name is answered.", "Set it to the name in PORTAL_BASE_URL."
)
DEMO = Finding("This is a demo on an https address.", "Take PORTAL_DEMO out: its accounts have a known password.")
PRIVATE = Finding(
    "Private addresses may be called (PORTAL_ALLOW_PRIVATE_ENDPOINTS=1) on an https address.",
    "Take it out: it is for stand-ins.",
)
HTTP = Finding(
    "PORTAL_BASE_URL is http: passwords and cookies would travel in the clear.",
    "Use https, or say PORTAL_ALLOW_HTTP=1 on a network of your own.",
)


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def is_loopback(host: str) -> bool:
    """
    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("portaal.example")
    (True, True, True, False)
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
