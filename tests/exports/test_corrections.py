"""What a correction must hold: approved now against what the exports hold (pure)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.exports.corrections import Bound, Coding, Frozen, differences, without
from portal.hours.rounding import hours, supplement

CODES = Coding({"gewerkt": "2100", "vakantie": "3041"}, any_kind=False)


def line(minutes: int, **changes: object) -> Frozen:
    made = Frozen(1, 1, 7, "2100", "gewerkt", ("gewerkt",), minutes, hours(minutes), is_correction=False, counts=True)
    return replace(made, **changes)  # type: ignore[arg-type]


def shift(minutes: int, **changes: object) -> Bound:
    return replace(Bound(7, 1, "gewerkt", minutes, approved=True), **changes)  # type: ignore[arg-type]


def found(lines: list[Frozen], shifts: list[Bound]) -> list[tuple[str, int, str]]:
    return [(one.code, one.minutes, str(one.hours)) for one in differences(lines, shifts, CODES)]


def test_what_is_equal_is_left_out() -> None:
    assert found([line(450)], [shift(200), shift(250)]) == []


def test_less_more_and_nothing() -> None:
    assert found([line(450)], [shift(330)]) == [("2100", -120, "-2.00")]
    assert found([line(450)], [shift(470)]) == [("2100", 20, "0.33")]
    assert found([line(450)], []) == [("2100", -450, "-7.50")]
    assert found([line(450)], [shift(450, approved=False)]) == [("2100", -450, "-7.50")]


def test_a_line_that_was_given_free_or_withdrawn_does_not_count() -> None:
    assert found([line(450), line(60, line_id=2, export_id=2, counts=False)], [shift(450)]) == []


def test_another_kind_takes_the_code_of_today_and_keeps_it() -> None:
    holiday = shift(450, kind="vakantie")
    assert found([line(450)], [holiday]) == [("2100", -450, "-7.50"), ("3041", 450, "7.50")]
    corrected = [
        line(450),
        line(-450, line_id=2, export_id=2, kinds=(), is_correction=True),
        line(450, line_id=3, export_id=2, code="3041", kinds=("vakantie",), is_correction=True),
    ]
    other = Coding({"vakantie": "9999"}, any_kind=False)
    assert differences(corrected, [holiday], other) == []


def test_two_kinds_without_a_code_are_told_apart() -> None:
    shifts = [shift(60, kind="x"), shift(60, kind="y"), shift(450)]
    assert [(one.code, one.kind) for one in differences([line(450)], shifts, CODES)] == [("", "x"), ("", "y")]


def test_taking_an_export_back_leaves_the_others() -> None:
    lines = [line(450), line(60, line_id=2, export_id=2)]
    shifts = [shift(450), shift(60, export_id=2)]
    assert found(lines, without(shifts, 1, {7})) == [("2100", -450, "-7.50")]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=15))
def test_no_cent_of_an_hour_drifts(amounts: list[int]) -> None:
    """Whatever the order of corrections, all lines together are the rounded total."""
    lines = [line(amounts[0])]
    for number, amount in enumerate(amounts[1:], start=2):
        for one in differences(lines, [shift(amount)], CODES):
            assert abs(one.hours - Decimal(one.minutes) / 60) <= Decimal("0.01")
            lines.append(line(one.minutes, hours=one.hours, line_id=number, export_id=number, is_correction=True))
        assert sum((one.hours for one in lines), Decimal(0)) == hours(amount)
        before = sum(one.minutes for one in lines), sum((one.hours for one in lines), Decimal(0))
        assert before[1] + supplement(*before, 20) == hours(amount + 20)  # a later export rounds on top of it
