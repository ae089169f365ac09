"""An unknown line that takes away or changes our own component: it is asked about in its own words, and what a person
says against a reading is not believed. With the words of a new line, the natural answer paid hours twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from portal.deliveries import service
from portal.deliveries.crew import Crew
from portal.deliveries.models import LineState
from tests.browse import Page, Visitor
from tests.deliveries.fix import DELETE, SANNE, UPDATE, change, clerk, correct, diffs, until
from tests.deliveries.stage import Stage
from tests.deliveries.steps import (
    ALL,
    GET,
    INSERT,
    WITHOUT_DAAN,
    an_hour_passes,
    calls,
    info,
    lines,
    nothing_read_since,
    states,
)
from tests.deliveries.taking import back, free, leaving, nothing_to_export
from tests.deliveries.test_difference import crew, read_now, screen

Deliver = Callable[[], bool]
SignedIn = Callable[[str], Visitor]
ACCEPTED, REFUSED, UNCLEAR = LineState.ACCEPTED, LineState.REFUSED, LineState.UNCLEAR
GONE, STILL = "Nee, die is weg", "Ja, die staat er nog: verstuur opnieuw"
THIRTEEN, FIFTEEN = "Er staat 13,00 uur", "Er staat nog 15,00 uur: verstuur opnieuw"
NEW = ("Staat er al", "Staat er niet", "We boeken ze dan opnieuw")
NOT_BELIEVED = "Kies bij Verschil ‘Lees nu’"
__all__ = ["crew"]


def ask(stage: Stage, deliver: Deliver, delivery: int) -> int:
    """The answer about its first line is lost, and the look is refused; what was read before is older than that."""
    deliver()
    stage.trouble(GET, "fault:2003")
    an_hour_passes(stage)
    deliver()
    nothing_read_since(stage)
    assert info(stage, delivery).asks == 1
    return delivery


@pytest.fixture
def ours(nmbrs: Stage, sent: int) -> str:
    """Payroll's id of our line of Daan."""
    return lines(nmbrs, sent)[0].remote_ref


@pytest.fixture
def taking(nmbrs: Stage, deliver: Deliver, sent: int, how: str) -> int:
    """Everything is taken back; of Daan nobody knows."""
    nmbrs.trouble(DELETE, how)
    return ask(nmbrs, deliver, back(nmbrs, sent))


@pytest.fixture
def mending(nmbrs: Stage, deliver: Deliver, sent: int, how: str) -> int:
    """Sanne's fifteen hours must become thirteen; nobody knows whether they did."""
    change(nmbrs, until(nmbrs, SANNE, "15:00"))
    nmbrs.trouble(UPDATE, how)
    return ask(nmbrs, deliver, correct(nmbrs))


def shown(visitor: Visitor, delivery: int) -> Page:
    page = visitor.open(f"/portaal/leveringen/{delivery}")
    assert not [words for words in NEW if words in page.text()]
    return page


lost = pytest.mark.parametrize("how", ["drop_after_booking"])
not_done = pytest.mark.parametrize("how", ["drop_before"])


@lost
def test_a_line_that_had_to_go_is_gone(nmbrs: Stage, ours: str, taking: int, signed_in: SignedIn) -> None:
    page = shown(signed_in("alice"), taking)
    assert f"Onze regel {ours} van 15,00 uur moest weg. Staat die er nog?" in page.text()
    assert "of onze regel er nog staat" in page.text()
    assert (nmbrs.booked(), len(free(nmbrs))) == ([], 4)
    page.submit(GONE)
    assert (states(nmbrs, taking), len(free(nmbrs)), leaving(nmbrs)) == ([ACCEPTED] * 3, 6, 0)


@not_done
def test_a_line_that_had_to_go_is_still_there(
    nmbrs: Stage, deliver: Deliver, ours: str, taking: int, signed_in: SignedIn
) -> None:
    page = shown(signed_in("alice"), taking).follow(STILL)
    assert f"Staat onze regel {ours} zeker nog in Nmbrs?" in page.text()
    assert "opnieuw om deze regel van 15,00 uur weg te halen" in page.text()
    assert not [words for words in NEW if words in page.text()]
    page.submit("Ja, verstuur opnieuw")
    assert (nmbrs.booked(), len(free(nmbrs)), leaving(nmbrs)) == ([ALL[2]], 4, 2)
    deliver()
    assert (nmbrs.booked(), len(free(nmbrs)), states(nmbrs, taking)) == ([], 6, [ACCEPTED] * 3)


@not_done
def test_what_a_reading_still_shows_is_not_gone(
    nmbrs: Stage, deliver: Deliver, ours: str, taking: int, crew: Crew, signed_in: SignedIn
) -> None:
    """G1: believed, these hours would be free, exported once more, and paid twice."""
    alice = signed_in("alice")
    read_now(screen(nmbrs, alice), crew)
    told = shown(alice, taking).submit(GONE, status=409).text()
    assert f"stond onze regel {ours} er met 15,00 uur" in told
    assert NOT_BELIEVED in told
    assert (states(nmbrs, taking)[0], len(free(nmbrs)), leaving(nmbrs)) == (UNCLEAR, 4, 2)
    service.send(nmbrs.alice, nmbrs.export())
    deliver()
    assert nmbrs.booked() == ALL
    clerk(nmbrs, remove=[int(ours)])
    read_now(screen(nmbrs, alice), crew)
    shown(alice, taking).submit(GONE)
    assert (nmbrs.booked(), len(free(nmbrs)), leaving(nmbrs)) == (WITHOUT_DAAN, 2, 0)


