"""The sandbox as a process of its own: starts, answers, stops cleanly, tells no token (I5, issue 2 item 8)."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from portal.sandbox.server import running
from tests.sandbox.envelopes import Nmbrs

PROGRAM = """
from pathlib import Path
from portal.sandbox.server import main
main("127.0.0.1", 0, Path({folder!r}), True)
print("closed")
"""


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    program = PROGRAM.format(folder=str(folder))
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout
    found = re.search(r"http://\S+", process.stdout.readline())
    assert found
    return process, found.group()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_serves_and_stops_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    process, base = start(tmp_path)
    try:
        assert httpx.get(f"{base}/livez").text == "ok"
        server = Nmbrs(f"{base}/nmbrs")
        assert server.com("List_GetAll").response.status_code == 200
        server.control("faults", kind="html")
        process.send_signal(number)
        out, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out, errors) == (0, "closed\n", "")


def test_all_stand_ins_answer_under_their_own_name(base: str) -> None:
    for name in ("nmbrs", "connexie", "horecalonen"):
        assert httpx.get(f"{base}/{name}/_sandbox/state").status_code == 200
    assert httpx.get(f"{base}/").status_code == 404
    assert httpx.get(f"{base}/eitje/_sandbox/state").status_code == 404


def test_two_servers_share_nothing(base: str) -> None:
    with running() as other:
        Nmbrs(f"{base}/nmbrs").control("faults", kind="html")
        assert Nmbrs(f"{other}/nmbrs").state()["armed"] == []


def test_too_large_a_body_is_413(base: str) -> None:
    response = httpx.post(f"{base}/nmbrs/soap/v3/DebtorService.asmx", content=b" " * 10_000_001)
    assert response.status_code == 413
