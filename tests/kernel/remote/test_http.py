"""F2, F3: the one way out. Everything over real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from portal.kernel.errors import RemoteError, Unavailable, Unclear
from portal.kernel.remote.breaker import Breaker
from portal.kernel.remote.guard import in_transaction
from portal.kernel.remote.http import Limits, Remote
from tests.kernel.remote.stub import EASY, SHORT, Stub, Talk, answer, says, serving


@contextmanager
def remote(url: str, limits: Limits = EASY, **given) -> Iterator[Remote]:
    made = Remote("Nmbrs", url, allow_private=True, limits=limits, **given)
    try:
        yield made
    finally:
        made.close()


def outcome(talk: Talk, *, write: bool, limits: Limits = EASY) -> RemoteError:
    """The error of one call to a server that answers with `talk`."""
    with serving(talk) as stub, remote(stub.url, limits) as door, pytest.raises(RemoteError) as caught:
        door.call("POST", "/x", write=write, content=b"body")
    return caught.value


def test_a_good_answer_comes_through_with_base_path_and_headers():
    good = answer(200, b"hallo", Content_Type="Text/XML; charset=utf-8")
    with serving(says(good)) as stub, remote(stub.url + "/nmbrs/soap/v3/") as door:
        got = door.call("POST", "/A.asmx", write=True, headers={"x-test": "1"}, content=b"inhoud")
    assert (got.status, got.content, got.media_type) == (200, b"hallo", "text/xml")
    assert stub.requests[0].startswith(b"POST /nmbrs/soap/v3/A.asmx HTTP/1.1\r\n")
    assert b"x-test: 1\r\n" in stub.requests[0]
    assert stub.requests[0].endswith(b"\r\n\r\ninhoud")


def test_f3_one_connection_is_used_again():
    with serving(says(answer())) as stub, remote(stub.url) as door:
        for _ in range(3):
            door.call("GET", "/", write=False)
    assert (stub.connections, len(stub.requests)) == (1, 3)


def hang(stub: Stub, connection: socket.socket) -> None:
    stub.stop.wait(10)
    connection.sendall(answer())


def drip_header(stub: Stub, connection: socket.socket) -> None:
    stub.drip(connection, answer(200, b"", **{f"X-{number}": "v" * 20 for number in range(5)}))


def drip_body(stub: Stub, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n")
    stub.drip(connection, b"x" * 60)


def hang_up(stub: Stub, connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def half_a_body(stub: Stub, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\nhalf")
    connection.shutdown(socket.SHUT_RDWR)


def garbage(stub: Stub, connection: socket.socket) -> None:
    connection.sendall(b"\x00\x01 this is no HTTP\r\n\r\n")
    connection.shutdown(socket.SHUT_RDWR)


def endless(stub: Stub, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not stub.stop.is_set():
        connection.sendall(b"400\r\n" + b"x" * 0x400 + b"\r\n")


def bomb(stub: Stub, connection: socket.socket) -> None:
    """A megabyte that takes about a kilobyte on the wire."""
    connection.sendall(answer(200, gzip.compress(bytes(1_000_000)), Content_Encoding="gzip"))


def half_a_zip(stub: Stub, connection: socket.socket) -> None:
    packed = gzip.compress(b"<Envelope/>" * 20)
    connection.sendall(answer(200, packed[:-9], Content_Encoding="gzip"))


BROKEN = [hang, drip_header, drip_body, hang_up, half_a_body, garbage, endless, bomb, half_a_zip]


@pytest.mark.parametrize("talk", BROKEN)
def test_f3_after_sending_a_write_is_unclear(talk):
    """G4: once bytes have left, nobody knows whether hours were booked."""
    error = outcome(talk, write=True, limits=SHORT)
    assert isinstance(error, Unclear)
    assert "niet opnieuw" in error.remedy


@pytest.mark.parametrize("talk", BROKEN)
def test_f3_after_sending_a_read_is_unavailable(talk):
    error = outcome(talk, write=False, limits=SHORT)
    assert isinstance(error, Unavailable)
    assert error.message.startswith("Nmbrs gaf ")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_f3_an_encoding_nobody_asked_for_is_not_read(encoding):
    error = outcome(says(answer(200, b"..", Content_Encoding=encoding)), write=False)
    assert isinstance(error, Unavailable)


def test_f3_the_cap_is_exact():
    talk = says(answer(200, b"x" * EASY.answer), answer(200, b"x" * (EASY.answer + 1)))
    with serving(talk) as stub, remote(stub.url) as door:
        assert len(door.call("GET", "/", write=False).content) == EASY.answer
        with pytest.raises(Unavailable) as caught:
            door.call("GET", "/", write=False)
    assert caught.value.facts["cause"] == "AnswerBrokenError"


def test_gzip_is_unpacked():
    packed = answer(200, gzip.compress(b"hallo"), Content_Encoding="gzip")
    with serving(says(packed)) as stub, remote(stub.url) as door:
        assert door.call("GET", "/", write=False).content == b"hallo"


@pytest.mark.parametrize("write", [True, False])
def test_f3_before_sending_everything_is_unavailable(write):
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with remote(f"http://127.0.0.1:{port}") as door, pytest.raises(Unavailable) as caught:
        door.call("POST", "/", write=write)
    assert caught.value.message == "Nmbrs is nu niet bereikbaar."
    assert caught.value.remedy == "Probeer het over een paar minuten opnieuw."


def test_f3_a_full_pool_is_unavailable_and_sends_nothing():
    limits = Limits(connect=0.2, total=10, answer=1000, connections=1)
    busy = threading.Event()

    def slow(stub: Stub, connection: socket.socket) -> None:
        busy.set()
        stub.stop.wait(10)

    with serving(slow) as stub, remote(stub.url, limits) as door:

        def first() -> None:
            with pytest.raises(Unclear):
                door.call("POST", "/first", write=True)

        thread = threading.Thread(target=first)
        thread.start()
        assert busy.wait(5)
        with pytest.raises(Unavailable) as caught:
            door.call("POST", "/second", write=True)
        stub.stop.set()
        thread.join()
    assert caught.value.facts["cause"] == "PoolTimeout"
    assert len(stub.requests) == 1


@pytest.mark.parametrize(("write", "kind"), [(True, Unclear), (False, Unavailable)])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_f2_no_redirect_is_followed(status, write, kind):
    with serving(says(answer())) as inside:
        error = outcome(says(answer(status, b"", Location=inside.url + "/secret")), write=write)
    assert isinstance(error, kind)
    assert inside.connections == 0


@pytest.mark.parametrize(
    ("header", "seconds"), [({"Retry_After": "120"}, 120), ({"Retry_After": "999999"}, 3600), ({}, 60)]
)
@pytest.mark.parametrize("write", [True, False])
def test_f3_429_is_certainly_not_processed(header, seconds, write):
    error = outcome(says(answer(429, b"", **header)), write=write)
    assert isinstance(error, Unavailable)
    assert error.facts["retry_after"] == seconds


@pytest.mark.parametrize(("write", "kind"), [(True, Unclear), (False, Unavailable)])
def test_f3_503_tells_when_to_come_back(write, kind):
    """G4: a proxy may say 503 in front of a server that booked, so a write stays unclear."""
    error = outcome(says(answer(503, b"", Retry_After="7")), write=write)
    assert isinstance(error, kind)
    assert error.facts["retry_after"] == 7


def test_f3_five_failures_open_the_breaker_and_one_probe_closes_it():
    clock = [0.0]
    breaker = Breaker(clock=lambda: clock[0])
    with serving(says(*[answer(500)] * 5, answer(200))) as stub, remote(stub.url, breaker=breaker) as door:
        for _ in range(5):
            assert door.call("GET", "/", write=False).status == 500
        with pytest.raises(Unavailable) as caught:
            door.call("POST", "/", write=True)
        assert len(stub.requests) == 5
        clock[0] = 30.0
        assert door.call("GET", "/", write=False).status == 200
        assert door.call("GET", "/", write=False).status == 200
    assert "geen antwoord" in caught.value.message


def test_f3_silence_opens_the_breaker_too():
    limits = Limits(connect=2, total=1)  # room to connect and send on a busy machine; the silence uses it all
    with serving(hang) as stub, remote(stub.url, limits) as door:
        for _ in range(5):
            with pytest.raises(Unclear):
                door.call("POST", "/", write=True)
        with pytest.raises(Unavailable):
            door.call("POST", "/", write=True)
    assert len(stub.requests) == 5


def test_g3_no_call_inside_a_transaction():
    with serving(says(answer())) as stub, remote(stub.url) as door:
        with in_transaction(), pytest.raises(RuntimeError):
            door.call("GET", "/", write=False)
        assert stub.connections == 0
        assert door.call("GET", "/", write=False).status == 200


def test_cookies_of_one_customer_do_not_reach_the_next():
    with (
        serving(says(answer(200, b"ok", Set_Cookie="session=abc; Path=/"))) as stub,
        remote(stub.url) as door,
    ):
        door.call("GET", "/", write=False)
        door.call("GET", "/", write=False)
    assert b"cookie" not in stub.requests[1].lower()


def test_the_environment_cannot_send_us_through_a_proxy(monkeypatch):
    with serving(says(answer(418))) as proxy, serving(says(answer())) as stub:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with remote(stub.url) as door:
            assert door.call("GET", "/", write=False).status == 200
    assert proxy.connections == 0


@pytest.mark.parametrize("value", ["abc\r\nX-Evil: 1", "tökén", "a\x00b"])
def test_c8_a_header_that_cannot_be_sent_is_named_without_its_value(value):
    with serving(says(answer())) as stub, remote(stub.url) as door, pytest.raises(ValueError) as caught:
        door.call("GET", "/", write=False, headers={"authorization": value})
    assert value not in str(caught.value)
    assert stub.connections == 0


@pytest.mark.parametrize("path", ["http://evil.example/", "x", "", "/a b", "/a\r\nX: 1", "/é"])
def test_f2_a_path_cannot_lead_elsewhere(path):
    with remote("http://localhost:9") as door, pytest.raises(ValueError):
        door.call("GET", path, write=False)


def test_f2_two_slashes_stay_on_the_host():
    with serving(says(answer())) as stub, remote(stub.url) as door:
        door.call("GET", "//evil.example/x", write=False)
    assert stub.requests[0].startswith(b"GET //evil.example/x HTTP/1.1\r\nHost: localhost")


@pytest.mark.parametrize(
    ("url", "private"),
    [
        ("ftp://api.example", True),
        ("https://", True),
        ("http://api.example", False),
        ("https://user:pass@api.example", True),
        ("https://api.example/?token=1", True),
        ("https://api.example/#x", True),
    ],
)
def test_f2_a_base_url_that_cannot_be_used_stops_the_start(url, private):
    with pytest.raises(ValueError):
        Remote("Nmbrs", url, allow_private=private)
