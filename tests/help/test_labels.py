"""A button that a help page names is the whole label of a button or link of the portal; the page says how that was
tested."""

from __future__ import annotations

import pytest

from tests.browse import Visitor
from tests.journeys import instructions
from tests.journeys.browser import ROOT
from tests.journeys.labels import labels


@pytest.mark.parametrize("label", ["Staat er al", "Versturen naar *", "Lees opnieuw uit *", "Koppel", "Hervat"])
def test_a_label_is_read_from_the_templates(label: str) -> None:
    assert label in labels(ROOT / "templates")


@pytest.mark.parametrize(
    "words", ["Staat er", "Staat er niet", "verstuur opnieuw", "Versturen naar", "Onbekende regels"]
)
def test_a_part_of_a_label_or_a_heading_is_no_label(words: str) -> None:
    assert words not in labels(ROOT / "templates")


def test_every_button_of_a_page_that_no_browser_walks_is_a_label() -> None:
    stories = tuple(f"{name}: " for name in instructions.STORIES)
    assert [fault for fault in instructions.missing_buttons(set()) if not fault.startswith(stories)] == []


def test_a_page_says_how_its_steps_were_tested(visitor: Visitor) -> None:
    assert "automatisch, in een browser" in visitor.open("/koppelingen/nmbrs").text(".freshness")
    compared = visitor.open("/koppelingen/meldingen").text(".freshness")
    assert "in een browser" not in compared
    assert "automatisch vergeleken met die in het portaal" in compared
