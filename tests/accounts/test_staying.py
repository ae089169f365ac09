"""A11: thirty minutes, twelve hours, a warning, and text of a form that survives signing in again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Note, OneTimeLink, PasskeyQuestion, Venue, WebSession
from portal.hours.models import TeamMember
from portal.kernel.access import kept_names
from portal.kernel.work import Acting
from portal.privacy.run import run
from tests.accounts.passkey_steps import ADD, ask
from tests.accounts.test_factor import code_of, turn_on
from tests.browse import Page, Visitor
from tests.factories.people import Cast

VENUES, PEOPLE = "/portaal/bedrijf/vestigingen", "/portaal/bedrijf/gebruikers"
SignIn = Callable[[str], Visitor]


def end_session(acting: Acting) -> None:
    """Half an hour of silence."""
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.seen_at -= timedelta(minutes=31)


def sent_late(page: Page, acting: Acting, button: str, values: dict[str, str]) -> Page:
    """The form of an open page, sent after the session ended; the page to sign in."""
    end_session(acting)
    page.visitor.headers["Referer"] = f"http://localhost{page.path}"
    found = page.submit(button, values)
    assert found.path == "/inloggen"
    page.visitor.headers.clear()
    return found


def sign_in(page: Page, cast: Cast, name: str = "alice") -> Page:
    return page.submit("Inloggen", {"email": cast.mail(name), "password": cast.password})


def value(page: Page, name: str) -> str:
    found = page.soup.select_one(f"main [name={name}]")
    assert found is not None
    return str(found.get("value", "")) if found.name == "input" else found.get_text()


def venues(acting: Acting) -> list[str]:
    with acting.read() as work:
        return list(work.session.scalars(select(Venue.name)))


def test_a11_what_was_typed_stands_there_again_and_nothing_was_done(
    acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    alice = signed_in("alice")
    page = sent_late(alice.open(VENUES), acting, "Voeg toe", {"name": "Strandpaviljoen Zuid"})
    assert "Wat je had ingevuld, is bewaard." in page.text()
    page = sign_in(page, cast)
    assert page.path == VENUES
    assert "Er is nog niets verstuurd" in page.text()
    assert value(page, "name") == "Strandpaviljoen Zuid"
    assert not page.has(".error-summary")
    assert "Strandpaviljoen Zuid" not in venues(acting)
    assert value(alice.open(VENUES), "name") == "Strandpaviljoen Zuid"  # a reload does not lose it
    alice.headers["Referer"] = f"http://localhost{VENUES}"
    page = page.submit("Voeg toe")
    assert "Strandpaviljoen Zuid" in venues(acting)
    assert value(page, "name") == ""
    with acting.read() as work:
        assert work.session.scalars(select(Note)).all() == []


def test_a11_also_with_a_second_step_between(acting: Acting, cast: Cast, signed_in: SignIn, time_machine: Any) -> None:
    alice = signed_in("alice")
    secret, _codes = turn_on(alice)
    page = alice.open(VENUES)
    time_machine.move_to(datetime.now(UTC) + timedelta(minutes=31), tick=True)
    alice.headers["Referer"] = f"http://localhost{VENUES}"
    page = sign_in(page.submit("Voeg toe", {"name": "Strandpaviljoen Zuid"}), cast)
    page = page.submit("Ga verder", {"code": code_of(secret)})
    assert value(page, "name") == "Strandpaviljoen Zuid"


def test_a11_somebody_else_sees_nothing_of_it(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    page = sent_late(signed_in("alice").open(VENUES), acting, "Voeg toe", {"name": "Strandpaviljoen Zuid"})
    page = sign_in(page, cast, "charlie")
    assert page.path == VENUES
    assert "Er is nog niets verstuurd" not in page.text()
    assert value(page, "name") == ""


def test_a11_another_browser_sees_nothing_of_it(app: Flask, acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    sent_late(signed_in("alice").open(VENUES), acting, "Voeg toe", {"name": "Strandpaviljoen Zuid"})
    assert value(signed_in("alice").open(VENUES), "name") == ""


def test_a11_a_form_without_a_page_of_its_own_goes_back_to_where_it_stood(
    acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    """The answer to support stands on the page of a koppeling."""
    alice = signed_in("alice")
    koppeling = "/portaal/bedrijf/koppelingen/nmbrs"
    token = alice.open(koppeling).soup.select_one("[name=csrf_token]")
    data = {"csrf_token": token["value"] if token else "", "text": "Het bedrijf is nummer 12."}
    end_session(acting)
    alice.headers["Referer"] = f"http://localhost{koppeling}"
    page = alice.post(f"{koppeling}/antwoord", data)
    assert sign_in(page, cast).path == koppeling
    with acting.read() as work:
        assert len(work.session.scalars(select(Note)).all()) == 1


def test_a11_c2_no_secret_is_kept(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    with acting.begin() as work:
        member = TeamMember(
            organisation_id=cast.actors["alice"].organisation_id, venue_id=cast.venue("alice"), name="Sanne de Boer",
            personnel_number="101", seal_row="a" * 32,
            created_at=work.now,
        )  # fmt: skip
        work.session.add(member)
        work.session.flush()
        path = f"/portaal/team/{member.id}"
    alice = signed_in("alice")
    page = alice.open(path)
    page = sign_in(sent_late(page, acting, "Bewaar", {"name": "Sanne Bakker", "bsn": "123456782"}), cast)
    assert value(page, "name") == "Sanne Bakker"
    assert value(page, "personnel_number") == "101"
    assert "123456782" not in str(page.soup)
    with acting.read() as work:
        (note,) = work.session.scalars(select(Note)).all()
    assert b"Sanne" not in note.sealed  # sealed


def test_a11_which_fields_are_kept_is_a_list_without_secrets(app: Flask) -> None:
    """A field is kept when a view names it: this list is what a reviewer reads."""
    found = {name: kept_names(view) for name, view in app.view_functions.items() if kept_names(view)}
    assert found == {
        "people.invite_": ("email", "role"),
        "accounts.venues": ("name",),
        "hours.import_hours": ("venue", "same_day", "after_export"),
        "hours.member": ("name", "email", "personnel_number"),
        "integrations.activate": ("email",),
        "integrations.answer": ("text",),
        "integrations.choose_codes": ("kind_*",),
        "integrations.choose_company": ("company",),
        "integrations.link_member": ("employee",),
        "support.ask": ("question",),
        "support.reject": ("reason",),
    }


def test_a11_kept_for_an_hour(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    page = sent_late(signed_in("alice").open(VENUES), acting, "Voeg toe", {"name": "Strandpaviljoen Zuid"})
    with acting.begin() as work:
        work.session.scalars(select(Note)).one().expires_at -= timedelta(hours=1)
    assert value(sign_in(page, cast), "name") == ""


def test_a12_inviting_asks_for_a_recent_sign_in_and_keeps_what_was_typed(
    acting: Acting, cast: Cast, signed_in: SignIn
) -> None:
    alice = signed_in("alice")
    page = alice.open(f"{PEOPLE}/uitnodigen")
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.authenticated_at -= timedelta(minutes=16)
    page = page.submit("Verstuur uitnodiging", {"email": "nieuw@dezon.example", "role": "beheerder"})
    assert page.path == "/bevestigen"
    page = page.submit("Bevestig", {"password": cast.password})
    assert page.path == f"{PEOPLE}/uitnodigen"
    assert value(page, "email") == "nieuw@dezon.example"
    assert page.has("[name=role][value=beheerder][checked]")
    with acting.read() as work:
        assert work.session.scalars(select(OneTimeLink)).all() == []
    assert "onderweg" in page.submit("Verstuur uitnodiging").text()


def test_a11_a_form_from_before_signing_in_again_is_no_dead_end(cast: Cast, signed_in: SignIn) -> None:
    """Two tabs: somebody signs in again in the one, and sends the form of the other."""
    alice = signed_in("alice")
    page = alice.open(VENUES)
    alice.open("/portaal").submit("Uitloggen")
    alice.sign_in(cast.mail("alice"), cast.password)
    alice.headers["Referer"] = f"http://localhost{VENUES}"
    page = page.submit("Voeg toe", {"name": "Strandpaviljoen Zuid"})
    assert page.path == VENUES
    assert "verstuur het nog een keer" in page.text()
    assert value(page, "name") == "Strandpaviljoen Zuid"


def test_d5_a_form_that_another_site_fills_in_is_not_kept(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    alice.open(VENUES)
    end_session(acting)
    for headers in ({"Referer": "http://kwaad.example/"}, {}):
        alice.headers = headers
        answer = alice.client.post(VENUES, data={"name": "Van een ander"}, headers=headers)
        assert answer.status_code == 303
    with acting.read() as work:
        assert work.session.scalars(select(Note)).all() == []


def test_the_sign_in_page_that_stood_open_is_no_dead_end(visitor: Visitor, cast: Cast) -> None:
    page = visitor.open("/inloggen")
    visitor.client.delete_cookie("portaal")
    visitor.open("/wachtwoord-vergeten")  # a new cookie
    visitor.headers["Referer"] = "http://localhost/inloggen"
    page = page.submit("Inloggen", {"email": cast.mail("bob"), "password": cast.password})
    assert "verstuur het nog een keer" in page.text()
    assert page.submit("Inloggen", {"email": cast.mail("bob"), "password": cast.password}).path == "/portaal"
    visitor.client.delete_cookie("portaal")
    answer = visitor.client.post("/inloggen", data={"email": "x"}, headers=visitor.headers)
    assert answer.status_code == 400  # without any cookie a redirect could tell nothing


def seconds(page: Page) -> tuple[int, int]:
    found = page.soup.select_one("dialog.stay")
    assert found is not None
    return int(str(found["data-left"])), int(str(found["data-longest"]))


def test_a11_a_page_knows_when_its_session_ends(acting: Acting, signed_in: SignIn, time_machine: Any) -> None:
    start = datetime.now(UTC)
    time_machine.move_to(start, tick=False)
    alice = signed_in("alice")
    assert seconds(alice.open(VENUES)) == (1800, 12 * 3600)
    time_machine.move_to(start + timedelta(minutes=4), tick=False)
    assert seconds(alice.open(VENUES)) == (26 * 60, 12 * 3600 - 240)
    time_machine.move_to(start + timedelta(minutes=29), tick=False)
    assert seconds(alice.open(VENUES))[0] == 1800
    for step in range(1, 25):
        time_machine.move_to(start + timedelta(minutes=29 + 28 * step), tick=False)
        page = alice.open(VENUES)
    assert seconds(page)[0] == seconds(page)[1]  # the twelve hours come first
    time_machine.move_to(start + timedelta(hours=12), tick=False)
    assert alice.open(VENUES).path == "/inloggen"


def test_a11_one_click_goes_on_and_works_as_a_plain_form_too(
    acting: Acting, signed_in: SignIn, time_machine: Any
) -> None:
    start = datetime.now(UTC)
    time_machine.move_to(start, tick=False)
    alice = signed_in("alice")
    page = alice.open(VENUES)
    token = page.soup.select_one("dialog.stay [name=csrf_token]")
    time_machine.move_to(start + timedelta(minutes=29), tick=False)
    answer = alice.client.post(
        "/portaal/account/ingelogd-blijven", data={"csrf_token": token["value"] if token else ""},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert (answer.status_code, answer.headers["X-Session-Left"]) == (204, "1800")
    time_machine.move_to(start + timedelta(minutes=58), tick=False)
    alice.headers["Referer"] = f"http://localhost{VENUES}"
    assert page.submit("Blijf ingelogd").path == VENUES
    alice.client.post("/portaal/account/ingelogd-blijven", data={})  # without a token nothing is extended
    time_machine.move_to(start + timedelta(minutes=89), tick=False)
    assert alice.open(VENUES).path == "/inloggen"


def test_what_is_over_is_forgotten_once_a_day(acting: Acting, cast: Cast, signed_in: SignIn) -> None:
    alice = signed_in("alice")
    turn_on(alice)
    ask(alice.open(ADD), f"{ADD}/vraag")
    with acting.begin() as work:
        for row in (*work.session.scalars(select(Note)), *work.session.scalars(select(PasskeyQuestion))):
            row.expires_at -= timedelta(hours=1)
    run(acting)
    with acting.read() as work:
        assert work.session.scalars(select(Note)).all() == []
        assert work.session.scalars(select(PasskeyQuestion)).all() == []
