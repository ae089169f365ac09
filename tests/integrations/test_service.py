"""Handing a token over: what is refused, what Nmbrs may say, what is stored (issue 2, items 3 and 4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from threading import Thread

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from portal.integrations import strongbox
from portal.integrations.models import Credential, CredentialRequest, Koppeling
from portal.integrations.providers.nmbrs.sandbox_world import (
    DEMO_TOKEN,
    DEMO_USER,
    NO_RIGHTS_TOKEN,
    NO_RIGHTS_USER,
    ONE_DEBTOR_TOKEN,
    ONE_DEBTOR_USER,
    READ_ONLY_TOKEN,
    READ_ONLY_USER,
    demo_world,
)
from portal.kernel.work import Acting
from portal.sandbox.server import running
from tests.browse import Page, Visitor
from tests.integrations import flow
from tests.integrations.flow import NMBRS

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WRONG_TOKENS = {
    "sandbox-nmbrs\ntoken-0001": "spatie, een enter of een vreemd teken",
    "sandbox-nmbrs token-0001": "spatie, een enter of een vreemd teken",
    "sandbox-nmbrs\ttoken-0001": "spatie, een enter of een vreemd teken",
    "sandbox-nmbrs\u200btoken-0001": "spatie, een enter of een vreemd teken",
    "sandbox-nmbrs\U0001f511token-0001": "spatie, een enter of een vreemd teken",
    "sandbox-nmbrs\0token-0001": "spatie, een enter of een vreemd teken",
    "x" * 501: "te lang",
    "": "Vul je API-token in",
    " \t ": "Vul je API-token in",
}
WRONG_MAILS = ("", "geen adres", "a@b", "a@@b.nl", "a b@c.nl", "x" * 250 + "@b.nl", "a@b.nl\r\nBcc: c@d.nl")


def calls(sandbox: str) -> list[str]:
    return [call["operation"] for call in httpx.get(f"{sandbox}/nmbrs/_sandbox/state").json()["calls"]]


def arm(sandbox: str, kind: str, operation: str = "*", **more: object) -> None:
    body = {"kind": kind, "operation": operation, **more}
    httpx.post(f"{sandbox}/nmbrs/_sandbox/faults", json=body).raise_for_status()


@SQLITE
def test_item3_a_token_of_the_wrong_shape_is_refused_at_its_field(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    """C3: the token does not come back, the e-mail does; Nmbrs is not asked, nothing is stored."""
    alice, before = signed_in("alice"), flow.stored(acting)
    for token, words in WRONG_TOKENS.items():
        page = flow.check(alice, token, status=422)
        assert words in page.text("#token-error"), repr(token)
        assert words in page.text(".error-summary a[href='#token']")
        assert page.soup.select_one("#email")["value"] == DEMO_USER  # type: ignore[index]
        assert not page.soup.select_one("#token").get("value")  # type: ignore[union-attr]
        assert not token.strip() or token not in page.answer.get_data(as_text=True)
    for mail in WRONG_MAILS:
        page = flow.check(alice, email=mail, status=422)
        assert page.has("#email-error"), mail
        assert DEMO_TOKEN not in page.answer.get_data(as_text=True)
    assert calls(sandbox) == []
    assert flow.stored(acting) == before


def test_item3_blanks_around_the_token_are_taken_off(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    flow.ask(signed_in("alice"), f"\u00a0 {DEMO_TOKEN}\u200b \n", f" {DEMO_USER} ")
    with acting.read() as work:
        assert work.session.scalars(select(Koppeling)).one().state.value == "aangevraagd"
        row = work.session.scalars(select(Credential)).one()
    assert (row.email, row.domain) == (DEMO_USER, "brasserie-zon")
    assert row.sealed_token
    assert DEMO_TOKEN.encode() not in row.sealed_token
    with acting.read() as work:
        assert strongbox.take(work, row).reveal() == DEMO_TOKEN


def refused(page: Page, token: str) -> str:
    """What the visitor reads; the token is nowhere and the e-mail is kept (C3, J4)."""
    summary = page.soup.select_one(".error-summary[role=alert]")
    assert summary is not None
    assert summary.select_one("h2").get_text(strip=True)  # type: ignore[union-attr]
    assert summary.select_one("p").get_text(strip=True)  # type: ignore[union-attr]
    assert token not in page.answer.get_data(as_text=True)
    assert page.soup.select_one("#email")["value"]  # type: ignore[index]
    return page.text(".error-summary")


def test_item3_every_answer_of_nmbrs_has_its_own_text_and_stores_nothing(
    acting: Acting, signed_in: Callable[[str], Visitor], make_app: Callable[..., Flask], sandbox: str
) -> None:
    alice, before = signed_in("alice"), flow.stored(acting)
    wrong = "sandbox-nmbrs-token-verkeerd"
    said = {
        "1001": refused(flow.check(alice, wrong, status=422), wrong),
        "1002": refused(flow.check(alice, NO_RIGHTS_TOKEN, NO_RIGHTS_USER, status=422), NO_RIGHTS_TOKEN),
    }
    kinds = (
        "html",
        "doctype",
        "fault_dutch",
        "fault_text:De administratie is in onderhoud",
        "fault:9998",
    )
    for kind in kinds:
        arm(sandbox, kind, operation="Environment_Get")
        said[kind] = refused(flow.check(alice, status=422), DEMO_TOKEN)
        flow.check(alice, wrong, status=422)  # an answer: the breaker stays shut
    closed = flow.entered(make_app(nmbrs_soap_url="http://127.0.0.1:9/soap/v3"), alice)
    said["closed"] = refused(flow.check(closed, status=422), DEMO_TOKEN)
    with flow.silent() as stub:
        hanging = flow.entered(make_app(nmbrs_soap_url=f"{stub.url}/soap/v3", remote_seconds=1), alice)
        said["hang"] = refused(flow.check(hanging, status=422), DEMO_TOKEN)
    assert len(set(said.values())) == len(said), said
    assert "herkent deze combinatie" in said["1001"]
    assert "1001" in said["1001"]
    assert "Gebruikerssjablonen" in said["1002"]
    assert "DebtorService > List_GetAll" in said["1002"]
    assert "onderhoud" in said["fault_text:De administratie is in onderhoud"]
    assert "niet bereikbaar" in said["closed"]
    for kind in ("closed", "hang", "html", "doctype"):
        assert "Probeer het over een paar minuten opnieuw" in said[kind]
    assert flow.stored(acting) == before


def test_item3_the_customer_sees_environment_companies_and_missing_rights(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice = signed_in("alice")
    page = flow.ask(alice, READ_ONLY_TOKEN, READ_ONLY_USER)
    text = page.text()
    for words in ("brasserie-zon", "De Zon Horeca Groep", "Brasserie De Zon B.V.", "De Zon Catering", "nieuw"):
        assert words in text
    rights = dict(rows(page))
    assert rights["CompanyService > HourModel_GetHourCodes"] == "uit"
    assert rights["CompanyService > HourModel2_GetHourCodes"] == "aan"
    assert rights["EmployeeService > HourComponentVar_Insert"] == "onbekend tot de eerste levering"
    assert "ontbreekt 1 recht" in text
    note = page.text("#notitie")
    assert READ_ONLY_USER in note
    assert "CompanyService > HourModel_GetHourCodes" in note
    assert "HourModel2" not in note


def rows(page: Page) -> list[tuple[str, str]]:
    table = next(table for table in page.soup.select("table") if "Rechten" in table.get_text())
    cells = [[" ".join(cell.get_text(" ").split()) for cell in row.select("td")] for row in table.select("tbody tr")]
    return [(call, state) for call, state in cells]


def test_a_new_token_replaces_the_one_of_an_open_request(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice = signed_in("alice")
    flow.ask(alice)
    flow.ask(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER)
    with acting.read() as work:
        old, new = work.session.scalars(select(Credential).order_by(Credential.id)).all()
        request = work.session.scalars(select(CredentialRequest)).one()
        assert old.sealed_token is None
        assert new.sealed_token is not None
        assert request.credential_id == new.id
        assert request.state.value == "nieuw"


def test_replacing_the_token_of_an_active_koppeling(
    acting: Acting, signed_in: Callable[[str], Visitor], make_app: Callable[..., Flask], sandbox: str
) -> None:
    """Same environment: at once, without support. Another environment: refused, and the old one stays."""
    alice = signed_in("alice")
    flow.activate(alice, signed_in("support"), acting)
    page = flow.ask(alice, ONE_DEBTOR_TOKEN, ONE_DEBTOR_USER, button=flow.REPLACE)
    assert "actief" in page.text("h1 + *, main")
    assert ONE_DEBTOR_USER in page.text()
    before = flow.stored(acting)
    assert [row[4] is None for row in before["credential"]] == [True, False]
    assert len(before["credential_request"]) == 1
    world = replace(demo_world(datetime.now(UTC).date()), subdomain="andere-omgeving")
    with running(world=world) as url:
        elsewhere = flow.entered(make_app(nmbrs_soap_url=f"{url}/nmbrs/soap/v3"), alice)
        page = flow.check(elsewhere, status=422)
    said = page.text(".error-summary")
    assert "andere-omgeving" in said
    assert "brasserie-zon" in said
    assert "uit" in said
    assert flow.stored(acting) == before


def test_with_auto_activate_a_token_with_all_rights_needs_no_support(
    make_app: Callable[..., Flask], acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice = flow.entered(make_app(auto_activate=True), signed_in("alice"))
    assert "nieuw" in flow.ask(alice, READ_ONLY_TOKEN, READ_ONLY_USER).text()
    assert "Geactiveerd op" in flow.ask(alice).text()


def test_withdrawing_destroys_the_token(
    acting: Acting, signed_in: Callable[[str], Visitor], database_url: str, sandbox: str
) -> None:
    """C3: the sealed bytes leave the row."""
    alice = signed_in("alice")
    page = flow.ask(alice)
    with acting.read() as work:
        sealed = work.session.scalars(select(Credential.sealed_token)).one()
    assert sealed
    page = page.submit("Trek aanvraag in")
    assert "ingetrokken" in page.text()
    with acting.read() as work:
        assert work.session.scalars(select(Credential.sealed_token)).one() is None
        assert work.session.scalars(select(Koppeling.credential_id)).one() is None
    assert not re.search(r"<h2>Token</h2>", page.answer.get_data(as_text=True))
    flow.ask(alice)  # and a new request may follow


def test_item4_horecalonen_and_connexie_go_on_and_off(acting: Acting, signed_in: Callable[[str], Visitor]) -> None:
    alice = signed_in("alice")
    for name in ("Horecalonen", "Connexie"):
        form = alice.open(flow.BASE).follow(name)
        page = form.submit("OK")
        assert f"De koppeling met {name} is actief" in page.text("body")
        assert "al actief" in alice.open(f"{flow.BASE}/{name.lower()}/activeren").text()
        again = alice.post(f"{flow.BASE}/{name.lower()}/activeren", flow.csrf(alice))
        assert "is actief" in again.text("body")
        off = page.submit("Zet uit")
        assert "staat uit" in off.text()
        alice.post(f"{flow.BASE}/{name.lower()}/uitzetten", flow.csrf(alice))
    with acting.read() as work:
        assert [row.state.value for row in work.session.scalars(select(Koppeling))] == ["uit", "uit"]


def test_switching_nmbrs_off_destroys_the_token(
    acting: Acting, signed_in: Callable[[str], Visitor], sandbox: str
) -> None:
    alice = signed_in("alice")
    flow.activate(alice, signed_in("support"), acting)
    alice.open(NMBRS).submit("Zet uit")
    with acting.read() as work:
        assert work.session.scalars(select(Credential.sealed_token)).one() is None
    assert "staat uit" in alice.open(NMBRS).text()


@SQLITE
def test_f3_while_nmbrs_hangs_the_portal_answers(
    acting: Acting, signed_in: Callable[[str], Visitor], make_app: Callable[..., Flask]
) -> None:
    """Three pages wait for Nmbrs; the fourth hand-over is told so at once and other pages answer."""
    alice = signed_in("alice")
    with flow.silent() as stub:
        app = make_app(nmbrs_soap_url=f"{stub.url}/soap/v3", remote_seconds=20)
        waiting = start_waiting(app, alice, 3)
        while len(stub.requests) < 3:
            assert all(thread.is_alive() for thread in waiting)
        busy = flow.check(flow.entered(app, alice), status=422)
        assert "druk" in busy.text(".error-summary")
        assert "Wacht een minuut" in busy.text(".error-summary")
        flow.entered(app, alice).open("/portaal")
        assert all(thread.is_alive() for thread in waiting)
    for thread in waiting:
        thread.join()
    assert flow.stored(acting)["credential"] == []


def start_waiting(app: Flask, person: Visitor, count: int) -> list[Thread]:

    threads = [
        Thread(target=flow.check, args=(flow.entered(app, person),), kwargs={"status": 422}) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    return threads
