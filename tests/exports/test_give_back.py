"""Which hours become free when payroll gave lines back (pure)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from portal.exports.give_back import Leaving, Line, Outcome, Verdict, judge

BACK, OPEN, FAILED = Outcome.BACK, Outcome.OPEN, Outcome.FAILED
A, B = "2100", "3041"


def shifts(**codes: int) -> list[Leaving]:
    """One shift of person 1 for each code, ids from 1."""
    return [Leaving(number, 1, code[1:], minutes) for number, (code, minutes) in enumerate(codes.items(), 1)]


def lines(**codes: tuple[int, Outcome]) -> list[Line]:
    return [Line(1, code[1:], minutes, outcome) for code, (minutes, outcome) in codes.items()]


def test_one_code_back_and_one_not() -> None:
    two = shifts(c2100=450, c3041=300)
    assert judge(two, lines(c2100=(-450, BACK), c3041=(-300, OPEN))) == Verdict((1,), ())
    assert judge(two, lines(c2100=(-450, BACK), c3041=(-300, FAILED))) == Verdict((1,), (2,))
    assert judge(two, lines(c2100=(-450, BACK), c3041=(-300, BACK))) == Verdict((1, 2), ())
    assert judge(two, lines(c2100=(-450, OPEN), c3041=(-300, FAILED))) == Verdict((), (2,))


def test_hours_that_changed_since_wait_for_everything() -> None:
    """Shift 2 went out under 2100 and is of another kind now: payroll may hold it under 2100 still."""
    two = shifts(c2100=450, c3041=450)
    assert judge(two, lines(c2100=(-900, BACK), c3041=(-300, OPEN))) == Verdict((), ())
    assert judge(two, lines(c2100=(-900, OPEN), c3041=(-300, BACK))) == Verdict((), ())
    assert judge(two, lines(c2100=(-900, FAILED), c3041=(-300, BACK))) == Verdict((), (1, 2))
    assert judge(two, lines(c2100=(-900, BACK), c3041=(-300, BACK))) == Verdict((1, 2), ())


def test_hours_without_a_line_of_their_own_follow_the_person() -> None:
    two = shifts(c2100=450, c=0)
    assert judge(two, lines(c2100=(-450, OPEN))) == Verdict((), ())
    assert judge(two, lines(c2100=(-450, BACK))) == Verdict((1, 2), ())
    assert judge(two, lines(c2100=(-450, FAILED))) == Verdict((), (1, 2))
    assert judge(two, []) == Verdict((), ())


people = st.sampled_from((1, 2))
codes = st.sampled_from((A, B, ""))
leaving = st.lists(st.tuples(people, codes, st.integers(0, 3)), max_size=8).map(
    lambda rows: [Leaving(number, *row) for number, row in enumerate(rows)]
)
told = st.lists(
    st.builds(Line, people, st.sampled_from((A, B)), st.integers(-9, 2), st.sampled_from(Outcome)),
    max_size=4, unique_by=lambda line: (line.member_id, line.code),
)  # fmt: skip


@given(leaving, told)
def test_never_more_is_free_than_was_given_back(chosen: list[Leaving], said: list[Line]) -> None:
    verdict = judge(chosen, said)
    assert not set(verdict.free) & set(verdict.stays)
    for person in (1, 2):
        mine = [line for line in said if line.member_id == person]
        free = [shift for shift in chosen if shift.member_id == person and shift.shift_id in verdict.free]
        if any(line.outcome is not BACK for line in mine):
            for code in (A, B, ""):
                got = sum(-line.minutes for line in mine if line.code == code and line.outcome is BACK)
                minutes = sum(shift.minutes for shift in free if shift.code == code)
                assert minutes in (0, got)
                assert not [shift for shift in free if shift.code == code] or minutes == got
        elif mine:
            assert not [s for s in chosen if s.member_id == person and s.shift_id not in verdict.free]
        else:
            assert not free


@given(leaving, told)
def test_nobody_waits_for_ever(chosen: list[Leaving], said: list[Line]) -> None:
    """When no line is under way any more, no hours of those people are either."""
    settled = [line for line in said if line.outcome is not OPEN]
    known = {line.member_id for line in settled}
    verdict = judge(chosen, settled)
    assert {s.shift_id for s in chosen if s.member_id in known} == {*verdict.free, *verdict.stays}
