"""Who may see and change koppelingen, and what never binds or shows (B1, B2, B5, C3, D6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.integrations.models import Credential, CredentialRequest, Koppeling, TokenDraft
from portal.integrations.providers.nmbrs.sandbox_world import DEMO_TOKEN, DEMO_USER
from portal.kernel.work import Acting
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_nmbrs, import_hours
from tests.hours.sheets import recent_row
from tests.integrations import flow
from tests.integrations.flow import BASE, NMBRS

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CUSTOMER_PAGES = ("/portaal", "/portaal/bedrijf", "/portaal/bedrijf/instellingen", BASE, NMBRS)
COLUMNS = {
    column.name
    for table in (Koppeling, Credential, CredentialRequest, TokenDraft)
    for column in table.__table__.columns
}  # fmt: skip


def changing(cast: Cast, member: int) -> list[tuple[str, dict[str, str]]]:
    """Every address that changes a koppeling of Alice's organisation, with fields that would do."""
    place = f"{NMBRS}/vestiging/{cast.venue('alice')}"
    return [
        (f"{NMBRS}/activeren", {"token": "abcdefgh1", "email": "a@b.nl"}),
        (f"{NMBRS}/activeren/versturen", {"seen": "1-aanvragen"}),
        (f"{NMBRS}/activeren/annuleren", {"seen": "1-aanvragen"}),
        (f"{BASE}/horecalonen/activeren", {}),
        (f"{BASE}/horecalonen/uitzetten", {}),
        (f"{NMBRS}/uitzetten", {}),
        (f"{NMBRS}/intrekken", {}),
        (f"{NMBRS}/antwoord", {"text": "ja"}),
        (f"{place}/bedrijf", {"company": "3302"}),
        (f"{place}/verversen", {}),
        (f"{place}/urencodes", {"kind_x": "2100"}),
        (f"{NMBRS}/teamlid/{member}", {"employee": "50101"}),
    ]


def member_of(acting: Acting, cast: Cast) -> int:
    activate_nmbrs(acting, cast)
    import_hours(acting, cast, [recent_row(BSN="")])
    return 1


