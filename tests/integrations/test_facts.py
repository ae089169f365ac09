"""What payroll said survives the way through JSON, leading zeros and all."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from portal.hours.types import Period, PeriodKind
from portal.integrations.contract import CheckReport, Company, CompanyFacts, Employee, HourCode, Right, RightState
from portal.integrations.facts import facts_from_json, facts_to_json, report_from_json, report_to_json

WORDS = st.text(max_size=12)
PERIODS = st.one_of(
    st.builds(Period, st.just(PeriodKind.MONTH), st.integers(2020, 2030), st.integers(1, 12)),
    st.builds(Period, st.just(PeriodKind.WEEK), st.integers(2020, 2030), st.integers(1, 52)),
    st.builds(Period, st.just(PeriodKind.FOUR_WEEKS), st.integers(2020, 2030), st.integers(1, 13)),
)
FACTS = st.builds(
    CompanyFacts,
    PERIODS,
    st.lists(st.builds(HourCode, WORDS, WORDS, st.sampled_from((1, 2))), max_size=3).map(tuple),
    st.lists(st.builds(Employee, WORDS, WORDS, WORDS), max_size=3).map(tuple),
)


@given(FACTS)
def test_facts_come_back_as_they_went(facts: CompanyFacts) -> None:
    assert facts_from_json(json.loads(json.dumps(facts_to_json(facts)))) == facts


def test_a_report_comes_back_as_it_went() -> None:
    rights = (Right("A", "B", "lezen", RightState.ON), Right("A", "C", "schrijven", RightState.UNTRIED),
              Right("A", "D", "uren", RightState.OFF))  # fmt: skip
    report = CheckReport("zon", "zon", ("De Zon",), (Company("3301", "0001", "De Zon B.V.", "De Zon"),), rights)
    assert report_from_json(json.loads(json.dumps(report_to_json(report)))) == report
    assert [right.call for right in report.missing] == ["D"]