@lost
def test_what_a_reading_shows_no_more_is_not_still_there(
    nmbrs: Stage, ours: str, taking: int, crew: Crew, signed_in: SignedIn
) -> None:
    """Believed, it would be refused as changed, and its hours would stay unpaid."""
    alice = signed_in("alice")
    read_now(screen(nmbrs, alice), crew)
    told = shown(alice, taking).follow(STILL).submit("Ja, verstuur opnieuw", status=409).text()
    assert f"stond onze regel {ours} er niet (meer)" in told
    assert states(nmbrs, taking)[0] is UNCLEAR
    shown(alice, taking).submit(GONE)
    assert (len(free(nmbrs)), leaving(nmbrs)) == (6, 0)


@lost
def test_a_line_that_had_to_change_has_changed(
    nmbrs: Stage, deliver: Deliver, mending: int, signed_in: SignedIn
) -> None:
    page = shown(signed_in("alice"), mending)
    ref = lines(nmbrs, mending)[0].target_ref
    assert f"Onze regel {ref} moest van 15,00 naar 13,00 uur. Wat staat er nu?" in page.text()
    assert "wat er bij onze regel staat" in page.text()
    page.submit(THIRTEEN)
    assert (states(nmbrs, mending), diffs(nmbrs), nmbrs.booked()[0]) == ([ACCEPTED], [], (101, "13.00"))
    assert not deliver()
    nothing_to_export(nmbrs)


@not_done
def test_a_line_that_had_to_change_is_as_it_was(
    nmbrs: Stage, deliver: Deliver, mending: int, signed_in: SignedIn
) -> None:
    page = shown(signed_in("alice"), mending).follow(FIFTEEN)
    assert "zeker niet 13,00 uur?" in page.text()
    assert "opnieuw van 15,00 op 13,00 uur" in page.text()
    assert not [words for words in NEW if words in page.text()]
    page.submit("Ja, verstuur opnieuw")
    deliver()
    assert (states(nmbrs, mending), nmbrs.booked()[0]) == ([ACCEPTED], (101, "13.00"))


@pytest.mark.parametrize(("how", "shows"), [("drop_before", "15,00"), ("drop_after_booking", "13,00")])
def test_an_amount_that_a_reading_does_not_show_is_not_believed(
    nmbrs: Stage, deliver: Deliver, mending: int, shows: str, crew: Crew, signed_in: SignedIn
) -> None:
    alice = signed_in("alice")
    read_now(screen(nmbrs, alice), crew)
    page = shown(alice, mending)
    done = shows == "13,00"
    wrong = (
        page.follow(FIFTEEN).submit("Ja, verstuur opnieuw", status=409) if done else page.submit(THIRTEEN, status=409)
    )
    assert f"er met {shows} uur onder code 2100" in wrong.text()
    assert NOT_BELIEVED in wrong.text()
    assert wrong.codes() == {"onbekend-anders-dan-verwacht"}
    assert states(nmbrs, mending) == [UNCLEAR]
    page = shown(alice, mending)
    page.submit(THIRTEEN) if done else page.follow(FIFTEEN).submit("Ja, verstuur opnieuw")
    deliver()
    assert (states(nmbrs, mending), nmbrs.booked()[0]) == ([ACCEPTED], (101, "13.00"))


@not_done
def test_a_line_that_is_neither_is_sent_again_and_left_alone(
    nmbrs: Stage, deliver: Deliver, mending: int, crew: Crew, signed_in: SignedIn
) -> None:
    """Somebody made it fourteen: neither answer is true, and the one that sends again changes nothing."""
    alice, ref = signed_in("alice"), lines(nmbrs, mending)[0].target_ref
    clerk(nmbrs, change=[{"id": int(ref), "hours": "14.00"}])
    read_now(screen(nmbrs, alice), crew)
    assert "er met 14,00 uur" in shown(alice, mending).submit(THIRTEEN, status=409).text()
    shown(alice, mending).follow(FIFTEEN).submit("Ja, verstuur opnieuw")
    deliver()
    assert (states(nmbrs, mending), nmbrs.booked()[0]) == ([REFUSED], (101, "14.00"))


def test_lost_too_often_says_what_was_seen(
    nmbrs: Stage, deliver: Deliver, sent: int, ours: str, signed_in: SignedIn
) -> None:
    """Every try was lost and every look showed the line: "it was not there" is the opposite of that."""
    taking = back(nmbrs, sent)
    for _ in range(12):
        nmbrs.trouble(DELETE, "drop_before", times=0 if info(nmbrs, taking).asks else 1)
        deliver()
        an_hour_passes(nmbrs)
    assert (info(nmbrs, taking).asks, calls(nmbrs, INSERT)) == (1, 3)
    page = shown(signed_in("alice"), taking)
    assert "Bij het nalezen stond hij er nog." in page.text()
    assert "onbekend-te-vaak" in page.codes()
    assert f"stond onze regel {ours} er met 15,00 uur" in page.submit(GONE, status=409).text()
    assert (len(free(nmbrs)), leaving(nmbrs)) == (4, 2)
