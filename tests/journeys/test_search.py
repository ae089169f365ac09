"""The search box in real Chromium: the key /, suggestions by keyboard and by mouse, every width, light and dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.browser import Person

pytestmark = [
    pytest.mark.browser,
    pytest.mark.xdist_group("browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]
LOOKS = ((320, False), (390, True), (768, False), (1280, True))


def test_the_slash_and_the_arrows_lead_to_a_heading(browser: Browser, site: str) -> None:
    person = Person(browser, site)
    person.open("/koppelingen")
    box = person.page.get_by_role("combobox", name="Zoek in de uitleg")
    expect(box).to_have_attribute("aria-expanded", "false")
    person.page.keyboard.press("/")
    expect(box).to_be_focused()
    person.page.keyboard.type("api")
    option = person.page.get_by_role("option").first
    expect(option).to_contain_text("Je API-token vinden")
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(person.page.get_by_role("search").get_by_role("status")).to_contain_text("kies met de pijltjestoetsen")
    person.page.keyboard.press("ArrowDown")
    expect(box).to_have_attribute("aria-activedescendant", option.get_attribute("id") or "")
    expect(option).to_have_attribute("aria-selected", "true")
    person.look("suggesties")
    person.page.keyboard.press("Enter")
    expect(person.page).to_have_url(re.compile(r"/koppelingen/nmbrs#nmbrs-api-token$"))
    person.close()


def test_escape_closes_and_enter_searches(browser: Browser, site: str) -> None:
    person = Person(browser, site)
    person.open("/")
    box = person.page.get_by_role("combobox")
    box.click()
    person.page.keyboard.type("a/")  # inside a field the key is a letter
    expect(box).to_have_value("a/")
    box.fill("conex")
    expect(person.page.get_by_role("option").first).to_be_visible()
    person.page.keyboard.press("Escape")
    expect(person.page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("conex")
    person.page.keyboard.press("Enter")
    expect(person.page).to_have_url(re.compile(r"/zoeken\?q=conex$"))
    assert "Gezocht op “Connexie”" in person.text()
    person.close()


def test_the_mouse_chooses_and_few_letters_ask_nothing(browser: Browser, site: str) -> None:
    person = Person(browser, site)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url) if "suggesties" in request.url else None)
    person.open("/zoeken")
    box = person.page.get_by_role("combobox")
    box.fill("h")
    box.press_sequentially("orec", delay=5)
    person.page.get_by_role("option", name="Horecalonen").first.click()
    expect(person.page).to_have_url(re.compile(r"/koppelingen/horecalonen$"))
    assert [url.split("q=")[1] for url in asked] == ["horec"]
    person.close()


def test_the_key_can_be_turned_off(browser: Browser, site: str) -> None:
    """WCAG 2.1.4: a key of one sign must be the reader's choice."""
    person = Person(browser, site)
    person.open("/zoeken")
    person.page.get_by_role("button", name="Zet deze toets uit").click()
    person.open("/koppelingen")
    person.page.keyboard.press("/")
    expect(person.page.get_by_role("combobox")).not_to_be_focused()
    person.close()


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_every_answer_looks_right(browser: Browser, site: str, width: int, dark: bool) -> None:
    """J1"""
    person = Person(browser, site, width=width, dark=dark)
    for name, question in {"leeg": "", "typfout": "conexxie", "los": "connexie token", "niets": "zwembad"}.items():
        person.open(f"/zoeken?q={question}")
        person.look(f"zoeken-{name}")
    person.open("/koppelingen")
    narrow = person.page.get_by_role("link", name="Zoeken", exact=True)
    assert narrow.is_visible() == (width < 768)
    if narrow.is_visible():
        box = narrow.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44  # J2
    person.close()


def test_without_scripts_the_box_still_searches(browser: Browser, site: str) -> None:
    person = Person(browser, site, scripts=False)
    person.open("/koppelingen")
    person.page.get_by_label("Zoek in de uitleg").fill("token")
    person.page.get_by_label("Zoek in de uitleg").press("Enter")
    assert "gevonden" in person.text()
    person.close()
