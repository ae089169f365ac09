"""What somebody sees on a page, as lines that stay the same until the screen really changes.

What the demo makes up is taken out: numbers, days and months differ each day. So are rows that only repeat: they differ
each month. What is left is the accessible text in its order, and how the main parts look. An edit of a style sheet that
changes none of those colours, letters and corners does not count.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page

MONTHS = "januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|december"
SHORT = "jan|feb|mrt|apr|jun|jul|aug|sep|okt|nov|dec"
DAYS = "maandag|dinsdag|woensdag|donderdag|vrijdag|zaterdag|zondag|ma|di|wo|do|vr|za|zo|vandaag|gisteren"
MADE_UP = (
    (re.compile(r"\b[0-9a-f]{8,}\b"), "0"),  # fingerprints
    (re.compile(r"\bKP(?:-[0-9A-Z]{4})+\b"), "KP-0"),  # the code of a receipt
    (re.compile(r"(?<!level=)\d+(?:[.,:\u2013-]\d+)*"), "0"),
    (re.compile(rf"\b(?:{MONTHS}|{SHORT})\b", re.IGNORECASE), "maand"),
    (re.compile(rf"\b(?:{DAYS})\b", re.IGNORECASE), "dag"),
)
ADDRESS = re.compile(r"^- /url:")
PARTS = (
    "body",
    "header",
    "h1",
    "h2",
    "main .button",
    "main button",
    "main a",
    "label",
    "th",
    ".badge",
    ".box",
    ".step",
)
LOOKS = """parts => parts.flatMap(part => {
  const node = document.querySelector(part);
  if (!node) return [];
  const look = getComputedStyle(node);
  const letters = look.fontFamily.split(",")[0].replaceAll('"', "");
  const corners = look.borderRadius;
  return [`${part}: ${look.color} on ${look.backgroundColor}, ${letters} ${look.fontSize}, corners ${corners}`];
})"""


def screen(page: Page) -> list[str]:
    """The distinct lines of a page, in order."""
    told = (line.strip() for line in page.locator("body").aria_snapshot().split("\n"))
    lines = [_lasting(line) for line in told if not ADDRESS.match(line)]
    return list(dict.fromkeys([*lines, *page.evaluate(LOOKS, PARTS)]))


def _lasting(line: str) -> str:
    for pattern, instead in MADE_UP:
        line = pattern.sub(instead, line)
    return line
