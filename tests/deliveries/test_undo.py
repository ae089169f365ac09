"""Which of our components a correction changes (pure)."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portal.deliveries.protocol import Action
from portal.deliveries.undo import Accepted, Own, Step, own, steps

ME = "50101"
hundredths = st.integers(-2000, 2000).map(lambda n: Decimal(n).scaleb(-2))
holdings = st.lists(hundredths, max_size=5).map(
    lambda hours: [Own(str(700001 + n), ME, one) for n, one in enumerate(hours)]
)


def after(mine: list[Own], planned: list[Step]) -> dict[str, Decimal]:
    """What payroll holds when it does exactly what is asked."""
    held = {one.ref: one.hours for one in mine}
    for number, step in enumerate(planned):
        if step.action is Action.INSERT:
            held[f"new {number}"] = step.hours
            continue
        assert held[step.target_ref] == step.hours_before
        if step.action is Action.UPDATE:
            held[step.target_ref] = step.hours
        else:
            del held[step.target_ref]
    return held


@given(holdings, hundredths.filter(bool), st.booleans())
def test_the_sum_changes_by_what_was_asked(mine: list[Own], change: Decimal, deletes: bool) -> None:
    planned = steps(mine, change, ME, deletes=deletes)
    held = after(mine, planned)
    before = sum((one.hours for one in mine), Decimal(0))
    assert sum(held.values(), Decimal(0)) == before + change
    assert len({step.target_ref for step in planned}) == len(planned)  # one call a component, one insert at most
    assert deletes or all(step.action is not Action.DELETE for step in planned)
    if change < 0 and -change <= sum((one.hours for one in mine if one.hours > 0), Decimal(0)):
        assert all(step.action is not Action.INSERT for step in planned)


@given(st.lists(hundredths.filter(bool), min_size=1, max_size=12))
def test_one_correction_on_another_knows_what_is_there(changes: list[Decimal]) -> None:
    """The ledger alone tells what our components hold now, correction after correction."""
    accepted: list[Accepted] = []
    total = Decimal(0)
    for number, change in enumerate(changes):
        for step in steps(own(accepted), change, ME):
            ref = step.target_ref or f"{number}"
            accepted.append(Accepted(step.action, ref, ME, step.hours))
        total += change
        assert sum((one.hours for one in own(accepted)), Decimal(0)) == total


def test_a_line_that_a_person_found_by_eye_has_no_id_and_is_never_touched() -> None:
    nameless = Accepted(Action.INSERT, "", ME, Decimal(8))
    assert own([nameless]) == []
    assert steps(own([nameless]), Decimal(-2), ME) == [Step(Action.INSERT, Decimal(-2), ME)]


def test_the_component_of_another_employee_keeps_its_employee() -> None:
    """Somebody who was linked to another employee since: each component is changed where it stands."""
    (step,) = steps([Own("700001", "50102", Decimal(8))], Decimal(-2), ME)
    assert (step.employee_ref, step.hours, step.hours_before) == ("50102", Decimal(6), Decimal(8))
