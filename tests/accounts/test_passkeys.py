"""Passkeys (A4, A6, A7, A9, A10, A12): added, shown as the second step, in place of the password, taken away."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import passkeys, second_step
from portal.accounts.models import Passkey, PasskeyQuestion, User, WebSession
from portal.accounts.passkey_wire import site
from portal.audit.models import AuditEvent
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting
from portal.notifications.models import OutboxMail
from portal.settings import Settings
from tests.accounts.soft_key import SoftKey
from tests.browse import Page, Visitor
from tests.factories.people import Cast

ADD, ACCOUNT = "/portaal/account/passkey", "/portaal/account"
SignIn = Callable[[str], Visitor]


def ask(page: Page, path: str, status: int = 200) -> dict[str, Any]:
    """What passkey.js does before it turns to the browser."""
    token = page.soup.select_one("main [name=csrf_token]")
    answer = page.visitor.client.post(path, data={"csrf_token": token["value"] if token else ""})
    assert answer.status_code == status, answer.status_code
    found: dict[str, Any] = answer.get_json() or {}
    return found


def send(page: Page, answer: str, *, status: int = 303, **more: str) -> Page:
    """Send the form around the passkey, as passkey.js does."""
    form = page.soup.select_one("form:has([data-passkey])")
    assert form is not None
    data = {str(item["name"]): str(item.get("value", "")) for item in form.select("[name]")}
    return page.visitor.post(str(form["action"]), {**data, "passkey": answer, **more}, status=status)


def add(visitor: Visitor, key: SoftKey, name: str = "Telefoon") -> Page:
    page = visitor.open(ADD)
    return send(page, key.create(ask(page, f"{ADD}/vraag")), name=name)


def enter(visitor: Visitor, key: SoftKey, *, status: int = 303) -> Page:
    page = visitor.open("/inloggen")
    return send(page, key.get(ask(page, "/inloggen/passkey/vraag")), status=status)


def half(app: Flask, cast: Cast, name: str = "alice") -> Page:
    page = Visitor(app.test_client()).sign_in(cast.mail(name), cast.password)
    assert page.path == "/inloggen/code"
    return page


def codes_on(page: Page) -> list[str]:
    return re.findall(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", page.text("#herstelcodes"))


def grow_old(acting: Acting, minutes: int = 16) -> None:
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=minutes)


def acts(acting: Acting) -> list[str]:
    with acting.read() as work:
        return list(work.session.scalars(select(AuditEvent.action).order_by(AuditEvent.id)))


@pytest.fixture
def key(signed_in: SignIn) -> SoftKey:
    """Of Alice."""
    made = SoftKey(counts=True)
    add(signed_in("alice"), made)
    return made


def test_a6_the_first_passkey_brings_recovery_codes_and_the_second_does_not(app: Flask, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    page = add(alice, SoftKey())
    codes = codes_on(page)
    assert len(codes) == 10
    assert codes_on(alice.open(page.path)) == codes  # a reload does not take them away
    assert page.submit("Ik heb ze bewaard").path == ACCOUNT
    assert alice.open(page.path).path == ACCOUNT
    page = add(alice, SoftKey(), "Laptop")
    assert page.path == ACCOUNT
    assert "10 herstelcodes" in page.text()
    assert "Telefoon" in page.text()
    assert "Laptop" in page.text()


def test_a4_a_passkey_is_what_the_second_step_asks(make_app: Callable[..., Flask], cast: Cast) -> None:
    app = make_app(require_second_factor=True)
    for name, start in (("alice", "/portaal"), ("support", "/support/aanvragen")):
        visitor = Visitor(app.test_client())
        assert visitor.sign_in(cast.mail(name), cast.password).path == f"{ACCOUNT}/tweede-stap"
        key = SoftKey()
        add(visitor, key)
        assert visitor.open(start).path == start
        page = half(app, cast, name)
        assert send(page, key.get(ask(page, "/inloggen/code/vraag"))).path == start


def test_a9_a_passkey_signs_in_by_itself_in_a_new_session(app: Flask, acting: Acting, key: SoftKey) -> None:
    visitor = Visitor(app.test_client())
    before = visitor.open("/inloggen").visitor.client.get_cookie("portaal")
    assert enter(visitor, key).path == "/portaal"
    thief = app.test_client()
    thief.set_cookie("portaal", before.value if before else "")
    assert Visitor(thief).open("/portaal").path == "/inloggen"
    assert acts(acting)[-1] == "session.started"
    assert "nog niet" not in visitor.open(ACCOUNT).text()  # last used


def test_a_passkey_that_did_not_check_who_holds_it_is_a_second_step_only(app: Flask, cast: Cast, key: SoftKey) -> None:
    key.verifies = False
    assert "werkt hier niet" in enter(Visitor(app.test_client()), key, status=422).text(".error-summary")
    page = half(app, cast)
    assert send(page, key.get(ask(page, "/inloggen/code/vraag"))).path == "/portaal"


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
    send(first, answer, status=422) if key.count < 0 else None
    second = key.get(ask(first, "/inloggen/passkey/vraag"))
    assert send(first, second).path == "/portaal"
    again = Visitor(app.test_client()).open("/inloggen")
    ask(again, "/inloggen/passkey/vraag")
    send(again, second, status=422)
    page = half(app, cast)  # asked for the second step, given for signing in
    send(again, key.get(ask(page, "/inloggen/code/vraag")), status=422)


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


@pytest.mark.parametrize(
    "answer",
    ["", "x", "{}", "[]", "null", "1", '{"rawId": 1}', "[" * 9000, '{"rawId":"\\ud800","response":{}}', "a" * 30_000],
)
def test_d6_what_is_no_answer_is_refused_in_words(app: Flask, cast: Cast, key: SoftKey, answer: str) -> None:
    page = Visitor(app.test_client()).open("/inloggen")
    assert send(page, answer, status=422).has(".error-summary")


@pytest.mark.parametrize(
    "part", ["clientDataJSON", "authenticatorData", "signature", "userHandle", "attestationObject"]
)
@pytest.mark.parametrize("value", [None, 7, "", "%%%", "AAAA", {"a": 1}])
def test_d6_an_answer_with_a_part_of_nonsense_is_refused(
    app: Flask, signed_in: SignIn, key: SoftKey, part: str, value: Any
) -> None:
    page = Visitor(app.test_client()).open("/inloggen")
    asked = ask(page, "/inloggen/passkey/vraag")
    if part != "attestationObject":
        send(page, key.get(asked, **{part: value}), status=422)
    page = signed_in("charlie").open(ADD)
    if part in ("clientDataJSON", "attestationObject"):
        made = SoftKey().create(ask(page, f"{ADD}/vraag"), **{part: value})
        send(page, made, name="Telefoon", status=422)


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


def test_a10_adding_and_taking_away_ends_the_other_sessions_and_is_mailed(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    here, there = signed_in("alice"), signed_in("alice")
    key = SoftKey()
    codes = codes_on(add(here, key))
    assert there.open("/portaal").path == "/inloggen"
    there = enter(Visitor(app.test_client()), key).visitor
    page = here.open(ACCOUNT).follow("Verwijder : passkey Telefoon")
    assert "laatste tweede stap" in page.text()
    page = page.submit("Haal weg", {"code": codes[0]})
    assert page.path == ACCOUNT
    assert "Nu is je wachtwoord genoeg" in page.text()
    assert there.open("/portaal").path == "/inloggen"
    enter(Visitor(app.test_client()), key, status=422)
    assert {"passkey.added", "passkey.removed"} <= set(acts(acting))
    with acting.read() as work:
        mails = work.session.scalars(select(OutboxMail).where(OutboxMail.mail == "tweede_stap")).all()
    assert [mail.recipient for mail in mails] == [cast.mail("alice")] * 2


def test_a_passkey_is_taken_away_with_a_proof_only(signed_in: SignIn) -> None:
    alice, key = signed_in("alice"), SoftKey()
    add(alice, key)
    page = alice.open(ACCOUNT).follow("Verwijder : passkey Telefoon")
    assert page.submit("Haal weg", {"code": ""}, status=422).text(".error-summary li") == "Vul een code in."
    page.submit("Haal weg", {"code": "0000-0000-0000-0000"}, status=422)
    assert send(page, key.get(ask(page, "/bevestigen/vraag"))).path == ACCOUNT
    alice.open(page.path, status=404)


def test_b2_the_passkey_of_somebody_else_is_a_missing_one(acting: Acting, signed_in: SignIn, key: SoftKey) -> None:
    with acting.read() as work:
        number = work.session.scalars(select(Passkey.id)).one()
    charlie = signed_in("charlie")
    own = SoftKey()
    add(charlie, own)
    charlie.open(f"{ADD}/{number}/verwijderen", status=404)
    page = charlie.open(ACCOUNT).follow("Verwijder : passkey Telefoon")
    send(page, key.get(ask(page, "/bevestigen/vraag")), status=422)  # somebody else's key proves nothing


@pytest.mark.parametrize("path", [ADD, f"{ACCOUNT}/tweede-stap", f"{ACCOUNT}/tweede-stap/uit"])
def test_a12_an_old_sign_in_is_asked_again_and_a_passkey_answers(
    app: Flask, acting: Acting, cast: Cast, key: SoftKey, path: str
) -> None:
    alice = enter(Visitor(app.test_client()), key).visitor
    alice.open(path)
    grow_old(acting)
    page = alice.open(path)
    assert page.path == "/bevestigen"
    before = alice.client.get_cookie("portaal")
    key.verifies = False
    send(page, key.get(ask(page, "/bevestigen/vraag")), status=422)
    key.verifies = True
    assert send(page, key.get(ask(page, "/bevestigen/vraag"))).path == path
    assert before != alice.client.get_cookie("portaal")


def test_the_same_key_is_added_once(acting: Acting, signed_in: SignIn) -> None:
    alice, key = signed_in("alice"), SoftKey()
    add(alice, key)
    page = alice.open(ADD)
    asked = ask(page, f"{ADD}/vraag")
    assert len(asked["excludeCredentials"]) == 1
    assert "al toegevoegd" in send(page, key.create(asked), name="Nog een", status=422).text(".error-summary")
    made = SoftKey().create(ask(page, f"{ADD}/vraag"))
    assert send(page, made, name="Laptop").path == ACCOUNT
    send(page, made, name="Laptop", status=422)  # a second click


def test_who_lost_access_does_not_get_in_with_a_passkey(app: Flask, acting: Acting, cast: Cast, key: SoftKey) -> None:
    with acting.begin() as work:
        work.session.get_one(User, cast.actors["alice"].user_id).disabled_at = work.now
    enter(Visitor(app.test_client()), key, status=422)


def test_remove_factor_takes_passkeys_and_codes(app: Flask, acting: Acting, cast: Cast, key: SoftKey) -> None:
    assert second_step.remove(acting, cast.mail("alice"))
    assert Visitor(app.test_client()).sign_in(cast.mail("alice"), cast.password).path == "/portaal"
    enter(Visitor(app.test_client()), key, status=422)
    assert not second_step.remove(acting, cast.mail("alice"))


def test_the_name_of_a_person_for_passkeys_is_random_and_stays(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    page = alice.open(ADD)
    handles = {ask(page, f"{ADD}/vraag")["user"]["id"] for _ in range(3)}
    assert len(handles) == 1
    assert ask(signed_in("bob").open(ADD), f"{ADD}/vraag")["user"]["id"] not in handles


def test_the_site_comes_from_the_settings_and_never_from_a_request(visitor: Visitor, settings: Settings) -> None:
    visitor.headers = {"Host": "evil.example"}
    page = visitor.open("/inloggen")
    token = page.soup.select_one("main [name=csrf_token]")
    answer = visitor.client.post(
        "/inloggen/passkey/vraag", data={"csrf_token": token["value"] if token else ""}, headers=visitor.headers
    )
    assert json.loads(answer.get_data())["rpId"] == "localhost"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://Portaal.example", ("portaal.example", "https://portaal.example")),
        ("https://portaal.example:443", ("portaal.example", "https://portaal.example")),
        ("https://portaal.example:8443", ("portaal.example", "https://portaal.example:8443")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("http://127.0.0.1:8000", None),
        ("http://[::1]:8000", None),
    ],
)
def test_a_site_has_a_name(address: str, expected: tuple[str, str] | None) -> None:
    class Only:
        base_url = address

    found = site(Only())  # type: ignore[arg-type]
    assert (found and (found.id, found.origin)) == expected


def test_where_passkeys_cannot_work_the_pages_say_so(make_app: Callable[..., Flask], cast: Cast) -> None:
    visitor = Visitor(make_app(base_url="http://127.0.0.1:8000").test_client())
    assert not visitor.open("/inloggen").has("[data-passkey]")
    visitor.sign_in(cast.mail("alice"), cast.password)
    assert "alleen op een webadres met een naam" in visitor.open(ACCOUNT).text()
    visitor.open(ADD, status=409)


def test_a_question_is_asked_of_a_session_that_waits_only(app: Flask, visitor: Visitor) -> None:
    ask(visitor.open("/inloggen"), "/inloggen/code/vraag", 404)


def test_a_full_set_takes_no_more(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    page = alice.open(ADD)
    own = cast.actors["alice"].user_id
    with acting.begin() as work:
        work.session.add_all(
            Passkey(
                user_id=own, credential_id=bytes([n]), public_key=b"x", sign_count=0, transports="", name=f"Sleutel {n}",
                created_at=work.now,
            )
            for n in range(passkeys.MOST)
        )  # fmt: skip
    ask(page, f"{ADD}/vraag", 303)  # a second step was added: this session has not shown it
    with pytest.raises(InvalidInput):
        passkeys.add(acting.as_actor(cast.actors["alice"]), "x", "Nog een", "{}")
