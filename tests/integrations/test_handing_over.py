"""J5: a token is checked, reviewed, and only then sent; until then it can be cancelled, and it does not stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from portal.accounts.models import WebSession
from portal.audit.models import AuditEvent
from portal.integrations import drafts, strongbox
from portal.integrations.models import Credential, CredentialKey, CredentialRequest, Koppeling, TokenDraft
from portal.integrations.providers.nmbrs.sandbox_world import (
    DEMO_TOKEN,
    DEMO_USER,
    ONE_DEBTOR_TOKEN,
    ONE_DEBTOR_USER,
    READ_ONLY_TOKEN,
    READ_ONLY_USER,
    demo_world,
)
from portal.integrations.setup import choose_company
from portal.kernel.work import Acting
from portal.notifications.models import OutboxMail
from portal.sandbox.server import running
from tests.browse import Page, Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_nmbrs, hand_over
from tests.integrations import flow
from tests.integrations.flow import NMBRS, REVIEW
from tests.integrations.test_states import at_once

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SEND, CANCEL = f"{NMBRS}/activeren/versturen", f"{NMBRS}/activeren/annuleren"
SignedIn = Callable[[str], Visitor]


def count(acting: Acting, table: type, *which: object) -> int:
    with acting.read() as work:
        return work.session.scalar(select(func.count()).select_from(table).where(*which)) or 0  # type: ignore[arg-type]


def nothing_left(acting: Acting) -> None:
    """Of a draft that was not sent: no data key, no sealed token, no address."""
    with acting.read() as work:
        rows = work.session.scalars(select(Credential)).all()
        assert rows
        assert {(row.sealed_token, row.email, row.domain, row.fingerprint) for row in rows} == {(None, "", "", "")}
    assert count(acting, CredentialKey) == count(acting, TokenDraft) == 0
    nothing_sent(acting)


def nothing_sent(acting: Acting) -> None:
    assert count(acting, CredentialRequest) == count(acting, Koppeling) == count(acting, OutboxMail) == 0


def acts(acting: Acting) -> list[str]:
    with acting.read() as work:
        told = select(AuditEvent.action).order_by(AuditEvent.id)
        return [act for act in work.session.scalars(told) if act.startswith(("credential.", "request."))]


def later(minutes: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + timedelta(minutes=minutes), tick=True)


def gone(page: Page) -> None:
    """It says so, and leads to the form."""
    assert page.status == 404
    assert page.text("h1") == "Er staat geen token klaar"
    assert page.codes() == {"token-staat-niet-klaar"}
    assert page.link("Vul de token opnieuw in") == f"{NMBRS}/activeren"


def test_j5_the_review_shows_what_was_found_and_nothing_was_sent(
    acting: Acting, signed_in: SignedIn, sandbox: str
) -> None:
    alice = signed_in("alice")
    page = flow.check(alice, READ_ONLY_TOKEN, READ_ONLY_USER)
    assert page.path == REVIEW
    assert page.text("h1") == "Controleer en verstuur"
    with acting.read() as work:
        credential = work.session.scalars(select(Credential)).one()
    for words in (READ_ONLY_USER, credential.fingerprint, "brasserie-zon", "De Zon Catering", "Alice Appel",
                  "Je aanvraag gaat dan naar support", "ontbreekt nog 1 recht", "niets verstuurd"):  # fmt: skip
        assert words in page.text(), words
    assert "CompanyService > HourModel_GetHourCodes" in page.text("#notitie")
    assert READ_ONLY_TOKEN not in page.answer.get_data(as_text=True)
    nothing_sent(acting)
    assert "Geen open aanvragen" in signed_in("support").open("/support/aanvragen").text()
    assert acts(acting) == ["credential.drafted"]
    page.submit("Verstuur")
    assert count(acting, CredentialRequest) == 1
    assert count(acting, TokenDraft) == 0
    assert acts(acting) == ["credential.drafted", "request.submitted"]


def test_j5_cancelling_destroys_the_token(acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    alice = signed_in("alice")
    page = flow.check(alice)
    assert count(acting, CredentialKey) == 1
    there = page.submit("Annuleren")
    assert "De token is vernietigd en er is niets verstuurd" in there.text("body")
    nothing_left(acting)
    assert acts(acting) == ["credential.drafted", "credential.destroyed", "credential.draft_cancelled"]
    gone(page.submit("Verstuur", status=404))
    gone(page.submit("Annuleren", status=404))
    gone(alice.open(REVIEW, status=404))
    flow.ask(alice)  # and it can be done again
    assert count(acting, CredentialRequest) == 1


def test_j5_clicks_at_the_same_moment_send_once(app: Flask, acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    """Of two people too; who is second hears the same."""
    alice = signed_in("alice")
    values = {"seen": flow.seen(flow.check(alice)), **flow.csrf(alice)}
    assert at_once(app, [(alice, SEND, values)] * 8) == [303] * 8
    assert count(acting, CredentialRequest) == 1
    assert acts(acting).count("request.submitted") == 1
    mails = count(acting, OutboxMail)
    assert "De aanvraag is naar support gestuurd." in alice.post(SEND, values).text("body")
    assert count(acting, OutboxMail) == mails


def test_j5_sending_and_cancelling_at_once_has_one_outcome(
    app: Flask, acting: Acting, signed_in: SignedIn, sandbox: str
) -> None:
    alice = signed_in("alice")
    for _ in range(8):
        values = {"seen": flow.seen(flow.check(alice)), **flow.csrf(alice)}
        sent, _cancelled = at_once(app, [(alice, SEND, values), (alice, CANCEL, values)])
        open_ = count(acting, CredentialRequest, CredentialRequest.state == "nieuw")
        keys = count(acting, CredentialKey)
        assert (sent, open_, keys) in {(303, 1, 1), (404, 0, 0)}
        assert count(acting, TokenDraft) == 0
        if open_:
            told = alice.post(CANCEL, values)
            assert "Annuleren kan niet meer" in told.text("body")
            told.submit("Trek aanvraag in")


def test_j5_after_an_hour_it_is_refused_and_the_worker_destroys_it(
    acting: Acting, signed_in: SignedIn, sandbox: str
) -> None:
    page = flow.check(signed_in("alice"))
    with later(59):
        drafts.tend(acting)
        alice = signed_in("alice")
        assert alice.open(REVIEW).status == 200
        assert "staat klaar tot" in alice.open(NMBRS).text()
    with later(61):
        alice = signed_in("alice")
        gone(alice.open(REVIEW, status=404))
        for address in (SEND, CANCEL):
            gone(alice.post(address, {"seen": flow.seen(page), **flow.csrf(alice)}, status=404))
        assert "staat klaar tot" not in alice.open(NMBRS).text()
        assert count(acting, CredentialKey) == 1
        drafts.tend(acting)
        drafts.tend(acting)
    nothing_left(acting)
    assert acts(acting) == ["credential.drafted", "credential.destroyed", "credential.draft_expired"]


def test_j5_a_newer_draft_takes_the_place_of_an_older_one(acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    """Who looked at the older one cannot send or cancel the newer one unseen."""
    alice = signed_in("alice")
    first = flow.check(alice)
    second = flow.check(signed_in("alice"), ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert count(acting, TokenDraft) == count(acting, CredentialKey) == 1
    assert acts(acting)[1:] == ["credential.destroyed", "credential.draft_replaced", "credential.drafted"]
    for button in ("Verstuur", "Annuleren"):
        there = first.submit(button)
        assert there.path == REVIEW
        assert there.codes("[role=status]") == {"token-intussen-veranderd"}
        assert ONE_DEBTOR_USER in there.text()
        nothing_sent(acting)
    second.submit("Verstuur")
    with acting.read() as work:
        row = work.session.scalars(select(Credential).where(Credential.sealed_token.is_not(None))).one()
        assert strongbox.take(work, row).reveal() == ONE_DEBTOR_TOKEN


def test_j5_nothing_is_sent_without_a_review(acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    alice = signed_in("alice")
    seen = flow.seen(flow.check(alice))
    number = seen.partition("-")[0]
    for wrong in ({}, {"seen": ""}, {"seen": number}, {"seen": f"{number}-vervangen"}, {"seen": f"{number}-x"},
                  {"seen": "x" * 5000}, {"seen": f"{number}-aanvragen\0"}):  # fmt: skip
        there = alice.post(SEND, {**wrong, **flow.csrf(alice)})
        assert "Er is niets verstuurd" in there.text("[role=status]")
        assert there.path == REVIEW
        nothing_sent(acting)


def test_j5_what_changed_meanwhile_is_reviewed_again(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    """Support activates the earlier request while its new token is looked at: sending would now do another thing."""
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    page = flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert "naar je lopende aanvraag bij support" in page.text()
    flow.take(support, acting).submit("Activeren")
    there = page.submit("Verstuur")
    assert there.path == REVIEW
    assert there.text("h1") == "Controleer de nieuwe token"
    assert "meteen in gebruik" in there.submit(flow.REPLACE).text("[role=status]")
    assert ONE_DEBTOR_USER in alice.open(NMBRS).text()


def test_j5_switching_off_destroys_what_waits(acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str) -> None:
    activate_nmbrs(acting, cast)
    alice = signed_in("alice")
    page = flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    alice.open(NMBRS).submit("Zet uit")
    assert count(acting, TokenDraft) == count(acting, CredentialKey) == 0
    gone(page.submit(flow.REPLACE, status=404))
    assert "staat uit" in alice.open(NMBRS).text()


def test_j5_withdrawing_the_request_destroys_what_waits(acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    alice = signed_in("alice")
    flow.ask(alice)
    page = flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    alice.open(NMBRS).submit("Trek aanvraag in")
    assert count(acting, TokenDraft) == count(acting, CredentialKey) == 0
    gone(page.submit("Verstuur", status=404))


def test_j5_the_token_in_use_stays_until_the_new_one_is_confirmed(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    activate_nmbrs(acting, cast)
    alice = signed_in("alice")
    with acting.read() as work:
        old = work.session.scalars(select(Koppeling)).one().credential_id
    page = flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert "De oude token wordt vernietigd" in page.text()
    with acting.read() as work:
        assert work.session.scalars(select(Koppeling)).one().credential_id == old
        assert work.session.get_one(Credential, old).sealed_token
    page.submit("Annuleren")
    with acting.read() as work:
        assert strongbox.take(work, work.session.get_one(Credential, old)).reveal() == DEMO_TOKEN
    flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER).submit(flow.REPLACE)
    with acting.read() as work:
        assert work.session.get_one(Credential, old).sealed_token is None
    assert count(acting, CredentialKey) == count(acting, CredentialRequest) == 1


def test_j5_the_review_names_the_venues_that_lose_their_company(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    """This login sees one debtor, and company 3303 is of another."""
    activate_nmbrs(acting, cast, company=None)
    choose_company(acting.as_actor(cast.actors["alice"]), "nmbrs", cast.venue("alice"), "3303")
    alice = signed_in("alice")
    assert "opnieuw kiezen" not in flow.check(alice).text()
    page = flow.check(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    assert "Het bedrijf van Brasserie De Zon is er niet bij" in page.text()
    assert "De Zon Catering" in alice.open(NMBRS).text()
    assert "Kies een bedrijf" in page.submit(flow.REPLACE).text()


def test_j5_another_environment_is_refused_at_the_form(
    acting: Acting, cast: Cast, signed_in: SignedIn, make_app: Callable[..., Flask], sandbox: str
) -> None:
    activate_nmbrs(acting, cast)
    alice, before = signed_in("alice"), flow.stored(acting)
    world = replace(demo_world(datetime.now(UTC).date()), subdomain="andere-omgeving")
    with running(world=world) as url:
        elsewhere = flow.entered(make_app(nmbrs_soap_url=f"{url}/nmbrs/soap/v3"), alice)
        assert "andere-omgeving" in flow.check(elsewhere, status=422).text(".error-summary")
    assert flow.stored(acting) == before


def test_j5_activated_meanwhile_in_another_environment(
    acting: Acting, signed_in: SignedIn, make_app: Callable[..., Flask], sandbox: str
) -> None:
    """The draft was made while nothing was active yet: it is refused at sending, and says why."""
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    world = replace(demo_world(datetime.now(UTC).date()), subdomain="andere-omgeving")
    with running(world=world) as url:
        flow.check(flow.entered(make_app(nmbrs_soap_url=f"{url}/nmbrs/soap/v3"), alice))
    flow.take(support, acting).submit("Activeren")
    before = flow.stored(acting)
    there = alice.open(REVIEW).submit(flow.REPLACE)
    assert there.codes("[role=status]") == {"koppeling-andere-omgeving"}
    assert flow.stored(acting) == before
    there.submit("Annuleren")
    assert "actief" in alice.open(NMBRS).text()


def test_j5_with_auto_activate_the_review_says_that_it_is_active_at_once(
    make_app: Callable[..., Flask], acting: Acting, signed_in: SignedIn, sandbox: str
) -> None:
    alice = flow.entered(make_app(auto_activate=True), signed_in("alice"))
    assert "gaat dan naar support" in flow.check(alice, READ_ONLY_TOKEN, READ_ONLY_USER).text()
    page = flow.check(alice)
    assert "De koppeling is dan meteen actief" in page.text()
    nothing_sent(acting)
    assert "De koppeling is actief." in page.submit("Verstuur").text("[role=status]")
    assert "Geactiveerd op" in alice.open(NMBRS).text()


def test_j5_b2_a_draft_is_of_its_organisation_and_its_beheerder(
    acting: Acting, signed_in: SignedIn, sandbox: str
) -> None:
    seen = flow.seen(flow.check(signed_in("alice")))
    before = flow.stored(acting)
    charlie = signed_in("charlie")
    gone(charlie.open(REVIEW, status=404))
    for address in (SEND, CANCEL):
        gone(charlie.post(address, {"seen": seen, **flow.csrf(charlie)}, status=404))
    for name in ("bob", "eva", "support"):
        person = signed_in(name)
        person.open(REVIEW, status=403)
        for address in (SEND, CANCEL):
            person.post(address, {"seen": seen, **flow.csrf(person)}, status=403)
    for name in ("bob", "eva", "charlie"):
        for address in (NMBRS, "/portaal/bedrijf/instellingen"):
            assert "nog niet verstuurd" not in signed_in(name).open(address).text()
    assert flow.stored(acting) == before


def test_j5_what_waits_is_shown_where_people_look(acting: Acting, signed_in: SignedIn, sandbox: str) -> None:
    alice = signed_in("alice")
    flow.check(alice)
    for address in (NMBRS, f"{NMBRS}/activeren", "/portaal/bedrijf/instellingen"):
        page = alice.open(address)
        assert "De token van Nmbrs is nog niet verstuurd" in page.text()
        assert page.link("Controleer de token") == REVIEW
    (mark,) = alice.open("/koppelingen/nmbrs").soup.select(".step-mark--next a")
    assert mark["href"] == REVIEW


@SQLITE
def test_j5_koppelingen_without_a_token_have_no_such_pages(signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    for key in ("connexie", "bestaat-niet"):
        place = f"{flow.BASE}/{key}/activeren"
        alice.open(f"{place}/controleren", status=404)
        for step in ("versturen", "annuleren"):
            alice.post(f"{place}/{step}", flow.csrf(alice), status=404)


def test_h1_the_trail_tells_of_it_in_words(acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str) -> None:
    alice = signed_in("alice")
    flow.check(alice).submit("Annuleren")
    flow.check(alice)
    flow.check(alice)
    with later(61):
        drafts.tend(acting)
        alice = signed_in("alice")
        page = alice.open("/portaal/bedrijf/logboek")
    for words in ("ingevuld, nog niet verstuurd", "geannuleerd", "een nieuwe ingevuld", "na een uur vernietigd"):
        assert words in page.text()
    assert "koppelportaal" in page.text()
    for secret in (DEMO_TOKEN, DEMO_USER):
        assert secret not in page.answer.get_data(as_text=True)


def test_h4_a_draft_that_was_sent_is_a_credential_as_any_other(acting: Acting, cast: Cast, sandbox: str) -> None:
    hand_over(acting.as_actor(cast.actors["alice"]))
    with later(90):
        assert drafts.forget(acting) == 0
    assert count(acting, CredentialKey) == 1


@SQLITE
def test_j5_a12_who_signs_in_again_comes_back_to_the_review(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    alice = signed_in("alice")
    page = flow.check(alice)
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=16)
    alice.headers["Referer"] = f"http://localhost{REVIEW}"
    asked = page.submit("Verstuur")
    nothing_sent(acting)
    there = asked.submit("Bevestig", {"password": cast.password})
    assert there.path == REVIEW
    there.submit("Verstuur")
    assert count(acting, CredentialRequest) == 1
