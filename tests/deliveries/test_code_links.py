"""Each message of a delivery and a koppeling shows its code, and leads to the article about it (issue 4, item 1)."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import update

from portal.deliveries import service
from portal.deliveries.models import Delivery, DeliveryLine
from portal.integrations import service as koppelingen
from portal.integrations.models import Koppeling
from tests.browse import Visitor
from tests.deliveries.stage import PEOPLE, Stage
from tests.deliveries.steps import GET, an_hour_passes, send
from tests.deliveries.test_live import key_refused, lost, partly_refused
from tests.factories.setup import hand_over
from tests.integrations.flow import CHECK, NMBRS

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
UNTRIED = {"recht-onbekend-tot-de-eerste-levering"}  # stands below every list of rights
CAUSES = ("/portaal", "/portaal/bedrijf/koppelingen", NMBRS)


def refuse_everybody(stage: Stage) -> None:
    """The stand-in of Connexie knows nobody."""
    people = [number for _name, number, _bsn in PEOPLE]
    httpx.post(f"{stage.sandbox}/connexie/_sandbox/unknown", json={"people": people}).raise_for_status()


def explains(visitor: Visitor, code: str) -> bool:
    """Whether the address of a code ends at an article that names it."""
    return code in visitor.open(f"/meldingen/{code}").text("main")


def test_a_refused_line_leads_to_what_nmbrs_meant(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery = partly_refused(nmbrs, deliver)
    alice = signed_in("alice")
    page = alice.open(f"/portaal/leveringen/{delivery}")
    assert page.codes("main tbody") == {"nmbrs-2001"}
    assert explains(alice, "nmbrs-2001")
    service.retry_refused(nmbrs.alice, delivery)
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == set()
    deliver()
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == set()


def test_a_refused_key_has_one_code_everywhere(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery = key_refused(nmbrs, deliver)
    alice, desk = signed_in("alice"), signed_in("support")
    for path in (*CAUSES, f"/portaal/leveringen/{delivery}"):
        assert alice.open(path).codes() - UNTRIED == {"nmbrs-1001"}, path
    assert desk.open("/support/leveringen").codes() == {"nmbrs-1001"}
    hand_over(nmbrs.alice)
    deliver()
    deliver()
    for path in (*CAUSES, f"/portaal/leveringen/{delivery}"):
        assert alice.open(path).codes() - UNTRIED == set(), path


def test_who_is_refused_at_once_sees_the_code(nmbrs: Stage, signed_in: SignedIn) -> None:
    page = signed_in("alice").open(f"{NMBRS}/activeren")
    page = page.submit(CHECK, {"token": "verkeerd", "email": "a@b.example"}, status=422)
    assert page.codes(".notice--bad") == {"nmbrs-1001"}


def test_a_reading_that_fails_says_its_code_in_the_notice(nmbrs: Stage, signed_in: SignedIn) -> None:
    nmbrs.trouble("Company_GetCurrentPeriod", "fault:2004")
    page = signed_in("alice").open(NMBRS).submit("Lees opnieuw uit Nmbrs")
    assert page.codes("[role=status]") == {"nmbrs-2004"}


def test_an_unknown_line_says_why_it_cannot_be_proven(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery, alice = lost(nmbrs, deliver), signed_in("alice")
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == {"pakket-antwoord-kwijt"}
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "fault:2003")
    deliver()
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == {"onbekend-niet-gelezen"}


def test_what_an_office_says_of_a_line_has_a_code_of_ours(stage: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    """Their words may be anything, also a code of ours."""
    stage.bring_hours()
    koppelingen.switch_on(stage.alice, "connexie")
    refuse_everybody(stage)
    delivery = send(stage, "connexie")
    deliver()
    assert signed_in("alice").open(f"/portaal/leveringen/{delivery}").codes() == {"kantoor-regel-geweigerd"}


def test_what_was_stored_before_there_were_codes_leads_to_its_state(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    delivery, alice = partly_refused(nmbrs, deliver), signed_in("alice")
    with nmbrs.acting.begin() as work:
        work.session.execute(update(DeliveryLine).values(reason_code=""))
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == {"regel-geweigerd"}


def test_an_old_cause_leads_to_its_state(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    delivery, alice = key_refused(nmbrs, deliver), signed_in("alice")
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Delivery).values(cause_code=""))
        work.session.execute(update(Koppeling).values(cause_code=""))
    assert alice.open(f"/portaal/leveringen/{delivery}").codes() == {"levering-gepauzeerd"}
    assert alice.open(NMBRS).codes() - UNTRIED == {"koppeling-gestoord"}


def test_the_difference_explains_each_finding_once(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    partly_refused(nmbrs, deliver)
    page = signed_in("alice").open("/portaal/verschil")
    assert page.codes() == {"verschil-geweigerd"}
    assert len(page.soup.select(".code-link")) == 1


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/portaal/leveringen/99999", 404, "fout-404"),
        ("/support/leveringen", 403, "fout-403"),
        ("/portaal/leveringen/1/annuleren", 405, "fout-405"),
    ],
)
def test_an_error_page_names_its_code(signed_in: SignedIn, path: str, status: int, code: str) -> None:
    alice = signed_in("alice")
    assert alice.open(path, status=status).codes() == {code}
    assert explains(alice, code)


def test_an_error_page_names_the_code_of_the_error_itself(nmbrs: Stage, deliver: Deliver, signed_in: SignedIn) -> None:
    export = nmbrs.export()
    alice = signed_in("alice")
    page = alice.open(f"/portaal/exports/{export}").follow("Versturen naar Nmbrs")
    service.withdraw_export(nmbrs.alice, export)
    assert page.submit("Verstuur nu", status=409).codes() == {"export-ingetrokken"}
