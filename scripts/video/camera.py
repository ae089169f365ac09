"""Takes pictures of real pages, with a drawn pointer and a ring that only the recording has.

Without a folder it only looks: the same walk, so that one can tell whether a clip is older than the screens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import FloatRect, Locator, Page

from portal.help.clips import Scene
from scripts.video import seen
from scripts.video.frames import RATE, Frame
from scripts.video.words import Piece

# pages are laid out at 960 x 540 and pictured 4/3 as large: text stays readable in a small player
WIDTH, HEIGHT, SCALE = 960, 540, 4 / 3
CAPTIONS = 100  # pixels at the bottom where the player shows two lines of text
TRAVEL = 10  # pictures of one move, 0.4 s
LOOKS = """
#video-pointer { position: fixed; z-index: 99999; width: 26px; height: 34px; pointer-events: none;
  background: #fff; clip-path: polygon(0 0, 0 26px, 7px 20px, 12px 32px, 17px 30px, 12px 18px, 21px 18px); }
#video-pointer::after { content: ""; position: absolute; inset: 0; background: #111;
  clip-path: polygon(2px 5px, 2px 21px, 7.5px 16.5px, 13px 29px, 14.5px 28.4px, 9px 16px, 16.5px 16px); }
#video-pointer.press { transform: scale(.8); transform-origin: 0 0; }
#video-ring { position: fixed; z-index: 99998; border: 4px solid #e08a00; border-radius: 10px;
  pointer-events: none; box-shadow: 0 0 0 3px rgb(255 255 255 / 80%); }
* { transition: none !important; animation: none !important; caret-color: transparent !important; }
"""
DRAW = """([x, y, box, press]) => {
  const make = (id) => document.getElementById(id) || document.body.appendChild(
    Object.assign(document.createElement("div"), { id, ariaHidden: "true" }));
  const pointer = make("video-pointer"), ring = make("video-ring");
  Object.assign(pointer.style, { left: x + "px", top: y + "px" });
  pointer.classList.toggle("press", press);
  ring.style.display = box ? "block" : "none";
  if (box) Object.assign(ring.style, { left: box.x - 9 + "px", top: box.y - 9 + "px",
    width: box.width + 18 + "px", height: box.height + 18 + "px" });
}"""
SCROLL = "y => window.scrollTo({ top: y, behavior: 'instant' })"


@dataclass
class Shot:
    """One caption long; `chapter` when one starts here."""

    spoken: str
    chapter: str
    frames: list[Frame] = field(default_factory=list)
    screens: list[list[str]] = field(default_factory=list)

    @property
    def piece(self) -> Piece:
        return Piece(sum(frame.seconds for frame in self.frames), self.spoken, self.chapter)

    @property
    def scene(self) -> Scene:
        return Scene(self.spoken, self.screens)


class Camera:
    """`at` is where the pointer is, in pixels of the page as seen; `poster` the picture that was kept for it;
    `touched` the words that it points at."""

    def __init__(self, page: Page, folder: Path | None) -> None:
        self.page = page
        self.at = (470.0, 250.0)
        self.shots: list[Shot] = []
        self.touched: list[str] = []
        self.poster: Frame | None = None
        self._folder = folder
        self._taken = 0
        self._before: list[str] = []

    def say(self, spoken: str, chapter: str = "") -> None:
        self.shots.append(Shot(spoken, chapter))

    def hold(self, seconds: float) -> Frame | None:
        """Show the page as it is for `seconds`; returns the picture."""
        self._look()
        return self._picture(seconds, None)

    def point(self, thing: Locator, seconds: float = 0.8) -> None:
        """Bring a thing into view, travel to it and ring it for `seconds`."""
        self._look()
        if self._folder is None:
            return
        self._scroll_to(thing)
        box = _box(thing)
        (x0, y0), (x1, y1) = self.at, (box["x"] + min(box["width"] / 2, 200), box["y"] + box["height"] / 2)
        for k in _eased(TRAVEL):
            self.at = (x0 + (x1 - x0) * k, y0 + (y1 - y0) * k)
            self._picture(1 / RATE, None)
        self._picture(seconds, box)

    def act(self, thing: Locator, do: Callable[[Locator], object], after: float = 0.5) -> None:
        """Point at a thing, do something with it, and show for `after` seconds what came of it."""
        self.point(thing)
        self._picture(0.16, _box(thing), press=True)
        do(thing)
        self.settle()
        self.hold(after)

    def settle(self) -> None:
        """Wait until the page is whole: nothing on its way, its letters there."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("() => document.fonts.ready.then(() => true)")

    def _look(self) -> None:
        """Note a screen when it is another than the one before."""
        now = seen.screen(self.page)
        if now != self._before:
            self.shots[-1].screens.append(now)
        self._before = now

    def _scroll_to(self, thing: Locator) -> None:
        """As a person scrolls: only when needed, and so that one can follow it."""
        box = _box(thing)
        if box["y"] >= 0 and box["y"] + box["height"] <= HEIGHT - CAPTIONS:
            return
        start = float(self.page.evaluate("scrollY"))
        end = max(0.0, start + box["y"] + box["height"] - (HEIGHT - CAPTIONS - 40))
        for k in _eased(TRAVEL):
            self.page.evaluate(SCROLL, start + (end - start) * k)
            self._picture(1 / RATE, None)

    def _picture(self, seconds: float, box: FloatRect | None, *, press: bool = False) -> Frame | None:
        if self._folder is None:
            return None
        if not self.page.locator("#video-pointer").count():
            self.page.add_style_tag(content=LOOKS)
        self.page.evaluate(DRAW, [*self.at, box, press])
        frame = Frame(self._folder / f"{self._taken:05d}.png", seconds)
        self._taken += 1
        self.page.screenshot(path=frame.file)
        self.shots[-1].frames.append(frame)
        return frame


def _eased(steps: int) -> list[float]:
    """From just above 0 to 1, slow at both ends."""
    return [k * k * (3 - 2 * k) for k in (step / steps for step in range(1, steps + 1))]


def _box(thing: Locator) -> FloatRect:
    box = thing.bounding_box()
    if box is None:
        raise RuntimeError(f"not on the page: {thing}")
    return box
