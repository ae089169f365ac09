"""The set-up behind an active koppeling: company, hour codes, people; and payroll that changes meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from portal.integrations.models import KindCode, Koppeling, MemberLink, VenueCompany
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_USER
from portal.kernel.work import Acting
from tests.browse import Page, Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, activate_nmbrs, import_hours
from tests.hours.sheets import lately, recent_row
from tests.integrations import flow
from tests.integrations.flow import NMBRS

TEAM = (
    recent_row(Teamlid="Sanne de Boer", Personeelsnummer="0101", E_mail="sanne@dezon.example", BSN=""),
    recent_row(
        Teamlid="Daan Visser", Personeelsnummer="103", E_mail="daan@dezon.example", BSN="", Soort_uren="vakantie"
    ),
    recent_row(Teamlid="Zonder Nummer", Personeelsnummer="", E_mail="zonder@dezon.example", BSN=""),
)


@pytest.fixture
def alice(acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str) -> Visitor:
    """Alice, with an active koppeling, hours of three people, and nothing set up yet."""
    activate_nmbrs(acting, cast, company=None)
    import_hours(acting, cast, TEAM)
    return signed_in("alice")


def venue(cast: Cast, page: str) -> str:
    return f"{NMBRS}/vestiging/{cast.venue('alice')}/{page}"


def choose(alice: Visitor, cast: Cast, ref: str, status: int = 303) -> Page:
    return alice.open(venue(cast, "bedrijf")).submit("Kies dit bedrijf", {"company": ref}, status=status)


def options(page: Page, name: str) -> dict[str, str]:
    return {str(o["value"]): o.get_text(strip=True) for o in page.soup.select(f"select[name='{name}'] option")}


def kind_fields(page: Page) -> dict[str, str]:
    """The name of the field of each kind of hours."""
    labels = page.soup.select("label[for^=kind_]")
    return {label.find(string=True).strip(): str(label["for"]) for label in labels}  # type: ignore[union-attr]


def rights(sandbox: str, *, allowed: bool) -> None:
    body = {"username": DEMO_USER, "operation": "Company_GetCurrentPeriod", "allowed": allowed}
    httpx.post(f"{sandbox}/nmbrs/_sandbox/rights", json=body).raise_for_status()


def test_item3_company_codes_and_people(acting: Acting, cast: Cast, alice: Visitor) -> None:
    page = alice.open(NMBRS).follow("Kies een bedrijf")
    assert options(page, "company")["3301"] == "1 Brasserie De Zon B.V."
    page = page.submit("Kies dit bedrijf", {"company": "3301"})
    fields = kind_fields(page)
    assert sorted(fields) == ["gewerkt", "vakantie"]
    codes = options(page, fields["gewerkt"])
    assert codes["2100"] == "2100 Gewerkte uren (model 1)"
    assert codes["6100"] == "6100 Overwerk 100% (model 2)"
    page = page.submit("Bewaar codes", {fields["gewerkt"]: "2100", fields["vakantie"]: "6100"})
    assert "2 van 2 soorten" in page.text()
    assert "2 van 3 teamleden" in page.text()
    people = page.follow("Koppel teamleden")
    assert "101 Sanne de Boer" in people.text()
    assert "Dit teamlid heeft geen personeelsnummer." in people.text()
    with acting.read() as work:
        stored = {code.kind: code.code for code in work.session.scalars(select(KindCode))}
    assert stored == {"gewerkt": "2100", "vakantie": "6100"}


def test_a_kind_that_arrives_meanwhile_does_not_shift_the_codes(acting: Acting, cast: Cast, alice: Visitor) -> None:
    """The form was opened before a colleague imported "avond": each code stays with its kind."""
    page = choose(alice, cast, "3301")
    fields = kind_fields(page)
    sanne = {"Teamlid": "Sanne de Boer", "Personeelsnummer": "0101", "E_mail": "", "BSN": ""}
    import_hours(acting, cast, [recent_row(**sanne, Datum=lately(6), Soort_uren="avond")])
    page.submit("Bewaar codes", {fields["gewerkt"]: "2100", fields["vakantie"]: "3041"})
    with acting.read() as work:
        stored = {code.kind: code.code for code in work.session.scalars(select(KindCode))}
    assert stored == {"gewerkt": "2100", "vakantie": "3041"}


def test_codes_and_companies_that_payroll_does_not_have_are_refused(acting: Acting, cast: Cast, alice: Visitor) -> None:
    before = flow.stored(acting)
    token = flow.csrf(alice)
    alice.post(venue(cast, "urencodes"), {**token, "kind_x": "1"}, status=409)  # no company yet
    choose(alice, cast, "9999", status=422)
    assert flow.stored(acting) == before
    page = choose(alice, cast, "3301")
    fields = kind_fields(page)
    page = page.submit("Bewaar codes", {fields["gewerkt"]: "9999"}, status=422)
    assert page.has(".field--error")
    with acting.read() as work:
        assert work.session.scalars(select(KindCode)).all() == []


def test_people_by_hand_and_no_employee_twice(acting: Acting, cast: Cast, alice: Visitor) -> None:
    choose(alice, cast, "3301")
    people = alice.open(venue(cast, "teamleden"))
    page = people.follow("Koppel Zonder Nummer")
    found = options(page, "employee")
    ref = next(value for value, name in found.items() if "Eva Smit" in name)
    people = page.submit("Bewaar", {"employee": ref})
    assert "110 Eva Smit zelf gekoppeld" in people.text()
    page = people.follow("Wijzig Daan Visser").submit("Bewaar", {"employee": ref}, status=422)
    assert "hoort al bij een ander teamlid" in page.text("#employee-error")
    page.submit("Bewaar", {"employee": "1"}, status=422)
    back = people.follow("Wijzig Zonder Nummer").submit("Bewaar", {"employee": ""})
    assert "Dit teamlid heeft geen personeelsnummer." in back.text()
    with acting.read() as work:
        assert work.session.scalars(select(MemberLink)).all() == []


def test_another_company_forgets_codes_and_people(acting: Acting, cast: Cast, alice: Visitor) -> None:
    page = choose(alice, cast, "3301")
    fields = kind_fields(page)
    page.submit("Bewaar codes", {fields["gewerkt"]: "2100"})
    choose(alice, cast, "3301")
    with acting.read() as work:
        assert len(work.session.scalars(select(KindCode)).all()) == 1
    choose(alice, cast, "3302")
    with acting.read() as work:
        assert work.session.scalars(select(KindCode)).all() == []
        assert work.session.scalars(select(VenueCompany.company_ref)).one() == "3302"


def test_a_code_that_vanished_from_payroll_must_be_chosen_again(acting: Acting, cast: Cast, alice: Visitor) -> None:
    page = choose(alice, cast, "3301")
    fields = kind_fields(page)
    page.submit("Bewaar codes", {fields["gewerkt"]: "2100"})
    with acting.begin() as work:
        found = work.session.scalars(select(VenueCompany)).one()
        left = [code for code in found.facts["codes"] if code["code"] != "2100"]
        found.facts = {**found.facts, "codes": left}
    assert "0 van 2 soorten" in alice.open(NMBRS).text()
    page = alice.open(venue(cast, "urencodes"))
    assert "2100" not in options(page, fields["gewerkt"])
    assert not page.soup.select("option[selected][value='2100']")


def test_nmbrs_down_while_choosing_changes_nothing(
    acting: Acting, cast: Cast, alice: Visitor, make_app: Callable[..., Flask]
) -> None:
    choose(alice, cast, "3301")
    before = flow.stored(acting)
    closed = flow.entered(make_app(nmbrs_soap_url="http://127.0.0.1:9/soap/v3"), alice)
    page = choose(closed, cast, "3302", status=422)
    assert "Nmbrs is nu niet bereikbaar." in page.text(".error-summary")
    assert page.soup.select_one("option[selected]")["value"] == "3302"  # type: ignore[index]
    page = closed.open(NMBRS).submit("Lees opnieuw uit Nmbrs")
    assert "Nmbrs is nu niet bereikbaar." in page.text("body")
    assert flow.stored(acting) == before


def test_a_right_withdrawn_makes_the_koppeling_gestoord_until_a_good_read(
    acting: Acting, cast: Cast, alice: Visitor, sandbox: str
) -> None:
    choose(alice, cast, "3301")
    rights(sandbox, allowed=False)
    page = choose(alice, cast, "3301", status=422)
    assert "Company_GetCurrentPeriod" in page.text(".error-summary")
    page = alice.open(NMBRS)
    assert "gestoord" in page.text()
    for words in (
        "mag Company_GetCurrentPeriod niet gebruiken",
        "Zet het in Nmbrs aan",
    ):
        assert words in page.text()
    assert "gestoord" in alice.open("/portaal").text()
    page = page.submit("Lees opnieuw uit Nmbrs")
    assert "gestoord" in page.text()
    rights(sandbox, allowed=True)
    page = page.submit("Lees opnieuw uit Nmbrs")
    assert "gestoord" not in page.text()
    with acting.read() as work:
        row_ = work.session.scalars(select(Koppeling)).one()
    assert (row_.state.value, row_.cause, row_.remedy) == ("actief", "", "")


def test_a_new_token_clears_gestoord(acting: Acting, cast: Cast, alice: Visitor, sandbox: str) -> None:
    rights(sandbox, allowed=False)
    choose(alice, cast, "3301", status=422)
    rights(sandbox, allowed=True)
    assert "gestoord" not in flow.ask(alice, button=flow.REPLACE).text()


def test_codes_of_a_file_target_are_free_text(acting: Acting, cast: Cast, alice: Visitor) -> None:
    activate_file_target(acting, cast, "horecalonen")
    address = f"{flow.BASE}/horecalonen/vestiging/{cast.venue('alice')}/urencodes"
    page = alice.open(address)
    fields = kind_fields(page)
    for wrong in ("=1+1", "x" * 21, "a\0b"):
        refused = page.submit("Bewaar codes", {fields["gewerkt"]: wrong}, status=422)
        assert refused.has(f"#{fields['gewerkt']}-error"), wrong
    page.submit("Bewaar codes", {fields["gewerkt"]: " LOON-1 "})
    assert alice.open(address).soup.select_one(f"#{fields['gewerkt']}")["value"] == "LOON-1"  # type: ignore[index]
    alice.open(f"{flow.BASE}/horecalonen/vestiging/{cast.venue('alice')}/teamleden", status=404)


def test_nothing_is_set_up_before_the_koppeling_is_active(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor]
) -> None:
    alice, before = signed_in("alice"), flow.stored(acting)
    token = flow.csrf(alice)
    for page in ("bedrijf", "urencodes"):
        alice.open(venue(cast, page), status=409)
        alice.post(venue(cast, page), {**token, "company": "3301"}, status=409)
    alice.open(venue(cast, "teamleden"), status=409)
    assert flow.stored(acting) == before
