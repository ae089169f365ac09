"""The demo portal for a recording: on a free port, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.help.source import VIDEO
from portal.settings import CONTENT

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 40


@contextmanager
def demo_running(folder: Path) -> Iterator[str]:
    """The address of a fresh `portal demo` with its data in `folder`; ended as by Ctrl-C.

    Raises RuntimeError with what the demo printed when it does not start.
    """
    port = _free_port()
    # settings of whoever runs this stay out: no database, no keys and no provider of theirs
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE_"))}
    env |= {"DATA": str(folder / "var"), "PORT": str(port), "PORTAL_CONTENT": str(_without_clips(folder))}
    command = [sys.executable, "-c", "from portal.cli import main; main()", "demo"]
    log = folder / "demo.log"
    with log.open("w", encoding="utf-8") as out:
        process = subprocess.Popen(command, env=env, cwd=ROOT, stdout=out, stderr=out)
        try:
            _wait(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(timeout=STOP_SECONDS)


def _without_clips(folder: Path) -> Path:
    """The help pages without clips: a portal does not start when one is missing, and these are still to be made."""
    pages = folder / "content" / CONTENT.name
    if not pages.exists():
        shutil.copytree(CONTENT.parent, pages.parent)
    for page in pages.glob("*.md"):
        lines = page.read_text(encoding="utf-8").split("\n")
        page.write_text("\n".join(line for line in lines if not VIDEO.match(line)), encoding="utf-8")
    return pages


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _ready(url):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the demo did not start:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.2)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number
