"""Passkeys (A4, A6, A7, A9, A10, A12): added, shown as the second step, in place of the password, taken away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import passkeys, second_step
from portal.accounts.models import Passkey, User
from portal.accounts.passkey_wire import site
from portal.kernel.errors import InvalidInput
from portal.kernel.work import Acting
from portal.notifications.models import OutboxMail
from tests.accounts.passkey_steps import ACCOUNT, ADD, SignIn, acts, add, ask, codes_on, enter, grow_old, half, send
from tests.accounts.soft_key import SoftKey
from tests.browse import Visitor
from tests.factories.people import Cast


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


def test_a10_adding_and_taking_away_ends_the_other_sessions_and_is_mailed(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    here, there = signed_in("alice"), signed_in("alice")
    key = SoftKey()
    codes = codes_on(add(here, key))
    assert there.open("/portaal").path == "/inloggen"
    there = enter(Visitor(app.test_client()), key).visitor
    add(here, SoftKey(), "Laptop")
    assert there.open("/portaal").path == "/inloggen"  # though it had shown a second step
    page = here.open(ACCOUNT).follow("Verwijder : passkey Laptop")
    send(page, key.get(ask(page, "/bevestigen/vraag")))
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
    assert [mail.recipient for mail in mails] == [cast.mail("alice")] * 4


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


def test_a_full_set_takes_no_more(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    page = alice.open(ADD)
    own = cast.actors["alice"].user_id
    with acting.begin() as work:
        work.session.add_all(
            Passkey(
                user_id=own, credential_id=bytes([n]), public_key=b"x", sign_count=0, transports="", name=f"Nr {n}",
                created_at=work.now,
            )
            for n in range(passkeys.MOST)
        )  # fmt: skip
    ask(page, f"{ADD}/vraag", 303)  # a second step was added: this session has not shown it
    with pytest.raises(InvalidInput):
        passkeys.add(acting.as_actor(cast.actors["alice"]), "x", "Nog een", "{}")
