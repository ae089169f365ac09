"""The permits of one process: never more than their number in any second at the other side."""

from __future__ import annotations

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.remote import turns as module
from portal.kernel.remote.turns import SECOND, Turns, fair


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def most_in_a_second(arrivals: list[float]) -> int:
    return max((sum(start <= moment < start + SECOND for moment in arrivals) for start in arrivals), default=0)


CALLS = st.lists(
    st.tuples(
        st.floats(0, 0.4),  # how late the thread is with its turn
        st.floats(0, 0.9),  # on its way to the other side
        st.floats(0, 0.9),  # on its way back
    ),
    min_size=1,
    max_size=60,
)


@given(st.integers(1, 6), CALLS)
def test_f3_any_lateness_and_latency_keeps_the_limit_in_every_second(
    limit: int, calls: list[tuple[float, ...]]
) -> None:
    clock = Clock()
    turns, arrivals = Turns(clock), []
    flying: list[float] = []
    turns.grant(limit)
    for late, there, back in calls:
        while (moment := turns.take(clock.now + 1000)) is None:
            flying.sort()
            clock.now = max(clock.now, flying.pop(0))
            turns.give()
        clock.now = max(clock.now, moment) + late
        arrivals.append(clock.now + there)
        flying.append(clock.now + there + back)
    assert most_in_a_second(arrivals) <= limit


@given(st.lists(st.integers(0, 8), min_size=1, max_size=12), st.integers(1, 8))
def test_giving_permits_away_counts_them_until_they_are_cold(targets: list[int], first: int) -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(first)
    existing = first
    for target in targets:
        used = turns.take(clock.now)
        clock.now += 0.3
        if used is not None:
            turns.give()
        existing = turns.aim(target)
        assert existing <= max(first, target)
        assert turns.size == existing
    clock.now += 5
    assert turns.aim(targets[-1]) <= targets[-1] or existing <= targets[-1]


def test_a_permit_just_used_is_given_away_a_second_later() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(1)
    assert turns.take(clock.now) == clock.now
    turns.give()
    assert turns.aim(0) == 1
    assert turns.take(clock.now + 10) is None
    clock.now += SECOND + 0.01
    assert turns.aim(0) == 0


def test_after_a_lost_share_calls_in_flight_bring_no_permit_back() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(2)
    turns.take(clock.now + 1)
    turns.clear()
    turns.give()
    assert turns.size == 0


def test_f3_a_new_share_waits_until_the_calls_of_the_lost_one_are_a_second_old() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(1)
    turns.take(clock.now)
    turns.give()
    clock.now += 0.1
    turns.clear()
    turns.grant(1)
    assert turns.take(clock.now + 5) == 100.0 + SECOND


def test_a_share_that_was_not_used_for_a_while_is_given_anew_at_once() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(1)
    clock.now += 30
    turns.clear()
    turns.grant(1)
    assert turns.take(clock.now) == clock.now


def test_who_waits_for_a_permit_takes_a_sooner_one_that_came_meanwhile() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(1)
    turns.take(clock.now)
    turns.give()
    later = turns.take(clock.now + 2)
    assert later == clock.now + SECOND
    turns.grant(1)
    assert turns.sooner(later) == clock.now
    turns.give()
    assert turns.size == 2
    assert [turns.take(clock.now + 2) for _ in range(3)] == [clock.now + SECOND, clock.now + SECOND, None]


def test_without_a_sooner_permit_the_reserved_one_stays() -> None:
    clock = Clock()
    turns = Turns(clock)
    turns.grant(2)
    reserved = turns.take(clock.now)
    turns.take(clock.now)
    turns.give()
    assert reserved is not None
    assert turns.sooner(reserved) == reserved


@pytest.mark.parametrize(
    ("limit", "mine", "others", "expected"),
    [(150, 150, [150], 75), (150, 150, [150, 150], 50), (150, 3, [150], 3), (150, 150, [3], 147), (5, 5, [5] * 9, 0)],
)
def test_shares_meet_small_wishes_first(limit: int, mine: int, others: list[int], expected: int) -> None:
    assert fair(limit, mine, others) == expected


@given(st.integers(1, 1000), st.lists(st.integers(0, 1000), min_size=1, max_size=9))
def test_all_shares_together_never_exceed_the_limit(limit: int, wishes: list[int]) -> None:
    shares = [fair(limit, wish, [*wishes[:n], *wishes[n + 1 :]]) for n, wish in enumerate(wishes)]
    assert sum(shares) <= limit
    assert all(share <= wish for share, wish in zip(shares, wishes, strict=True))


def test_the_examples_run() -> None:
    assert doctest.testmod(module).failed == 0
