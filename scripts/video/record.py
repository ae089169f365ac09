"""The walk of the Horecalonen clip through a running demo portal. A step that is not there ends it.

The two ways to bring hours to payroll are chapters: read a file in oneself, or send the hours to who does the salaries.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, Page, expect

from portal.demo import ACCOUNTS, PASSWORD
from scripts.video.camera import HEIGHT, SCALE, WIDTH, Camera
from scripts.video.frames import browser_page
from scripts.video.scenes import ACCOUNTANT, ONESELF

NAME = "horecalonenKoppeling"
NOTE = "Dit filmpje is opgenomen in het demoportaal. De namen en uren zijn verzonnen."
BEHEERDER = ACCOUNTS[0][0]
KNOWN = "Ik weet dat deze uren achterblijven"
WITHOUT_BSN = "Milan Kowalski"
SENDING_MS = 60_000


def record(base_url: str, folder: Path | None) -> Camera:
    """Film from the start page of a beheerder to hours that are sent; the pictures go into `folder`, if any."""
    # the page's own rules refuse styles from outside; only the recording sets them aside, to draw the pointer
    with browser_page(WIDTH, HEIGHT, base_url=base_url, device_scale_factor=SCALE, bypass_csp=True) as page:
        _sign_in(page)
        camera = Camera(page, folder)
        camera.settle()
        camera.say("Horecalonen activeren en uren exporteren, als beheerder.", chapter="De koppeling activeren")
        camera.hold(3.6)
        _activate(camera)
        _choose(camera)
        _check(camera)
        _by_oneself(camera)
        _by_an_accountant(camera)
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
    _menu(camera, "Bedrijf")
    _click(camera, "link", "Instellingen")
    _click(camera, "link", "Activeer koppeling")
    camera.say("Stap 2. Kies Horecalonen.")
    _click(camera, "link", "Horecalonen", after=1.2)
    camera.say("Stap 3. Klik op OK. De koppeling is nu actief.")
    _click(camera, "button", "OK", after=0.2)
    expect(_main(camera)).to_contain_text("De koppeling met Horecalonen is actief.")
    camera.poster = camera.hold(2.0)


def _choose(camera: Camera) -> None:
    camera.say("Stap 4. Ga naar Exports en maak een nieuwe export.", chapter="Uren exporteren")
    _menu(camera, "Exports")
    _click(camera, "link", "Maak je eerste export")
    camera.say("Stap 5. Kies Horecalonen en daarna de periode.")
    target = _main(camera).get_by_label("Salarispakket")
    expect(target.locator("option:checked")).to_have_text("Horecalonen")
    camera.touched.append("Salarispakket")
    camera.point(target, 1.2)
    # the first period of the list is the last month that has ended
    camera.act(_main(camera).locator("a[href*='periode=']").first, Locator.click, after=1.4)


def _check(camera: Camera) -> None:
    main = _main(camera)
    camera.say("Stap 6. Bekijk de controle. Mist een BSN? Dan gaan die uren nu niet mee.")
    row = main.get_by_role("row").filter(has_text=WITHOUT_BSN).filter(has_text="BSN")
    camera.point(row, 3.5)
    camera.say("Stap 7. Vink aan dat je dit weet. Klik op Maak export.")
    camera.touched.append(KNOWN)
    camera.act(main.get_by_role("checkbox", name=KNOWN), Locator.check)
    _click(camera, "button", "Maak export", after=1.6)


def _by_oneself(camera: Camera) -> None:
    camera.say("Doe je zelf de salarissen? Download het bestand. Lees het in bij Horecalonen.", chapter=ONESELF)
    camera.touched.append("Download")  # what follows is filled in
    for words in ("Download Excel", "Download CSV"):
        camera.point(_main(camera).get_by_role("link", name=words), 1.8)
    camera.hold(1.2)


def _by_an_accountant(camera: Camera) -> None:
    camera.say("Doet je accountant of salariskantoor het? Klik op Versturen naar Horecalonen.", chapter=ACCOUNTANT)
    camera.hold(0.8)
    _click(camera, "link", "Versturen naar Horecalonen", after=1.6)
    camera.say("Kijk nog één keer. Klik dan op Verstuur nu.")
    camera.hold(1.4)
    camera.touched.append("Verstuur nu")
    camera.act(_main(camera).get_by_role("button", name="Verstuur nu"), _send, after=0.6)
    camera.say("De uren zijn er. Download het bestand niet ook: dan tellen de uren dubbel.")
    camera.point(_main(camera).locator("[data-live-status]"), 4.0)
    camera.hold(0.6)


def _send(button: Locator) -> None:
    """Click, and wait until the worker is done: how far it is at one moment is different each time.

    The page loads itself again when it is done; a reload of ours could cross that one and fail.
    """
    button.click()
    button.page.wait_for_url("**/portaal/leveringen/*")
    expect(button.page.locator("[data-live-url]")).to_have_count(0, timeout=SENDING_MS)


def _main(camera: Camera) -> Locator:
    return camera.page.get_by_role("main")


def _menu(camera: Camera, name: str) -> None:
    camera.touched.append(name)
    camera.act(camera.page.get_by_role("banner").get_by_role("link", name=name, exact=True), Locator.click)


def _click(camera: Camera, role: Literal["link", "button"], name: str, after: float = 0.5) -> None:
    camera.touched.append(name)
    camera.act(_main(camera).get_by_role(role, name=name, exact=True).first, Locator.click, after)
