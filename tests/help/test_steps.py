"""Instructions that know where you are (issue 4, item 5)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.kernel.work import Acting
from tests.browse import Page, Visitor
from tests.factories.people import Cast
from tests.factories.setup import COMPANY, activate_nmbrs, import_hours
from tests.hours.sheets import row

SignedIn = Callable[[str], Visitor]


def states(page: Page) -> dict[str, str]:
    """The words of each step, and what is said of it."""
    found = {}
    for item in page.soup.select(".your-steps .steps__item"):
        text, state = (" ".join(part.get_text().split()) for part in item.select(".steps__text, .steps__state"))
        found[text.removesuffix(state).strip()] = state
    return found


def test_a_visitor_sees_no_steps_and_empty_marks(visitor: Visitor) -> None:
    page = visitor.open("/koppelingen/nmbrs")
    assert not page.has(".your-steps")
    assert [mark.get_text() for mark in page.soup.select(".step-mark")] == [""] * 6
    assert "Set-Cookie" not in page.answer.headers


@pytest.mark.parametrize("path", ["/koppelingen/nmbrs", "/koppelingen/connexie"])
def test_support_has_no_steps(signed_in: SignedIn, path: str) -> None:
    assert not signed_in("support").open(path).has(".your-steps")


def test_who_has_done_nothing_starts_at_the_token(signed_in: SignedIn) -> None:
    page = signed_in("alice").open("/koppelingen/nmbrs")
    assert next(iter(states(page).items())) == ("Vul je API-token en e-mailadres in", "nu bezig")
    assert "nu bezig" not in list(states(page).values())[1:]
    (mark,) = page.soup.select(".step-mark--next")
    assert mark["id"] == "nmbrs-stap-aanvragen"
    assert page.link("Vul je API-token en e-mailadres in") == "#nmbrs-stap-aanvragen"
    assert [a["href"] for a in mark.select("a")] == ["/portaal/bedrijf/koppelingen/nmbrs/activeren"]


def test_what_is_done_is_ticked_and_the_next_step_is_one_click_away(
    signed_in: SignedIn, acting: Acting, cast: Cast
) -> None:
    activate_nmbrs(acting, cast)
    page = signed_in("alice").open("/koppelingen/nmbrs")
    assert list(states(page).values())[:2] == ["klaar", "klaar"]
    assert page.text("#nmbrs-stap-aanvragen") == "Gedaan"
    answer = page.visitor.client.get("/koppelingen/nmbrs?volgende=1")
    following = page.soup.select_one(".step-mark--next")
    assert following is not None
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/koppelingen/nmbrs#{following['id']}"


def test_the_hours_come_before_their_codes_in_the_list_and_in_the_text(
    signed_in: SignedIn, acting: Acting, cast: Cast
) -> None:
    """Codes are chosen per kind of hours, and only an import brings kinds."""
    activate_nmbrs(acting, cast, codes={})
    page = signed_in("alice").open("/koppelingen/nmbrs")
    assert list(states(page)) == [
        "Vul je API-token en e-mailadres in", "Kies het bedrijf", "Importeer de uren", "Kies de urencodes",
        "Controleer en maak de export", "Verstuur of download de uren",
    ]  # fmt: skip
    listed = [a["href"] for a in page.soup.select(".your-steps .steps__item a")]
    assert listed == [f"#{mark['id']}" for mark in page.soup.select(".step-mark")]
    assert page.link("Importeer de uren") == "#nmbrs-stap-uren"
    assert [a["href"] for a in page.soup.select(".step-mark--next a")] == ["/portaal/uren/importeren"]


@pytest.mark.parametrize("who", ["alice", "bob", "eva"])
@pytest.mark.parametrize("path", ["/koppelingen/nmbrs", "/koppelingen/connexie"])
@pytest.mark.parametrize("company", [None, COMPANY])
@pytest.mark.parametrize("active", [False, True])
def test_no_role_is_sent_to_a_page_that_it_may_not_open(
    signed_in: SignedIn, acting: Acting, cast: Cast, who: str, path: str, company: str | None, active: bool
) -> None:
    if active:
        activate_nmbrs(acting, cast, company=company)
    page = signed_in(who).open(path)
    links = page.soup.select(".step-mark a, .your-steps__next a")
    for link in links:
        assert page.visitor.client.get(str(link["href"])).status_code == 200, link
    if who == "alice":
        assert links


def test_an_urenverwerker_reads_who_does_what_only_a_beheerder_may(
    signed_in: SignedIn, acting: Acting, cast: Cast
) -> None:
    page = signed_in("bob").open("/koppelingen/nmbrs")
    said = "Nu aan de beurt: Vul je API-token en e-mailadres in. Dit doet een beheerder."
    assert page.text(".step-mark--next") == said
    assert said in page.text(".your-steps")
    activate_nmbrs(acting, cast, company=None)
    again = signed_in("bob").open("/koppelingen/nmbrs")
    assert again.text(".step-mark--next") == "Nu aan de beurt: Kies het bedrijf. Dit doet een beheerder."


def test_codes_are_chosen_by_a_beheerder_or_an_accountant(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    activate_nmbrs(acting, cast, codes={})
    import_hours(acting, cast, [row(Datum="02-11-2026")])
    said = "Kies de urencodes"
    assert signed_in("alice").open("/koppelingen/nmbrs").text(".step-mark--next") == f"Je volgende stap: {said}"
    page = signed_in("bob").open("/koppelingen/nmbrs")
    assert page.text(".step-mark--next") == f"Nu aan de beurt: {said}. Dit doet een beheerder of een accountant."


def test_another_organisation_sees_its_own_steps(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    """B2"""
    activate_nmbrs(acting, cast)
    assert states(signed_in("charlie").open("/koppelingen/nmbrs"))["Vul je API-token en e-mailadres in"] == "nu bezig"


def test_a_koppeling_without_token_starts_with_ok(signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    assert states(alice.open("/koppelingen/connexie"))["Activeer de koppeling"] == "nu bezig"
    alice.open("/portaal/bedrijf/koppelingen/connexie/activeren").submit("OK")
    page = alice.open("/koppelingen/connexie")
    assert states(page)["Activeer de koppeling"] == "klaar"
    assert page.text("#connexie-stap-activeren") == "Gedaan"


@pytest.mark.parametrize("path", ["/koppelingen/nmbrs", "/koppelingen/connexie"])
def test_a_page_with_steps_is_kept_by_nobody(signed_in: SignedIn, visitor: Visitor, path: str) -> None:
    """E2: the public page may be kept by everybody, the one with somebody's steps by nobody."""
    mine, everybodys = signed_in("alice").open(path).answer, visitor.open(path).answer
    assert "no-store" in mine.headers["Cache-Control"]
    assert "no-store" not in everybodys.headers["Cache-Control"]
    assert "Cookie" in everybodys.headers["Vary"]
