"""Real Chromium, and the whole demo as `make run` starts it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("PORTAL_SHOTS", "")
START_SECONDS = 60
VISIBLE_WORDS = """nodes => nodes.map(node => {
  const copy = node.cloneNode(true);
  copy.querySelectorAll(".sr-only, svg").forEach(part => part.remove());
  return copy.textContent.split(/\\s+/).filter(Boolean).join(" ");
})"""


@dataclass
class Demo:
    url: str
    data: Path
    printed: str
    process: subprocess.Popen[str] = field(repr=False)


@contextmanager
def demo_running(data: Path) -> Iterator[Demo]:
    """`portal demo` on a free port with a folder of its own; ended as by Ctrl-C."""
    port = _free_port()
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE_"))}
    env |= {"DATA": str(data), "PORT": str(port)}
    log = (data.parent / "demo.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-c", "from portal.cli import main; main()", "demo"],
        env=env,
        cwd=ROOT,
        stdout=log,
        stderr=log,
        text=True,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/readyz", process)
        _wait_for_text(Path(log.name), "Accounts")
        yield Demo(f"http://127.0.0.1:{port}", data, Path(log.name).read_text(), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=40)
        log.close()


def _wait(url: str, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, "the demo ended"
        try:
            if httpx.get(url, timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


def _wait_for_text(path: Path, text: str) -> None:
    until = time.monotonic() + START_SECONDS
    while text not in path.read_text():
        assert time.monotonic() < until, path.read_text()
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path is not None, "Chromium is missing: make chromium"
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=path, args=options)
        yield browser
        browser.close()


class Person:
    """Somebody behind a browser. Every page that is looked at is checked: axe, no script or CSP errors."""

    def __init__(
        self, browser: Browser, base: str, *, width: int = 1280, dark: bool = False, scripts: bool = True
    ) -> None:
        self.base, self.width, self.dark = base, width, dark
        self.context: BrowserContext = browser.new_context(
            base_url=base, viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light",
            locale="nl-NL", java_script_enabled=scripts, accept_downloads=True,
        )  # fmt: skip
        self.page: Page = self.context.new_page()
        self.scripts = scripts
        self.complaints: list[str] = []
        self.words: set[str] = set()  # on the links and buttons that were seen
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def _heard(self, message: object) -> None:
        text = getattr(message, "text", "")
        # the browser reports the 4xx of a refused form as an error of its own
        if getattr(message, "type", "") == "error" and "the server responded with a status of 4" not in text:
            self.complaints.append(text)

    def _asked(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.base, "blob:", "data:")):
            self.complaints.append(f"asked another host: {url}")

    def open(self, path: str) -> None:
        self.page.goto(path)

    def sign_in(self, mail: str, password: str) -> None:
        self.open("/inloggen")
        self.page.get_by_label("E-mailadres", exact=True).fill(mail)
        self.page.get_by_label("Wachtwoord", exact=True).fill(password)
        self.click("Inloggen")

    def click(self, text: str) -> None:
        """Click a button of these words, else a link."""
        main = self.page.locator("main, header")
        button = main.get_by_role("button", name=text, exact=True)
        target = (button if button.count() else main.get_by_role("link", name=text, exact=True)).first
        with self.page.expect_navigation():
            target.click()

    def text(self) -> str:
        return " ".join(self.page.locator("main").inner_text().split())

    def read_words(self) -> None:
        """Remember what can be clicked here; words for screen readers only do not count."""
        self.words |= set(self.page.locator("a, button, summary").evaluate_all(VISIBLE_WORDS))

    def look(self, name: str) -> None:
        """Check what is on the screen, and keep a picture when PORTAL_SHOTS names a folder."""
        self.read_words()
        if self.scripts:
            found = Axe().run(self.page).response["violations"]
            seen = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]
            assert seen == [], f"{name} ({self.page.url}): {seen}"
            wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide <= 0, f"{name} ({self.page.url}) scrolls {wide} px sideways at {self.width} px"
        assert self.complaints == [], f"{name}: {self.complaints}"
        if SHOTS:
            mode = "dark" if self.dark else "light"
            safe = re.sub(r"[^a-z0-9-]", "-", name.lower())
            self.page.screenshot(path=f"{SHOTS}/{safe}-{self.width}-{mode}.png", full_page=True)

    def close(self) -> None:
        self.context.close()
