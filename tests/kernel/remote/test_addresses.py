"""F2: no way to the inside unless the sandbox is switched on."""

from __future__ import annotations

import threading

import pytest

from portal.kernel.errors import Unavailable
from portal.kernel.remote.addresses import is_public
from portal.kernel.remote.http import Remote
from tests.kernel.remote.stub import EASY, SHORT, answer, says, serving


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::808:808"])
def test_f2_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "2002:7f00:1::", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2001:0:1:2:3:4:5:6", "not an address", "",
    ],
)  # fmt: skip
def test_f2_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("found", [["127.0.0.1"], ["::ffff:127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
@pytest.mark.parametrize("write", [True, False])
def test_f2_a_name_that_points_inside_gets_no_connection(found, write):
    with serving(says(answer())) as stub:
        door = Remote("Nmbrs", f"https://api.example:{stub.port}", allow_private=False, resolve=lambda *_: found)
        with pytest.raises(Unavailable) as caught:
            door.call("GET", "/", write=write)
        door.close()
    assert caught.value.facts["cause"] == "address"
    assert stub.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1", "2130706433"])
def test_f2_no_spelling_of_loopback_passes(host):
    with serving(says(answer())) as stub:
        door = Remote("Nmbrs", f"https://{host}:{stub.port}", allow_private=False)
        with pytest.raises(Unavailable):
            door.call("GET", "/", write=True)
        door.close()
    assert stub.connections == 0


def test_f2_the_name_is_looked_up_once_and_the_checked_address_is_used():
    """A second look-up is where a name server would slip in another address."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.254"]

    with serving(says(answer())) as stub:
        door = Remote("N", f"http://api.example:{stub.port}", allow_private=True, limits=EASY, resolve=resolve)
        assert door.call("GET", "/", write=False).status == 200
        door.close()
    assert asked == ["api.example"]
    assert b"Host: api.example:" in stub.requests[0]


def test_the_next_address_is_tried_when_the_first_is_deaf():
    with serving(says(answer())) as stub:
        found = ["127.0.0.253", "127.0.0.1"]
        door = Remote("N", f"http://api.example:{stub.port}", allow_private=True, resolve=lambda *_: found)
        assert door.call("GET", "/", write=False).status == 200
        door.close()


@pytest.mark.parametrize("fault", [OSError("no such name"), UnicodeError("label too long")])
def test_a_name_that_does_not_exist_is_unavailable(fault):
    def resolve(host: str, port: int) -> list[str]:
        raise fault

    door = Remote("Nmbrs", "https://api.example", allow_private=False, resolve=resolve)
    with pytest.raises(Unavailable) as caught:
        door.call("POST", "/", write=True)
    assert caught.value.message == "Nmbrs is nu niet bereikbaar."


def test_f3_a_name_server_that_hangs_does_not_hold_us():
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        over.wait(10)
        return ["127.0.0.1"]

    with serving(says(answer())) as stub:
        url = f"http://api.example:{stub.port}"
        door = Remote("Nmbrs", url, allow_private=True, limits=SHORT, resolve=resolve)
        with pytest.raises(Unavailable):
            door.call("POST", "/", write=True)
        over.set()
        door.close()
