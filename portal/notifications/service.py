"""Writes mails into the outbox and sends what waits."""

from __future__ import annotations

import secrets
from datetime import timedelta
from email import message_from_bytes, policy
from email.headerregistry import Address
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import select, update

from portal.kernel.errors import Unavailable
from portal.kernel.filters import FILTERS
from portal.kernel.logs import log, warn
from portal.kernel.vault import Binding, KeyAway, Tampered
from portal.kernel.wake import announce
from portal.kernel.work import Acting, Work
from portal.notifications.mails import Mail
from portal.notifications.models import MailState, OutboxMail
from portal.notifications.smtp import Mailer
from portal.settings import Settings

TEMPLATES = Path(__file__).parents[2] / "templates" / "notifications"
MAX_ATTEMPTS = 8
LEASE = timedelta(minutes=2)


@cache
def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found.filters.update(FILTERS)
    return found


def enqueue(work: Work, settings: Settings, mail: Mail, to: str, **values: object) -> None:
    """Put one mail in the outbox, in the caller's transaction: no act, no mail."""
    reference = secrets.token_hex(16)
    message = compose(settings, mail, to, **values)
    work.session.add(
        OutboxMail(
            reference=reference, mail=mail.value, recipient=to, state=MailState.WAITING, attempts=0,
            next_at=work.now, created_at=work.now,
            sealed=work.vault.seal_bytes(message.as_bytes(), mail_binding(reference)),
        )
    )  # fmt: skip
    announce(work)


def compose(settings: Settings, mail: Mail, to: str, **values: object) -> EmailMessage:
    """Build the message from its three templates: subject, plain text and HTML."""
    values = {"base_url": settings.base_url, "support_mail": settings.support_mail, **values}
    parts = {
        name: _environment().get_template(f"{mail.value}/{name}").render(values)
        for name in ("subject.txt", "body.txt", "body.html")
    }
    message = EmailMessage(policy=policy.SMTP)
    message["Subject"] = " ".join(parts["subject.txt"].split())
    message["From"] = settings.mail_from
    message["To"] = Address(addr_spec=to)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(parts["body.txt"])
    message.add_alternative(parts["body.html"], subtype="html")
    return message


def send_waiting(acting: Acting) -> bool:
    """Send one waiting mail; True when there was one. Two workers do not take the same mail."""
    claimed = _claim(acting)
    if claimed is None:
        return False
    mail_id, attempts, message = claimed
    try:
        acting.part(MailerPart).mailer.deliver(message, f"{mail_id:08d}-{message['Subject'].encode().hex()[:8]}")
        values: dict[str, object] = {"state": MailState.SENT, "sealed": None}
        log("mail sent", mail=mail_id)
    except Unavailable as error:
        values = {"state": MailState.FAILED} if attempts >= MAX_ATTEMPTS else {}
        warn("mail not sent", mail=mail_id, attempt=attempts, error=error.facts.get("error"))
    with acting.begin() as work:
        if values:
            work.session.execute(update(OutboxMail).where(OutboxMail.id == mail_id).values(**values))
    return True


class MailerPart:
    """Holds the mailer among the wired parts."""

    def __init__(self, mailer: Mailer) -> None:
        self.mailer = mailer


def _claim(acting: Acting) -> tuple[int, int, EmailMessage] | None:
    with acting.read() as work:
        due = (OutboxMail.state == MailState.WAITING) & (OutboxMail.next_at <= work.now)
        candidate = work.session.scalar(select(OutboxMail.id).where(due).order_by(OutboxMail.id).limit(1))
    if candidate is None:
        return None
    with acting.begin() as work:
        row = work.session.scalar(
            update(OutboxMail)
            .where(
                OutboxMail.id == candidate,
                OutboxMail.state == MailState.WAITING,
                OutboxMail.next_at <= work.now,
            )
            .values(attempts=OutboxMail.attempts + 1, next_at=work.now + LEASE)
            .returning(OutboxMail)
        )
        if row is None or row.sealed is None:
            return None
        try:
            content = work.vault.open_bytes(row.sealed, mail_binding(row.reference))
        except KeyAway:
            warn("the key of a mail is not here", mail=row.id)  # another process has it, or this one soon
            return None
        except Tampered:
            warn("a mail cannot be opened", mail=row.id)
            row.state = MailState.FAILED
            return None
        message = message_from_bytes(content, policy=policy.SMTP)
        assert isinstance(message, EmailMessage)  # noqa: S101 - policy.SMTP makes these
        return row.id, row.attempts, message


def mail_binding(reference: str) -> Binding:
    return Binding(0, "outbox_mail", reference, "message")
