"""Servers of our own over real sockets, that answer as badly as a test wants."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from portal.kernel.remote.http import Limits

SHORT = Limits(connect=2.0, total=0.4, answer=20_000, connections=4)
EASY = Limits(connect=5.0, total=10.0, answer=20_000, connections=4)


@dataclass
class Stub:
    """`requests` holds every request as bytes; `connections` counts sockets, also those without one."""

    url: str
    port: int
    stop: threading.Event = field(default_factory=threading.Event)
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def drip(self, connection: socket.socket, content: bytes, pause: float = 0.05) -> None:
        """Send one byte at a time, each well within any time-out for a single read."""
        for position in range(len(content)):
            if self.stop.wait(pause):
                return
            connection.sendall(content[position : position + 1])


Talk = Callable[[Stub, socket.socket], None]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> bytes:
    """A whole HTTP answer; header names are written with _ for -."""
    lines = [f"HTTP/1.1 {status} Some", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(*answers: bytes) -> Talk:
    """Give these answers in turn, over all connections; the last one for ever."""
    queue = list(answers)

    def talk(stub: Stub, connection: socket.socket) -> None:
        connection.sendall(queue.pop(0) if len(queue) > 1 else queue[0])

    return talk


@contextmanager
def serving(talk: Talk, context: ssl.SSLContext | None = None) -> Iterator[Stub]:
    """Serve each connection in a thread: read a request, let `talk` answer, until it closes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stub = Stub(f"{'https' if context else 'http'}://localhost:{port}", port)
        threads: list[threading.Thread] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    stub.connections += 1
                    thread = threading.Thread(target=_attend, args=(stub, connection, talk, context))
                    threads.append(thread)
                    thread.start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield stub
        finally:
            stub.stop.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def _attend(stub: Stub, plain: socket.socket, talk: Talk, context: ssl.SSLContext | None) -> None:
    plain.settimeout(10)
    with plain, suppress(OSError):
        connection = context.wrap_socket(plain, server_side=True) if context else plain
        with connection:
            while request := _request(connection, stub.stop):
                stub.requests.append(request)
                talk(stub, connection)


def _request(connection: socket.socket, stop: threading.Event) -> bytes:
    connection.settimeout(0.05)
    data = b""
    while not stop.is_set():
        head, found, body = data.partition(b"\r\n\r\n")
        lines = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        if found and len(body) >= (int(lines[0].partition(b":")[2]) if lines else 0):
            connection.settimeout(10)
            return data
        with suppress(TimeoutError):
            more = connection.recv(65536)
            if not more:
                return b""
            data += more
    return b""
