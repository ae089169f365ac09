"""Who is who in payroll: a doubt is no match, because it would pay the wrong person."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from portal.integrations.contract import Employee
from portal.integrations.matching import Candidate, match


def employees(*numbers: str) -> list[Employee]:
    return [Employee(f"ref{place}", number, f"Naam {place}") for place, number in enumerate(numbers)]


def refs(numbers: dict[int, str], people: list[Employee], by_hand: dict[int, str] | None = None) -> dict[int, str]:
    found = match([Candidate(member, number) for member, number in numbers.items()], people, by_hand or {})
    return {member: result.employee.ref if result.employee else "" for member, result in found.items()}


def test_leading_zeros_are_the_same_number() -> None:
    assert refs({1: "0101", 2: "102", 3: "000"}, employees("101", "00102", "0")) == {1: "ref0", 2: "ref1", 3: "ref2"}


def test_letters_keep_their_zeros() -> None:
    assert refs({1: "0A1", 2: "A1"}, employees("A1")) == {1: "", 2: "ref0"}


def test_two_of_one_number_are_nobody() -> None:
    assert refs({1: "101", 2: "0101"}, employees("101")) == {1: "", 2: ""}
    assert refs({1: "101"}, employees("101", "0101")) == {1: ""}


def test_nobody_without_a_number() -> None:
    found = match([Candidate(1, "")], employees(""), {})
    assert found[1].employee is None
    assert "geen personeelsnummer" in found[1].reason


def test_by_hand_comes_first_and_takes_the_employee_away_from_others() -> None:
    assert refs({1: "900", 2: "101"}, employees("101"), {1: "ref0"}) == {1: "ref0", 2: ""}


def test_a_chosen_employee_who_left_is_no_match() -> None:
    found = match([Candidate(1, "101")], employees("101"), {1: "gone"})
    assert found[1].employee is None
    assert found[1].by_hand
    assert "er niet meer" in found[1].reason


NUMBERS = st.text("012aA ", max_size=3)


@given(
    st.lists(NUMBERS, max_size=6),
    st.lists(NUMBERS, max_size=6),
    st.dictionaries(st.integers(0, 5), st.integers(0, 5).map("ref{}".format), max_size=3),
)
def test_no_employee_is_ever_matched_twice_by_number(
    members: list[str], numbers: list[str], hand: dict[int, str]
) -> None:
    by_hand = {
        member: ref for place, (member, ref) in enumerate(hand.items()) if ref not in list(hand.values())[:place]
    }
    people = employees(*numbers)
    found = match([Candidate(place, number) for place, number in enumerate(members)], people, by_hand)
    used = Counter(result.employee.ref for result in found.values() if result.employee)
    assert not used or max(used.values()) == 1
    assert all(result.employee or result.reason for result in found.values())
