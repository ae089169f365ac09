"""Signing in with real Chromium: its virtual authenticator holds the passkeys (A4, A11, J1, J3)."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from portal.accounts.models import WebSession
from portal.kernel.work import Acting
from portal.sandbox.server import QuietHandler
from tests.factories.people import Cast
from tests.journeys.browser import Person

pytestmark = [
    pytest.mark.browser, pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]  # fmt: skip
ACCOUNT, VENUES = "/portaal/account", "/portaal/bedrijf/vestigingen"
KEY = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def named(make_app: Callable[..., Flask]) -> Iterator[str]:
    """This application at an address with a name: browsers bind passkeys to names only."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    server = make_server("127.0.0.1", port, make_app(base_url=address), threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


class Device:
    """A virtual authenticator of Chromium (CDP domain WebAuthn) behind somebody's browser."""

    def __init__(self, person: Person) -> None:
        self.cdp = person.context.new_cdp_session(person.page)
        self.cdp.send("WebAuthn.enable")
        self.id: str = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]

    def keys(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": self.id})[
            "credentials"
        ]
        return found

    def answers(self, yes: bool) -> None:
        self.cdp.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self.id, "enabled": yes})
        self.cdp.send("WebAuthn.setUserVerified", {"authenticatorId": self.id, "isUserVerified": yes})


def add_passkey(alice: Person, cast: Cast, name: str = "Laptop") -> None:
    alice.sign_in(cast.mail("alice"), cast.password)
    alice.open(ACCOUNT)
    alice.click("Voeg een passkey toe")
    alice.page.get_by_label("Naam van deze passkey").fill(name)
    alice.look("passkey toevoegen")
    alice.click("Maak een passkey")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a4_a_passkey_is_made_and_signs_in_alone(
    browser: Browser, named: str, cast: Cast, width: int, dark: bool
) -> None:
    alice = Person(browser, named, width=width, dark=dark)
    device = Device(alice)
    add_passkey(alice, cast)
    assert "Bewaar je herstelcodes" in alice.text()
    alice.look("herstelcodes na passkey")
    alice.click("Ik heb ze bewaard")
    assert "nog niet" in alice.text()
    alice.look("account met passkey")
    (key,) = device.keys()
    assert key["isResidentCredential"]
    assert key["rpId"] == "localhost"
    device.answers(False)  # else the offer in the field is taken at once, before the button can be clicked
    alice.click("Uitloggen")
    alice.page.get_by_role("button", name="Inloggen met een passkey").wait_for()
    alice.look("inloggen met passkey")
    device.answers(True)
    alice.click("Inloggen met een passkey")
    assert alice.page.url == f"{named}/portaal"
    alice.open(ACCOUNT)
    assert "nog niet" not in alice.text()
    alice.page.get_by_role("link", name=re.compile("Verwijder.*passkey Laptop")).click()
    alice.look("passkey verwijderen")
    alice.click("Haal weg met je passkey")
    assert "Nu is je wachtwoord genoeg" in alice.text()
    alice.close()


def test_a4_a_passkey_after_the_password(browser: Browser, named: str, cast: Cast) -> None:
    alice = Person(browser, named, width=390)
    device = Device(alice)
    add_passkey(alice, cast)
    device.answers(False)
    alice.click("Uitloggen")
    alice.sign_in(cast.mail("alice"), cast.password)
    assert alice.page.url.startswith(f"{named}/inloggen/code")
    alice.look("tweede stap met passkey")
    device.answers(True)
    alice.click("Gebruik je passkey")
    assert alice.page.url == f"{named}/portaal"
    alice.close()


def test_j3_the_field_for_the_name_offers_passkeys(browser: Browser, named: str, cast: Cast) -> None:
    """With an authenticator that answers by itself the offer is taken as soon as the page asks."""
    alice = Person(browser, named)
    device = Device(alice)
    add_passkey(alice, cast)
    device.answers(False)
    alice.click("Uitloggen")
    assert "webauthn" in (alice.page.get_by_label("E-mailadres", exact=True).get_attribute("autocomplete") or "")
    alice.open("/koppelingen")  # no question is open here
    device.answers(True)
    alice.page.goto("/inloggen", wait_until="commit")  # the answer may come before the page is whole
    alice.page.wait_for_url(f"{named}/portaal")
    alice.close()


