"""D3: hours are exact and rounded once; the examples in the docstrings are true."""

from __future__ import annotations

import doctest
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.hours import checks, clock, periods, rounding
from portal.hours.sources.sheet import columns

MINUTES = st.integers(0, 10**6)


@pytest.mark.parametrize("module", [checks, clock, columns, periods, rounding])
def test_docstring_examples_are_true(module):
    outcome = doctest.testmod(module)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@given(MINUTES)
def test_d3_hours_is_the_nearest_hundredth_half_up(minutes):
    nearest = (Fraction(minutes, 60) * 100 + Fraction(1, 2)).__floor__()
    assert rounding.hours(minutes) * 100 == nearest
    assert rounding.hours(minutes).as_tuple().exponent == -2


@given(st.lists(MINUTES, min_size=1, max_size=8))
def test_d3_supplements_add_up_to_the_rounded_total(parts):
    done, booked = 0, Decimal("0.00")
    for part in parts:
        booked += rounding.supplement(done, booked, part)
        done += part
    assert booked == rounding.hours(sum(parts))
