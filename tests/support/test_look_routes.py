"""Support looks along with a customer that said so: read only, a day at most, each page in the customer's trail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, text

from portal.accounts import looks
from portal.accounts.look_models import SupportLook
from portal.audit.models import AuditEvent
from portal.deliveries import service
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN
from portal.kernel.access import Audience, audience_of
from portal.kernel.clock import machine_now
from portal.kernel.errors import Forbidden, NotFound
from portal.kernel.work import Acting
from portal.tables import metadata
from tests.browse import Visitor
from tests.deliveries.stage import Stage
from tests.factories.people import Cast
from tests.integrations import flow

SignedIn = Callable[[str], Visitor]
PAGE = "/portaal/bedrijf/meekijken"
DESK = "/support/meekijken"
BSN = "123456782"
PASSWORD = "een wachtwoord van support zelf"


@pytest.fixture
def delivery(acting: Acting, cast: Cast, sandbox: str, worker: Callable[[], int]) -> int:
    """A delivery of one person to Nmbrs, that arrived."""
    stage = Stage(acting, cast, sandbox)
    stage.connect_nmbrs()
    stage.bring_hours()
    sent = service.send(stage.alice, stage.export("nmbrs"))
    worker()
    return sent


def pages(cast: Cast, delivery: int) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Each address of the look, with the name and facts that the trail gives it."""
    own, venue = cast.actors["alice"].organisation_id, cast.venue("alice")
    yield f"{DESK}/{own}", "overzicht", {}
    yield f"{DESK}/{own}/koppelingen/nmbrs", "koppeling", {"provider": "nmbrs"}
    people = {"provider": "nmbrs", "venue": venue}
    yield f"{DESK}/{own}/koppelingen/nmbrs/vestiging/{venue}/teamleden", "teamleden", people
    yield f"{DESK}/{own}/leveringen/{delivery}", "levering", {"delivery": delivery}


def seen(acting: Acting) -> list[tuple[str, int | None, dict[str, object]]]:
    with acting.read() as work:
        query = select(AuditEvent).where(AuditEvent.action == "look.support").order_by(AuditEvent.id)
        return [(one.actor, one.organisation_id, one.facts) for one in work.session.scalars(query)]


def test_b6_without_a_grant_support_sees_nothing_of_it(
    acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int
) -> None:
    support = signed_in("support")
    assert "Niemand laat je nu meekijken" in support.open(DESK).text()
    missing = support.client.get(f"{DESK}/99999").get_data()
    for path, _name, _facts in pages(cast, delivery):
        answer = support.client.get(path)
        assert (answer.status_code, answer.get_data()) == (404, missing)  # as an organisation that does not exist (B2)
    assert seen(acting) == []
    own = cast.actors["alice"].organisation_id or 0
    with pytest.raises(NotFound), looks.looking(acting.as_actor(cast.actors["support"]), own):
        pass
    for name in ("alice", "charlie", "eva"):
        with pytest.raises(Forbidden), looks.looking(acting.as_actor(cast.actors[name]), own):
            pass


