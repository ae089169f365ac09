"""A delivery that was stopped halfway: what was not sent can be given free, and is then never sent from it (G1)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from portal.deliveries import receipt_check, service
from portal.deliveries.correction_types import Way
from portal.deliveries.models import DeliveryState, LineState
from portal.exports.service import download
from portal.hours.periods import slug
from portal.kernel.errors import Conflict
from tests.browse import Page, Visitor
from tests.deliveries.fix import DELETE, SANNE, YOUSSEF, change, diffs, make, sums, until
from tests.deliveries.receipt_steps import csv_rows
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    an_hour_passes,
    calls,
    info,
    lines,
    round_with,
    send,
    states,
    where,
)
from tests.deliveries.taking import back, free, leaving, nothing_to_export
from tests.deliveries.test_stopping import receipts
from tests.integrations.flow import csrf

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
ACCEPTED, PLANNED, REFUSED, UNCLEAR = LineState.ACCEPTED, LineState.PLANNED, LineState.REFUSED, LineState.UNCLEAR
FREE = "Maak vrij wat niet is verstuurd"


@pytest.fixture
def stopped(nmbrs: Stage) -> int:
    """Daan's hours are in payroll; those of Sanne and Youssef were not sent."""
    delivery = send(nmbrs)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, delivery))
    assert states(nmbrs, delivery) == [ACCEPTED, PLANNED, PLANNED]
    return delivery


def show(visitor: Visitor, delivery: int) -> Page:
    return visitor.open(f"/portaal/leveringen/{delivery}")


def until_nothing(deliver: Deliver) -> None:
    while deliver():
        pass


def test_what_was_not_sent_is_mended_and_goes_with_a_new_export(
    nmbrs: Stage, deliver: Deliver, stopped: int, signed_in: SignedIn
) -> None:
    bob = signed_in("bob")
    nothing_to_export(nmbrs)
    page = show(bob, stopped).submit(FREE)
    assert "2 regels zijn vrij. Verbeter de uren en maak een nieuwe export." in page.text("[role=status]")
    assert "2 regels zijn niet verstuurd en zijn vrijgegeven." in page.text()
    assert "geweigerd" not in page.text()
    assert "Hervat" not in page.text()
    assert where(nmbrs, stopped) is DeliveryState.DONE
    assert len(free(nmbrs)) == 4
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    service.send(nmbrs.alice, nmbrs.export())
    until_nothing(deliver)
    assert nmbrs.booked() == [(101, "13.00"), (102, "15.00"), (103, "15.00")]
    assert diffs(nmbrs) == []
    nothing_to_export(nmbrs)


def test_a_freed_line_is_never_sent(nmbrs: Stage, deliver: Deliver, stopped: int, signed_in: SignedIn) -> None:
    assert service.release_unsent(nmbrs.alice, stopped) == 2
    assert service.release_unsent(nmbrs.alice, stopped) == 0
    export = info(nmbrs, stopped).export_id
    assert not service.resume(nmbrs.alice, stopped)
    assert service.retry_refused(nmbrs.alice, stopped) == 0
    assert service.send(nmbrs.alice, export) == stopped
    with pytest.raises(Conflict, match="al klaar"):
        service.cancel(nmbrs.alice, stopped)
    until_nothing(deliver)
    assert (calls(nmbrs, INSERT), nmbrs.booked(), len(free(nmbrs))) == (1, [ALL[2]], 4)
    alice = signed_in("alice")
    alice.post(f"/portaal/leveringen/{stopped}/geweigerd-opnieuw", csrf(alice))
    assert not deliver()


