"""The question "Was dit nuttig?" and the desk page of its answers, in real Chromium: axe, widths, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from portal.help import examples
from portal.kernel.work import Acting
from tests.factories.people import Cast
from tests.journeys.browser import Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LOOKS = ((320, False), (390, True), (768, False), (1280, True), (1280, False))
DESK = ("/support/uitleg", "/support/uitleg/opmerkingen", "/support/uitleg/gezocht")


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_a_reader_answers_on_every_screen(browser: Browser, site: str, width: int, dark: bool) -> None:
    person = Person(browser, site, width=width, dark=dark)
    person.open("/koppelingen/nmbrs")
    person.look("uitleg-nmbrs")
    person.click("Ja")
    person.look("nuttig-bedankt")
    person.click("Terug naar Nmbrs")
    person.click("Nee")
    person.look("nuttig-wat-miste-je")
    field = person.page.get_by_label("Je opmerking")
    field.fill("te lang " * 200)
    person.click("Verstuur")
    expect(person.page.locator(".error-summary")).to_be_focused()
    assert "599 tekens te lang" in person.text()
    assert field.input_value() == ("te lang " * 200).strip()  # J4
    person.look("nuttig-te-lang")
    field.fill("De knop heet in Nmbrs anders.")
    person.click("Verstuur")
    assert "Bedankt" in person.text()
    assert person.context.cookies() == []
    person.close()


def test_a_reader_without_script_answers_by_keyboard(browser: Browser, site: str) -> None:
    person = Person(browser, site, scripts=False)
    person.open("/koppelingen/connexie")
    nee = person.page.get_by_role("form", name="Was dit nuttig?").get_by_role("button", name="Nee")
    nee.focus()
    with person.page.expect_navigation():
        person.page.keyboard.press("Enter")
    assert "Wat miste je?" in person.text()
    with person.page.expect_navigation():
        person.page.get_by_role("button", name="Verstuur").press("Enter")
    assert "Bedankt" in person.text()
    assert person.context.cookies() == []
    person.close()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_the_desk_on_every_screen(
    browser: Browser, site: str, acting: Acting, cast: Cast, width: int, dark: bool
) -> None:
    person = Person(browser, site, width=width, dark=dark)
    person.sign_in(cast.mail("support"), cast.password)
    for path in DESK:
        person.open(path)
        person.look(f"leeg{path.replace('/', '-')}")
    with acting.begin() as work:
        examples.seed(work)
    for path in DESK:
        person.open(path)
        person.look(f"vol{path.replace('/', '-')}")
    person.open(DESK[0])
    person.page.locator(".trend__figures summary").first.click()
    person.look("vol-cijfers")
    person.click("Afgehandeld")
    assert "De opmerking is afgehandeld." in person.text()
    person.click("Opgelost")
    assert "reiskosten" not in person.text()
    person.look("vol-na-afhandelen")
    person.close()
