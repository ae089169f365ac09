"""Old addresses end at the right heading, wrong ones get a guess (issue 4, item 3)."""

from __future__ import annotations

import pytest

from tests.browse import Visitor


@pytest.mark.parametrize("path", ["/koppelingen", "/koppelingen/", "/", "/koppelingen.md"])
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("nmbrs", "/koppelingen#nmbrs"),
        ("NMBRS ", "/koppelingen#nmbrs"),
        ("uren-doorzetten-naar-nmbrs", "/koppelingen#nmbrs-uren-doorzetten-naar-nmbrs"),
        ("weg", "/koppelingen"),
    ],
)
def test_every_form_of_an_old_address_ends_at_its_heading(visitor: Visitor, path: str, old: str, new: str) -> None:
    answer = visitor.client.get(path, query_string={"id": old})
    assert (answer.status_code, answer.headers["Location"]) == (301, new)


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("/koppelingen/nmbr", "/koppelingen/nmbrs"),
        ("/koppelingen/horeca-lonen", "/koppelingen/horecalonen"),
        ("/conexxie", "/koppelingen/connexie"),
        ("/koppelingen/connexie.html", "/koppelingen/connexie"),
        ("/uren-doorzetten-naar-nmbrs", "/koppelingen/nmbrs#nmbrs-uren-doorzetten-naar-nmbrs"),
        ("/koppelingen/token", "/koppelingen/token-en-bsn"),
        ("/docs/nmbrs", "/koppelingen/nmbrs"),
        ("/docs/koppelingen/nmbrs", "/koppelingen/nmbrs"),
        ("/koppelingen.html", "/koppelingen"),
        ("/kopelingen", "/koppelingen"),
        ("/koppeling", "/koppelingen"),
        ("/koppelingn", "/koppelingen"),
        ("/docs/koppelingen", "/koppelingen"),
        ("/zoek", "/zoeken"),
    ],
)
def test_a_wrong_address_names_the_page_that_was_meant(visitor: Visitor, wrong: str, meant: str) -> None:
    page = visitor.open(wrong, status=404)
    assert page.soup.select_one(".error-page__meant a")["href"] == meant  # type: ignore[index]


@pytest.mark.parametrize("wrong", [
    "/xyzzy", "/portaal/nmbrs", "/assets/nmbrs", "/%00", "/" + "a" * 4000, "/wp-login.php", "/wp-admin/", "/.env",
    "/.git/config", "/admin", "/index.php", "/koppelingen/xyzzy",
])  # fmt: skip
def test_no_guess_is_better_than_a_wild_one(visitor: Visitor, wrong: str) -> None:
    assert not visitor.open(wrong, status=404).has(".error-page__meant")


@pytest.mark.parametrize(("wrong", "first"), [("/xyzzy", "Naar de uitleg"), ("/portaal/xyzzy", "Naar het portaal")])
def test_who_is_lost_outside_the_portal_is_brought_to_the_help(visitor: Visitor, wrong: str, first: str) -> None:
    page = visitor.open(wrong, status=404)
    buttons = page.soup.select(".error-page .actions a")
    assert buttons[0].get_text(strip=True) == first
    assert {a["href"] for a in buttons} == {"/koppelingen", "/portaal"}