def test_what_goes_wrong_is_told_beside_the_button(browser: Browser, named: str, cast: Cast) -> None:
    alice = Person(browser, named, width=390)
    Device(alice)
    add_passkey(alice, cast)
    alice.open(f"{ACCOUNT}/passkey")
    alice.page.get_by_role("button", name="Maak een passkey").click()
    expect(alice.page.get_by_role("alert")).to_have_text("Op dit apparaat staat al een passkey voor je account.")
    alice.look("passkey dubbel")
    alice.close()


def test_without_scripts_the_page_says_what_passkeys_need(browser: Browser, named: str, cast: Cast) -> None:
    alice = Person(browser, named, scripts=False)
    alice.sign_in(cast.mail("alice"), cast.password)
    alice.open(f"{ACCOUNT}/passkey")
    assert "moeten scripts aanstaan" in alice.text()
    assert not alice.page.get_by_role("button", name="Maak een passkey").is_visible()
    alice.click("Gebruik een app met codes")
    assert "App met codes koppelen" in alice.text()
    alice.close()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a11_a_warning_comes_before_the_end_and_one_key_goes_on(
    browser: Browser, named: str, cast: Cast, width: int, dark: bool
) -> None:
    alice = Person(browser, named, width=width, dark=dark)
    alice.page.clock.install()
    alice.sign_in(cast.mail("alice"), cast.password)
    alice.open(VENUES)
    field = alice.page.get_by_label("Naam van de vestiging")
    field.fill("Strandpaviljoen Zuid")
    warning = alice.page.get_by_role("alertdialog", name="Ben je er nog?")
    alice.page.clock.fast_forward("27:50")
    assert not warning.is_visible()
    alice.page.clock.fast_forward("00:15")
    expect(warning).to_be_visible()
    expect(alice.page.get_by_role("button", name="Blijf ingelogd")).to_be_focused()
    alice.look("waarschuwing voor uitloggen")
    with alice.page.expect_response("**/ingelogd-blijven") as answer:
        alice.page.keyboard.press("Enter")
    assert answer.value.status == 204
    expect(warning).to_be_hidden()
    expect(field).to_be_focused()
    expect(field).to_have_value("Strandpaviljoen Zuid")
    alice.page.clock.fast_forward("05:00")
    assert not warning.is_visible()
    alice.close()


def test_a11_after_the_end_the_text_survives_signing_in_again(
    browser: Browser, named: str, acting: Acting, cast: Cast
) -> None:
    alice = Person(browser, named)
    alice.page.clock.install()
    alice.sign_in(cast.mail("alice"), cast.password)
    alice.open(VENUES)
    alice.page.get_by_label("Naam van de vestiging").fill("Strandpaviljoen Zuid")
    alice.page.clock.fast_forward("31:00")
    with acting.begin() as work:
        for session in work.session.scalars(select(WebSession)):
            session.seen_at = session.created_at = work.now.replace(year=2020)
    expect(alice.page.get_by_role("alertdialog", name="Je bent uitgelogd")).to_be_visible()
    alice.look("je bent uitgelogd")
    alice.page.get_by_role("button", name="Sluit").click()
    alice.click("Voeg toe")
    assert "is bewaard" in alice.text()
    alice.look("inloggen na de tijd")
    alice.page.get_by_label("E-mailadres", exact=True).fill(cast.mail("alice"))
    alice.page.get_by_label("Wachtwoord", exact=True).fill(cast.password)
    alice.click("Inloggen")
    expect(alice.page.get_by_label("Naam van de vestiging")).to_have_value("Strandpaviljoen Zuid")
    alice.look("tekst staat er weer")
    alice.close()
