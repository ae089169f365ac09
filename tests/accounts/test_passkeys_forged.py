"""Answers of passkeys that are forged, replayed, too late, or nonsense (A7, A8, D6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import passkeys
from portal.accounts.models import Passkey, PasskeyQuestion
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.accounts.passkey_steps import ACCOUNT, ADD, SignIn, acts, add, ask, enter, half, send
from tests.accounts.soft_key import SoftKey
from tests.browse import Visitor
from tests.factories.people import Cast

FORGED: dict[str, Callable[[SoftKey], None]] = {
    "another origin": lambda key: setattr(key, "origin", "http://localhost.kwaad.example"),
    "another scheme": lambda key: setattr(key, "origin", "https://localhost"),
    "another site": lambda key: setattr(key, "rp", "kwaad.example"),
    "a frame of another site": lambda key: setattr(key, "cross", True),
    "another key": lambda key: setattr(key, "key", SoftKey().key),
    "an unknown key": lambda key: setattr(key, "id", b"x" * 32),
    "another person": lambda key: setattr(key, "handle", b"y" * 32),
    "nobody": lambda key: setattr(key, "handle", b""),
}


@pytest.mark.parametrize("how", FORGED)
def test_a8_a_forged_answer_is_refused_with_one_text(app: Flask, key: SoftKey, how: str) -> None:
    FORGED[how](key)
    page = enter(Visitor(app.test_client()), key, status=422)
    assert page.text(".error-summary li") == passkeys.REFUSED


@pytest.mark.parametrize("how", ["another origin", "another site", "a frame of another site"])
def test_a_key_made_elsewhere_is_not_added(acting: Acting, signed_in: SignIn, how: str) -> None:
    alice, key = signed_in("alice"), SoftKey()
    FORGED[how](key)
    page = alice.open(ADD)
    refused = send(page, key.create(ask(page, f"{ADD}/vraag")), name="Telefoon", status=422)
    assert "niet toegevoegd" in refused.text(".error-summary")
    with acting.read() as work:
        assert work.session.scalars(select(Passkey)).all() == []


def test_an_answer_works_once_in_the_browser_that_asked_and_for_what_was_asked(
    app: Flask, cast: Cast, key: SoftKey
) -> None:
    first, other = Visitor(app.test_client()).open("/inloggen"), Visitor(app.test_client()).open("/inloggen")
    ask(other, "/inloggen/passkey/vraag")
    answer = key.get(ask(first, "/inloggen/passkey/vraag"))
    send(other, answer, status=422)  # bound to the browser; and now it is used up
    second = key.get(ask(first, "/inloggen/passkey/vraag"))
    assert send(first, second).path == "/portaal"
    again = Visitor(app.test_client()).open("/inloggen")
    ask(again, "/inloggen/passkey/vraag")
    send(again, second, status=422)
    page = half(app, cast)  # asked for the second step, given for signing in
    send(again, key.get(ask(page, "/inloggen/code/vraag")), status=422)


def test_an_answer_to_one_question_is_worth_nothing_for_another(signed_in: SignIn) -> None:
    """Asked of the same session, to add a key; given to take one away."""
    alice, key = signed_in("alice"), SoftKey()
    add(alice, key)
    asked = ask(alice.open(ADD), f"{ADD}/vraag")
    page = alice.open(ACCOUNT).follow("Verwijder : passkey Telefoon")
    send(page, key.get({"challenge": asked["challenge"], "rpId": "localhost"}), status=422)
    assert send(page, key.get(ask(page, "/bevestigen/vraag"))).path == ACCOUNT


def test_a_replayed_answer_of_the_same_browser_is_refused(app: Flask, cast: Cast, key: SoftKey) -> None:
    key.counts, page = False, half(app, cast)
    answer = key.get(ask(page, "/inloggen/code/vraag"), authenticatorData="AA")
    send(page, answer, status=422)
    answer = key.get(ask(page, "/inloggen/code/vraag"))
    send(page, answer.replace('"type": "public-key"', '"type": "public"'), status=422)
    send(page, answer, status=422)  # its question was used by the try before


def test_an_answer_after_five_minutes_is_too_late(app: Flask, acting: Acting, key: SoftKey) -> None:
    page = Visitor(app.test_client()).open("/inloggen")
    answer = key.get(ask(page, "/inloggen/passkey/vraag"))
    with acting.begin() as work:
        for question in work.session.scalars(select(PasskeyQuestion)):
            question.expires_at -= timedelta(minutes=5)
    send(page, answer, status=422)


def test_of_many_at_once_one_succeeds(app: Flask, acting: Acting, key: SoftKey) -> None:
    """One answer in many requests at the same moment: the question is used up by one."""
    visitor = Visitor(app.test_client())
    page = visitor.open("/inloggen")
    answer = key.get(ask(page, "/inloggen/passkey/vraag"))
    cookie, token = visitor.client.get_cookie("portaal"), page.soup.select_one("main [name=csrf_token]")

    def one(_number: int) -> bool:
        client = app.test_client()
        client.set_cookie("portaal", cookie.value if cookie else "")
        data = {"csrf_token": token["value"] if token else "", "passkey": answer}
        return client.post("/inloggen/passkey", data=data).status_code == 303

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 1


def test_a_counter_that_goes_back_is_refused_and_written_down(app: Flask, acting: Acting, key: SoftKey) -> None:
    enter(Visitor(app.test_client()), key)
    key.count = 0
    assert "werkt hier niet" in enter(Visitor(app.test_client()), key, status=422).text(".error-summary")
    assert acts(acting)[-1] == "passkey.copied"
    key.key = SoftKey().key  # who only knows the id of a key cannot make it look copied
    enter(Visitor(app.test_client()), key, status=422)
    assert acts(acting).count("passkey.copied") == 1


NONSENSE = ["", "x", "{}", "[]", "null", "1", '{"rawId": 1}', "[" * 9000, '{"rawId":"\\ud800","response":{}}']


def test_d6_what_is_no_answer_is_refused_in_words(app: Flask, key: SoftKey) -> None:
    for number, answer in enumerate([*NONSENSE, "a" * 30_000]):
        visitor = Visitor(app.test_client())
        visitor.client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        assert send(visitor.open("/inloggen"), answer, status=422).has(".error-summary")


@pytest.mark.parametrize("value", [None, 7, "", "%%%", "AAAA", {"a": 1}])
def test_d6_an_answer_with_a_part_of_nonsense_is_refused(
    app: Flask, signed_in: SignIn, key: SoftKey, value: Any
) -> None:
    page = Visitor(app.test_client()).open("/inloggen")
    for part in ("clientDataJSON", "authenticatorData", "signature", "userHandle"):
        send(page, key.get(ask(page, "/inloggen/passkey/vraag"), **{part: value}), status=422)
    page = signed_in("charlie").open(ADD)
    for part in ("clientDataJSON", "attestationObject"):
        send(page, SoftKey().create(ask(page, f"{ADD}/vraag"), **{part: value}), name="Telefoon", status=422)


def test_a7_an_eleventh_answer_from_one_address_waits(app: Flask, key: SoftKey) -> None:
    key.origin = "http://kwaad.example"
    visitor = Visitor(app.test_client())
    for _ in range(10):
        enter(visitor, key, status=422)
    key.origin = "http://localhost"
    assert "te vaak" in enter(visitor, key, status=429).text(".error-summary")


def test_a7_a_sixth_passkey_at_the_second_step_waits(app: Flask, cast: Cast, key: SoftKey) -> None:
    page = half(app, cast)
    for _ in range(5):
        page = send(page, key.get(ask(page, "/inloggen/code/vraag"), signature="AAAA"), status=422)
    send(page, key.get(ask(page, "/inloggen/code/vraag")), status=429)


def test_a7_questions_have_a_limit_too(visitor: Visitor) -> None:
    page = visitor.open("/inloggen")
    for _ in range(60):
        ask(page, "/inloggen/passkey/vraag")
    ask(page, "/inloggen/passkey/vraag", 429)


def test_the_site_comes_from_the_settings_and_never_from_a_request(visitor: Visitor, settings: Settings) -> None:
    visitor.headers = {"Host": "evil.example"}
    page = visitor.open("/inloggen")
    token = page.soup.select_one("main [name=csrf_token]")
    answer = visitor.client.post(
        "/inloggen/passkey/vraag", data={"csrf_token": token["value"] if token else ""}, headers=visitor.headers
    )
    assert json.loads(answer.get_data())["rpId"] == "localhost"


def test_a_question_is_asked_of_a_session_that_waits_only(app: Flask, visitor: Visitor) -> None:
    ask(visitor.open("/inloggen"), "/inloggen/code/vraag", 404)
