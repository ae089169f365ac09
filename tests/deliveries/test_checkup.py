"""Every token is tried now and then: a withdrawn one shows before the day of the wages, and clears when it works."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from portal.audit.models import AuditEvent
from portal.deliveries.models import DeliveryState
from portal.integrations.checkup import check_next
from portal.integrations.models import Koppeling, KoppelingState
from tests.browse import Visitor
from tests.deliveries.fix import SANNE, UPDATE, change, correct, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import INSERT, koppeling, send, where
from tests.integrations.flow import NMBRS

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
FIRST = "Environment_Get"


def later(stage: Stage, **time: int) -> None:
    with stage.acting.begin() as work:
        ago = work.now - timedelta(**time)
        work.session.execute(update(Koppeling).values(changed_at=ago, checked_at=None))


def checks(stage: Stage) -> int:
    with stage.acting.read() as work:
        used = work.session.query(AuditEvent).filter(AuditEvent.action == "credential.used")
        return sum(1 for event in used if event.facts.get("why") == "dagelijkse controle")


def test_a_withdrawn_token_shows_the_next_day_and_clears_within_the_hour(nmbrs: Stage, signed_in: SignedIn) -> None:
    assert not check_next(nmbrs.acting)  # it was tried when it was handed over
    nmbrs.trouble(FIRST, "fault:1001", times=9)
    later(nmbrs, hours=25)
    assert check_next(nmbrs.acting)
    assert not check_next(nmbrs.acting)
    assert koppeling(nmbrs) is KoppelingState.BROKEN
    page = signed_in("alice").open(NMBRS)
    assert "Nmbrs herkent deze combinatie van e-mailadres en API-token niet." in page.text()
    httpx.post(f"{nmbrs.sandbox}/nmbrs/_sandbox/faults", json={}).raise_for_status()
    assert not check_next(nmbrs.acting)
    later(nmbrs, minutes=61)
    assert check_next(nmbrs.acting)
    assert koppeling(nmbrs) is KoppelingState.ACTIVE
    assert checks(nmbrs) == 2


@pytest.mark.parametrize("kind", ["busy_503", "hang", "html", "fault:9999"])
def test_who_is_away_says_nothing_about_the_token(nmbrs: Stage, kind: str) -> None:
    nmbrs.trouble(FIRST, kind)
    later(nmbrs, hours=25)
    assert check_next(nmbrs.acting)
    assert koppeling(nmbrs) is KoppelingState.ACTIVE


def test_a_delivery_that_waits_goes_on_by_itself(nmbrs: Stage, deliver: Deliver) -> None:
    nmbrs.trouble(INSERT, "fault:1001")
    delivery = send(nmbrs)
    deliver()
    assert where(nmbrs, delivery) is DeliveryState.PAUSED
    later(nmbrs, minutes=61)
    assert check_next(nmbrs.acting)
    deliver()
    assert (koppeling(nmbrs), where(nmbrs, delivery)) == (KoppelingState.ACTIVE, DeliveryState.DONE)


def test_reading_proves_nothing_about_a_right_to_write(nmbrs: Stage, deliver: Deliver) -> None:
    send(nmbrs)
    deliver()
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    nmbrs.trouble(UPDATE, "fault:1002")
    correction = correct(nmbrs)
    deliver()
    later(nmbrs, hours=25)
    assert check_next(nmbrs.acting)
    deliver()
    assert (koppeling(nmbrs), where(nmbrs, correction)) == (KoppelingState.BROKEN, DeliveryState.PAUSED)


def test_a_koppeling_that_is_off_or_has_no_token_is_left_alone(nmbrs: Stage) -> None:
    later(nmbrs, hours=25)
    with nmbrs.acting.begin() as work:
        work.session.execute(update(Koppeling).values(state=KoppelingState.OFF))
    assert not check_next(nmbrs.acting)
