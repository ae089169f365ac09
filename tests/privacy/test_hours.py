"""Hours are forgotten after ninety days, and each is still paid exactly once (H4, G1, G2)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from portal.audit.models import AuditEvent
from portal.deliveries import retention as ledger
from portal.deliveries import service
from portal.deliveries.difference_queries import Place, difference
from portal.exports import service as exports
from portal.exports.models import ExportLine, SettledHours
from portal.hours import retention
from portal.hours.models import Shift, TeamMember
from portal.hours.periods import slug
from portal.integrations.parts import Providers
from portal.kernel.errors import Conflict
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.browse import Visitor, upload
from tests.deliveries.fix import SANNE, change, correct, seen, until
from tests.deliveries.stage import PEOPLE, Stage, shift
from tests.deliveries.steps import INSERT, send, states
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, import_hours
from tests.hours.sheets import csv_bytes, recent_row
from tests.privacy.later import count, forget, later, told

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
LONG = 125  # days: the last day of last month is more than ninety days ago then
BUTTON = "Lees het bestand in"


def sums(acting: Acting) -> dict[int, tuple[int, int]]:
    """Minutes and number of forgotten shifts by person."""
    with acting.read() as work:
        return {row.member_id: (row.minutes, row.shifts) for row in work.session.scalars(select(SettledHours))}


def approved(stage: Stage) -> list[tuple[int, Decimal, Decimal]]:
    """What the Verschil page says of each person: approved and sent."""
    place = Place(stage.venue, stage.acting.part(Providers).get("nmbrs"), stage.period)
    with stage.alice.read() as work:
        return sorted((row.member_id, row.approved, row.sent) for row in difference(work, place).rows)


def test_h4_delivered_hours_go_and_every_page_still_adds_up(
    nmbrs: Stage, sent: int, signed_in: SignedIn, settings: Settings, acting: Acting
) -> None:
    before = approved(nmbrs)
    assert {hours for _member, hours, _sent in before} == {Decimal("15.00")}
    with later(LONG):
        assert forget(acting)["hours"] == 6
        assert count(acting, Shift) == 0
        assert set(sums(acting).values()) == {(900, 2)}
        assert seen(nmbrs).rows == ()  # no correction takes back what was paid
        visitor = signed_in("alice")
        page = visitor.open(f"/portaal/leveringen/{sent}")
        assert "Sanne de Boer" in page.text()
        assert approved(nmbrs) == before
        place = f"/portaal/verschil?vestiging={nmbrs.venue}&doel=nmbrs&periode={slug(nmbrs.period)}"
        difference = visitor.open(place)
        assert "Sanne de Boer" in difference.text()
        assert "Maak een correctie" not in difference.text()
        assert "Sanne de Boer" in visitor.open(f"/portaal/leveringen/{sent}/ontvangstbewijs").text()
        visitor.open("/portaal")
        visitor.open("/portaal/exports")
        told(settings, "audit", "verify")


def test_g2_the_same_old_file_does_not_pay_again(nmbrs: Stage, sent: int, signed_in: SignedIn, acting: Acting) -> None:
    first = date(nmbrs.period.year, nmbrs.period.number, 1)
    old = csv_bytes([shift(person, first + timedelta(days=n)) for person in PEOPLE for n in range(2)])
    with later(LONG):
        forget(acting)
        visitor = signed_in("bob")
        page = visitor.open("/portaal/uren/importeren").submit(BUTTON, {"file": upload(old)}, status=422)
        assert "rij-te-oud" in page.codes()
        assert "meer dan 88 dagen geleden" in page.text()
    assert count(acting, Shift) == 0


def test_g2_no_day_can_come_in_once_it_may_be_forgotten() -> None:
    """With days to spare: a slow import, midnight, and machines whose clocks differ."""
    now = datetime(2026, 11, 26, 12, tzinfo=UTC)
    spare = retention.oldest_day(now) - (retention.today(now) - retention.HOURS)
    assert spare >= timedelta(days=2)
    at_midnight = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    assert retention.oldest_day(at_midnight) == retention.oldest_day(now)


@pytest.mark.parametrize(("days", "taken"), [(88, True), (89, False), (200, False)])
def test_g2_the_border_of_the_import(acting: Acting, cast: Cast, signed_in: SignedIn, days: int, taken: bool) -> None:
    day = retention.today(datetime.now(UTC)) - timedelta(days=days)
    content = csv_bytes([recent_row(Datum=f"{day:%d-%m-%Y}")])
    page = signed_in("bob").open("/portaal/uren/importeren")
    page.submit(BUTTON, {"file": upload(content)}, status=303 if taken else 422)
    assert count(acting, Shift) == int(taken)


def test_h4_hours_that_are_not_sent_stay(nmbrs: Stage, acting: Acting) -> None:
    export = nmbrs.export()
    with later(LONG):
        assert "hours" not in forget(acting)
        assert count(acting, Shift) == 6
        with nmbrs.alice.begin() as work:
            exports.withdraw_in(work, export)
        assert count(acting, Shift, Shift.export_id.is_(None)) == 6


def test_h4_hours_that_are_lost_or_refused_stay(nmbrs: Stage, deliver: Deliver, acting: Acting) -> None:
    nmbrs.trouble(INSERT, "drop_after_booking")
    delivery = send(nmbrs)
    deliver()
    with later(LONG):
        unsure = "onbekend" in states(nmbrs, delivery) or "gepland" in states(nmbrs, delivery)
        assert unsure
        assert "hours" not in forget(acting)
    assert count(acting, Shift) == 6


def test_h4_hours_of_a_line_that_was_refused_stay_until_it_is_given_free(
    nmbrs: Stage, deliver: Deliver, acting: Acting
) -> None:
    nmbrs.trouble(INSERT, "fault:2011")
    delivery = send(nmbrs)
    while deliver():
        pass
    assert sorted(states(nmbrs, delivery)) == ["geaccepteerd", "geaccepteerd", "geweigerd"]
    with later(LONG):
        assert "hours" not in forget(acting)
        service.release_refused(nmbrs.alice, delivery)
        assert forget(acting)["hours"] == 4
        assert count(acting, Shift, Shift.export_id.is_(None)) == 2  # there is time to export them again
    with later(LONG + 91):
        assert forget(acting)["unused_hours"] == 2


def test_h4_an_open_correction_keeps_the_hours_and_a_finished_one_adds_up(
    nmbrs: Stage, sent: int, deliver: Deliver, acting: Acting
) -> None:
    change(nmbrs, until(nmbrs, SANNE, "18:00"))
    correction = correct(nmbrs)
    with later(LONG):
        assert "hours" not in forget(acting)
        while deliver():
            pass
        assert set(states(nmbrs, correction)) == {"geaccepteerd"}
        assert forget(acting)["hours"] == 6
        assert seen(nmbrs).rows == ()


def test_h4_a_difference_that_nobody_corrected_stays_the_same(nmbrs: Stage, sent: int, acting: Acting) -> None:
    change(nmbrs, until(nmbrs, SANNE, "18:00"))
    before = [(row.difference.member_id, row.difference.hours) for row in seen(nmbrs).rows]
    assert [hours for _member, hours in before] == [Decimal("1.00")]
    with later(LONG):
        assert forget(acting)["hours"] == 6
        assert [(row.difference.member_id, row.difference.hours) for row in seen(nmbrs).rows] == before


def test_h4_hours_go_day_by_day_and_their_sum_stays(nmbrs: Stage, sent: int, acting: Acting) -> None:
    """The first day is old, the second is not: what is there and what is forgotten make up the whole."""
    with acting.read() as work:
        first = work.session.scalars(select(func.min(Shift.workday))).one()
    with later((first + timedelta(days=91) - retention.today(datetime.now(UTC))).days):
        assert forget(acting)["hours"] == 3
        assert count(acting, Shift) == 3
        assert set(sums(acting).values()) == {(450, 1)}
        assert seen(nmbrs).rows == ()
    with later(LONG):
        assert forget(acting)["hours"] == 3
        assert set(sums(acting).values()) == {(900, 2)}
        assert seen(nmbrs).rows == ()


def die_halfway(stage: Stage) -> None:
    """As a run that is killed before it commits."""
    with stage.alice.begin() as work:
        for place in ledger._places(work):
            assert ledger._forget(work, ledger._exports(work, place)) == 6
        raise ZeroDivisionError


def test_h4_a_run_that_dies_before_its_end_counts_nothing_twice(nmbrs: Stage, sent: int, acting: Acting) -> None:
    with later(LONG):
        with pytest.raises(ZeroDivisionError):
            die_halfway(nmbrs)
        assert (count(acting, Shift), sums(acting)) == (6, {})
        forget(acting)
        forget(acting)
        assert set(sums(acting).values()) == {(900, 2)}


def test_h4_two_workers_at_once_forget_each_hour_once(nmbrs: Stage, sent: int, acting: Acting) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            forget(acting)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)

    with later(LONG):
        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert (count(acting, Shift), set(sums(acting).values())) == (0, {(900, 2)})


def test_h4_a_delivery_whose_hours_are_gone_cannot_be_taken_back(
    nmbrs: Stage, sent: int, signed_in: SignedIn, acting: Acting
) -> None:
    """They could not be exported again: that must be done in payroll itself."""
    with later(LONG):
        forget(acting)
        page = signed_in("alice").open(f"/portaal/leveringen/{sent}")
        assert "terugdraaien" not in page.text().lower()


def test_h4_hours_that_nobody_exported_go_too_and_the_customer_can_see_it(acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [recent_row()])
    with later(89):
        assert "unused_hours" not in forget(acting)
    with later(91):
        assert forget(acting)["unused_hours"] == 1
    with acting.read() as work:
        told_ = work.session.scalars(select(AuditEvent).where(AuditEvent.action == "hours.unused_forgotten")).one()
    assert (told_.organisation_id, told_.facts) == (cast.actors["bob"].organisation_id, {"count": 1})


def test_h4_the_customer_is_warned_before_hours_that_nobody_exported_go(
    acting: Acting, cast: Cast, signed_in: SignedIn
) -> None:
    day = retention.today(datetime.now(UTC))
    import_hours(acting, cast, [recent_row(Datum=f"{day:%d-%m-%Y}")])
    warning = "Er staat nog 1 goedgekeurde dienst klaar."
    assert warning not in signed_in("bob").open("/portaal").text()
    with later(72):
        assert warning in signed_in("bob").open("/portaal").text()
        assert warning not in signed_in("charlie").open("/portaal").text()


@pytest.fixture
def horecalonen(stage: Stage) -> int:
    """An export with BSNs, not downloaded yet."""
    stage.bring_hours()
    activate_file_target(stage.acting, stage.cast, "horecalonen")
    return stage.export("horecalonen")


def test_h4_files_go_after_a_week_and_come_back_the_same(stage: Stage, horecalonen: int, acting: Acting) -> None:
    made = {kind: exports.download(stage.alice, horecalonen, kind) for kind in ("csv", "xlsx")}
    with later(8):
        assert forget(acting)["files"] == 2
        assert {kind: exports.download(stage.alice, horecalonen, kind) for kind in ("csv", "xlsx")} == made


def test_h4_the_bsn_goes_with_the_hours_and_the_file_with_it(
    stage: Stage, horecalonen: int, acting: Acting, signed_in: SignedIn
) -> None:
    exports.download(stage.alice, horecalonen, "csv")
    assert count(acting, ExportLine, ExportLine.bsn_sealed.is_not(None)) == 3
    with later(LONG):
        done = forget(acting)
        assert (done["hours"], done["bsn"]) == (6, 3)
        assert count(acting, ExportLine, ExportLine.bsn_sealed.is_not(None)) == 0
        assert count(acting, TeamMember, TeamMember.bsn_sealed.is_not(None) | TeamMember.bsn_index.is_not(None)) == 0
        visitor = signed_in("alice")
        assert visitor.open(f"/portaal/exports/{horecalonen}/bestand.csv", status=409).codes() == {"export-gewist"}
        assert "Sanne de Boer" in visitor.open(f"/portaal/exports/{horecalonen}").text()
        with pytest.raises(Conflict) as refused, stage.alice.begin() as work:
            exports.withdraw_in(work, horecalonen)
        assert refused.value.code == "export-te-oud"


def test_h4_a_file_that_nobody_took_keeps_its_hours_and_its_bsn(stage: Stage, horecalonen: int, acting: Acting) -> None:
    with later(LONG):
        assert {"hours", "bsn"} & set(forget(acting)) == set()
        assert count(acting, Shift) == 6
        assert exports.download(stage.alice, horecalonen, "csv")[1]
