"""The receiver of docs/contract-uren-json.md, over real HTTP (issue 2 item 8; G1 and G4 of their side)."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from portal.integrations.providers.connexie.sandbox import ConnexieRules
from portal.sandbox.payroll import PayrollStandIn
from portal.sandbox.server import running

TODAY = date(2026, 11, 22)
REFERENCE = "KP-2026-10-0001"
CONTRACT = Path(__file__).parents[2] / "docs" / "contract-uren-json.md"


def line(ref: str = "41", who: str = "101", minutes: Any = 450, hours: Any = "7.50") -> dict[str, Any]:
    employee = {"personnel_number": who}
    return {"line": ref, "employee": employee, "code": "2100", "minutes": minutes, "hours": hours}


def batch(*lines: dict[str, Any], **totals: Any) -> dict[str, Any]:
    chosen = lines or (line(),)
    return {
        "schema": "koppelportaal.hours/1",
        "reference": REFERENCE,
        "organisation": "De Zon Horeca Groep",
        "venue": "Brasserie De Zon",
        "period": {
            "kind": "month",
            "year": 2026,
            "number": 10,
            "first_day": "2026-10-01",
            "last_day": "2026-10-31",
        },
        "totals": {"lines": len(chosen), "minutes": 450 * len(chosen), "hours": "7.50"} | totals,
        "lines": list(chosen),
    }


def bsn_batch(bsn: Any = "123456782") -> dict[str, Any]:
    return batch({**line(), "employee": {"bsn": bsn}})


def address(base: str, name: str = "connexie", reference: str = REFERENCE) -> str:
    return f"{base}/{name}/v1/batches/{reference}"


def send(base: str, body: Any, name: str = "connexie", reference: str = REFERENCE) -> httpx.Response:
    return httpx.put(address(base, name, reference), json=body)


def booked(base: str, name: str = "connexie") -> list[dict[str, Any]]:
    return httpx.get(f"{base}/{name}/_sandbox/state").json()["batches"]


def test_a_batch_is_booked_and_read_back(base: str) -> None:
    unknown = httpx.get(address(base))
    assert (unknown.status_code, unknown.json()) == (404, {"error": "unknown_reference"})
    answer = send(base, batch())
    assert answer.status_code == 201
    assert answer.json() == {
        "reference": REFERENCE,
        "status": "booked",
        "receipt": "CON-000001",
        "lines": [{"line": "41", "status": "accepted", "id": "CON-000001-1"}],
    }
    again = httpx.get(address(base))
    assert (again.status_code, again.json()) == (200, answer.json())


def test_the_same_batch_twice_is_booked_once(base: str) -> None:
    first = send(base, batch())
    turned = dict(reversed(batch().items()))
    second = send(base, turned)
    assert (second.status_code, second.json()) == (200, first.json())
    assert len(booked(base)) == 1


def test_other_content_under_the_same_reference_is_409(base: str) -> None:
    send(base, batch())
    answer = send(base, batch(line(hours="7.51"), hours="7.51"))
    assert (answer.status_code, answer.json()) == (409, {"error": "reference_in_use"})
    assert booked(base)[0]["batch"]["totals"]["hours"] == "7.50"


def test_parallel_equal_sends_are_booked_once(base: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(base, batch()).status_code, range(16)))
    assert sorted(answers) == [200] * 15 + [201]
    assert len(booked(base)) == 1


def wrong(path: str, value: Any) -> dict[str, Any]:
    """A good batch with one value changed; `...` removes the key."""
    body = deepcopy(batch())
    target: Any = body
    *way, last = path.split("/")
    for step in way:
        target = target[int(step) if step.isdigit() else step]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return body


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("schema", "koppelportaal.hours/2"),
        ("reference", "KP-2026-10-0002"),
        ("venue", ""),
        ("venue", 7),
        ("venue", ...),
        ("colour", "red"),
        ("period/kind", "quarter"),
        ("period/kind", ["month"]),
        ("period/number", 13),
        ("period/number", 9),
        ("period/number", True),
        ("period/year", "2026"),
        ("period/last_day", "2026-10-30"),
        ("period/last_day", "2026-10-32"),
        ("period/last_day", "31-10-2026"),
        ("period/extra", 1),
        ("period", None),
        ("totals/lines", 2),
        ("totals/minutes", 451),
        ("totals/hours", "7.51"),
        ("totals/hours", 7.5),
        ("lines", []),
        ("lines", {}),
        ("lines/0/line", ""),
        ("lines/0/line", 41),
        ("lines/0/note", "x"),
        ("lines/0/code", ...),
        ("lines/0/code", " "),
        ("lines/0/minutes", 450.0),
        ("lines/0/minutes", True),
        ("lines/0/minutes", 452),
        ("lines/0/hours", "7.5"),
        ("lines/0/hours", "7,50"),
        ("lines/0/hours", "+7.50"),
        ("lines/0/hours", "07.50"),
        ("lines/0/hours", "-0.00"),
        ("lines/0/hours", 7.5),
        ("lines/0/hours", "7.52"),
        ("lines/0/employee", {}),
        ("lines/0/employee", {"bsn": "123456782"}),
        ("lines/0/employee", {"personnel_number": "101", "bsn": "123456782"}),
        ("lines/0/employee/personnel_number", 101),
        ("lines/0/employee/personnel_number", ""),
    ],
)
def test_what_breaks_the_contract_is_422_and_books_nothing(base: str, path: str, value: Any) -> None:
    answer = send(base, wrong(path, value))
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
    assert answer.json()["message"]
    assert booked(base) == []
    assert httpx.get(address(base)).status_code == 404


def test_one_wrong_line_refuses_all_and_is_named(base: str) -> None:
    good, bad = line("41"), line("42", minutes=450, hours="8.50")
    answer = send(base, batch(good, bad, hours="16.00"))
    assert answer.status_code == 422
    assert [row["line"] for row in answer.json()["lines"]] == ["42"]
    assert booked(base) == []


def test_a_line_id_stands_once(base: str) -> None:
    assert send(base, batch(line("41"), line("41", who="102"), hours="15.00")).status_code == 422


@pytest.mark.parametrize(
    ("minutes", "hours"), [(450, "7.50"), (450, "7.49"), (10, "0.17"), (-10, "-0.17"), (-10, "-0.16"), (0, "0.01")]
)
def test_hours_may_differ_by_a_cent_and_be_negative(base: str, minutes: int, hours: str) -> None:
    body = batch(line(minutes=minutes, hours=hours), minutes=minutes, hours=hours)
    assert send(base, body).status_code == 201


@pytest.mark.parametrize(
    ("period", "status"),
    [
        (("week", 2026, 53, "2026-12-28", "2027-01-03"), 201),
        (("week", 2026, 46, "2026-11-09", "2026-11-15"), 201),
        (("week", 2026, 46, "2026-11-10", "2026-11-16"), 422),
        (("four_weeks", 2026, 11, "2026-10-05", "2026-11-01"), 201),
        (("four_weeks", 2026, 13, "2026-11-30", "2027-01-03"), 201),
        (("four_weeks", 2026, 14, "2026-10-05", "2026-11-01"), 422),
        (("four_weeks", 2026, 11, "2026-10-05", "2026-10-31"), 422),
    ],
)
def test_week_kinds_of_period(base: str, period: tuple[Any, ...], status: int) -> None:
    names = ("kind", "year", "number", "first_day", "last_day")
    body = batch() | {"period": dict(zip(names, period, strict=True))}
    assert send(base, body).status_code == status


@pytest.mark.parametrize("reference", ["short", "a" * 65, "KP_2026_10_0001", "KP%202026-10"])
def test_reference_of_another_form_is_422(base: str, reference: str) -> None:
    assert send(base, batch() | {"reference": reference}, reference=reference).status_code == 422


def raw(base: str, content: bytes, media_type: str = "application/json") -> tuple[int, str]:
    answer = httpx.put(address(base), content=content, headers={"Content-Type": media_type})
    return answer.status_code, answer.json()["error"]


def test_unreadable_bodies(base: str) -> None:
    good = json.dumps(batch())
    assert raw(base, b"{") == (400, "unreadable")
    assert raw(base, b"[]") == (400, "unreadable")
    assert raw(base, b"\xff\xfe") == (400, "unreadable")
    assert raw(base, b"[" * 100_000) == (400, "unreadable")
    assert raw(base, good.replace("450", "NaN", 1).encode()) == (400, "unreadable")
    doubled = good.replace('"venue"', '"venue": "Elders", "venue"').encode()
    assert raw(base, doubled) == (400, "unreadable")
    assert raw(base, good.encode(), "text/plain") == (415, "unsupported_media_type")
    assert raw(base, b" " * 5_000_001) == (413, "too_large")
    assert booked(base) == []


@pytest.mark.parametrize("bsn", ["123456782", "111222333", "249566758", "012345672", "999999990"])
def test_horecalonen_takes_a_bsn_and_shows_it_masked(base: str, bsn: str) -> None:
    assert send(base, bsn_batch(bsn), "horecalonen").status_code == 201
    state = httpx.get(f"{base}/horecalonen/_sandbox/state").text
    assert bsn not in state
    assert f"*****{bsn[-4:]}" in state


@pytest.mark.parametrize("bsn", ["123456789", "000000000", "12345678", "12345672", "12345678a", 123456782, ""])
def test_horecalonen_refuses_a_bad_bsn_without_repeating_it(base: str, bsn: Any) -> None:
    answer = send(base, bsn_batch(bsn), "horecalonen")
    assert answer.status_code == 422
    assert [row["line"] for row in answer.json()["lines"]] == ["41"]
    assert not bsn or str(bsn) not in answer.text


def test_horecalonen_takes_no_personnel_number(base: str) -> None:
    assert send(base, batch(), "horecalonen").status_code == 422


def test_unknown_people_are_refused_line_by_line(base: str) -> None:
    httpx.post(f"{base}/connexie/_sandbox/unknown", json={"people": ["111"]})
    answer = send(base, batch(line("41"), line("42", who="111"), hours="15.00"))
    assert answer.status_code == 201
    assert [row["status"] for row in answer.json()["lines"]] == ["accepted", "refused"]
    assert answer.json()["lines"][1]["reason"]


def test_token_when_one_is_asked() -> None:
    parts = [PayrollStandIn(ConnexieRules(token="sandbox-payroll-token"))]
    with running(parts=list(parts)) as base:
        answers = [
            httpx.put(address(base), json=batch(), headers={"Authorization": value} if value else {})
            for value in ("", "Bearer wrong", "sandbox-payroll-token", "Bearer sandbox-payroll-token")
        ]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 201]
        assert answers[0].json() == {"error": "unauthorized"}
        assert httpx.get(address(base)).status_code == 401
        assert "sandbox-payroll-token" not in httpx.get(f"{base}/connexie/_sandbox/state").text


def test_lost_answer_is_found_by_reference(base: str) -> None:
    """G4: dropped after booking; the lookup finds it and a second send does not book again."""
    httpx.post(f"{base}/connexie/_sandbox/faults", json={"operation": "put_batch", "kind": "drop_after_booking"})
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        send(base, batch())
    assert httpx.get(address(base)).json()["receipt"] == "CON-000001"
    assert send(base, batch()).status_code == 200
    counts = httpx.get(f"{base}/connexie/_sandbox/state").json()["call_counts"]
    assert counts == {"put_batch": 2, "get_batch": 1}


def test_another_404_is_told_apart_from_unknown_reference(base: str) -> None:
    send(base, batch())
    httpx.post(f"{base}/connexie/_sandbox/faults", json={"operation": "get_batch", "kind": "status_404"})
    answer = httpx.get(address(base))
    assert (answer.status_code, answer.content) == (404, b"")
    assert httpx.get(address(base)).status_code == 200


def test_soap_troubles_cannot_be_armed_here(base: str) -> None:
    answer = httpx.post(f"{base}/connexie/_sandbox/faults", json={"kind": "fault:2001"})
    assert answer.status_code == 422


def test_reset_and_restart(tmp_path: Path) -> None:
    with running(today=TODAY, state_dir=tmp_path) as base:
        send(base, bsn_batch(), "horecalonen")
    assert "123456782" not in (tmp_path / "horecalonen.json").read_text(encoding="utf-8")
    with running(today=TODAY, state_dir=tmp_path) as base:
        assert send(base, bsn_batch(), "horecalonen").status_code == 200
        httpx.post(f"{base}/horecalonen/_sandbox/reset")
        assert httpx.get(address(base, "horecalonen")).status_code == 404


def test_the_example_in_the_contract_is_accepted(base: str) -> None:
    blocks = re.findall(r"```json\n(.*?)```", CONTRACT.read_text(encoding="utf-8"), re.DOTALL)
    example = json.loads(blocks[0])
    assert send(base, example, reference=example["reference"]).status_code == 201