def test_b1_only_a_beheerder_changes_a_koppeling(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    addresses = changing(cast, member_of(acting, cast))
    before = flow.stored(acting)
    for name in ("bob", "support"):
        visitor = signed_in(name)
        token = flow.csrf(visitor)
        for address, values in addresses:
            visitor.post(address, {**values, **token}, status=403)
    assert flow.stored(acting) == before


def test_b2_another_organisation_finds_nothing(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """Charlie has an active koppeling of his own, so that only the strange ids can stop him."""
    member = member_of(acting, cast)
    activate_nmbrs(acting, cast, company=None, who="charlie")
    charlie, before = signed_in("charlie"), flow.stored(acting)
    token, missing = flow.csrf(charlie), 0
    for address, values in changing(cast, member):
        if "/vestiging/" in address or "/teamlid/" in address:
            answer = charlie.post(address, {**values, **token}, status=404)
            nowhere = charlie.post(address.replace(f"/{member}", "/987654"), {**values, **token}, status=404)
            assert answer.text() == nowhere.text()
            missing += 1
    assert missing == 4
    place = f"{NMBRS}/vestiging/{cast.venue('alice')}"
    for address in (f"{place}/bedrijf", f"{place}/urencodes", f"{place}/teamleden", f"{NMBRS}/teamlid/{member}"):
        charlie.open(address, status=404)
    for address in CUSTOMER_PAGES:
        for strange in ("Alice", "Brasserie De Zon<"):
            assert strange not in charlie.open(address).answer.get_data(as_text=True)
    assert flow.stored(acting) == before


def test_b2_charlie_sees_his_own_koppelingen_as_off(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    activate_nmbrs(acting, cast)
    charlie = signed_in("charlie")
    page = charlie.open(NMBRS)
    assert "staat uit" in page.text()
    assert "brasserie-zon" not in page.answer.get_data(as_text=True)
    for step in ("intrekken", "antwoord"):
        charlie.post(f"{NMBRS}/{step}", {**flow.csrf(charlie), "text": "ja"}, status=409)


@SQLITE
def test_bob_reads_everything_and_has_no_button(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    member_of(acting, cast)
    bob = signed_in("bob")
    place = f"{NMBRS}/vestiging/{cast.venue('bob')}"
    for address in (*CUSTOMER_PAGES, f"{BASE}/connexie", f"{place}/teamleden"):
        page = bob.open(address)
        actions = [str(form["action"]) for form in page.soup.select("main form")]
        assert actions == [], address
        assert not [a["href"] for a in page.soup.select("main a[href]") if str(a["href"]).endswith("/activeren")]
    for address in (f"{NMBRS}/activeren", f"{place}/bedrijf", f"{place}/urencodes", f"{NMBRS}/teamlid/1"):
        bob.open(address, status=403)


@SQLITE
def test_b1_support_and_customers_have_separate_doors(signed_in: Callable[[str], Visitor], cast: Cast) -> None:
    support, bob, alice = signed_in("support"), signed_in("bob"), signed_in("alice")
    for address in CUSTOMER_PAGES:
        support.open(address, status=403)
    for address in ("/support/aanvragen", "/support/aanvragen/1", "/support/leveringen", "/support/logboek"):
        bob.open(address, status=403)
        alice.open(address, status=403)
    for step in ("oppakken", "activeren", "afwijzen", "vragen"):
        alice.post(f"/support/aanvragen/1/{step}", flow.csrf(alice), status=403)


def test_b5_fields_that_are_not_on_the_form_change_nothing(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """Every column of the tables goes along with each step: the rows look as without them."""
    alice, support = signed_in("alice"), signed_in("support")
    extra = dict.fromkeys(COLUMNS - {"email"}, "1") | {
        "role": "support",
        "state": "geactiveerd",
        "provider": "connexie",
    }
    given = {"token": DEMO_TOKEN, "email": DEMO_USER}
    seen = flow.seen(alice.post(f"{NMBRS}/activeren", {**extra, **given, **flow.csrf(alice)}))
    drafted = flow.stored(acting)
    assert (drafted["credential_request"], drafted["koppeling"]) == ([], [])
    assert (drafted["token_draft"][0][2], drafted["token_draft"][0][5]) == ("nmbrs", "Alice Appel")
    alice.post(f"{NMBRS}/activeren/versturen", {**extra, "seen": seen, **flow.csrf(alice)})
    rows = flow.stored(acting)
    request = dict(
        zip([c.name for c in CredentialRequest.__table__.columns], rows["credential_request"][0], strict=True)
    )
    mine = cast.actors["alice"].organisation_id
    assert (request["state"], request["organisation_id"], request["provider"]) == ("nieuw", mine, "nmbrs")
    assert (request["asked_by"], request["taken_by"], request["answer"]) == ("Alice Appel", "", "")
    desk = f"/support/aanvragen/{request['id']}"
    support.post(f"{desk}/oppakken", {**extra, **flow.csrf(support)})
    after = flow.stored(acting)
    changed = dict(zip(request, after["credential_request"][0], strict=True))
    differs = {name for name in request if request[name] != changed[name]}
    assert differs == {"state", "taken_by", "changed_at"}
    assert (changed["state"], changed["taken_by"]) == ("in behandeling", "Sam Support")
    assert after["credential"] == rows["credential"]
    assert len(after["koppeling"]) == 1


@SQLITE
def test_d6_strange_addresses_are_just_not_there(
    acting: Acting, cast: Cast, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """No number is too large, no key too odd: 404, never 500."""
    activate_nmbrs(acting, cast)
    alice, support, huge = signed_in("alice"), signed_in("support"), "9" * 30
    for key in ("bestaat-niet", "NMBRS", "%00", "%F0%9F%94%91", "' OR 1=1--", "{{7*7}}", "x" * 3000):
        alice.open(f"{BASE}/{key}", status=404)
        alice.post(f"{BASE}/{key}/uitzetten", flow.csrf(alice), status=404)
    for address in (f"{NMBRS}/vestiging/{huge}/bedrijf", f"{NMBRS}/teamlid/{huge}", f"{NMBRS}/vestiging/0/teamleden"):
        alice.open(address, status=404)
    support.open(f"/support/aanvragen/{huge}", status=404)
    support.open(f"/support/aanvragen/{2**63}", status=404)
    support.open(f"/support/aanvragen/{2**63 - 1}", status=404)
    lead = signed_in("lead")
    for before in (huge, "-1", "x", ""):
        lead.open("/support/logboek", query={"voor": before}, status=404)
    lead.open("/support/logboek", query={"voor": "0"})


@SQLITE
def test_d6_hidden_signs_in_an_answer_are_refused(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    page = flow.take(support, acting)
    for text in ("", "  \n ", "a\0b", "a\u202eb", "a\x1b[31mb", "x" * 2001):
        refused = page.submit("Vraag stellen", {"question": text}, status=422)
        assert refused.has("#question-error"), repr(text)
        refused = page.submit("Afwijzen", {"reason": text}, status=422)
        assert refused.has("#reason-error"), repr(text)
    page.submit("Vraag stellen", {"question": "Eerste regel\r\ntweede <b>regel</b> {{7*7}}"})
    asked = alice.open(NMBRS)
    assert "tweede <b>regel</b> {{7*7}}" in asked.text()
    for text in ("", " \t ", "a\0b", "x" * 2001):
        refused = asked.submit("Verstuur antwoord", {"text": text}, status=422)
        assert refused.has("#text-error"), repr(text)
        assert refused.has(".error-summary a[href='#text']")
        assert "wacht op klant" in alice.open(NMBRS).text()
    assert refused.text("#text") == "x" * 2001  # what was typed stays (J4)
    assert "in behandeling" in asked.submit("Verstuur antwoord", {"text": "Wij zijn\nhet terras."}).text()
