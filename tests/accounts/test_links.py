"""Invitations and resets (A13, A8)."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.invite import accept, invite
from portal.accounts.models import OneTimeLink, User
from portal.accounts.people import remove
from portal.kernel.errors import Conflict, InvalidInput, NotFound
from portal.kernel.work import Acting, Role
from portal.notifications.models import OutboxMail
from portal.secret import Secret
from portal.settings import Settings
from tests.browse import Visitor
from tests.factories.people import Cast

NEW = "een heel nieuw lang wachtwoord"


def mails(settings: Settings) -> list[str]:
    files = sorted((Path(settings.data) / "mail").glob("*.eml"))
    return [_text(file.read_bytes()) for file in files]


def _text(content: bytes) -> str:
    message = message_from_bytes(content)
    parts = [part for part in message.walk() if part.get_content_type() == "text/plain"]
    body = parts[0].get_payload(decode=True)
    assert isinstance(body, bytes)
    return f"{message['To']}\n{body.decode()}"


def link_in(text: str) -> str:
    found = re.search(r"http://localhost(/\S+)", text)
    assert found is not None
    return found[1]


def test_a_beheerder_invites_a_colleague_who_joins(
    app: Flask, settings: Settings, signed_in: Callable[[str], Visitor], worker: Callable[[], int]
) -> None:
    alice = signed_in("alice")
    values = {"email": "Nieuw@dezon.example", "role": "urenverwerker"}
    page = alice.open("/portaal/bedrijf/gebruikers/uitnodigen").submit("Verstuur uitnodiging", values)
    assert "onderweg" in page.text()
    worker()
    (mail,) = mails(settings)
    assert mail.startswith("nieuw@dezon.example")
    guest = Visitor(app.test_client())
    form = guest.open(link_in(mail))
    assert "nieuw@dezon.example" in form.text()
    guest.open(link_in(mail))  # a mail scanner follows GET: the link still works (A13)
    joined = form.submit("Maak account", {"name": "Nina Nieuw", "password": NEW})
    assert joined.path == "/inloggen"
    assert guest.sign_in("nieuw@dezon.example", NEW).path == "/portaal"
    guest.open(link_in(mail), status=404)


def test_the_link_is_built_from_the_configured_name(
    app: Flask, settings: Settings, cast: Cast, worker: Callable[[], int]
) -> None:
    """A13: a forged Host header changes nothing."""
    guest = Visitor(app.test_client(), headers={"Host": "evil.example"})
    guest.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("bob")}, status=200)
    worker()
    assert "evil" not in mails(settings)[0]
    assert "http://localhost/wachtwoord/" in mails(settings)[0]


def test_a_password_is_reset_once(
    app: Flask, settings: Settings, cast: Cast, worker: Callable[[], int], signed_in: Callable[[str], Visitor]
) -> None:
    old = signed_in("bob")
    guest = Visitor(app.test_client())
    guest.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("bob")}, status=200)
    worker()
    form = guest.open(link_in(mails(settings)[0]))
    short = form.submit("Bewaar wachtwoord", {"password": "te kort"}, status=422)
    assert "15 tekens" in short.text(".error-summary")
    assert short.submit("Bewaar wachtwoord", {"password": NEW}).path == "/inloggen"
    assert guest.sign_in(cast.mail("bob"), NEW).path == "/portaal"
    assert old.open("/portaal").path == "/inloggen"  # every earlier session ended (A10)
    guest.open(form.path, status=404)


def test_a8_asking_for_an_unknown_address_looks_the_same(
    app: Flask, settings: Settings, cast: Cast, worker: Callable[[], int]
) -> None:
    guest = Visitor(app.test_client())
    known = guest.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("bob")}, status=200)
    unknown = guest.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": "bxb@dezon.example"}, status=200)
    assert known.text().replace(cast.mail("bob"), "") == unknown.text().replace("bxb@dezon.example", "")
    worker()
    assert len(mails(settings)) == 1


@pytest.mark.parametrize(("purpose", "age"), [("uitnodiging", timedelta(days=7)), ("wachtwoord", timedelta(hours=1))])
def test_an_old_link_says_what_to_do(
    acting: Acting,
    cast: Cast,
    visitor: Visitor,
    settings: Settings,
    worker: Callable[[], int],
    purpose: str,
    age: timedelta,
) -> None:
    if purpose == "uitnodiging":
        path = invite(acting, "laat@dezon.example", Role.BEHEERDER, "Brasserie De Zon").removeprefix("http://localhost")
    else:
        visitor.open("/wachtwoord-vergeten").submit("Stuur me een link", {"email": cast.mail("bob")}, status=200)
        worker()
        path = link_in(mails(settings)[0])
    visitor.open(path)
    with acting.begin() as work:
        work.session.scalars(select(OneTimeLink)).one().expires_at = work.now - timedelta(seconds=1)
    page = visitor.open(path, status=404)
    assert "Vraag een nieuwe link aan" in page.text()
    assert age in (timedelta(days=7), timedelta(hours=1))


def test_a13_lifetimes(acting: Acting, cast: Cast) -> None:
    invite(acting, "laat@dezon.example", Role.BEHEERDER, "Brasserie De Zon")
    with acting.read() as work:
        link = work.session.scalars(select(OneTimeLink)).one()
    assert link.expires_at - link.created_at == timedelta(days=7)


def test_of_two_people_with_one_link_one_joins(acting: Acting, cast: Cast) -> None:
    """A13: two parallel POSTs make one account."""
    token = invite(acting, "samen@dezon.example", Role.URENVERWERKER, "Brasserie De Zon").rsplit("/", 1)[1]
    outcomes: list[str] = []

    def join(name: str) -> None:
        try:
            accept(acting, token, name, Secret(NEW))
            outcomes.append("joined")
        except (NotFound, Conflict):
            outcomes.append("refused")

    threads = [threading.Thread(target=join, args=(f"Naam {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["joined", "refused", "refused", "refused"]
    with acting.read() as work:
        count = select(func.count()).where(User.email == "samen@dezon.example")
        assert work.session.scalar(count) == 1


def test_the_link_in_the_outbox_is_sealed_and_gone_once_sent(
    acting: Acting, settings: Settings, cast: Cast, worker: Callable[[], int]
) -> None:
    token = invite(acting, "stil@dezon.example", Role.BEHEERDER, "Brasserie De Zon").rsplit("/", 1)[1]
    with acting.read() as work:
        sealed = work.session.scalars(select(OutboxMail.sealed)).one()
    assert sealed is not None
    assert token.encode() not in sealed
    worker()
    with acting.read() as work:
        assert work.session.scalars(select(OutboxMail.sealed)).one() is None


def test_b5_the_role_of_an_invitation_cannot_be_widened(app: Flask, acting: Acting, cast: Cast) -> None:
    path = invite(acting, "slim@dezon.example", Role.URENVERWERKER, "Brasserie De Zon").removeprefix("http://localhost")
    guest = Visitor(app.test_client())
    form = guest.open(path)
    token = str(form.soup.select_one("input[name=csrf_token]")["value"])  # type: ignore[index]
    extra = {
        "role": "support",
        "organisation_id": "2",
        "email": "ander@x.example",
        "id": "1",
        "disabled_at": "",
        "password_hash": "x",
    }
    guest.post(path, {"csrf_token": token, "name": "Slim", "password": NEW, **extra})
    with acting.read() as work:
        user = work.session.scalars(select(User).where(User.email == "slim@dezon.example")).one()
    assert (user.role, user.organisation_id) == (Role.URENVERWERKER, cast.actors["alice"].organisation_id)


def test_support_cannot_be_invited_by_a_customer(signed_in: Callable[[str], Visitor], acting: Acting) -> None:
    alice = signed_in("alice")
    page = alice.open("/portaal/bedrijf/gebruikers/uitnodigen")
    page.submit("Verstuur uitnodiging", {"email": "x@y.example", "role": "support"}, status=422)
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).select_from(OneTimeLink)) == 0


def test_a_colleague_whose_access_ended_can_come_back(
    app: Flask, acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    remove(acting.as_actor(cast.actors["alice"]), cast.actors["bob"].user_id or 0)
    path = invite(acting, cast.mail("bob"), Role.BEHEERDER, "Brasserie De Zon").removeprefix("http://localhost")
    guest = Visitor(app.test_client())
    guest.open(path).submit("Maak account", {"name": "Bob Bes", "password": NEW})
    assert guest.sign_in(cast.mail("bob"), NEW).path == "/portaal"


def test_somebody_of_another_organisation_cannot_be_pulled_over(acting: Acting, cast: Cast) -> None:
    remove(acting.as_actor(cast.actors["alice"]), cast.actors["bob"].user_id or 0)
    with pytest.raises(InvalidInput):
        invite(acting, cast.mail("bob"), Role.BEHEERDER, "Café Anders")


def test_an_open_invitation_is_listed_and_can_be_withdrawn(
    app: Flask, acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    path = invite(acting, "spijt@dezon.example", Role.URENVERWERKER, "Brasserie De Zon").removeprefix(
        "http://localhost"
    )
    alice, charlie = signed_in("alice"), signed_in("charlie")
    page = alice.open("/portaal/bedrijf/gebruikers")
    assert "spijt@dezon.example" in page.text()
    assert "spijt@dezon.example" not in charlie.open("/portaal/bedrijf/gebruikers").text()
    action = str(page.form("Trek in : uitnodiging van spijt@dezon.example")["action"])
    token = {"csrf_token": str(charlie.open("/portaal/account").soup.select_one("input[name=csrf_token]")["value"])}  # type: ignore[index]
    charlie.post(action, token, status=404)
    assert "ingetrokken" in page.submit("Trek in : uitnodiging van spijt@dezon.example").text()
    Visitor(app.test_client()).open(path, status=404)
