"""What the settings alone tell. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from werkzeug.sansio.utils import host_is_trusted

from portal.dangers import HTTP, TRUSTED_HOSTS, Finding, dangers, host_of
from portal.settings import Settings

MOST_HOPS = 2


def examine(settings: Settings) -> list[Finding]:
    return [*dangers(settings), *_address(settings), *_people(settings), *_mail(settings)]


def _address(settings: Settings) -> list[Finding]:
    known, found = dangers(settings), []
    if not settings.secure and HTTP not in known:
        found.append(Finding("PORTAL_BASE_URL is not https.", "Set it to the address that people use, with https."))
    if not settings.trusted_hosts and TRUSTED_HOSTS not in known:
        found.append(TRUSTED_HOSTS)
    host = host_of(settings.base_url)
    if settings.trusted_hosts and not host_is_trusted(host, list(settings.trusted_hosts)):
        found.append(Finding(f"PORTAL_TRUSTED_HOSTS lacks {host}: every visitor is refused.", "Add it."))
    if settings.secure and not settings.proxy_hops:
        found.append(
            Finding(
                "PORTAL_PROXY_HOPS is 0, but only a proxy can do https: all visitors seem to come from its address "
                "and share one limit on signing in.",
                "Set it to the number of proxies in front.",
            )
        )
    if settings.proxy_hops > MOST_HOPS:
        many = f"PORTAL_PROXY_HOPS is {settings.proxy_hops}; one too many lets visitors invent their address."
        found.append(Finding(many, "Count the proxies again.", wrong=False))
    return found


def _people(settings: Settings) -> list[Finding]:
    found = []
    if settings.demo and not settings.secure:
        found.append(Finding("This is a demo (PORTAL_DEMO=1).", "Its accounts have a known password: take it out."))
    if settings.allow_private_endpoints and not settings.secure:
        found.append(Finding("Private addresses may be called.", "Take PORTAL_ALLOW_PRIVATE_ENDPOINTS out."))
    if not settings.require_second_factor:
        found.append(Finding("No second factor is asked of beheerders and support.", "Set PORTAL_SECOND_FACTOR=1."))
    if settings.secret_key == settings.vault_key:
        found.append(Finding("PORTAL_SECRET_KEY and PORTAL_VAULT_KEY are the same.", "Run: portal keys new"))
    return found


def _mail(settings: Settings) -> list[Finding]:
    found = []
    if not settings.smtp_url:
        found.append(
            Finding("PORTAL_SMTP_URL is not set: mails go to a folder, nobody gets them.", "Set the mail server.")
        )
    elif urlsplit(settings.smtp_url.reveal()).scheme not in ("smtp", "smtps"):
        found.append(Finding("PORTAL_SMTP_URL is no smtp:// or smtps:// address.", "Look at it again."))
    if settings.mail_from.endswith("@localhost"):
        from_here = f"Mails come from {settings.mail_from}: other servers refuse that."
        found.append(Finding(from_here, "Set PORTAL_MAIL_FROM.", wrong=False))
    return found
