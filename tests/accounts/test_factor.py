"""The second factor (A4 to A6, A9, A10, A12): codes of an app and recovery codes."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import factor, login, recovery, second_step, service, sessions
from portal.accounts.models import RecoveryCode, SecondFactor, WebSession
from portal.kernel.errors import NotFound
from portal.kernel.work import Acting
from portal.notifications.models import OutboxMail
from portal.secret import Secret
from tests.browse import Page, Visitor
from tests.factories.people import Cast

SETUP = "/portaal/account/tweede-stap"
OFF = f"{SETUP}/uit"
START = {"alice": ["/portaal", "/portaal/uren", "/portaal/exports"], "support": ["/support/aanvragen"]}
SignIn = Callable[[str], Visitor]


def secret_on(page: Page) -> str:
    return page.text(".key").replace(" ", "")


def code_of(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def turn_on(visitor: Visitor) -> tuple[str, list[str]]:
    """The secret and the recovery codes."""
    page = visitor.open(SETUP)
    secret = secret_on(page)
    shown = page.submit("Koppel de app", {"code": code_of(secret)})
    return secret, re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", shown.text("#herstelcodes"))


def turn_off(visitor: Visitor, code: str) -> None:
    assert visitor.open(OFF).submit("Haal weg", {"code": code}).path == "/portaal/account"


def half(app: Flask, cast: Cast, name: str = "alice") -> Page:
    """Somebody who gave the password; the page that asks for the code."""
    page = Visitor(app.test_client()).sign_in(cast.mail(name), cast.password)
    assert page.path == "/inloggen/code"
    return page


@pytest.fixture
def secret(signed_in: SignIn, time_machine: Any) -> str:
    """Alice has a second factor; its first code was half an hour ago."""
    time_machine.move_to(datetime.now(UTC) - timedelta(minutes=20), tick=True)
    found, _codes = turn_on(signed_in("alice"))
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=20), tick=True)
    return found


def test_a4_the_password_alone_opens_no_page(app: Flask, cast: Cast, secret: str) -> None:
    page = half(app, cast)
    for path in ("/portaal", "/portaal/account", "/portaal/uren", SETUP, "/portaal/bedrijf/gebruikers"):
        assert page.visitor.open(path).path == "/inloggen"
    assert half(app, cast).submit("Ga verder", {"code": code_of(secret)}).path == "/portaal"


def test_a4_who_must_have_one_sees_nothing_before(make_app: Callable[..., Flask], cast: Cast) -> None:
    app = make_app(require_second_factor=True)
    for name in ("alice", "support"):
        visitor = Visitor(app.test_client())
        page = visitor.sign_in(cast.mail(name), cast.password)
        assert page.path == SETUP
        assert "verplicht" in page.text()
        for path in START[name]:
            assert visitor.open(path).path == SETUP
        turn_on(visitor)
        assert [visitor.open(path).path for path in START[name]] == START[name]
    assert Visitor(app.test_client()).sign_in(cast.mail("bob"), cast.password).path == "/portaal"


@pytest.mark.parametrize("written", ["{0}{1}", " {0} {1} ", "{0}-{1}"])
def test_a5_a_code_may_have_blanks(app: Flask, cast: Cast, secret: str, written: str) -> None:
    code = code_of(secret)
    typed = written.format(code[:3], code[3:])
    wide = typed.translate({ord(str(digit)): chr(0xFF10 + digit) for digit in range(10)})
    assert half(app, cast).submit("Ga verder", {"code": wide}).path == "/portaal"


def test_a5_a_code_works_once(app: Flask, cast: Cast, secret: str) -> None:
    code = code_of(secret)
    assert half(app, cast).submit("Ga verder", {"code": code}).path == "/portaal"
    page = half(app, cast).submit("Ga verder", {"code": code}, status=422)
    assert "klopt niet" in page.text(".error-summary")


def test_a5_of_many_at_once_one_succeeds(app: Flask, cast: Cast, secret: str) -> None:
    code, pages = code_of(secret), [half(app, cast) for _ in range(12)]

    def one(page: Page) -> bool:
        token = page.form("Ga verder").select_one("[name=csrf_token]")
        data = {"code": code, "csrf_token": token["value"] if token else ""}
        return page.visitor.client.post("/inloggen/code", data=data).status_code == 303

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(one, pages)) == 1


def test_a6_a_recovery_code_works_once_and_old_ones_are_void(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    visitor = signed_in("alice")
    _secret, codes = turn_on(visitor)
    assert len(codes) == 10
    with acting.read() as work:
        stored = work.session.scalars(select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "") in hashed.upper() for code in codes for hashed in stored)
    assert half(app, cast).submit("Ga verder", {"code": codes[0].lower()}).path == "/portaal"
    half(app, cast).submit("Ga verder", {"code": codes[0]}, status=422)
    page = visitor.open("/portaal/account")
    assert "9 herstelcodes" in page.text()
    page.submit("Maak nieuwe herstelcodes")
    half(app, cast).submit("Ga verder", {"code": codes[1]}, status=422)


def test_a7_a_sixth_code_waits(app: Flask, cast: Cast, secret: str) -> None:
    page = half(app, cast)
    for _ in range(5):
        page = page.submit("Ga verder", {"code": "000000"}, status=422)
    assert "te vaak" in page.submit("Ga verder", {"code": code_of(secret)}, status=429).text(".error-summary")


def test_a9_the_session_before_the_code_is_worth_nothing_after(app: Flask, cast: Cast, secret: str) -> None:
    page = half(app, cast)
    before = page.visitor.client.get_cookie("portaal")
    assert page.submit("Ga verder", {"code": code_of(secret)}).path == "/portaal"
    thief = app.test_client()
    thief.set_cookie("portaal", before.value if before else "")
    assert Visitor(thief).open("/portaal").path == "/inloggen"


def test_a10_turning_it_on_or_off_ends_the_other_sessions(signed_in: SignIn) -> None:
    here, there = signed_in("alice"), signed_in("alice")
    _secret, codes = turn_on(here)
    assert here.open("/portaal").path == "/portaal"
    assert there.open("/portaal").path == "/inloggen"
    turn_off(here, codes[0])
    assert "Nu is je wachtwoord genoeg" in here.open("/portaal/account").text()


def test_the_app_is_taken_away_with_a_code_only(signed_in: SignIn) -> None:
    """Who finds an open screen cannot do it; the code of the app that was used to sign in does not count again (A5)."""
    alice = signed_in("alice")
    secret, codes = turn_on(alice)
    page = alice.open(OFF)
    assert "laatste tweede stap" in page.text()
    for typed in ("", "000000", code_of(secret)):
        page.submit("Haal weg", {"code": typed}, status=422)
    assert page.submit("Haal weg", {"code": codes[3]}).path == "/portaal/account"
    alice.open(OFF, status=404)  # there is nothing to take away


def test_a6_a_second_click_or_a_reload_does_not_hide_the_codes(signed_in: SignIn) -> None:
    alice = signed_in("alice")
    page = alice.open(SETUP)
    code = {"code": code_of(secret_on(page))}
    first, second = page.submit("Koppel de app", code), page.submit("Koppel de app", code)
    assert first.path == second.path == "/portaal/account/herstelcodes"
    assert first.text("#herstelcodes") == second.text("#herstelcodes")
    assert alice.open(first.path).text("#herstelcodes") == first.text("#herstelcodes")


def test_a6_the_codes_are_shown_for_ten_minutes_to_the_session_that_made_them(
    app: Flask, cast: Cast, signed_in: SignIn, time_machine: Any
) -> None:
    alice = signed_in("alice")
    _secret, codes = turn_on(alice)
    other = half(app, cast).submit("Ga verder", {"code": codes[0]}).visitor
    assert other.open("/portaal/account/herstelcodes").path == "/portaal/account"
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=11), tick=True)
    assert alice.open("/portaal/account/herstelcodes").path == "/portaal/account"


def test_a6_new_codes_that_are_made_twice_at_once_are_ten(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    """A double click: what is shown works, and nothing else."""
    visitor = signed_in("alice")
    turn_on(visitor)
    alice = acting.as_actor(cast.actors["alice"])
    with visitor.client.session_transaction() as session:
        token = session["_user_id"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _n: second_step.new_codes(alice, token), range(6)))
    with alice.read() as work:
        assert recovery.left(work, alice.actor.user_id) == 10
        shown = recovery.shown(work, token)
    with alice.begin() as work:
        assert all(recovery.use(work, alice.actor.user_id or 0, code) for code in shown)


def test_two_first_looks_at_once_give_the_same_secret(acting: Acting, cast: Cast) -> None:
    """On PostgreSQL two GETs at the same moment both find no row."""
    alice = acting.as_actor(cast.actors["alice"])
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _n: factor.begin(alice).secret.reveal(), range(16)))
    assert len(set(found)) == 1


def test_its_owner_gets_a_mail_of_every_change(acting: Acting, signed_in: SignIn) -> None:
    visitor = signed_in("alice")
    _secret, codes = turn_on(visitor)
    turn_off(visitor, codes[0])
    with acting.read() as work:
        mails = work.session.scalars(select(OutboxMail).where(OutboxMail.mail == "tweede_stap")).all()
    assert [mail.recipient for mail in mails] == ["alice@dezon.example"] * 2


def test_the_secret_is_sealed(acting: Acting, signed_in: SignIn) -> None:
    secret, _codes = turn_on(signed_in("alice"))
    with acting.read() as work:
        (row,) = work.session.scalars(select(SecondFactor)).all()
    assert secret.encode() not in row.sealed_secret


@pytest.mark.parametrize("path", [SETUP, "/portaal/bedrijf/koppelingen/nmbrs/activeren"])
def test_a12_an_old_sign_in_is_asked_again_and_comes_back(
    acting: Acting, signed_in: SignIn, cast: Cast, path: str
) -> None:
    visitor = signed_in("alice")
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=16)
    page = visitor.open(path)
    assert page.path == "/bevestigen"
    page = page.submit("Bevestig", {"password": "niet het wachtwoord"}, status=422)
    assert "niet je wachtwoord" in page.text(".error-summary")
    assert page.submit("Bevestig", {"password": cast.password}).path == path


def test_a10_a_session_that_was_ended_is_not_renewed(acting: Acting, cast: Cast) -> None:
    """While somebody waits for the check of a password, its owner signs out everywhere."""
    alice = acting.as_actor(cast.actors["alice"])
    with alice.begin() as work:
        token = sessions.start(work, alice.actor.user_id or 0)
    service.end_everywhere(alice)
    with pytest.raises(NotFound):
        login.confirm(alice, token, Secret(cast.password))
    with alice.begin() as work:
        token = sessions.start(work, alice.actor.user_id or 0)
    login.confirm(alice, token, Secret(cast.password))
    with pytest.raises(NotFound):
        login.confirm(alice, token, Secret(cast.password))  # a second click
    with alice.read() as work:
        assert len(sessions.own(work, "")) == 1


def test_a4_a_help_page_tells_nothing_of_the_company_before_there_is_one(
    make_app: Callable[..., Flask], cast: Cast
) -> None:
    for required in (False, True):
        visitor = Visitor(make_app(require_second_factor=required).test_client())
        visitor.sign_in(cast.mail("alice"), cast.password)
        shown = visitor.open("/koppelingen/nmbrs").text("body")
        assert ("Zo ver ben jij" in shown) != required


@pytest.mark.parametrize(
    "came_from", ["http://[x", "http://localhost/portaal/account?x=1", "http://kwaad.example/portaal"]
)
def test_a12_the_way_back_is_a_page_of_ours(acting: Acting, signed_in: SignIn, came_from: str) -> None:
    visitor = signed_in("alice")
    token = visitor.open("/portaal/account").form("Log overal uit").select_one("[name=csrf_token]")
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=16)
    data = {"csrf_token": token["value"] if token else ""}
    answer = visitor.client.post("/portaal/account/passkey/vraag", data=data, headers={"Referer": came_from})
    ours = "?next=/portaal/account?x%3D1" if "localhost" in came_from else ""
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/bevestigen{ours}")


def test_the_examples_run() -> None:
    assert doctest.testmod(recovery).failed == 0
