"""Delivers one message: to an SMTP server when one is set, else to a folder."""

from __future__ import annotations

import os
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from portal.kernel.errors import Unavailable
from portal.secret import Secret


class Mailer(Protocol):
    def deliver(self, message: EmailMessage, reference: str) -> None:
        """Hand over one message. Raises Unavailable when it can be tried again later."""


@dataclass(frozen=True)
class FolderMailer:
    folder: Path

    def deliver(self, message: EmailMessage, reference: str) -> None:
        target = self.folder / f"{reference}.eml"
        draft = target.with_suffix(".part")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(message.as_bytes())
            draft.replace(target)
        except OSError as error:
            cause = "De map voor mails is niet te beschrijven."
            raise Unavailable(cause, error=type(error).__name__, mail=reference) from None


@dataclass(frozen=True)
class SmtpMailer:
    """`url` is smtp://user:password@host:587 (STARTTLS when offered) or smtps://…:465."""

    url: Secret
    timeout: float = 20.0

    def deliver(self, message: EmailMessage, reference: str) -> None:
        parts = urlsplit(self.url.reveal())
        try:
            with self._connect(parts.scheme, parts.hostname or "", parts.port) as server:
                if parts.username:
                    server.login(unquote(parts.username), unquote(parts.password or ""))
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable("De mailserver antwoordt niet.", error=type(error).__name__, mail=reference) from None

    def _connect(self, scheme: str, host: str, port: int | None) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if scheme == "smtps":
            return smtplib.SMTP_SSL(host, port or 465, timeout=self.timeout, context=context)
        server = smtplib.SMTP(host, port or 587, timeout=self.timeout)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=context)
        return server
