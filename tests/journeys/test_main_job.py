"""The whole main job in a real browser, against the demo as `make run` starts it.

Customer, then support, then customer: reads, signs in, hands over the token, is activated, sets up, imports,
checks, downloads, sends. J1, J4, G7 on the way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from portal.demo import ACCOUNTS, NMBRS_MAIL, NMBRS_TOKEN, PASSWORD
from tests.journeys import instructions
from tests.journeys.browser import Demo, Person, demo_running

BEHEERDER, URENVERWERKER, SUPPORT = (account[0] for account in ACCOUNTS[:3])
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo_running(tmp_path_factory.mktemp("demo") / "var") as running:
        yield running


def test_the_main_job_from_reading_to_receipt(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    beheerder = Person(browser, demo.url)
    reads_and_signs_in(beheerder)
    hands_over_the_token(beheerder)
    support_activates(Person(browser, demo.url))
    sets_up_nmbrs(beheerder)
    replaces_the_token(beheerder)
    urenverwerker = Person(browser, demo.url)
    urenverwerker.sign_in(URENVERWERKER, PASSWORD)
    imports_a_file(urenverwerker, demo.data / "voorbeeld-uren.csv")
    exports_and_downloads(urenverwerker, tmp_path)
    sends_and_follows(urenverwerker)
    activates_horecalonen(beheerder)
    after_that_the_export_offers_it(urenverwerker)
    assert mails(demo) >= 2
    instructions_hold(beheerder, urenverwerker)


def instructions_hold(beheerder: Person, urenverwerker: Person) -> None:
    """Issue 4, item 6: every menu path of the help pages can be walked, every button that they name is there."""
    for path in PAGES:
        beheerder.open(path)
        beheerder.read_words()
    paths = instructions.menu_paths(beheerder)
    assert len(paths) > 5
    beheerder.open("/portaal/bedrijf/koppelingen/horecalonen")
    switch_off(beheerder)
    for menu_path in paths:
        instructions.walk(beheerder, menu_path)
        beheerder.read_words()
    seen = beheerder.words | urenverwerker.words
    assert list(instructions.missing_buttons(seen)) == []
    instructions.note_walked(seen)


def switch_off(person: Person) -> None:
    """The path of a koppeling ends with OK, so it must be off."""
    person.click("Zet uit")


def reads_and_signs_in(person: Person) -> None:
    person.open("/koppelingen")
    person.look("koppelingen")
    person.page.locator("#nmbrs").wait_for()
    person.open("/inloggen")
    person.look("inloggen")
    person.sign_in(BEHEERDER, "niet het goede wachtwoord")
    expect(person.page.locator(".error-summary")).to_be_focused()
    assert "horen niet bij elkaar" in person.text()
    person.look("inloggen-fout")
    person.sign_in(BEHEERDER, PASSWORD)
    person.look("overzicht-begin")


def hands_over_the_token(person: Person) -> None:
    for step in ("Bedrijf", "Instellingen", "Activeer koppeling", "Nmbrs"):
        person.click(step)
        person.look(f"pad-{step}")
    person.page.get_by_label("API-token", exact=True).fill("een heel andere token")
    person.page.get_by_label("E-mailadres", exact=True).fill(NMBRS_MAIL)
    person.click("Controleer je gegevens")
    assert "spatie" in person.text()
    person.look("nmbrs-token-fout")
    person.page.get_by_label("API-token", exact=True).fill("wrong-token-123456")
    person.click("Controleer je gegevens")
    assert "1001" in person.text()
    person.look("nmbrs-1001")
    person.page.get_by_label("API-token", exact=True).fill(f"  {NMBRS_TOKEN} ")
    person.click("Controleer je gegevens")
    reviews_and_sends(person)
    assert "brasserie-zon" in person.text()
    assert "Brasserie De Zon B.V." in person.text()
    assert "aangevraagd" in person.text()
    assert NMBRS_TOKEN not in person.page.content()
    person.look("nmbrs-aangevraagd")


def reviews_and_sends(person: Person) -> None:
    """J5: what will be sent is looked at first, cancelled once, and then sent."""
    looks_at_the_review(person)
    person.click("Wijzig je gegevens")
    assert "is nog niet verstuurd" in person.text()
    person.look("nmbrs-token-staat-klaar")
    person.click("Controleer de token")
    person.click("Annuleren")
    assert "De token is vernietigd en er is niets verstuurd" in person.page.inner_text("body")
    person.click("Activeer Nmbrs")
    person.page.get_by_label("API-token", exact=True).fill(NMBRS_TOKEN)
    person.page.get_by_label("E-mailadres", exact=True).fill(NMBRS_MAIL)
    person.click("Controleer je gegevens")
    looks_at_the_review(person)
    person.click("Verstuur")
    assert "De aanvraag is naar support gestuurd" in person.page.inner_text("body")


def looks_at_the_review(person: Person) -> None:
    for words in ("Controleer en verstuur", NMBRS_MAIL, "Brasserie De Zon B.V.", "nog niets verstuurd"):
        assert words in person.text()
    assert NMBRS_TOKEN not in person.page.content()
    person.look("nmbrs-controleren")


def support_activates(person: Person) -> None:
    person.sign_in(SUPPORT, PASSWORD)
    person.look("support-aanvragen")
    with person.page.expect_navigation():
        person.page.get_by_role("link", name="Brasserie De Zon").first.click()
    person.look("support-aanvraag-nieuw")
    assert NMBRS_TOKEN not in person.page.content()
    person.click("Oppakken")
    person.look("support-aanvraag-opgepakt")
    person.click("Activeren")
    assert "geactiveerd" in person.text()
    for name, path in (
        ("aanvraag-klaar", None),
        ("leveringen", "/support/leveringen"),
    ):
        if path:
            person.open(path)
        person.look(f"support-{name}")


def sets_up_nmbrs(person: Person) -> None:
    person.open("/portaal/bedrijf/koppelingen/nmbrs")
    assert "actief" in person.text()
    person.look("nmbrs-actief")
    person.click("Kies een bedrijf")
    person.page.get_by_label("Bedrijf", exact=True).select_option(label="1 Brasserie De Zon B.V.")
    person.look("nmbrs-bedrijf")
    person.click("Kies dit bedrijf")
    person.page.get_by_label("gewerkt").select_option(value="2100")
    person.page.get_by_label("vakantie").select_option(value="3041")
    person.look("nmbrs-urencodes")
    person.click("Bewaar codes")
    person.look("nmbrs-ingericht")
    links_by_hand(person)


def links_by_hand(person: Person) -> None:
    """Personnel number 111 is unknown in Nmbrs: he is 112 there."""
    person.click("Koppel teamleden")
    person.look("nmbrs-teamleden")
    row = person.page.get_by_role("row").filter(has_text="Bram de Groot")
    with person.page.expect_navigation():
        row.get_by_role("link", name="Koppel Bram de Groot").click()
    person.page.get_by_label("Medewerker").select_option(label="112 Bram de Groot")
    person.look("nmbrs-teamlid")
    person.click("Bewaar")
    assert "112" in person.text()


def replaces_the_token(person: Person) -> None:
    person.open("/portaal/bedrijf/koppelingen/nmbrs")
    person.click("Vervang de token")
    person.page.get_by_label("API-token", exact=True).fill(NMBRS_TOKEN)
    person.click("Controleer je gegevens")
    person.look("nmbrs-controleren-nieuw")
    person.open("/portaal/bedrijf/instellingen")
    person.look("instellingen-token-staat-klaar")
    person.click("Controleer de token")
    person.click("Neem de nieuwe token in gebruik")
    assert "meteen in gebruik" in person.page.inner_text("body")


def imports_a_file(person: Person, file: Path) -> None:
    person.click("Uren")
    person.look("uren")
    person.click("Uren importeren")
    person.look("importeren")
    bad = file.with_name("fout.csv")
    bad.write_bytes(file.read_bytes().replace(b"09:30", b"25:00", 1))
    person.page.get_by_label("Bestand met uren", exact=True).set_input_files(bad)
    person.click("Lees het bestand in")
    assert "25:00 is geen tijd" in person.text()
    person.look("importeren-fout")
    person.page.get_by_label("Bestand met uren", exact=True).set_input_files(file)
    person.click("Lees het bestand in")
    assert "24 nieuwe diensten" in person.text()
    person.look("import-klaar")
    person.open("/portaal/uren/importeren")
    person.page.get_by_label("Bestand met uren", exact=True).set_input_files(file)
    person.click("Lees het bestand in")
    assert "niets dubbel ingelezen" in person.text()
    person.click("Team")
    person.look("team")


def exports_and_downloads(person: Person, folder: Path) -> None:
    person.click("Exports")
    person.look("exports-leeg")
    person.open("/portaal/exports/nieuw")
    person.look("export-kiezen")
    with person.page.expect_navigation():
        person.page.locator("main a[href*='controle']").first.click()
    person.look("export-controle-andere-periode")
    person.open("/portaal/exports/nieuw")
    with person.page.expect_navigation():
        person.page.locator("main a[href*='controle']").nth(1).click()  # last month: the current period of payroll
    assert "Niet goedgekeurd" in person.text()
    assert "zonder goedkeuring" in person.text()
    person.look("export-controle")
    person.click("Maak export")
    assert "Vink aan" in person.text()
    person.page.get_by_label("Ik weet dat deze uren achterblijven").check()
    person.click("Maak export")
    person.look("export")
    for extension in ("csv", "xlsx"):
        sums = {download(person, extension, folder) for _ in range(2)}
        assert len(sums) == 1  # E4


def download(person: Person, extension: str, folder: Path) -> str:
    with person.page.expect_download() as waiting:
        person.page.locator(f"main a[href$='.{extension}']").first.click()
    target = folder / waiting.value.suggested_filename
    waiting.value.save_as(target)
    return hashlib.sha256(target.read_bytes()).hexdigest()


def sends_and_follows(person: Person) -> None:
    person.click("Versturen naar Nmbrs")
    person.look("versturen-controle")
    person.click("Verstuur nu")
    assert "Vink aan" in person.text()  # the file was downloaded: was it read in already?
    person.look("versturen-vraag")
    person.page.get_by_label("Het bestand dat is gedownload, is niet").check()
    person.click("Verstuur nu")
    assert "gelukt" not in person.text().lower()  # G7
    person.page.get_by_text("geaccepteerd").first.wait_for(timeout=30_000)
    person.page.locator("[data-live-url]").wait_for(state="detached", timeout=30_000)
    person.look("levering-klaar")
    assert "Sanne de Boer" in person.text()
    assert "onbekend" not in person.page.locator("main table").inner_text()
    person.open("/portaal")
    person.look("overzicht-klaar")


def activates_horecalonen(person: Person) -> None:
    person.open("/portaal")
    for step in ("Bedrijf", "Instellingen", "Activeer koppeling", "Horecalonen", "OK"):
        person.click(step)
    assert "actief" in person.text()
    person.look("horecalonen-actief")


def after_that_the_export_offers_it(person: Person) -> None:
    person.open("/portaal/exports/nieuw?doel=horecalonen")
    assert "Connexie" not in person.text()
    with person.page.expect_navigation():
        person.page.locator("main a[href*='controle']").first.click()
    assert "BSN" in person.text()  # Milan has none
    person.look("horecalonen-controle")


def mails(demo: Demo) -> int:
    return len(list((demo.data / "mail").glob("*.eml")))


def test_the_accounts_are_printed(demo: Demo) -> None:
    for mail, _name, _role in ACCOUNTS:
        assert mail in demo.printed
    assert PASSWORD in demo.printed
    assert NMBRS_TOKEN in demo.printed


PAGES = (
    "/", "/koppelingen", "/koppelingen/nmbrs", "/koppelingen/horecalonen", "/koppelingen/connexie", "/inloggen",
    "/wachtwoord-vergeten", "/bestaat-niet", "/portaal", "/portaal/bedrijf", "/portaal/bedrijf/instellingen",
    "/portaal/bedrijf/koppelingen", "/portaal/bedrijf/koppelingen/nmbrs", "/portaal/bedrijf/gebruikers",
    "/portaal/bedrijf/gebruikers/uitnodigen", "/portaal/bedrijf/gebruikers/2", "/portaal/bedrijf/meekijken",
    "/portaal/bedrijf/koppelingen/connexie/activeren", "/portaal/bedrijf/vestigingen", "/portaal/bedrijf/logboek",
    "/portaal/team", "/portaal/team/1", "/portaal/uren", "/portaal/uren/teamlid/1", "/portaal/uren/importeren",
    "/portaal/exports", "/portaal/exports/nieuw", "/portaal/account",
)  # fmt: skip


@pytest.mark.parametrize(("width", "dark"), [(320, False), (390, True), (768, False), (1280, True)])
def test_j1_every_page_on_every_screen(demo: Demo, browser: Browser, width: int, dark: bool) -> None:
    """J1: axe, no sideways scrolling, no message from the browser."""
    person = Person(browser, demo.url, width=width, dark=dark)
    person.sign_in(BEHEERDER, PASSWORD)
    for path in PAGES:
        person.open(path)
        person.look(f"scherm{path.replace('/', '-')}")
    person.close()


def test_old_addresses_of_the_site_end_at_the_heading(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url)
    for old in ("/#/koppelingen?id=nmbrs", "/koppelingen?id=nmbrs", "/koppelingen#/koppelingen?id=nmbrs"):
        person.open(old)
        person.page.wait_for_url("**/koppelingen#nmbrs")
    person.close()


def test_core_pages_work_without_scripts(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url, scripts=False)
    person.sign_in(BEHEERDER, PASSWORD)
    for step in ("Bedrijf", "Instellingen", "Activeer koppeling", "Connexie", "OK"):
        person.click(step)
    assert "actief" in person.text()
    person.close()


def test_j6_the_videos_play_and_seek(demo: Demo, browser: Browser) -> None:
    person = Person(browser, demo.url)
    person.open("/koppelingen")
    clips = person.page.locator("video")
    assert clips.count() == 2
    for number in range(2):
        clip = clips.nth(number)
        assert clip.evaluate("v => [v.controls, v.muted, v.autoplay]") == [True, True, False]
        length = clip.evaluate(
            "async v => { v.load(); await new Promise(r => v.onloadedmetadata = r); v.currentTime = v.duration / 2;"
            " await new Promise(r => v.onseeked = r); return v.duration; }"
        )
        assert length > 5
    for name in ("nmbrsAPIToken.mov", "horecalonenKoppeling.mov"):
        answer = httpx.get(f"{demo.url}/assets/{name}", headers={"Range": "bytes=100-199"})
        assert (answer.status_code, len(answer.content)) == (206, 100)
    person.close()
