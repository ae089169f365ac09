"""The walk of the Horecalonen clip through a running demo portal. A step that is not there ends it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from portal.demo import ACCOUNTS, PASSWORD
from scripts.video.camera import HEIGHT, SCALE, WIDTH, Camera
from scripts.video.frames import browser_page

NAME = "horecalonenKoppeling"
NOTE = "Dit filmpje is opgenomen in het demoportaal. De namen en uren zijn verzonnen."
BEHEERDER = ACCOUNTS[0][0]
KNOWN = "Ik weet dat deze uren achterblijven"
WITHOUT_BSN = "Milan Kowalski"


def record(base_url: str, folder: Path) -> Camera:
    """Film from the start page of a beheerder to an export that is ready; the pictures go into `folder`."""
    # the page's own rules refuse styles from outside; only the recording sets them aside, to draw the pointer
    with browser_page(WIDTH, HEIGHT, base_url=base_url, device_scale_factor=SCALE, bypass_csp=True) as page:
        _sign_in(page)
        camera = Camera(page, folder)
        camera.say("Horecalonen activeren en uren exporteren, als beheerder.")
        camera.hold(3.6)
        _activate(camera)
        _choose(camera)
        _check(camera)
        _finish(camera)
        return camera


def _sign_in(page: Page) -> None:
    """Not in the clip: nobody needs to see a password being typed."""
    page.goto("/inloggen")
    page.get_by_label("E-mailadres", exact=True).fill(BEHEERDER)
    page.get_by_label("Wachtwoord", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Inloggen").click()
    page.wait_for_url("**/portaal")
    page.wait_for_load_state("networkidle")


def _activate(camera: Camera) -> None:
    camera.say("Stap 1. Ga naar Bedrijf, Instellingen, Activeer koppeling.")
    camera.act(camera.page.get_by_role("banner").get_by_role("link", name="Bedrijf", exact=True), Locator.click)
    _click(camera, "link", "Instellingen")
    _click(camera, "link", "Activeer koppeling")
    camera.say("Stap 2. Kies Horecalonen.")
    _click(camera, "link", "Horecalonen", after=1.2)
    camera.say("Stap 3. Klik op OK. De koppeling is nu actief.")
    _click(camera, "button", "OK", after=0.2)
    expect(_main(camera)).to_contain_text("De koppeling met Horecalonen is actief.")
    camera.poster = camera.hold(2.0)


def _choose(camera: Camera) -> None:
    camera.say("Stap 4. Ga naar Exports en maak een nieuwe export.")
    camera.act(camera.page.get_by_role("banner").get_by_role("link", name="Exports", exact=True), Locator.click)
    _click(camera, "link", "Maak je eerste export")
    camera.say("Stap 5. Kies Horecalonen en daarna de periode.")
    target = _main(camera).get_by_label("Salarispakket")
    expect(target.locator("option:checked")).to_have_text("Horecalonen")
    camera.point(target, 1.2)
    # the first period of the list is the last month that has ended
    camera.act(_main(camera).locator("a[href*='periode=']").first, Locator.click, after=1.4)


def _check(camera: Camera) -> None:
    main = _main(camera)
    camera.say("Stap 6. Bekijk de controle. Mist een BSN? Dan gaan die uren nu niet mee.")
    row = main.get_by_role("row").filter(has_text=WITHOUT_BSN).filter(has_text="BSN")
    camera.point(row, 3.5)
    camera.say("Stap 7. Vink aan dat je dit weet. Klik op Maak export.")
    camera.act(main.get_by_role("checkbox", name=KNOWN), Locator.check)
    _click(camera, "button", "Maak export", after=1.2)


def _finish(camera: Camera) -> None:
    camera.say("Stap 8. Je export is klaar. Verstuur de uren of download het bestand.")
    camera.point(_main(camera).get_by_role("link", name="Versturen naar Horecalonen"), 1.3)
    camera.point(_main(camera).get_by_role("link", name="Download CSV"), 1.3)
    camera.hold(1.0)


def _main(camera: Camera) -> Locator:
    return camera.page.get_by_role("main")


def _click(camera: Camera, role: Literal["link", "button"], name: str, after: float = 0.5) -> None:
    camera.act(_main(camera).get_by_role(role, name=name, exact=True).first, Locator.click, after)
