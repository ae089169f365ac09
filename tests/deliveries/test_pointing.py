"""An unknown line that only a person can settle: they see what stands in payroll, and point at the one that is ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries.models import LineState
from tests.browse import Page, Visitor
from tests.deliveries.fix import clerk
from tests.deliveries.stage import Stage
from tests.deliveries.steps import INSERT, an_hour_passes, lines, send, states
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]


@pytest.fixture
def delivery(nmbrs: Stage, deliver: Deliver) -> int:
    """Daan's answer was lost after booking, and somebody entered the same hours for him: two may be ours."""
    nmbrs.trouble(INSERT, "drop_after_booking")
    made = send(nmbrs)
    deliver()
    where = {"year": nmbrs.period.year, "period": nmbrs.period.number}
    clerk(nmbrs, add=[{"employee_id": 50103, "code": 2100, "hours": "15.00", **where}])
    an_hour_passes(nmbrs)
    deliver()
    assert states(nmbrs, made)[0] is LineState.UNCLEAR
    return made


def pointers(page: Page) -> list[str]:
    words = [" ".join(button.get_text(" ", strip=True).split()) for button in page.soup.select("main form button")]
    return [one for one in words if one.startswith("Kenmerk")]


def test_a_person_points_at_our_line(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    page = signed_in("bob").open(f"/portaal/leveringen/{delivery}")
    assert "code 2100, 15,00 uur" in page.text()
    first, second = pointers(page)
    page = page.submit(first)
    assert lines(nmbrs, delivery)[0].remote_ref == first.split()[1]
    assert "1 regel is nagekeken door Bob Bes." in page.text()
    assert "alle 3 regels geaccepteerd" not in page.text()
    assert first != second


def test_only_what_may_be_ours_is_believed(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    bob, daan, sanne, _youssef = signed_in("bob"), *lines(nmbrs, delivery)
    address = f"/portaal/leveringen/{delivery}/regels/{daan.id}/staat-er"
    bob.post(address, {**csrf(bob), "kenmerk": sanne.remote_ref}, status=409)
    assert states(nmbrs, delivery)[0] is LineState.UNCLEAR


def test_sending_again_is_asked_about_first(nmbrs: Stage, delivery: int, signed_in: SignedIn) -> None:
    page = signed_in("bob").open(f"/portaal/leveringen/{delivery}").follow("Staat er niet, verstuur opnieuw")
    assert "Daan Visser" in page.text()
    assert states(nmbrs, delivery)[0] is LineState.UNCLEAR
    page.submit("Ja, verstuur opnieuw")
    assert states(nmbrs, delivery)[0] is LineState.PLANNED
