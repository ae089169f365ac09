"""Sockets under httpx: checked addresses, and one deadline for the whole call (F2, F3).

httpx and httpcore count a time-out per read, so a server that drips a byte a second holds a
thread for ever. Here every read and write gets what is left of the call.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import httpcore
import httpx

from portal.kernel.remote.addresses import AddressRefusedError, Resolve, checked, lookup

SLICE = 16 * 1024
USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)


@dataclass
class Progress:
    """One call under way: `deadline` on the monotonic clock, `sent` once a byte may have left,
    `cause` "tls" or "address" when the connection failed for that reason (httpcore drops the cause
    of its errors)."""

    deadline: float
    sent: bool = False
    cause: str = ""

    def left(self, wanted: float | None) -> float:
        """Seconds to wait at most; 0 or less when the time is up."""
        rest = self.deadline - time.monotonic()
        return rest if wanted is None else min(wanted, rest)


current: ContextVar[Progress] = ContextVar("remote_call")


class TimedStream(httpcore.NetworkStream):
    """A stream that obeys the deadline of the call which uses it now."""

    def __init__(self, inner: httpcore.NetworkStream, connect_by: float) -> None:
        self._inner = inner
        self._connect_by = connect_by

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = current.get().left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("The time for this call is up.")
        return self._inner.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        progress = current.get()
        for start in range(0, len(buffer), SLICE):
            left = progress.left(timeout)
            if left <= 0:
                raise httpcore.WriteTimeout("The time for this call is up.")
            _die_by(self._inner, left)
            progress.sent = True  # before the write: after a fault nobody knows how much left
            self._inner.write(buffer[start : start + SLICE], left)

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = min(current.get().left(timeout), self._connect_by - time.monotonic())
        if left <= 0:
            self.close()
            raise httpcore.ConnectTimeout("The time to connect is up.")
        try:
            inner = self._inner.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLError):
                current.get().cause = "tls"
            raise
        return TimedStream(inner, self._connect_by)

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _die_by(stream: httpcore.NetworkStream, seconds: float) -> None:
    """Bytes that were written and not delivered must not arrive after the call is over, even when this process stands
    still by then: the kernel gives up the connection instead (Linux, tcp(7))."""
    given = stream.get_extra_info("socket")
    if given is not None and USER_TIMEOUT is not None:
        given.setsockopt(socket.IPPROTO_TCP, USER_TIMEOUT, max(1, int(seconds * 1000)))


class CheckedBackend(httpcore.NetworkBackend):
    """Resolves once, checks, and connects to the very address that was checked."""

    def __init__(self, resolve: Resolve, *, allow_private: bool) -> None:
        self._resolve = resolve
        self._allow_private = allow_private
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        connect_by = time.monotonic() + current.get().left(timeout)
        fault: Exception = httpcore.ConnectError("No address.")
        for address in self._addresses(host, port, connect_by - time.monotonic()):
            left = connect_by - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout("The time to connect is up.")
            try:
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return TimedStream(stream, connect_by)
        raise fault

    def _addresses(self, host: str, port: int, seconds: float) -> Iterable[str]:
        try:
            return checked(lookup(self._resolve, host, port, seconds), allow_private=self._allow_private)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(str(error)) from error
        except AddressRefusedError as error:
            current.get().cause = "address"
            raise httpcore.ConnectError(str(error)) from error
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from error


class Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from cast("Iterable[bytes]", self._answer.stream)

    def close(self) -> None:
        self._answer.close()


class Wire(httpx.BaseTransport):
    """An httpx transport over the backend above; raises the faults of httpcore as they are."""

    def __init__(self, backend: httpcore.NetworkBackend, context: ssl.SSLContext, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=context,
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=5.0,
            retries=0,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                url,
                headers=request.headers.raw,
                content=cast("Iterable[bytes]", request.stream),
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=Body(answer))

    def close(self) -> None:
        with closing(self._pool):
            pass
