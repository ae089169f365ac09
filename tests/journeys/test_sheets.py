"""The bundles of style sheets hold every rule of the sheets they are made of, in the same order."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from portal.help.sheets import BUNDLES, bundles

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
ASSETS = Path(__file__).parents[2] / "static" / "assets"
RULES = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return [...sheet.cssRules].map(rule => rule.cssText.replace(/,\\s+/g, ","));
}"""


@pytest.mark.parametrize("name", BUNDLES)
def test_a_bundle_says_what_its_sheets_say(browser: Browser, name: str) -> None:
    page = browser.new_page()
    whole = page.evaluate(RULES, bundles(ASSETS)[name].decode())
    apart = [rule for part in BUNDLES[name] for rule in page.evaluate(RULES, (ASSETS / f"{part}.css").read_text())]
    page.close()
    assert len(whole) > 100
    assert whole == apart
