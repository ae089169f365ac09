"""The rules of sending by themselves: every transition, what comes next, what a reading back proves (G3-G5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from portal.deliveries.protocol import (
    MORE,
    OTHER_HOURS,
    TRANSITIONS,
    Action,
    Booked,
    Event,
    Impossible,
    Lease,
    LineState,
    ParcelState,
    Sought,
    Step,
    after,
    next_step,
    quiet,
    read_back,
    source,
    still_ours,
)


@pytest.mark.parametrize("state", list(LineState))
@pytest.mark.parametrize("event", list(Event))
def test_every_pair_of_state_and_event_moves_or_is_impossible(state: LineState, event: Event) -> None:
    if source(event) is state:
        assert after(state, event) is TRANSITIONS[(state, event)]
        return
    with pytest.raises(Impossible):
        after(state, event)


def test_an_event_happens_in_one_state_only() -> None:
    assert len(TRANSITIONS) == len(Event)
    assert not any(state is LineState.ACCEPTED for state, _event in TRANSITIONS)  # accepted is for ever


def test_the_word_of_a_late_worker_never_counts_again() -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    held = Lease(ParcelState.BUSY, 2, now)
    assert held.held_by(2)
    assert not held.held_by(1)
    assert not held.held_by(3)
    assert not Lease(ParcelState.OPEN, 2, None).held_by(2)
    assert not held.ended(now)
    assert held.ended(now + timedelta(seconds=1))
    assert not Lease(ParcelState.OPEN, 2, now).ended(now + timedelta(days=1))
    assert quiet(120, 30) == timedelta(seconds=150)


P, U, A = LineState.PLANNED, LineState.UNCLEAR, LineState.ACCEPTED


@pytest.mark.parametrize(
    ("states", "look_up", "halted", "has_baseline", "expected"),
    [
        ([U, P], True, False, True, (Step.LOOK, -1)),
        ([U, P], True, True, True, (Step.LOOK, -1)),  # also of a delivery that a person stopped
        ([U, P], False, False, True, (Step.SEND, 1)),
        ([U, P], False, True, True, (Step.STOP, -1)),
        ([A, P], True, False, False, (Step.READ, -1)),
        ([A, U], False, False, True, (Step.COMPARE, -1)),
        ([A, A], False, False, False, (Step.COMPARE, -1)),
    ],
)
def test_what_comes_next(
    states: list[LineState], look_up: bool, halted: bool, has_baseline: bool, expected: tuple[Step, int]
) -> None:
    assert next_step(states, look_up=look_up, halted=halted, has_baseline=has_baseline) == expected


EIGHT = Decimal("8.00")
LOST = Sought(1, Action.INSERT, "2100", EIGHT)


def test_reading_back_an_insert() -> None:
    """The examples of the reference: an id of before, one of ours, one that is new, two that are new."""
    ours, new, newer = (Booked(ref, "2100", EIGHT) for ref in ("7", "8", "10"))
    look = partial(read_back, baseline={"6"}, ours={"7"})
    before = Booked("6", "2100", EIGHT)
    assert look([LOST], [before, ours])[1].event is Event.ABSENT
    found = look([LOST], [before, ours, new])[1]
    assert (found.event, found.ref) == (Event.FOUND, "8")
    assert look([LOST], [new, newer])[1].reason == MORE
    assert look([LOST], [Booked("8", "2100", Decimal("7.99"))])[1].reason == OTHER_HOURS
    assert look([LOST], [Booked("8", "3041", EIGHT)])[1].event is Event.ABSENT
    assert look([LOST], [new], rivals={("2100", EIGHT)})[1].reason == MORE
    twins = look([LOST, replace(LOST, line_id=2)], [newer, new])
    assert [twins[at].ref for at in (1, 2)] == ["8", "10"]  # by number, not by text


def test_reading_back_a_change_of_our_own_component() -> None:
    update = Sought(1, Action.UPDATE, "2100", EIGHT, "7", Decimal("6.00"))
    delete = replace(update, action=Action.DELETE, hours=Decimal(0))
    at = {hours: Booked("7", "2100", Decimal(hours)) for hours in ("6.00", "8.00", "9.00")}
    verdict = {
        (line.action, hours): read_back([line], [row], baseline={"7"}, ours={"7"})[1].event
        for line in (update, delete)
        for hours, row in at.items()
    }
    assert verdict[(Action.UPDATE, "8.00")] is Event.FOUND
    assert verdict[(Action.UPDATE, "6.00")] is verdict[(Action.DELETE, "6.00")] is Event.ABSENT
    assert verdict[(Action.UPDATE, "9.00")] is verdict[(Action.DELETE, "9.00")] is None
    assert read_back([delete], [], baseline=(), ours=())[1].event is Event.FOUND
    assert read_back([update], [], baseline=(), ours=())[1].event is None
    assert still_ours(update, [at["6.00"]])
    assert not still_ours(update, [at["9.00"]])
    assert not still_ours(update, [])
