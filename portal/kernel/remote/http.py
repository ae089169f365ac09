"""The one way to a third party: one host, verified TLS, a deadline, a breaker (F1, F2, F3)."""

from __future__ import annotations

import ssl
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Protocol

import httpcore
import httpx

from portal.kernel.errors import RemoteError
from portal.kernel.remote import wire, wording
from portal.kernel.remote.addresses import Resolve, system_resolve
from portal.kernel.remote.answer import Answer, AnswerBrokenError, read_answer, retry_after
from portal.kernel.remote.breaker import Breaker, Breakers
from portal.kernel.remote.guard import behalf, last_moment, refuse_in_transaction

BEFORE_SENDING = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.PoolTimeout)
FAULTS = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.RemoteProtocolError,
    AnswerBrokenError,
    OSError,
)


@dataclass(frozen=True)
class Limits:
    """Seconds to connect and for the whole call, bytes of an answer, sockets at a time."""

    connect: float = 5.0
    total: float = 30.0
    answer: int = 10 * 1024 * 1024
    connections: int = 20


class Turnstile(Protocol):
    """Lets calls through at a pace (see pace.py). Every `enter` that returns is followed by one `leave`."""

    def enter(self, deadline: float) -> None: ...
    def leave(self) -> None: ...


def server_error(answer: Answer) -> bool:
    return answer.status >= 500


class Remote:
    """Calls one third party. Make one per provider and share it between threads.

    There is a breaker for each `guard.on_behalf_of`: the failures of one customer do not stop another.
    `outage` says which answers count as a failure for the breaker. `context` replaces the trusted
    certificates; `resolve` the name look-up. Raises ValueError for a base URL that cannot be used.
    """

    def __init__(
        self,
        name: str,
        base_url: str,
        *,
        allow_private: bool,
        limits: Limits | None = None,
        breaker: Breaker | None = None,
        pace: Turnstile | None = None,
        outage: Callable[[Answer], bool] = server_error,
        context: ssl.SSLContext | None = None,
        resolve: Resolve = system_resolve,
    ) -> None:
        self.name = name
        self._base = _base(base_url, allow_private=allow_private)
        self._limits = limits or Limits()
        self._breakers = Breakers(breaker)
        self._pace = pace
        self._outage = outage
        backend = wire.CheckedBackend(resolve, allow_private=allow_private)
        trusted = context or httpx.create_ssl_context(trust_env=False)
        self._client = _client(wire.Wire(backend, trusted, self._limits.connections), self._limits)
        self.close = weakref.finalize(self, self._client.close)

    def call(
        self,
        method: str,
        path: str,
        *,
        write: bool,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
    ) -> Answer:
        """Send one request to base URL + `path`; return any answer but a redirect, 429 or 503.

        `write` says that a lost answer may mean "processed". Never repeats a request by itself.
        Raises Unavailable (certainly not processed, or nothing to process), Unclear (only with
        `write`), and RuntimeError inside a transaction.
        """
        refuse_in_transaction()
        request = self._request(method, path, headers or {}, content)
        breaker = self._breakers.of(behalf.get())
        if not breaker.admit():
            raise wording.resting(self.name)
        try:
            outcome = self._in_turn(request, write=write)
        except BaseException:
            breaker.released()
            raise
        if isinstance(outcome, RemoteError):
            breaker.failed()
            raise outcome
        if self._outage(outcome):
            breaker.failed()
        else:
            breaker.worked()
        return self._accepted(outcome, write=write)

    def _in_turn(self, request: httpx.Request, *, write: bool) -> Answer | RemoteError:
        """Wait for a turn first: the time of the call itself begins after that."""
        if self._pace is None:
            return self._exchange(request, write=write)
        self._pace.enter(min(time.monotonic() + self._limits.total, last_moment.get()))
        try:
            return self._exchange(request, write=write)
        finally:
            self._pace.leave()

    def _request(self, method: str, path: str, headers: Mapping[str, str], content: bytes) -> httpx.Request:
        for key, value in headers.items():
            if not (value.isascii() and value.isprintable()):
                raise ValueError(f"The header {key} holds a sign that cannot be sent.")
        if not (path.startswith("/") and path.isascii() and path.isprintable() and " " not in path):
            raise ValueError("A path starts with a slash and is quoted.")
        url = self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + path.encode())
        if (url.scheme, url.host, url.port) != (self._base.scheme, self._base.host, self._base.port):
            raise ValueError("The path leads to another host.")
        return self._client.build_request(method, url, headers=headers, content=content)

    def _exchange(self, request: httpx.Request, *, write: bool) -> Answer | RemoteError:
        # The error is returned, not raised, so that it does not drag along the fault of a library:
        # its text can hold bytes which the other side echoed.
        progress = wire.Progress(min(time.monotonic() + self._limits.total, last_moment.get()))
        token = wire.current.set(progress)
        try:
            response = self._client.send(request, stream=True)
            try:
                return read_answer(response, self._limits.answer)
            finally:
                response.close()
        except FAULTS as fault:
            return self._lost(fault, progress, write=write)
        finally:
            wire.current.reset(token)

    def _lost(self, fault: Exception, progress: wire.Progress, *, write: bool) -> RemoteError:
        if progress.cause == "tls":
            return wording.not_trusted(self.name)
        if progress.cause == "address":
            return wording.not_allowed(self.name)
        cause = type(fault).__name__
        if isinstance(fault, BEFORE_SENDING) or not progress.sent:
            return wording.not_reached(self.name, cause)
        if isinstance(fault, AnswerBrokenError):
            what = "een antwoord dat te groot of beschadigd is"
            return wording.unusable(self.name, what, cause, write=write)
        return wording.no_answer(self.name, cause, write=write)

    def _accepted(self, answer: Answer, *, write: bool) -> Answer:
        if 300 <= answer.status < 400:
            what = "een doorverwijzing in plaats van een antwoord"
            raise wording.unusable(self.name, what, "redirect", write=write, status=answer.status)
        if answer.status == 429 or (answer.status == 503 and not write):
            raise wording.busy(self.name, retry_after(answer.headers))
        if answer.status == 503:  # whoever says 503 may stand in front of one that did process it
            seconds = retry_after(answer.headers) if "retry-after" in answer.headers else None
            message = f"{self.name} had een storing."
            raise wording.unclear(self.name, message, "status", status=503, retry_after=seconds)
        return answer


def _base(base_url: str, *, allow_private: bool) -> httpx.URL:
    url = httpx.URL(base_url)
    if url.scheme not in ("https", "http") or not url.host:
        raise ValueError("A base URL starts with https:// and names a host.")
    if url.scheme == "http" and not allow_private:
        raise ValueError("A base URL without TLS is for a sandbox only.")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("A base URL holds no password, query or fragment.")
    return url


def _client(transport: httpx.BaseTransport, limits: Limits) -> httpx.Client:
    """A client that reads no environment, follows nothing and keeps no cookie between customers."""
    timeout = httpx.Timeout(limits.total, connect=limits.connect, pool=limits.connect)
    return httpx.Client(
        transport=transport,
        trust_env=False,
        follow_redirects=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=timeout,
        headers={"accept-encoding": "gzip", "user-agent": "koppelportaal"},
    )
