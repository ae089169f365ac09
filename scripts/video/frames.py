"""Frames of step cards, drawn by Chromium: each moment once, with how long it stays on screen."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

from portal.help import clips as shown
from scripts.video import seen
from scripts.video.scenes import Clip, Scene

STAGE = Path(__file__).with_name("stage.html")
RATE = 25
MOVING = 2.0  # seconds in which something moves; after that the picture stands still


@dataclass(frozen=True)
class Frame:
    file: Path
    seconds: float


@contextmanager
def browser_page(width: int, height: int, **options: Any) -> Iterator[Page]:
    """A page of this size in the Chromium of the system. Raises RuntimeError when there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise RuntimeError("Chromium is missing: make chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        viewport = ViewportSize(width=width, height=height)
        context = browser.new_context(viewport=viewport, locale="nl-NL", color_scheme="light", **options)
        yield context.new_page()
        browser.close()


def card_frames(clip: Clip, folder: Path) -> list[Frame]:
    """Draw every scene of the clip into `folder`."""
    with _stage() as page:
        return [frame for n, _ in enumerate(clip.scenes) for frame in _scene(page, clip, n, folder)]


def card_screens(clip: Clip) -> list[shown.Scene]:
    """What the cards show, without drawing a film; one line stands for all that is drawn and how."""
    with _stage() as page:
        return [_screen(page, clip, n) for n, _ in enumerate(clip.scenes)]


@contextmanager
def _stage() -> Iterator[Page]:
    with browser_page(1280, 720) as page:
        page.goto(STAGE.as_uri())
        yield page


def _screen(page: Page, clip: Clip, number: int) -> shown.Scene:
    drawing = _drawing(clip.scenes[number], number, clip)
    page.evaluate("scene => { draw(scene); show(9); }", drawing)
    drawn = hashlib.sha256(json.dumps(drawing).encode() + STAGE.read_bytes()).hexdigest()[:16]
    return shown.Scene(clip.scenes[number].spoken, [[*seen.screen(page), f"drawn: {drawn}"]])


def _scene(page: Page, clip: Clip, number: int, folder: Path) -> Iterator[Frame]:
    scene = clip.scenes[number]
    page.evaluate("scene => draw(scene)", _drawing(scene, number, clip))
    # the first picture of a clip is whole at once: nobody looks at an empty card
    moving = 0.0 if number == 0 else MOVING if scene.boxes else 0.8
    for step in range(round(moving * RATE) + 1):
        moment = step / RATE
        page.evaluate("t => show(t)", moment if number else MOVING)
        file = folder / f"{number:02d}-{step:03d}.png"
        page.screenshot(path=file)
        yield Frame(file, 1 / RATE if moment < moving else scene.seconds - moving)


def _drawing(scene: Scene, number: int, clip: Clip) -> dict[str, object]:
    chapter, step, steps = clip.place(number)
    return {
        "chapter": chapter if scene.boxes else "",
        "number": step,
        "count": steps,
        "title": scene.title,
        "text": scene.text,
        "boxes": [list(box) for box in scene.boxes],
        "target": scene.target,
    }
