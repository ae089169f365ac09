"""Where somebody is signed in (A10), a mail about a new device, and passwords that everybody tries (A2)."""

from __future__ import annotations

import doctest

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import common, devices
from portal.accounts.common import is_common, words
from portal.accounts.password import check_new
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting
from portal.notifications.models import OutboxMail
from portal.secret import Secret
from tests.browse import Page, Visitor
from tests.factories.people import Cast

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1 Version/19.0 Mobile Safari/604.1"


def enter(app: Flask, cast: Cast, agent: str, name: str = "alice") -> Page:
    visitor = Visitor(app.test_client(), headers={"User-Agent": agent})
    visitor.client.environ_base["HTTP_USER_AGENT"] = agent
    return visitor.sign_in(cast.mail(name), cast.password)


def test_a10_somebody_sees_where_he_is_signed_in_and_signs_one_out(app: Flask, cast: Cast) -> None:
    office, phone = enter(app, cast, CHROME).visitor, enter(app, cast, IPHONE).visitor
    page = office.open("/portaal/account")
    assert "Chrome op Windows (dit apparaat)" in page.text()
    assert "Safari op iPhone" in page.text()
    shown = [" ".join(button.get_text(" ", strip=True).split()) for button in page.soup.select("button")]
    page.submit(next(words for words in shown if words.startswith("Log uit")))
    assert phone.open("/portaal").path == "/inloggen"
    assert office.open("/portaal").path == "/portaal"


def test_a10_everywhere_is_here_too(app: Flask, cast: Cast) -> None:
    office, phone = enter(app, cast, CHROME).visitor, enter(app, cast, IPHONE).visitor
    assert office.open("/portaal/account").submit("Log overal uit").path == "/inloggen"
    assert [visitor.open("/portaal").path for visitor in (office, phone)] == ["/inloggen"] * 2


def test_b2_the_session_of_somebody_else_is_left_alone(app: Flask, cast: Cast) -> None:
    alice, charlie = enter(app, cast, CHROME).visitor, enter(app, cast, CHROME, "charlie").visitor
    page = alice.open("/portaal/account")
    token = page.form("Log overal uit").select_one("[name=csrf_token]")
    for number in range(1, 5):
        alice.client.post(f"/portaal/account/uitloggen/{number}", data={"csrf_token": token["value"] if token else ""})
    assert charlie.open("/portaal").path == "/portaal"


def test_a_new_device_is_mailed_and_a_known_one_is_not(app: Flask, acting: Acting, cast: Cast) -> None:
    for agent in (CHROME, CHROME, IPHONE, IPHONE):
        enter(app, cast, agent)
    with acting.read() as work:
        mails = work.session.scalars(select(OutboxMail).where(OutboxMail.mail == "nieuw_apparaat")).all()
    assert [mail.recipient for mail in mails] == [cast.mail("alice")]


@pytest.mark.parametrize("password", ["wachtwoord12345", "Welkom123!Welkom123!", "123456789012345", "qwertyuiopasdfgh",
                                      "iloveyou iloveyou", "KoppelPortaal2026"])  # fmt: skip
def test_a2_a_common_password_is_refused_with_words(app: Flask, cast: Cast, password: str) -> None:
    page = enter(app, cast, CHROME).visitor.open("/portaal/account")
    page = page.submit("Wijzig wachtwoord", {"current": cast.password, "password": password}, status=422)
    assert "makkelijk te raden" in page.text(".error-summary")


def test_a2_the_list_is_long_enough_and_each_word_of_it_is_refused() -> None:
    assert len(words()) >= 3000
    assert all(is_common(word) for word in words())
    assert [word for word in words() if not refused(word * 5)] == []


def refused(password: str) -> bool:
    try:
        check_new(Secret(password))
    except InvalidInput:
        return True
    return False


def test_a1_a_sentence_is_fine() -> None:
    for password in ("vier rustige woorden samen", "paard batterij nietje juist", "\N{BOOKS} lezen is leuk \N{BOOKS}"):
        assert not is_common(password)


def test_the_examples_run() -> None:
    assert doctest.testmod(common).failed == 0
    assert doctest.testmod(devices).failed == 0
