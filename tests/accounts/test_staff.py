"""The head of support: who works at support, by the same rules as the people of a customer (B3, B4, A4)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts import people
from portal.accounts.invite import invite
from portal.accounts.models import User
from portal.kernel.errors import Conflict, Forbidden
from portal.kernel.work import Acting, Role
from portal.settings import Settings
from tests.accounts.test_links import link_in
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.integrations import flow

SignedIn = Callable[[str], Visitor]
BASE = "/portaal/bedrijf/gebruikers"


def heads(acting: Acting) -> list[str]:
    with acting.read() as work:
        who = (User.role == Role.SUPPORT_LEAD) & User.disabled_at.is_(None)
        return list(work.session.scalars(select(User.email).where(who).order_by(User.id)))


def make_head(acting: Acting, cast: Cast, name: str) -> None:
    people.change_role(acting.as_actor(cast.actors["lead"]), cast.actors[name].user_id or 0, Role.SUPPORT_LEAD)


def test_b3_a_head_sees_the_people_of_support_and_nobody_of_a_customer(cast: Cast, signed_in: SignedIn) -> None:
    lead = signed_in("lead")
    page = lead.open("/support/aanvragen").follow("Medewerkers")
    assert page.text("h1") == "Medewerkers"
    assert "Sam Support" in page.text()
    assert "Alice Appel" not in page.text()
    for name in ("alice", "bob", "charlie"):
        lead.open(f"{BASE}/{cast.actors[name].user_id}", status=404)
        lead.post(f"{BASE}/{cast.actors[name].user_id}/intrekken", flow.csrf(lead), status=404)
    signed_in("support").open(BASE, status=403)
    assert "Sam Support" not in signed_in("alice").open(BASE).text()


def test_b3_a_beheerder_reaches_nobody_of_support(cast: Cast, signed_in: SignedIn) -> None:
    alice, sam = signed_in("alice"), cast.actors["support"].user_id
    alice.open(f"{BASE}/{sam}", status=404)
    for end in ("rol", "intrekken", "opnieuw-uitnodigen"):
        alice.post(f"{BASE}/{sam}/{end}", {"role": "urenverwerker", **flow.csrf(alice)}, status=404)
    alice.post(f"{BASE}/{cast.actors['bob'].user_id}/rol", {"role": "supporthoofd", **flow.csrf(alice)}, status=422)


def test_a_head_invites_a_colleague_who_then_works_at_support(
    app: Flask, signed_in: SignedIn, settings: Settings, worker: Callable[[], int]
) -> None:
    lead = signed_in("lead")
    form = lead.open(BASE).follow("Nodig iemand uit")
    assert "Urenverwerker" not in form.text()
    sent = form.submit("Verstuur uitnodiging", {"email": "nieuw@portaal.example", "role": "support"})
    assert "De uitnodiging voor nieuw@portaal.example is onderweg." in sent.text()
    assert "nieuw@portaal.example" in sent.text()
    worker()
    fresh = Visitor(app.test_client())
    page = fresh.open(link_in(flow.mails(settings)[-1].text))
    page.submit("Maak account", {"name": "Nina Nieuw", "password": "vier andere kalme woorden"})
    fresh.sign_in("nieuw@portaal.example", "vier andere kalme woorden")
    fresh.open("/support/aanvragen")
    fresh.open("/support/logboek", status=403)
    refused = lead.open(f"{BASE}/uitnodigen")
    again = refused.submit("Verstuur uitnodiging", {"email": "x@portaal.example", "role": "beheerder"}, status=422)
    assert "Kies een van de mogelijkheden." in again.text()


def test_b4_who_is_removed_from_support_is_out_at_once(
    cast: Cast, signed_in: SignedIn, settings: Settings, worker: Callable[[], int]
) -> None:
    lead, sam = signed_in("lead"), signed_in("support")
    lead.open(BASE).follow("Wijzig Sam Support").submit("Trek toegang in")
    assert sam.open("/support/aanvragen").path == "/inloggen"
    worker()
    (mail,) = [one for one in flow.mails(settings) if one.to == cast.mail("support")]
    assert "Hanna Hoofd heeft je toegang ingetrokken" in mail.text


def test_b4_a_role_that_is_taken_away_closes_the_log(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    make_head(acting, cast, "support")
    sam = signed_in("support")
    sam.open("/support/logboek")
    signed_in("lead").open(BASE).follow("Wijzig Sam Support").submit("Wijzig rol", {"role": "support"})
    assert sam.open("/support/logboek").path == "/inloggen"
    signed_in("support").open("/support/logboek", status=403)


def test_b3_a_head_stays(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    lead, own = signed_in("lead"), f"{BASE}/{cast.actors['lead'].user_id}"
    assert "Een ander supporthoofd kan je rol wijzigen" in lead.open(own).text()
    lead.post(f"{own}/intrekken", flow.csrf(lead), status=409)
    assert heads(acting) == [cast.mail("lead")]


def test_b3_two_heads_who_remove_each_other_at_once_leave_one(acting: Acting, cast: Cast) -> None:
    make_head(acting, cast, "support")
    both = {name: acting.as_actor(cast.actors[name]) for name in ("lead", "support")}

    def remove(by: str, whom: str) -> None:
        with suppress(Forbidden, Conflict):
            people.remove(both[by], cast.actors[whom].user_id or 0)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(remove, ("lead", "support"), ("support", "lead")))
    assert len(heads(acting)) == 1


def test_the_command_line_makes_the_first_head(acting: Acting) -> None:
    assert "/uitnodiging/" in invite(acting, "eerste@portaal.example", Role.SUPPORT_LEAD)
    with pytest.raises(Exception, match="Support hoort bij geen organisatie"):
        invite(acting, "twee@portaal.example", Role.SUPPORT_LEAD, "Brasserie De Zon")
