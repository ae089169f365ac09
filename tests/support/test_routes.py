"""The desk: what support sees and decides, and what the customer reads of it (issue 2, item 3; B6)."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from portal.integrations.models import Credential, CredentialRequest
from portal.integrations.providers.nmbrs.sandbox_world import (
    DEMO_TOKEN,
    DEMO_USER,
    READ_ONLY_TOKEN,
    READ_ONLY_USER,
)
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.browse import Visitor
from tests.integrations import flow
from tests.integrations.flow import NMBRS


def test_support_takes_asks_and_activates(
    acting: Acting,
    signed_in: Callable[[str], Visitor],
    worker: Callable[[], int],
    settings: Settings,
    sandbox: str,
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    assert "Geen open aanvragen" in support.open("/support/aanvragen").text()
    flow.ask(alice, READ_ONLY_TOKEN, READ_ONLY_USER)
    page = support.open("/support/aanvragen").follow("Brasserie De Zon")
    for words in ("brasserie-zon", READ_ONLY_USER, "Alice Appel", "nog niemand", "Brasserie De Zon B.V."):
        assert words in page.text()
    assert "CompanyService > HourModel_GetHourCodes" in page.text()
    assert READ_ONLY_TOKEN not in page.answer.get_data(as_text=True)
    page = page.submit("Oppakken")
    assert "Sam Support" in page.text()
    assert "Support is met je aanvraag bezig" in alice.open(NMBRS).text()
    page = page.submit("Vraag stellen", {"question": "Mag het recht op urencodes aan?"})
    assert "wacht op klant" in page.text()
    asked = alice.open(NMBRS)
    assert "Mag het recht op urencodes aan?" in asked.text()
    asked.submit("Verstuur antwoord", {"text": "Ja, dat staat nu aan."})
    page = support.open(page.path)
    assert "Ja, dat staat nu aan." in page.text()
    page.submit("Activeren")
    done = alice.open(NMBRS)
    assert "Geactiveerd op" in done.text()
    assert "actief" in alice.open("/portaal").text()
    worker()
    sent = flow.mails(settings)
    assert [mail.to for mail in sent] == ["alice@dezon.example"] * 3
    assert len({mail.subject for mail in sent}) == 3
    assert "brasserie-zon" in sent[0].text
    assert "Mag het recht op urencodes aan?" in sent[1].text
    assert "is actief" in sent[2].text
    assert all(f"http://localhost{NMBRS}" in mail.text for mail in sent)
    assert all(READ_ONLY_TOKEN not in mail.text for mail in sent)


def test_support_rejects_with_a_reason_and_the_token_is_gone(
    acting: Acting,
    signed_in: Callable[[str], Visitor],
    worker: Callable[[], int],
    settings: Settings,
    sandbox: str,
) -> None:
    alice, support = signed_in("alice"), signed_in("support")
    flow.ask(alice)
    page = flow.take(support, acting).submit("Afwijzen", {"reason": "Dit is de omgeving van een ander bedrijf."})
    assert "afgewezen" in page.text()
    with acting.read() as work:
        assert work.session.scalars(select(Credential.sealed_token)).one() is None
    told = alice.open(NMBRS)
    assert "Dit is de omgeving van een ander bedrijf." in told.text()
    assert "De token is vernietigd." in told.text()
    worker()
    assert "Dit is de omgeving van een ander bedrijf." in flow.mails(settings)[-1].text
    form = told.follow("Doe een nieuwe aanvraag")
    form.submit(flow.CHECK, {"token": DEMO_TOKEN, "email": DEMO_USER}).submit(flow.SEND)
    with acting.read() as work:
        assert [r.state.value for r in work.session.scalars(select(CredentialRequest))] == ["afgewezen", "nieuw"]


def test_a_missing_request_is_not_found(signed_in: Callable[[str], Visitor]) -> None:
    support = signed_in("support")
    support.open("/support/aanvragen/99", status=404)
    for step in ("oppakken", "activeren"):
        support.post(f"/support/aanvragen/99/{step}", flow.csrf(support), status=404)
