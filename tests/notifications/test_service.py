"""Mails: sealed until sent, one bad one does not hold up the rest, a full disk is tried again."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.accounts.invite import invite
from portal.kernel.work import Acting, Role
from portal.notifications.models import MailState, OutboxMail
from portal.notifications.service import send_waiting
from portal.secret import Secret
from portal.settings import Settings
from tests.factories.people import Cast


def invite_somebody(acting: Acting, mail: str = "nieuw@dezon.example") -> None:
    invite(acting, mail, Role.URENVERWERKER, "Brasserie De Zon")


def states(acting: Acting) -> list[MailState]:
    with acting.read() as work:
        return list(work.session.scalars(select(OutboxMail.state).order_by(OutboxMail.id)))


def files(settings: Settings) -> list[Path]:
    return sorted((settings.data / "mail").glob("*.eml"))


def test_a_mail_that_cannot_be_opened_does_not_hold_up_the_rest(
    acting: Acting, cast: Cast, settings: Settings, worker: Callable[[], int]
) -> None:
    invite_somebody(acting)
    invite_somebody(acting, "ander@dezon.example")
    with acting.begin() as work:
        first = select(OutboxMail.id).order_by(OutboxMail.id).limit(1).scalar_subquery()
        work.session.execute(update(OutboxMail).where(OutboxMail.id == first).values(sealed=b"\x01 nothing"))
    worker()
    worker()
    assert states(acting) == [MailState.FAILED, MailState.SENT]
    assert len(files(settings)) == 1


def test_a_folder_that_cannot_be_written_is_tried_again(
    acting: Acting, cast: Cast, settings: Settings, worker: Callable[[], int]
) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / "mail").write_text("a file where the folder belongs")
    invite_somebody(acting)
    worker()
    assert states(acting) == [MailState.WAITING]
    (settings.data / "mail").unlink()
    with acting.begin() as work:
        work.session.execute(update(OutboxMail).values(next_at=work.now))
    worker()
    assert states(acting) == [MailState.SENT]


def test_two_workers_send_a_mail_once(acting: Acting, cast: Cast, settings: Settings) -> None:
    for number in range(5):
        invite_somebody(acting, f"p{number}@dezon.example")
    threads = [threading.Thread(target=lambda: [None for _ in range(5) if send_waiting(acting)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while send_waiting(acting):
        pass
    assert set(states(acting)) == {MailState.SENT}
    assert len(files(settings)) == 5


def test_a_header_cannot_be_put_into_a_mail(
    acting: Acting, cast: Cast, settings: Settings, worker: Callable[[], int]
) -> None:
    """D6: a name with a line break is data."""
    invite(acting, "x@dezon.example", Role.BEHEERDER, "Zaak\r\nBcc: dief@evil.example")
    worker()
    message = message_from_bytes(files(settings)[0].read_bytes(), policy=policy.SMTP)
    assert message["Bcc"] is None
    assert "Bcc: dief" in message["Subject"]


class Inbox(socketserver.StreamRequestHandler):
    """A mail server of a few lines, for one message a connection."""

    received: list[str]

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        body = False
        for line in self.rfile:
            text = line.decode().rstrip("\r\n")
            if body:
                body = text != "."
                self.received.append(text)
                if not body:
                    self.wfile.write(b"250 taken\r\n")
            elif text.upper().startswith("DATA"):
                body = True
                self.wfile.write(b"354 go on\r\n")
            elif text.upper().startswith("QUIT"):
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


@pytest.fixture
def mail_server() -> Iterator[tuple[int, list[str]]]:
    received: list[str] = []
    handler = type("H", (Inbox,), {"received": received})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1], received
        server.shutdown()


def test_with_a_mail_server_set_mails_go_there(
    make_app: Callable[..., Flask], cast: Cast, mail_server: tuple[int, list[str]]
) -> None:
    port, received = mail_server
    acting = make_app(smtp_url=Secret(f"smtp://127.0.0.1:{port}")).extensions["portal"]
    invite_somebody(acting)
    assert send_waiting(acting)
    assert states(acting) == [MailState.SENT]
    assert any(line == "To: nieuw@dezon.example" for line in received)
    assert any("/uitnodiging/" in line for line in received)
