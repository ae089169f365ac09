"""Each trouble switch does over a real socket what it says (F3, F4, G4)."""

from __future__ import annotations

import socket
import time
from datetime import date

import httpx
import pytest

from portal.sandbox.server import running
from tests.sandbox.envelopes import Nmbrs, fields, insert

LOST = (httpx.RemoteProtocolError, httpx.ReadError)


def test_drop_after_booking_books_and_closes_without_an_answer(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", operation="HourComponentVar_Insert", kind="drop_after_booking")
    with pytest.raises(LOST):
        nmbrs.insert()
    assert [row["Hours"] for row in nmbrs.booked()] == ["7.50"]
    assert nmbrs.insert().response.status_code == 200
    assert len(nmbrs.booked()) == 2


def test_drop_before_books_nothing(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", operation="HourComponentVar_Insert", kind="drop_before")
    with pytest.raises(LOST):
        nmbrs.insert()
    assert nmbrs.booked() == []


@pytest.mark.parametrize("kind", ["hang", "slow"])
@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
def test_waiting_before_and_after_booking(nmbrs: Nmbrs, kind: str, when: str, booked: int) -> None:
    """The client gives up; the switch of 60 s does not keep the server from closing."""
    nmbrs.control("faults", operation="HourComponentVar_Insert", kind=kind, when=when, seconds=60)
    with pytest.raises(httpx.ReadTimeout):
        nmbrs.emp("HourComponentVar_Insert", insert(), timeout=0.5)
    assert len(nmbrs.state()["components"]) == booked


def test_slow_answers_in_the_end(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="slow", seconds=0.05)
    assert nmbrs.insert().response.status_code == 200
    assert nmbrs.state()["calls"][0]["trouble"] == "slow"


@pytest.mark.parametrize("status", [503, 500, 404, 429])
@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
def test_status_without_a_body(nmbrs: Nmbrs, status: int, when: str, booked: int) -> None:
    nmbrs.control("faults", kind=f"status_{status}", when=when)
    response = nmbrs.insert().response
    assert (response.status_code, response.content) == (status, b"")
    assert ("retry-after" in response.headers) == (status == 429)
    assert len(nmbrs.booked()) == booked


def test_html_with_status_200(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="html")
    response = nmbrs.insert().response
    assert (response.status_code, response.headers["content-type"][:9]) == (200, "text/html")
    assert "<html>" in response.text


def test_redirect(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="redirect_302")
    response = nmbrs.insert().response
    assert (response.status_code, response.headers["location"]) == (302, "/elsewhere")


@pytest.mark.parametrize(("when", "booked"), [("before", 0), ("after", 1)])
def test_any_fault_code_before_and_after_booking(nmbrs: Nmbrs, when: str, booked: int) -> None:
    nmbrs.control("faults", kind="fault:9999", when=when)
    assert "---> 9999: Unkown" in nmbrs.insert().fault
    assert len(nmbrs.booked()) == booked


def test_faults_without_a_code_and_in_dutch(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="fault_text:De loonaangifte is bezig")
    nmbrs.control("faults", kind="fault_dutch")
    assert nmbrs.insert().fault.endswith("---> De loonaangifte is bezig")
    assert "---> 2001: Ongeldige urencomponent" in nmbrs.insert().fault
    assert nmbrs.booked() == []


def test_unknown_and_moved_elements_in_answers(nmbrs: Nmbrs) -> None:
    nmbrs.insert()
    nmbrs.control("faults", kind="extra_elements", operation="HourComponentVar_Get")
    row = nmbrs.booked()[0]
    assert set(row) == {"NewAtTheStart", "Id", "NewInBetween", "HourCode", "Hours", "NewAtTheEnd"}
    assert next(iter(row)) == "NewAtTheStart"
    nmbrs.control("faults", kind="moved_elements", operation="HourComponentVar_Get")
    assert list(nmbrs.booked()[0]) == ["Hours", "HourCode", "Id"]


def test_answer_with_a_doctype(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="doctype")
    text = nmbrs.insert().response.text
    assert "<!DOCTYPE answer [<!ENTITY" in text
    assert "HourComponentVar_InsertResult" in text


def test_endless_body(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="endless")
    taken = 0
    with httpx.stream("POST", f"{nmbrs.base}/soap/v3/DebtorService.asmx") as response:
        for chunk in response.iter_raw():
            taken += len(chunk)
            if taken > 12_000_000:
                break
    assert taken > 12_000_000


def test_drip_gives_the_true_answer_in_bytes(nmbrs: Nmbrs) -> None:
    nmbrs.control("faults", kind="drip", seconds=0.001)
    assert nmbrs.com("Company_GetCurrentPeriod", fields(CompanyId=3301)).texts("Company_GetCurrentPeriodResult") == [
        "2026-10-M"
    ]


def test_times_skip_and_operation(nmbrs: Nmbrs) -> None:
    """The second and third insert fail; other calls do not use up a turn."""
    nmbrs.control("faults", operation="HourComponentVar_Insert", kind="status_503", skip=1, times=2)
    statuses = []
    for _ in range(4):
        nmbrs.booked()
        statuses.append(nmbrs.insert().response.status_code)
    assert statuses == [200, 503, 503, 200]
    assert nmbrs.state()["armed"] == []
    assert [c["trouble"] for c in nmbrs.state()["calls"] if c["trouble"]] == ["status_503"] * 2


def test_disarming_and_wrong_control_calls(nmbrs: Nmbrs) -> None:
    assert nmbrs.control("faults", kind="explode").status_code == 422
    assert nmbrs.control("faults", kind="html", speed=1).status_code == 422
    assert nmbrs.control("faults", kind="html", when="later").status_code == 422
    assert nmbrs.control("rights", username="x", operation="List_GetAll", allowed=False).status_code == 422
    assert nmbrs.control("rights", username=nmbrs.user, operation="Nope", allowed=False).status_code == 422
    assert nmbrs.control("settings", colour="red").status_code == 422
    assert nmbrs.control("something").status_code == 404
    assert httpx.get(f"{nmbrs.base}/_sandbox/reset").status_code == 405
    assert nmbrs.control("faults", kind="html").json()["armed"][0]["kind"] == "html"
    assert nmbrs.control("faults").json()["armed"] == []


def test_closing_does_not_wait_for_a_hanging_call() -> None:
    with running(today=date(2026, 11, 22)) as url:
        server = Nmbrs(f"{url}/nmbrs")
        server.control("faults", kind="hang", seconds=600)
        port = int(url.rpartition(":")[2])
        waiting = socket.create_connection(("127.0.0.1", port))
        waiting.sendall(b"POST /nmbrs/soap/v3/DebtorService.asmx HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        while not server.state()["calls"]:
            time.sleep(0.01)
    waiting.settimeout(10)
    assert waiting.recv(100) == b""
    waiting.close()
