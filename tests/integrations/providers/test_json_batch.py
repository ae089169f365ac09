"""The sender of docs/contract-uren-json.md, against servers that answer anything. G1, G4."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from portal.integrations.contract import LineResult, Receipt
from portal.integrations.json_batch import JsonBatch, by_bsn, by_personnel_number, hours_text
from portal.kernel.errors import AccessRefused, Refused, RemoteError, Unavailable, Unclear
from portal.kernel.remote.http import Remote
from portal.secret import Secret
from tests.integrations.providers.examples import batch, line
from tests.kernel.remote.stub import EASY, Stub, answer, says, serving

REFERENCE = "KP-2026-10-0001"
TOKEN = "tok-7c1e-geheim"
LINES = [{"line": "41", "status": "accepted", "id": "R-1"}, {"line": "42", "status": "refused", "reason": "weg"}]
GOOD = {"reference": REFERENCE, "status": "booked", "receipt": "R", "lines": LINES}


def told(status: int, body: object, kind: str = "application/json", **headers: str) -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return answer(status, content, Content_Type=kind, **headers)


@contextmanager
def sender(given: bytes, token: str = TOKEN, identify=by_personnel_number) -> Iterator[tuple[JsonBatch, Stub]]:
    with serving(says(given)) as stub:
        remote = Remote("Connexie", f"{stub.url}/api", allow_private=True, limits=EASY)
        yield JsonBatch(remote, Secret(token), identify), stub
        remote.close()


def refused(given: bytes, call: str) -> RemoteError:
    with sender(given) as (made, _), pytest.raises(RemoteError) as caught:
        made.send(batch()) if call == "send" else made.find(REFERENCE)
    return caught.value


@pytest.mark.parametrize("status", [200, 201])
def test_g1_a_receipt_is_read(status):
    with sender(told(status, GOOD)) as (made, stub):
        receipt = made.send(batch())
    assert receipt == Receipt("R", (LineResult(41, True, "R-1"), LineResult(42, False, reason="weg")))
    head, _, body = stub.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(f"PUT /api/v1/batches/{REFERENCE} HTTP/1.1".encode())
    assert f"authorization: Bearer {TOKEN}".encode() in head
    assert b"content-type: application/json" in head
    assert json.loads(body) == EXPECTED


EXPECTED = {
    "schema": "koppelportaal.hours/1",
    "reference": REFERENCE,
    "organisation": "De Zon Horeca Groep",
    "venue": "Brasserie De Zon",
    "period": {
        "kind": "month", "year": 2026, "number": 10, "first_day": "2026-10-01", "last_day": "2026-10-31",
    },
    "totals": {"lines": 2, "minutes": 911, "hours": "15.18"},
    "lines": [
        {"line": "41", "employee": {"personnel_number": "101"}, "code": "2100", "minutes": 450, "hours": "7.50"},
        {"line": "42", "employee": {"personnel_number": "0102"}, "code": "2100", "minutes": 461, "hours": "7.68"},
    ],
}  # fmt: skip


def test_without_a_token_there_is_no_authorization_and_no_bsn_is_sent():
    with sender(told(201, GOOD), token="") as (made, stub):
        made.send(batch())
    assert b"authorization" not in stub.requests[0].lower()
    assert b"123456782" not in stub.requests[0]


def test_h6_by_bsn_keeps_the_leading_zero_and_stays_out_of_the_address():
    with sender(told(201, GOOD), identify=by_bsn) as (made, stub):
        made.send(batch())
    head, _, body = stub.requests[0].partition(b"\r\n\r\n")
    assert [entry["employee"] for entry in json.loads(body)["lines"]] == [
        {"bsn": "123456782"},
        {"bsn": "012345672"},
    ]
    assert b"123456782" not in head


BAD_RECEIPTS = {
    "no json": told(200, b"<html>", "text/html"),
    "json with another name": told(200, GOOD, "text/plain"),
    "broken json": told(200, b'{"reference"'),
    "deep json": told(200, b"[" * 9000),
    "a list": told(200, [GOOD]),
    "empty": told(200, b""),
    "204": told(204, b""),
    "202": told(202, GOOD),
    "another reference": told(200, {**GOOD, "reference": "KP-2026-10-0002"}),
    "another status": told(200, {**GOOD, "status": "queued"}),
    "no receipt number": told(200, {**GOOD, "receipt": " "}),
    "no lines": told(200, {**GOOD, "lines": None}),
    "a doubled line": told(200, {**GOOD, "lines": [*LINES, LINES[0]]}),
    "a line without status": told(200, {**GOOD, "lines": [LINES[0], {"line": "42"}]}),
    "accepted without id": told(200, {**GOOD, "lines": [{"line": "41", "status": "accepted"}, LINES[1]]}),
    "a number for a line": told(200, {**GOOD, "lines": [{**LINES[0], "line": 41}, LINES[1]]}),
    "a line that is text": told(200, {**GOOD, "lines": ["41", LINES[1]]}),
    "500": told(500, {"error": "x"}),
    "500 with a receipt": told(500, GOOD),
    "404 from a proxy": told(404, b"Not found", "text/html"),
    "404 with more": told(404, {"error": "unknown_reference", "hint": "x"}),
    "409 without a word": told(409, {"error": "x"}),
}
ONLY_WHEN_SENDING = {
    "a missing line": told(200, {**GOOD, "lines": LINES[:1]}),
    "an unknown line": told(200, {**GOOD, "lines": [*LINES, {"line": "43", "status": "accepted", "id": "x"}]}),
    "404 unknown reference": told(404, {"error": "unknown_reference"}),
}


@pytest.mark.parametrize("case", [*BAD_RECEIPTS, *ONLY_WHEN_SENDING])
def test_g4_an_odd_answer_to_a_send_is_unclear(case):
    given = {**BAD_RECEIPTS, **ONLY_WHEN_SENDING}[case]
    assert type(refused(given, "send")) is Unclear


@pytest.mark.parametrize("case", BAD_RECEIPTS)
def test_g4_an_odd_answer_to_a_look_up_says_nothing(case):
    assert type(refused(BAD_RECEIPTS[case], "find")) is Unavailable


def test_g4_only_the_exact_answer_means_never_booked():
    with sender(told(404, {"error": "unknown_reference"})) as (made, stub):
        assert made.find(REFERENCE) is None
    assert stub.requests[0].startswith(f"GET /api/v1/batches/{REFERENCE} HTTP/1.1".encode())


def test_a_look_up_finds_the_receipt():
    with sender(told(200, GOOD)) as (made, _):
        found = made.find(REFERENCE)
    assert found is not None
    assert [result.line_id for result in found.results] == [41, 42]


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("call", ["send", "find"])
def test_a_refused_token_is_access_refused(status, call):
    assert type(refused(told(status, {"error": "unauthorized"}), call)) is AccessRefused


@pytest.mark.parametrize("call", ["send", "find"])
def test_f3_429_tells_when(call):
    error = refused(told(429, {}, Retry_After="90"), call)
    assert type(error) is Unavailable
    assert error.facts["retry_after"] == 90


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_a_request_that_was_turned_away_is_refused(status):
    error = refused(told(status, {"error": "invalid"}), "send")
    assert type(error) is Refused
    assert "Er is niets geboekt" in error.message


def test_409_is_refused():
    error = refused(told(409, {"error": "reference_in_use"}), "send")
    assert type(error) is Refused
    assert error.remote_code == "reference_in_use"


def test_c8_what_they_say_is_shown_bounded_and_without_secrets():
    reasons = [{"line": "41", "reason": f"bsn 123456782 {TOKEN}\x00"}, {"line": "42", "reason": 7}, "x"]
    error = refused(told(422, {"error": "invalid", "message": "fout " * 99, "lines": reasons}), "send")
    assert "De reden: fout fout" in error.message
    assert len(error.message) < 300
    short = refused(told(422, {"error": "invalid", "message": "1 regel fout", "lines": reasons}), "send")
    assert short.message.endswith("De reden: 1 regel fout; bsn *** ***")


def test_c8_a_reason_of_a_line_is_cleaned():
    lines = [LINES[0], {"line": "42", "status": "refused", "reason": f"<b> 012345672 {TOKEN}\r\n{'x' * 400}"}]
    with sender(told(200, {**GOOD, "lines": lines})) as (made, _):
        reason = made.send(batch()).results[1].reason
    assert reason.startswith("<b> *** *** xxx")
    assert len(reason) == 200


@pytest.mark.parametrize("reference", ["", "short", "../../etc", "KP 2026-10", "KP-2026/10-1", "x" * 65])
def test_f2_a_reference_cannot_change_the_address(reference):
    with sender(told(200, GOOD)) as (made, stub), pytest.raises(ValueError):
        made.find(reference)
    assert stub.connections == 0


@pytest.mark.parametrize(
    ("hours", "text"),
    [("7.5", "7.50"), ("0", "0.00"), ("-0.00", "0.00"), ("-0.25", "-0.25"), ("1E+3", "1000.00"), ("0.01", "0.01")],
)
def test_d3_hours_are_exact_text(hours, text):
    assert hours_text(Decimal(hours)) == text


def test_d3_hours_are_not_rounded_here():
    with sender(told(201, GOOD)) as (made, stub), pytest.raises(ValueError):
        made.send(batch(REFERENCE, line(hours="7.505")))
    assert stub.connections == 0
