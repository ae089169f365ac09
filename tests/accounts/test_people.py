"""Colleagues: other roles, taking access away, inviting again (B3, B4, A12)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal.accounts import invite, people
from portal.accounts.models import OneTimeLink, User
from portal.kernel.clock import machine_now
from portal.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, PortalError
from portal.kernel.work import Acting, Role
from portal.settings import Settings
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.integrations import flow

SignedIn = Callable[[str], Visitor]
BASE = "/portaal/bedrijf/gebruikers"


def user_of(acting: Acting, cast: Cast, name: str) -> User:
    with acting.read() as work:
        return work.session.get_one(User, cast.actors[name].user_id)


def number(cast: Cast, name: str) -> int:
    return cast.actors[name].user_id or 0


def beheerders(acting: Acting, cast: Cast) -> list[str]:
    with acting.read() as work:
        own = (User.organisation_id == cast.actors["alice"].organisation_id) & User.disabled_at.is_(None)
        return list(work.session.scalars(select(User.email).where(own, User.role == Role.BEHEERDER).order_by(User.id)))


def test_b4_another_role_holds_from_the_next_request_on(
    acting: Acting, cast: Cast, signed_in: SignedIn, settings: Settings, worker: Callable[[], int]
) -> None:
    alice, bob, old = signed_in("alice"), signed_in("bob"), Visitor(signed_in("bob").client)
    old.open("/portaal/uren")
    page = alice.open(BASE).follow("Wijzig Bob Bes").submit("Wijzig rol", {"role": "accountant"})
    assert "De rol is gewijzigd" in page.text()
    assert "Accountant" in page.text()
    assert bob.open("/portaal/uren").path == "/inloggen"
    assert old.open("/portaal/uren").path == "/inloggen"
    signed_in("bob").open("/portaal/uren", status=403)
    worker()
    sent = flow.mails(settings)
    assert [mail.to for mail in sent] == ["bob@dezon.example"]  # Alice is the only beheerder, and did it herself
    assert "Alice Appel heeft je rol gewijzigd van urenverwerker in accountant" in sent[0].text


def test_b4_removing_ends_sessions_and_every_link_of_the_person(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignedIn, settings: Settings, worker: Callable[[], int]
) -> None:
    people.change_role(acting.as_actor(cast.actors["alice"]), number(cast, "bob"), Role.BEHEERDER)
    bob, alice = signed_in("bob"), signed_in("alice")
    bob.open(f"{BASE}/uitnodigen").submit("Verstuur uitnodiging", {"email": "vriend@x.example", "role": "beheerder"})
    Visitor(app.test_client()).open("/wachtwoord-vergeten").submit(
        "Stuur me een link", {"email": cast.mail("bob")}, status=200
    )
    worker()
    links = [word for mail in flow.mails(settings) for word in mail.text.split() if "/uitnodiging/" in word]
    links += [word for mail in flow.mails(settings) for word in mail.text.split() if "/wachtwoord/" in word]
    assert len(links) == 2
    for link in links:
        Visitor(app.test_client()).open(link.removeprefix("http://localhost"))
    alice.open(BASE).follow("Wijzig Bob Bes").submit("Trek toegang in")
    assert bob.open("/portaal").path == "/inloggen"
    for link in links:
        Visitor(app.test_client()).open(link.removeprefix("http://localhost"), status=404)
    worker()
    assert "heeft je toegang ingetrokken" in flow.mails(settings)[-1].text


def test_the_other_beheerders_hear_of_it(
    acting: Acting, cast: Cast, settings: Settings, worker: Callable[[], int]
) -> None:
    alice = acting.as_actor(cast.actors["alice"])
    people.change_role(alice, number(cast, "bob"), Role.BEHEERDER)
    people.change_role(alice, number(cast, "eva"), Role.BEHEERDER)
    worker()
    told = [(mail.to, "Eva Eik" in mail.text, "Dat deed Alice Appel" in mail.text) for mail in flow.mails(settings)]
    assert told == [
        ("bob@dezon.example", False, False), ("eva@kantoor.example", True, False), ("bob@dezon.example", True, True),
    ]  # fmt: skip


def test_b3_nobody_changes_themselves_and_one_beheerder_stays(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    own = f"{BASE}/{number(cast, 'alice')}"
    assert "Dit ben je zelf" in alice.open(own).text()
    alice.post(f"{own}/rol", {"role": "urenverwerker", **flow.csrf(alice)}, status=409)
    alice.post(f"{own}/intrekken", flow.csrf(alice), status=409)
    assert beheerders(acting, cast) == ["alice@dezon.example"]


def test_b3_the_last_beheerder_is_kept_also_when_the_one_who_asks_would_not_count(acting: Acting, cast: Cast) -> None:
    """The check itself, for a beheerder who acts on the last one: with themselves gone nobody could mend it."""
    alice = acting.as_actor(cast.actors["alice"])
    people.change_role(alice, number(cast, "bob"), Role.BEHEERDER)
    bob = acting.as_actor(cast.actors["bob"])
    people.remove(bob, number(cast, "alice"))
    for act in (lambda: people.remove(alice, number(cast, "bob")),
                lambda: people.change_role(alice, number(cast, "bob"), Role.ACCOUNTANT)):  # fmt: skip
        with pytest.raises(Forbidden, match="geen beheerder meer"):
            act()
    assert beheerders(acting, cast) == ["bob@dezon.example"]


@pytest.mark.parametrize("way", ["remove", "demote"])
def test_b3_two_beheerders_who_take_each_other_away_at_once_leave_one(acting: Acting, cast: Cast, way: str) -> None:
    """In every round one is through and the other is told that they are no beheerder any more."""
    for _round in range(5):
        with acting.begin() as work:
            for name in ("alice", "bob"):
                user = work.session.get_one(User, cast.actors[name].user_id)
                user.role, user.disabled_at = Role.BEHEERDER, None
        start = threading.Barrier(2)
        refused: list[str] = []

        def strike(who: str, whom: str, start: threading.Barrier = start, refused: list[str] = refused) -> None:
            start.wait()
            try:
                if way == "remove":
                    people.remove(acting.as_actor(cast.actors[who]), number(cast, whom))
                else:
                    people.change_role(acting.as_actor(cast.actors[who]), number(cast, whom), Role.URENVERWERKER)
            except PortalError as error:
                refused.append(error.message)

        threads = [threading.Thread(target=strike, args=pair) for pair in (("alice", "bob"), ("bob", "alice"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(beheerders(acting, cast)) == 1
        assert refused == ["Je bent geen beheerder meer. Vraag een andere beheerder."]


def test_b2_people_of_another_organisation_do_not_exist(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    alice, bob = signed_in("alice"), acting.as_actor(cast.actors["bob"])
    link = invite.invite(acting, "x@anders.example", Role.BEHEERDER, "Café Anders")
    assert link
    with acting.read() as work:
        strange = work.session.scalars(select(OneTimeLink.id)).one()
    for user_id in (number(cast, "charlie"), number(cast, "support"), 99_999):
        alice.open(f"{BASE}/{user_id}", status=404)
        for act in ("rol", "intrekken", "opnieuw-uitnodigen"):
            alice.post(f"{BASE}/{user_id}/{act}", {"role": "accountant", **flow.csrf(alice)}, status=404)
    for act in ("opnieuw", "intrekken"):
        alice.post(f"{BASE}/uitnodigingen/{strange}/{act}", flow.csrf(alice), status=404)
    assert user_of(acting, cast, "charlie").disabled_at is None
    for refused in (lambda: people.remove(bob, number(cast, "alice")),
                    lambda: people.change_role(bob, number(cast, "bob"), Role.BEHEERDER),
                    lambda: invite.invite_colleague(bob, "x@y.example", Role.BEHEERDER)):  # fmt: skip
        with pytest.raises(Forbidden):
            refused()


@pytest.mark.parametrize("role", ["support", "", "baas", "BEHEERDER"])
def test_b5_a_role_that_is_not_on_the_form_is_refused(
    acting: Acting, cast: Cast, signed_in: SignedIn, role: str
) -> None:
    alice = signed_in("alice")
    here = f"{BASE}/{number(cast, 'bob')}"
    page = alice.post(f"{here}/rol", {"role": role, "organisation_id": "2", **flow.csrf(alice)}, status=422)
    assert page.has(".error-summary")
    bob = user_of(acting, cast, "bob")
    assert (bob.role, bob.organisation_id) == (Role.URENVERWERKER, cast.actors["alice"].organisation_id)
    with pytest.raises(InvalidInput):
        people.change_role(acting.as_actor(cast.actors["alice"]), number(cast, "bob"), Role.SUPPORT)


def test_a12_rights_of_others_ask_for_a_recent_sign_in(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    alice, bob = signed_in("alice"), number(cast, "bob")
    token = flow.csrf(alice)
    with time_machine.travel(machine_now() + timedelta(minutes=16)):
        assert alice.open(BASE).path == BASE
        for path in (f"{BASE}/uitnodigen", f"{BASE}/{bob}"):
            assert alice.open(path).path == "/bevestigen"
        for path in (f"{BASE}/{bob}/intrekken", f"{BASE}/{bob}/rol", f"{BASE}/uitnodigen"):
            values = {"role": "beheerder", "email": "x@y.example", **token}
            assert alice.post(path, values).path == "/bevestigen"
        page = alice.open(f"{BASE}/{bob}").submit("Bevestig", {"password": cast.password})
        assert page.path == f"{BASE}/{bob}"
        page.submit("Trek toegang in")
    assert user_of(acting, cast, "bob").disabled_at is not None
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).select_from(OneTimeLink)) == 0


def test_an_invitation_is_sent_again_also_when_it_is_too_old(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignedIn, settings: Settings, worker: Callable[[], int]
) -> None:
    alice = signed_in("alice")
    form = alice.open(f"{BASE}/uitnodigen")
    form.submit("Verstuur uitnodiging", {"email": "kantoor@x.example", "role": "accountant"})
    worker()
    with time_machine.travel(machine_now() + timedelta(days=8)):
        alice = signed_in("alice")
        page = alice.open(BASE)
        assert "verlopen" in page.text()
        assert "opnieuw onderweg" in page.submit("Stuur opnieuw : uitnodiging van kantoor@x.example").text()
        assert "verlopen" not in alice.open(BASE).text()
        worker()
        first, again = (next(word for word in mail.text.split() if "/uitnodiging/" in word)
                        for mail in flow.mails(settings))  # fmt: skip
        Visitor(app.test_client()).open(first.removeprefix("http://localhost"), status=404)
        guest = Visitor(app.test_client())
        joined = guest.open(again.removeprefix("http://localhost"))
        assert "Accountant" in joined.text()
        joined.submit("Maak account", {"name": "Anja", "password": "een heel nieuw lang wachtwoord"})
        worker()
    last = flow.mails(settings)[-1]
    assert (last.to, "Anja (kantoor@x.example) heeft de uitnodiging aangenomen" in last.text) == (
        "alice@dezon.example", True,
    )  # fmt: skip
    with pytest.raises(NotFound):
        invite.invite_again(acting.as_actor(cast.actors["alice"]), 2)  # it was used


def test_somebody_who_left_is_invited_back_with_a_role(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    people.remove(acting.as_actor(cast.actors["alice"]), number(cast, "bob"))
    people.remove(acting.as_actor(cast.actors["alice"]), number(cast, "bob"))  # safe to call twice
    page = signed_in("alice").open(BASE).follow("Nodig opnieuw uit Bob Bes")
    with pytest.raises(Conflict):
        people.change_role(acting.as_actor(cast.actors["alice"]), number(cast, "bob"), Role.ACCOUNTANT)
    assert "onderweg" in page.submit("Verstuur uitnodiging", {"role": "accountant"}).text()
    with acting.read() as work:
        assert work.session.scalars(select(OneTimeLink.role)).one() is Role.ACCOUNTANT


def test_an_address_of_another_organisation_is_refused_with_what_to_do(signed_in: SignedIn, cast: Cast) -> None:
    form = signed_in("alice").open(f"{BASE}/uitnodigen")
    values = {"email": cast.mail("charlie"), "role": "accountant"}
    refused = form.submit("Verstuur uitnodiging", values, status=422).text(".error-summary")
    assert "hoort bij één organisatie" in refused
    assert "ander adres" in refused
    known = form.submit("Verstuur uitnodiging", {"email": cast.mail("bob")}, status=422).text(".error-summary")
    assert "Wijzig de rol" in known
