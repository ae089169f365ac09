"""The accountant: what codes and rights of a koppeling ask for, and nothing of hours, BSN, colleagues or deliveries."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.integrations.models import KindCode
from portal.integrations.providers.nmbrs.sandbox_world import READ_ONLY_TOKEN, READ_ONLY_USER
from portal.kernel.access import MEMBERS, Audience, audience_of
from portal.kernel.work import Acting, Role
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, activate_nmbrs, import_hours
from tests.hours.sheets import recent_row
from tests.integrations import flow
from tests.integrations.flow import NMBRS

SignedIn = Callable[[str], Visitor]
OPEN = {
    "accounts.account", "accounts.confirm", "accounts.end_everywhere", "accounts.end_session", "accounts.sign_out",
    "integrations.choose_codes", "integrations.company", "integrations.overview", "integrations.people",
    "integrations.refresh", "integrations.settings", "integrations.show", "pages.overview",
}  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_b1_the_accountant_may_call_these_and_no_others(app: Flask) -> None:
    """A new page is not open to the accountant by accident: who opens one adds it here. Own account: see signed in."""
    may = {
        name
        for name, view in app.view_functions.items()
        if (audience := audience_of(view)) in (Audience.ORGANISATION, Audience.CODES)
        or (audience not in (Audience.PUBLIC, Audience.SIGNED_IN, None) and Role.ACCOUNTANT in MEMBERS[audience])
    }
    assert may == {name for name in OPEN if not name.startswith("accounts.")}


def test_b3_the_accountant_chooses_codes_and_sees_nothing_of_people_and_hours(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    activate_nmbrs(acting, cast, codes={})
    activate_file_target(acting, cast, "horecalonen")
    import_hours(acting, cast, [recent_row()])
    eva = signed_in("eva")
    start = eva.open("/portaal")
    assert "1 soort zonder urencode" in start.text()
    page = start.visitor.open(NMBRS)
    for hidden in ("Exporteren", "Vervang de token", "Zet uit", "Vingerafdruk", "Alice Appel", "Kies een ander"):
        assert hidden not in page.text(), hidden
    assert "Rechten in Nmbrs" in page.text()
    done = page.follow("Kies urencodes")
    field = next(str(item["name"]) for item in done.soup.select("select[name^=kind_]"))
    assert "bewaard" in done.submit("Bewaar codes", {field: "2100"}).text()
    with acting.read() as work:
        assert work.session.scalars(select(KindCode.code)).one() == "2100"
    assert "compleet" in eva.open("/portaal").text()
    for path in ("/portaal/bedrijf", "/portaal/bedrijf/instellingen", "/portaal/bedrijf/koppelingen", NMBRS,
                 f"{flow.BASE}/horecalonen", f"{NMBRS}/vestiging/{cast.venue('eva')}/teamleden",
                 f"{NMBRS}/vestiging/{cast.venue('eva')}/urencodes", "/portaal/account", "/portaal"):  # fmt: skip
        leads_nowhere_closed(eva, path)


def leads_nowhere_closed(eva: Visitor, path: str) -> None:
    """Every link and every form of a page of the accountant is one that they may open."""
    page = eva.open(path)
    for link in page.soup.select("main a[href^='/portaal'], header a[href^='/portaal']"):
        answer = eva.client.get(str(link["href"]))
        assert answer.status_code in (200, 303), (path, link["href"])
    for form in page.soup.select("form[method=post]"):
        answer = eva.client.post(str(form["action"]))
        assert answer.status_code == 400, (path, form["action"])  # no token: refused for that, not for the role


def test_the_missing_rights_are_told_in_words_for_the_accountant(signed_in: SignedIn, sandbox: str) -> None:
    flow.ask(signed_in("alice"), READ_ONLY_TOKEN, READ_ONLY_USER)
    eva = signed_in("eva")
    assert "Zet ze aan voor de gebruiker van de koppeling" in eva.open("/portaal").text()
    page = eva.open(NMBRS).text()
    assert f"Zet ze aan in Nmbrs voor de gebruiker {READ_ONLY_USER}" in page
    assert "HourModel_GetHourCodes" in page
    assert "Aangevraagd door" not in page
    assert READ_ONLY_TOKEN not in page


def test_b3_the_accountant_changes_nothing_else(acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str) -> None:
    activate_nmbrs(acting, cast)
    eva = signed_in("eva")
    token, before = flow.csrf(eva), flow.stored(acting)
    for path in (f"{NMBRS}/uitzetten", f"{NMBRS}/intrekken", f"{NMBRS}/antwoord", f"{NMBRS}/activeren",
                 f"{NMBRS}/vestiging/{cast.venue('eva')}/bedrijf", "/portaal/bedrijf/gebruikers/uitnodigen",
                 "/portaal/bedrijf/meekijken/aan", "/portaal/uren/importeren"):  # fmt: skip
        eva.post(path, token, status=403)
    assert flow.stored(acting) == before
