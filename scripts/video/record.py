"""Records a walk through a running portal as frames: real pages, with a drawn pointer and a ring.

Each act moves the pointer to one thing on the page, rings it, and does what a person would do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from playwright.sync_api import FloatRect, Locator, Page

from scripts.video.frames import RATE, Frame, browser_page

RECORDED_NOTE = "Dit filmpje is opgenomen in het demoportaal. De namen en uren zijn verzonnen."
POINTER = """([x, y, box]) => {
  const make = (id) => document.getElementById(id) || document.body.appendChild(
    Object.assign(document.createElement("div"), { id }));
  const spot = make("video-pointer"), ring = make("video-ring");
  Object.assign(spot.style, { position: "fixed", zIndex: 99999, left: x - 13 + "px", top: y - 13 + "px",
    width: "26px", height: "26px", borderRadius: "50%", background: "rgb(234 165 47 / 85%)",
    border: "3px solid #24211c", pointerEvents: "none" });
  Object.assign(ring.style, { position: "fixed", zIndex: 99998, display: box ? "block" : "none",
    border: "4px solid #eaa52f", borderRadius: "12px", pointerEvents: "none" });
  if (box) Object.assign(ring.style, { left: box.x - 6 + "px", top: box.y - 6 + "px",
    width: box.width + 12 + "px", height: box.height + 12 + "px" });
}"""


@dataclass(frozen=True)
class Account:
    base_url: str
    mail: str
    password: str


@dataclass
class Shot:
    """One caption long."""

    spoken: str
    frames: list[Frame] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(frame.seconds for frame in self.frames)


class Camera:
    """Takes the pictures; `at` is where the pointer is, in pixels of the page as seen."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.folder = folder
        self.at = (1180.0, 660.0)
        self.shots: list[Shot] = []
        self._taken = 0

    def say(self, spoken: str) -> None:
        self.shots.append(Shot(spoken))

    def hold(self, seconds: float) -> None:
        self._picture(seconds, None)

    def point(self, thing: Locator) -> None:
        """Travel to the middle of a thing in 0.6 s, ring it and wait."""
        thing.scroll_into_view_if_needed()
        box = thing.bounding_box()
        if box is None:
            raise RuntimeError(f"not on the page: {thing}")
        (x0, y0), (x1, y1) = self.at, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        for step in range(1, 16):
            k = step / 15
            k = k * k * (3 - 2 * k)
            self.at = (x0 + (x1 - x0) * k, y0 + (y1 - y0) * k)
            self._picture(1 / RATE, None)
        self._picture(1.4, box)

    def act(self, thing: Locator, do: Callable[[Locator], object]) -> None:
        """Point at a thing, do something with it and show what came of it."""
        self.point(thing)
        do(thing)
        self.page.wait_for_load_state("networkidle")
        self.hold(1.2)

    def _picture(self, seconds: float, box: FloatRect | None) -> None:
        self.page.evaluate(POINTER, [*self.at, box])
        file = self.folder / f"{self._taken:05d}.png"
        self._taken += 1
        self.page.screenshot(path=file)
        self.shots[-1].frames.append(Frame(file, seconds))


def record(account: Account, folder: Path) -> list[Shot]:
    """Walk from signing in to the preview of an export to Horecalonen. Raises when a step is not there."""
    with browser_page(base_url=account.base_url) as page:
        _sign_in(page, account)
        camera = Camera(page, folder)
        _activate(camera)
        _export(camera)
        return camera.shots


def _sign_in(page: Page, account: Account) -> None:
    """Not in the clip: nobody needs to see a password being typed."""
    page.goto("/inloggen")
    page.get_by_label("E-mailadres").fill(account.mail)
    page.get_by_label("Wachtwoord", exact=True).fill(account.password)
    page.get_by_role("main").get_by_role("button", name="Inloggen").click()
    page.wait_for_url("**/portaal*")


def _click(camera: Camera, role: Literal["link", "button"], name: str) -> None:
    camera.act(camera.page.get_by_role(role, name=name, exact=True).first, Locator.click)


def _activate(camera: Camera) -> None:
    camera.say("Stap 1. Ga naar Bedrijf, Instellingen, Activeer koppeling.")
    _click(camera, "link", "Bedrijf")
    _click(camera, "link", "Instellingen")
    _click(camera, "link", "Activeer koppeling")
    camera.say("Stap 2. Kies Horecalonen.")
    _click(camera, "link", "Horecalonen")
    camera.say("Stap 3. Klik op OK. De koppeling is nu actief.")
    _click(camera, "button", "OK")


def _export(camera: Camera) -> None:
    page = camera.page
    camera.say("Stap 4. Ga naar de urenregistratie. Elk teamlid heeft een BSN nodig.")
    _click(camera, "link", "Uren")
    camera.say("Stap 5. Kies de periode en kies Horecalonen als doel.")
    _click(camera, "link", "Exporteren")
    camera.act(page.get_by_label("Doel"), lambda choice: choice.select_option(label="Horecalonen"))
    camera.say("Stap 6. Bekijk de controle en de totalen. Daarna verstuur of download je de uren.")
    _click(camera, "button", "Controleren")