def test_h1_every_page_that_support_opens_stands_in_the_trail_of_the_customer(
    acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    alice.open("/portaal/bedrijf").follow("Support laten meekijken").submit("Laat support meekijken")
    assert "Brasserie De Zon" in support.open(DESK).text()
    own = cast.actors["alice"].organisation_id
    for path, name, facts in pages(cast, delivery):
        page = support.open(path)
        assert "Je kijkt mee bij Brasserie De Zon tot" in page.text()
        assert seen(acting)[-1] == ("Sam Support", own, {"page": name, **facts})
        assert not page.soup.select("main form"), path  # nothing can be done
        for link in page.soup.select("main a[href]"):
            assert not str(link["href"]).startswith("/portaal"), (path, link["href"])
        body = page.answer.get_data(as_text=True)
        assert BSN not in body
        assert DEMO_TOKEN not in body
    assert "Sanne de Boer" in page.text()
    told = alice.open(PAGE).text()
    assert f"pagina: levering, levering: {delivery}" in told
    assert "Sam Support" in told
    assert "Support keek mee pagina: levering" in alice.open("/portaal/bedrijf/logboek?soort=inzage").text()
    assert "meekijken" not in signed_in("charlie").open("/portaal/bedrijf/logboek").text("table, .empty, main").lower()


def test_b4_it_ends_at_once_when_the_customer_says_so(
    acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    alice.open(PAGE).submit("Laat support meekijken")
    first = next(pages(cast, delivery))[0]
    support.open(first)
    alice.open(PAGE).submit("Stop meekijken")
    for path, _name, _facts in pages(cast, delivery):
        support.open(path, status=404)
    assert "Niemand laat je nu meekijken" in support.open(DESK).text()
    alice.post(f"{PAGE}/uit", flow.csrf(alice))  # twice is fine
    with acting.read() as work:
        acts = select(AuditEvent.action).where(AuditEvent.action.startswith("support.")).order_by(AuditEvent.id)
        assert list(work.session.scalars(acts)) == ["support.look_granted", "support.look_ended"]


def test_b4_it_ends_by_itself_after_a_day(cast: Cast, acting: Acting, signed_in: SignedIn, delivery: int) -> None:
    first = next(pages(cast, delivery))[0]
    looks.grant(acting.as_actor(cast.actors["alice"]))
    began = machine_now()
    for hours, status in ((23.9, 200), (24.1, 404)):
        with time_machine.travel(began + timedelta(hours=hours)):
            signed_in("support").open(first, status=status)
    with time_machine.travel(began + timedelta(hours=25)):
        assert "Laat support meekijken" in signed_in("alice").open(PAGE).text()
        looks.grant(acting.as_actor(cast.actors["alice"]))
        signed_in("support").open(first)


def test_two_clicks_are_one_grant_and_only_a_beheerder_gives_it(
    acting: Acting, cast: Cast, signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    for _click in range(2):
        alice.post(f"{PAGE}/aan", flow.csrf(alice))
    with acting.read() as work:
        assert work.session.scalar(select(func.count()).select_from(SupportLook)) == 1
    for name in ("bob", "eva"):
        signed_in(name).open(PAGE, status=403)
        with pytest.raises(Forbidden):
            looks.end(acting.as_actor(cast.actors[name]))


def test_b2_a_grant_opens_nothing_of_another_customer(
    acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int
) -> None:
    looks.grant(acting.as_actor(cast.actors["charlie"]))
    support, theirs = signed_in("support"), cast.actors["charlie"].organisation_id
    support.open(f"{DESK}/{theirs}")
    support.open(f"{DESK}/{theirs}/leveringen/{delivery}", status=404)
    venue = f"/koppelingen/nmbrs/vestiging/{cast.venue('alice')}/teamleden"
    assert support.client.get(f"{DESK}/{theirs}{venue}").status_code in (404, 409)
    assert "Levering" not in support.open(f"{DESK}/{theirs}").text("main").replace("leveringen", "")


def test_h2_what_cannot_be_noted_is_not_shown(acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int) -> None:
    looks.grant(acting.as_actor(cast.actors["alice"]))
    support = signed_in("support")
    with acting.begin() as work:
        work.session.execute(text("ALTER TABLE audit_event RENAME COLUMN actor TO weg"))
    for path, _name, _facts in pages(cast, delivery):
        support.client.get(path)
        answer = support.client.get(path)
        assert answer.status_code in (500, 503)
        assert "Sanne" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_look_has_no_address_that_changes_anything(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if str(rule).startswith(DESK)]
    assert len(rules) == 5
    assert all((rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"} for rule in rules)


def test_b6_support_sets_no_password_and_acts_as_no_customer(
    app: Flask, acting: Acting, cast: Cast, signed_in: SignedIn, delivery: int
) -> None:
    """Every address that takes a form of a customer, called by support while it may look: 403, and nothing changed."""
    looks.grant(acting.as_actor(cast.actors["alice"]))
    support = signed_in("support")
    token, before = flow.csrf(support), kept(acting)
    closed = [Audience.ORGANISATION, Audience.CUSTOMER, Audience.CODES, Audience.BEHEERDER]
    for rule in app.url_map.iter_rules():
        if "POST" in (rule.methods or set()) and audience_of(app.view_functions[rule.endpoint]) in closed:
            filled: dict[str, Any] = {name: delivery if name.endswith("_id") else "nmbrs" for name in rule.arguments}
            with app.test_request_context():
                path = app.url_for(rule.endpoint, **filled)
            values = {"password": PASSWORD, "role": "beheerder", "email": cast.mail("support"), **token}
            assert support.client.post(path, data=values).status_code == 403, path
    assert kept(acting) == before


def test_b6_a_password_of_somebody_else_is_on_no_form_of_support(
    acting: Acting, cast: Cast, signed_in: SignedIn
) -> None:
    """The one form of support that sets a password sets its own, whatever else is sent along (B5)."""
    support, bob = signed_in("support"), cast.actors["bob"].user_id
    extra = {"email": cast.mail("bob"), "username": cast.mail("bob"), "user_id": bob, "id": bob}
    values = {"current": cast.password, "password": PASSWORD, **extra, **flow.csrf(support)}
    support.post("/portaal/account", values)
    assert signed_in("bob").open("/portaal").path == "/portaal"  # with the password that Bob has
    assert Visitor(support.client).sign_in(cast.mail("support"), PASSWORD).path == "/support/aanvragen"


def kept(acting: Acting) -> dict[str, list[tuple[object, ...]]]:
    with acting.read() as work:
        tables = {name: table for name, table in metadata.tables.items() if name != "web_session"}
        return {name: [tuple(one) for one in work.session.execute(select(table).order_by(*table.primary_key))]
                for name, table in tables.items()}  # fmt: skip
