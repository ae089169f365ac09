"""The promise of contract.py, for every provider that the registry finds, against the sandbox (strict)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

import pytest

from portal.integrations import registry
from portal.integrations.contract import BatchSender, Credentials, LineSender, Provider
from portal.integrations.providers.nmbrs import sandbox_world as demo
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable, Unclear
from portal.sandbox.server import running
from portal.secret import Secret
from tests.integrations.providers.examples import batch, line, person, settings

LINE_LOGINS = {"nmbrs": {"email": Secret(demo.DEMO_USER), "token": Secret(demo.DEMO_TOKEN)}}
KEYS = registry.keys()
SENDING = pytest.mark.parametrize("key", [key for key in KEYS if key not in LINE_LOGINS])
BOOKING = pytest.mark.parametrize("key", sorted(LINE_LOGINS))


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running(strict=True, today=date(2026, 11, 22)) as url:
        yield url


@pytest.fixture
def made(sandbox) -> Iterator[dict[str, Provider]]:
    found = registry.build(settings(sandbox))
    for key in found:
        control(sandbox, key, "reset", {})
    yield found
    for provider in found.values():
        getattr(provider, "close", lambda: None)()


def control(url: str, key: str, name: str, body: dict[str, object] | None = None) -> Any:
    """Call a control address of the sandbox: POST with a body, GET without."""
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"{url}/{key}/_sandbox/{name}", data, {"content-type": "application/json"})
    with urlopen(request, timeout=5) as got:
        return json.loads(got.read() or b"{}")


def batch_sender(made: dict[str, Provider], key: str) -> BatchSender:
    found = made[key]
    assert isinstance(found, BatchSender)
    return found


def line_sender(made: dict[str, Provider], key: str) -> tuple[LineSender, Credentials]:
    found = made[key]
    assert isinstance(found, LineSender)
    login = LINE_LOGINS[key]
    return found, {**login, "domain": Secret(found.check(login).domain)}


@pytest.mark.parametrize("key", KEYS)
def test_a_good_line_passes_and_a_line_without_code_does_not(made, key):
    assert made[key].preflight_line(line()) == []
    assert made[key].preflight_line(line(code=""))
    assert made[key].key == key


@SENDING
def test_g1_the_same_batch_twice_is_booked_once(made, sandbox, key):
    sender = batch_sender(made, key)
    assert sender.find("KP-2026-10-0001", {}) is None
    first = sender.send(batch(), {})
    assert sender.send(batch(), {}) == first
    assert sender.find("KP-2026-10-0001", {}) == first
    assert [result.accepted for result in first.results] == [True, True]
    assert len(control(sandbox, key, "state")["batches"]) == 1


@SENDING
def test_g1_a_reference_for_other_hours_is_refused(made, key):
    sender = batch_sender(made, key)
    sender.send(batch(), {})
    with pytest.raises(Refused) as caught:
        sender.send(batch("KP-2026-10-0001", line(hours="7.49")), {})
    assert caught.value.remote_code == "reference_in_use"


@SENDING
def test_g6_a_refused_line_is_told_apart(made, sandbox, key):
    control(sandbox, key, "unknown", {"people": ["0102", "012345672"]})
    results = batch_sender(made, key).send(batch(), {}).results
    assert [(result.line_id, result.accepted) for result in results] == [(41, True), (42, False)]
    assert results[1].reason


@SENDING
def test_a_batch_that_is_wrong_books_nothing(made, sandbox, key):
    nobody = person(personnel_number="", bsn="123456789")
    with pytest.raises(Refused) as caught:
        batch_sender(made, key).send(batch("KP-2026-10-0003", line(person=nobody)), {})
    assert "123456789" not in f"{caught.value} {caught.value.facts}"
    assert control(sandbox, key, "state")["batches"] == []


@SENDING
def test_a_wrong_token_is_access_refused(made, sandbox, key):
    control(sandbox, key, "token", {"token": "een-andere"})
    with pytest.raises(AccessRefused):
        batch_sender(made, key).send(batch(), {})
    with pytest.raises(AccessRefused):
        batch_sender(made, key).find("KP-2026-10-0001", {})


@SENDING
@pytest.mark.parametrize("kind", ["drop_after_booking", "html", "status_500", "redirect_302"])
def test_g4_a_lost_answer_is_unclear_and_found_again(made, sandbox, key, kind):
    control(sandbox, key, "faults", {"operation": "put_batch", "kind": kind, "when": "after"})
    sender = batch_sender(made, key)
    with pytest.raises(Unclear):
        sender.send(batch(), {})
    found = sender.find("KP-2026-10-0001", {})
    assert found is not None
    assert sender.send(batch(), {}) == found
    assert len(control(sandbox, key, "state")["batches"]) == 1


@SENDING
@pytest.mark.parametrize("kind", ["drop_before", "html", "status_404", "status_503", "redirect_302"])
def test_g4_a_look_up_that_fails_never_says_unknown(made, sandbox, key, kind):
    control(sandbox, key, "faults", {"operation": "get_batch", "kind": kind})
    with pytest.raises(Unavailable):
        batch_sender(made, key).find("KP-2026-10-0001", {})


@BOOKING
def test_the_whole_life_of_a_line(made, key):
    sender, login = line_sender(made, key)
    report = sender.check(login)
    facts = sender.company_facts(report.companies[0].ref, login)
    someone = facts.employees[0]
    hours = line(code=facts.codes[0].code, employee_ref=someone.ref)
    assert sender.booked(someone.ref, facts.period, login) == ()
    ref = sender.insert(hours, facts.period, login)
    booked = sender.booked(someone.ref, facts.period, login)
    assert [(c.ref, c.code, c.hours) for c in booked] == [(ref, hours.code, Decimal("7.50"))]


@BOOKING
def test_g4_a_second_insert_books_twice_so_nobody_may_repeat_it(made, key):
    """The reason for the ledger: payroll has no idempotency of its own (reference section 9.3)."""
    sender, login = line_sender(made, key)
    facts = sender.company_facts(sender.check(login).companies[0].ref, login)
    hours = line(code=facts.codes[0].code, employee_ref=facts.employees[0].ref)
    first, second = (sender.insert(hours, facts.period, login) for _ in range(2))
    assert first != second
    assert len(sender.booked(hours.employee_ref, facts.period, login)) == 2


@BOOKING
@pytest.mark.parametrize(
    "kind",
    ["drop_after_booking", "html", "status_500", "status_503", "redirect_302", "doctype", "fault:9999",
     "fault_text:Object reference not set"],
)  # fmt: skip
def test_g4_a_lost_answer_to_an_insert_is_unclear_and_readable(made, sandbox, key, kind):
    sender, login = line_sender(made, key)
    facts = sender.company_facts(sender.check(login).companies[0].ref, login)
    hours = line(code=facts.codes[0].code, employee_ref=facts.employees[0].ref)
    trouble = {"operation": "HourComponentVar_Insert", "kind": kind, "when": "after"}
    control(sandbox, key, "faults", trouble)
    with pytest.raises(Unclear):
        sender.insert(hours, facts.period, login)
    assert len(sender.booked(hours.employee_ref, facts.period, login)) == 1


@BOOKING
@pytest.mark.parametrize(
    ("kind", "expected"),
    [("fault:2001", Refused), ("fault_dutch", Refused), ("fault:1001", AccessRefused), ("status_429", Unavailable)],
)
def test_a_refused_insert_books_nothing(made, sandbox, key, kind, expected):
    sender, login = line_sender(made, key)
    facts = sender.company_facts(sender.check(login).companies[0].ref, login)
    hours = line(code=facts.codes[0].code, employee_ref=facts.employees[0].ref)
    control(sandbox, key, "faults", {"operation": "HourComponentVar_Insert", "kind": kind})
    with pytest.raises(RemoteError) as caught:
        sender.insert(hours, facts.period, login)
    assert type(caught.value) is expected
    assert sender.booked(hours.employee_ref, facts.period, login) == ()


@BOOKING
@pytest.mark.parametrize("kind", ["extra_elements", "moved_elements"])
def test_answers_may_grow_and_change_order(made, sandbox, key, kind):
    sender, login = line_sender(made, key)
    expected = sender.company_facts("3301", login)
    control(sandbox, key, "faults", {"operation": "*", "kind": kind, "times": 99})
    assert sender.company_facts("3301", login) == expected


@BOOKING
def test_every_kind_of_period_is_read(made, key):
    sender, login = line_sender(made, key)
    kinds = [sender.company_facts(company.ref, login).period.kind for company in sender.check(login).companies]
    assert kinds == ["month", "four_weeks", "week"]


@BOOKING
def test_a_closed_period_is_refused(made, key):
    sender, login = line_sender(made, key)
    facts = sender.company_facts("3301", login)
    hours = line(code=facts.codes[0].code, employee_ref=facts.employees[0].ref)
    with pytest.raises(Refused) as caught:
        sender.insert(hours, replace(facts.period, number=facts.period.number - 1), login)
    assert caught.value.remote_code == "2011"
    assert "al afgesloten" in caught.value.message
