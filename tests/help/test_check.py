"""`portal help check`: what a writer should look at (issue 4, item 9), by the command."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.cli import main
from tests.conftest import SECRET_KEY, VAULT_KEY
from tests.help.conftest import CONTENT

Check = Callable[..., Result]


@pytest.fixture
def content(tmp_path: Path) -> Path:
    """A copy of the real pages, and the words beside them."""
    folder = tmp_path / "content" / "koppelingen"
    folder.mkdir(parents=True)
    for file in CONTENT.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    (folder.parent / "woorden.txt").write_bytes((CONTENT.parent / "woorden.txt").read_bytes())
    return folder


@pytest.fixture
def check(content: Path, tmp_path: Path) -> Check:
    env = {
        "DATA": str(tmp_path / "data"), "PORTAL_CONTENT": str(content), "PORTAL_SECRET_KEY": SECRET_KEY,
        "PORTAL_VAULT_KEY": VAULT_KEY, "DATABASE_URL": "",
    }  # fmt: skip
    return lambda *options: CliRunner().invoke(main, ["help", "check", *options], env=env)


def edit(content: Path, old: str, new: str, name: str = "connexie.md") -> None:
    text = (content / name).read_text(encoding="utf-8")
    assert old in text
    (content / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_our_own_pages_are_in_order(check: Check) -> None:
    """J7. An old page fails the build too: 180 days after its `checked_on` somebody must look at it."""
    found = check()
    assert (found.exit_code, found.output) == (0, found.output), found.output
    assert "pages are in order" in found.output


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("Dit is " + "heel " * 24 + "lang.", "a sentence of 27 words, the limit is 25"),
        ("Indien je dit leest.", "write “als” in place of “indien”"),
        ("Doe dit z.s.m. graag.", "write “zo snel mogelijk” in place of “z.s.m.”"),
        ("Ga naar {pad: Bedrijf > Nergens}.", "was changed and not walked since"),
        ("Klik op {knop: Bestaat niet}.", "was changed and not walked since"),
        ("{hand: 2020-01-01 | de handleiding}", "steps checked by hand on 2020-01-01"),
        ("[weg](/koppelingen/weg)", "dead link: /koppelingen/weg"),
        ("{video: weg | Weg}", "video file is missing: /assets/media/weg.mp4"),
    ],
)
def test_a_fault_is_named_with_its_file(check: Check, content: Path, line: str, complaint: str) -> None:
    text = (content / "connexie.md").read_text(encoding="utf-8")
    (content / "connexie.md").write_text(f"{text.rstrip()}\n\n{line}\n", encoding="utf-8")
    found = check()
    assert found.exit_code == 1
    assert [row for row in found.output.splitlines() if row.startswith("connexie.md:") and complaint in row], (
        found.output
    )


def test_a_page_grows_old(check: Check, content: Path) -> None:
    edit(content, "checked_on: 20", "checked_on: 19")
    found = check()
    assert found.exit_code == 1
    assert "more than 180 days ago" in found.output
    assert "days ago" not in check("--days", "40000").output


def test_a_page_is_read_again_after_its_newest_change(check: Check, content: Path) -> None:
    edit(content, "changes:\n", "changes:\n  - 2099-01-02: Er is iets anders.\n")
    found = check("--days", "40000")
    assert found.exit_code == 1
    (line,) = found.output.splitlines()
    assert line.startswith("connexie.md:1: changed on 2099-01-02 and not checked since 20")


def test_words_are_found_whole(check: Check, content: Path) -> None:
    """ "alsof" holds "als", "Uwe" holds "uw": neither is that word."""
    text = (content / "connexie.md").read_text(encoding="utf-8")
    (content / "connexie.md").write_text(f"{text.rstrip()}\n\nUwe doet indienen.\n", encoding="utf-8")
    assert check("--days", "40000").exit_code == 0


def test_an_error_of_the_portal_without_an_article_stops_the_build(check: Check, content: Path) -> None:
    """Issue 4, item 1: the codes come from the code itself, also those of a koppeling."""
    edit(content, "{code: nmbrs-1006}\n", "", "meldingen.md")
    edit(content, ", recht-mislukt", "", "nmbrs-rechten.md")
    found = check()
    assert found.exit_code == 1
    assert sorted(found.output.splitlines()) == [
        "meldingen.md:1: no article for code nmbrs-1006",
        "meldingen.md:1: no article for code recht-mislukt",
    ]


def test_an_article_of_a_code_that_the_portal_does_not_have_stops_the_build(check: Check, content: Path) -> None:
    edit(content, "{code: nmbrs-1006}", "{code: nmbrs-1006, nmbrs-1066}", "meldingen.md")
    found = check()
    assert found.exit_code == 1
    (line,) = found.output.splitlines()
    assert line.endswith("there is no code nmbrs-1066")
