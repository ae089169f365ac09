"""Lighthouse on the public pages, with its phone profile, against the portal as in production.

Prints the scores of each page and every audit that lost points; ends with 1 below 100. What else a machine does can
only cost points, so a page below 100 is tried again, three times in all. Lighthouse comes from the npm registry, in a
fixed version, and asks our own server only. Needs npx and Chromium. Usage: python -m scripts.lighthouse [path ...]
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.parts.servers import portal

VERSION = "12.8.2"
PAGES = ("/", "/koppelingen", "/zoeken", "/inloggen")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BEST, TRIES = 100, 3
Report = dict[str, Any]


def main(paths: tuple[str, ...]) -> int:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None or not shutil.which("npx"):
        print("Lighthouse needs npx (of Node.js 18 or newer) and Chromium.")
        return 1
    with portal() as address:
        good = [any(show(path, report(address + path, browser)) == BEST for _try in range(TRIES)) for path in paths]
    return int(not all(good))


def report(url: str, browser: str) -> Report | None:
    """Run Lighthouse once; its default profile is a slow phone. None when it could not (it says why)."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "report.json"
        done = subprocess.run(
            ("npx", "--yes", f"lighthouse@{VERSION}", url, "--quiet", "--output=json", f"--output-path={file}",
             "--no-enable-error-reporting", "--chrome-flags=--headless=new --no-sandbox --disable-gpu"),
            check=False, env={**os.environ, "CHROME_PATH": browser}, cwd=folder,
        )  # fmt: skip
        return json.loads(file.read_text(encoding="utf-8")) if done.returncode == 0 else None


def show(path: str, found: Report | None) -> int:
    """Print the scores of a page and what cost points; return the lowest score, 0 without a report."""
    if found is None:
        return 0
    scores = {name: round((found["categories"][name]["score"] or 0) * 100) for name in CATEGORIES}
    print(path, ", ".join(f"{name} {score}" for name, score in scores.items()), flush=True)
    for line in lost(found):
        print(f"    {line}", flush=True)
    return min(scores.values())


def lost(found: Report) -> Iterator[str]:
    """Each audit with a weight that is not perfect, with its figure."""
    for name in CATEGORIES:
        for row in found["categories"][name]["auditRefs"]:
            audit = found["audits"][row["id"]]
            if row["weight"] and audit["score"] is not None and audit["score"] < 1:
                yield f"{name}: {audit['title']} {audit.get('displayValue', '')} ({audit['score']:.2f})"


if __name__ == "__main__":
    sys.exit(main(tuple(sys.argv[1:]) or PAGES))