def test_the_receipt_says_that_it_was_never_sent(nmbrs: Stage, stopped: int, signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    assert [row["Stand"] for row in csv_rows(alice, stopped)] == ["geaccepteerd", "niet verstuurd", "niet verstuurd"]
    service.release_unsent(nmbrs.alice, stopped)
    found = csv_rows(alice, stopped)
    assert [row["Stand"] for row in found] == ["geaccepteerd", *["niet verstuurd, vrijgegeven"] * 2]
    assert [(row["Verstuurd op"], row["Antwoord op"], row["Reden"]) for row in found[1:]] == [("", "", "")] * 2
    page = alice.open(f"/portaal/leveringen/{stopped}/ontvangstbewijs")
    assert "Totaal niet verstuurd, vrijgegeven: 2 regels" in page.text("tfoot")
    assert receipts(nmbrs, stopped) == ["klaar", "geannuleerd"]
    assert receipt_check.verify(nmbrs.acting).wrong == ""


def test_a_person_of_whom_something_is_unknown_keeps_waiting(
    nmbrs: Stage, deliver: Deliver, signed_in: SignedIn
) -> None:
    change(nmbrs, until(nmbrs, SANNE, "17:00", number=1, kind="vakantie"))
    delivery = send(nmbrs)
    nmbrs.trouble(INSERT, "drop_after_booking", skip=1)
    round_with(nmbrs, 3, lambda: service.cancel(nmbrs.alice, delivery))
    assert states(nmbrs, delivery) == [ACCEPTED, UNCLEAR, PLANNED, PLANNED]  # Sanne has two codes
    assert service.release_unsent(nmbrs.alice, delivery) == 1
    assert (states(nmbrs, delivery)[2], where(nmbrs, delivery)) == (PLANNED, DeliveryState.CANCELLED)
    an_hour_passes(nmbrs)
    nmbrs.trouble(GET, "fault:2003")
    deliver()
    alice = signed_in("alice")
    assert FREE not in show(alice, delivery).text()
    service.decide(nmbrs.alice, delivery, lines(nmbrs, delivery)[1].id, booked=True)
    show(alice, delivery).submit(FREE)
    assert (where(nmbrs, delivery), len(free(nmbrs))) == (DeliveryState.DONE, 3)
    service.send(nmbrs.alice, nmbrs.export())
    until_nothing(deliver)
    assert sorted(hours for _who, hours in nmbrs.booked()) == ["15.00", "15.00", "7.50", "7.50"]


def test_a_person_whom_a_worker_has_keeps_waiting(nmbrs: Stage, deliver: Deliver) -> None:
    """The worker holds Sanne when her line would be freed: it may be on its way to payroll."""
    delivery = send(nmbrs)
    freed: list[int] = []

    def stop_and_free() -> None:
        service.cancel(nmbrs.alice, delivery)
        freed.append(service.release_unsent(nmbrs.alice, delivery))

    round_with(nmbrs, 2, stop_and_free)
    assert (freed, states(nmbrs, delivery)[:2]) == ([1], [ACCEPTED, PLANNED])
    service.resume(nmbrs.alice, delivery)
    until_nothing(deliver)
    assert (nmbrs.booked(), len(free(nmbrs))) == ([ALL[0], ALL[2]], 2)
    service.send(nmbrs.alice, nmbrs.export())
    until_nothing(deliver)
    assert (nmbrs.booked(), calls(nmbrs, INSERT)) == (ALL, 3)


@pytest.mark.parametrize("turn", range(4))
def test_free_and_resume_at_the_same_moment_send_each_hour_once(
    nmbrs: Stage, deliver: Deliver, stopped: int, turn: int
) -> None:
    export = info(nmbrs, stopped).export_id
    acts: list[Callable[[], object]] = [
        lambda: service.release_unsent(nmbrs.alice, stopped),
        lambda: service.resume(nmbrs.alice, stopped) if turn % 2 else service.send(nmbrs.alice, export),
        lambda: keep_working(deliver),
    ]
    together(acts)
    until_nothing(deliver)
    freed = info(nmbrs, stopped).freed
    assert (freed, len(free(nmbrs)), nmbrs.booked()) in ((2, 4, [ALL[2]]), (0, 0, ALL))
    if freed:
        service.send(nmbrs.alice, nmbrs.export())
        until_nothing(deliver)
    assert (nmbrs.booked(), calls(nmbrs, INSERT), diffs(nmbrs)) == (ALL, 3, [])
    assert receipt_check.verify(nmbrs.acting).wrong == ""


def keep_working(deliver: Deliver) -> None:
    for _ in range(20):
        deliver()
        time.sleep(0.03)


def together(acts: list[Callable[[], object]]) -> None:
    """All at once; who comes too late hears so."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        with suppress(Conflict):
            act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_only_what_rests_can_be_freed(nmbrs: Stage, stopped: int, signed_in: SignedIn) -> None:
    service.resume(nmbrs.alice, stopped)
    with pytest.raises(Conflict, match="Stop de levering eerst"):
        service.release_unsent(nmbrs.alice, stopped)
    service.cancel(nmbrs.alice, stopped)
    alice, charlie = signed_in("alice"), signed_in("charlie")
    charlie.post(f"/portaal/leveringen/{stopped}/vrijgeven", {**csrf(charlie), "wat": "niet-verstuurd"}, status=404)
    alice.post(f"/portaal/leveringen/{stopped}/vrijgeven", csrf(alice))  # that is about refused lines
    assert (states(nmbrs, stopped), free(nmbrs)) == ([ACCEPTED, PLANNED, PLANNED], [])


def test_hours_in_a_file_are_not_freed(nmbrs: Stage, stopped: int, signed_in: SignedIn) -> None:
    download(nmbrs.alice, info(nmbrs, stopped).export_id, "csv")
    with pytest.raises(Conflict, match="gedownload"):
        service.release_unsent(nmbrs.alice, stopped)
    assert FREE not in show(signed_in("alice"), stopped).text()
    assert free(nmbrs) == []


def test_of_a_delivery_that_sent_nothing_the_export_is_withdrawn(nmbrs: Stage, signed_in: SignedIn) -> None:
    delivery = send(nmbrs)
    service.cancel(nmbrs.alice, delivery)
    assert FREE not in show(signed_in("alice"), delivery).text()
    assert service.release_unsent(nmbrs.alice, delivery) == 0
    service.withdraw_export(nmbrs.alice, info(nmbrs, delivery).export_id)
    assert len(free(nmbrs)) == 6


def test_a_correction_that_waits_for_it_says_so(
    nmbrs: Stage, deliver: Deliver, stopped: int, signed_in: SignedIn
) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    query = {"vestiging": nmbrs.venue, "doel": "nmbrs", "periode": slug(nmbrs.period)}
    page = signed_in("alice").open("/portaal/verschil/correctie", query=query)
    assert f"Hervat eerst levering {stopped}, of maak daar vrij wat niet is verstuurd" in page.text()
    service.release_unsent(nmbrs.alice, stopped)
    service.send(nmbrs.alice, nmbrs.export())
    until_nothing(deliver)
    assert (nmbrs.booked()[0], diffs(nmbrs)) == ((101, "13.00"), [])


def test_the_rest_of_a_correction_is_open_again(nmbrs: Stage, deliver: Deliver, sent: int, signed_in: SignedIn) -> None:
    change(nmbrs, until(nmbrs, SANNE, "15:00"), until(nmbrs, YOUSSEF, "15:00"))
    correction = service.send(nmbrs.alice, make(nmbrs))
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, correction))
    assert diffs(nmbrs) == []
    page = show(signed_in("alice"), correction).submit(FREE)
    assert page.path == "/portaal/verschil/correctie"
    assert diffs(nmbrs) == [("Youssef", "2100", "-2.00")]
    service.send(nmbrs.alice, make(nmbrs))
    until_nothing(deliver)
    assert (nmbrs.booked(), diffs(nmbrs)) == ([(101, "13.00"), (102, "13.00"), (103, "15.00")], [])


def test_what_was_not_taken_back_stays_with_its_export(
    nmbrs: Stage, deliver: Deliver, sent: int, signed_in: SignedIn
) -> None:
    """Payroll still holds it: free, it would be paid twice."""
    taking = back(nmbrs, sent, Way.SAME)
    round_with(nmbrs, 2, lambda: service.cancel(nmbrs.alice, taking))
    assert (len(free(nmbrs)), leaving(nmbrs)) == (2, 4)
    page = show(signed_in("alice"), taking).submit("Laat ze staan")
    assert "2 regels zijn afgesloten. De uren blijven bij export" in page.text("[role=status]")
    assert (len(free(nmbrs)), leaving(nmbrs), calls(nmbrs, DELETE), diffs(nmbrs)) == (2, 0, 1, [])
    assert len(sums(nmbrs)) == 2
    back(nmbrs, sent)
    until_nothing(deliver)
    assert (nmbrs.booked(), len(free(nmbrs))) == ([], 6)
