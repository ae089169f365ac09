"""Answers that are the same for everybody, kept compressed and given before Flask (decision 0008).

A view says so with `same_for_everybody`. Only plain GET and HEAD requests of visitors without a session are answered
from here; everything else, and each first request, goes through the application.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import request
from werkzeug.sansio.utils import host_is_trusted

from portal.kernel.encodings import PACK, best

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MARK = "portal.ready"
MOST_BYTES = 64_000_000
HOSTS_REMEMBERED = 64  # anybody may write a host in a request
HOST = re.compile(r"[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){0,20}(:\d{1,5})?", re.IGNORECASE | re.ASCII)
# what changes when an answer is kept; the date of a file goes too, as a release may bring an older file back
REPLACED = frozenset({"content-length", "content-encoding", "etag", "vary", "last-modified"})
ON_304 = frozenset({"content-type", "content-length", "content-encoding"})
Header = tuple[str, str]


def same_for_everybody() -> None:
    """Say that the answer to this request depends on its address alone. Safe to call twice."""
    request.environ[MARK] = True


def _closed(answer: Iterable[bytes]) -> tuple[()]:
    getattr(answer, "close", lambda: None)()
    return ()


class Ready:
    """One answer in one encoding."""

    def __init__(self, encoding: str, content: bytes, body: bytes, headers: Sequence[Header], vary: str) -> None:
        self.body = body
        self.etag = f'"{hashlib.sha256(content).hexdigest()[:20]}-{encoding}"'
        self.headers = [*headers, ("Content-Length", str(len(body))), ("ETag", self.etag), ("Vary", vary)]
        if encoding != "identity":
            self.headers.append(("Content-Encoding", encoding))

    def give(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        asked = environ.get("HTTP_IF_NONE_MATCH")
        if asked is not None and self._known(asked):
            start("304 Not Modified", [row for row in self.headers if row[0].lower() not in ON_304])
            return ()
        start("200 OK", list(self.headers))
        return () if environ["REQUEST_METHOD"] == "HEAD" else (self.body,)

    def _known(self, asked: str) -> bool:
        """If-None-Match compares weakly (RFC 9110, section 13.1.2)."""
        return any(tag.strip().removeprefix("W/") in ("*", self.etag) for tag in asked.split(","))


class ReadyLayer:
    """Wraps the application. `cookie` is the name of its session cookie; under `shared` no cookie matters and the
    query string is part of the address. Safe for threads: an answer that is made twice is the same."""

    def __init__(self, inner: WSGIApplication, *, cookie: str, hosts: Sequence[str], shared: str) -> None:
        self.inner, self.cookie, self.hosts, self.shared = inner, cookie, list(hosts), shared
        self._good_host = lru_cache(HOSTS_REMEMBERED)(self._is_good_host)  # most of the time of an answer, else
        self._kept: dict[str, dict[str, Ready]] = {}
        self._size = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = self._key(environ)
        if key is None:
            return self.inner(environ, start_response)
        kept = self._kept.get(key)
        if kept is None:
            return self._through(environ, start_response, key)
        return kept[best(environ.get("HTTP_ACCEPT_ENCODING"))].give(environ, start_response)

    def _key(self, environ: WSGIEnvironment) -> str | None:
        """The address, when this is a request that may be answered from what is kept."""
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or "HTTP_RANGE" in environ or self._has_body(environ):
            return None
        path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        shared = path.startswith(self.shared)
        if (query and not shared) or environ.get("SCRIPT_NAME"):
            return None
        if not shared and self.cookie in environ.get("HTTP_COOKIE", ""):
            return None
        return f"{path}?{query}" if self._good_host(environ.get("HTTP_HOST", "")) else None

    @staticmethod
    def _has_body(environ: WSGIEnvironment) -> bool:
        return environ.get("CONTENT_LENGTH", "") not in ("", "0") or "HTTP_TRANSFER_ENCODING" in environ

    def _is_good_host(self, host: str) -> bool:
        """A host that the application would refuse is left to it."""
        return HOST.fullmatch(host) is not None and host_is_trusted(host, self.hosts)

    def _through(self, environ: WSGIEnvironment, start_response: StartResponse, key: str) -> Iterable[bytes]:
        told: list[tuple[str, list[Header]]] = []

        def hold(status: str, headers: list[Header], _exc_info: object = None) -> None:
            told.append((status, headers))

        whole = {**environ, "REQUEST_METHOD": "GET"}  # HEAD is told what GET would send, so it is made here too
        answer = self.inner(whole, hold)  # type: ignore[arg-type]
        status, headers = told[-1]
        names = {name.lower() for name, _value in headers}
        keep = status.startswith("200") and MARK in whole and not names & {"set-cookie", "content-encoding"}
        if not keep or self._size > MOST_BYTES:
            start_response(status, headers)
            return answer if environ["REQUEST_METHOD"] == "GET" else _closed(answer)
        content = b"".join(answer)
        _closed(answer)
        made = self._made(content, headers, shared=key.startswith(self.shared))
        self._keep(key, made)
        return made[best(environ.get("HTTP_ACCEPT_ENCODING"))].give(environ, start_response)

    @staticmethod
    def _made(content: bytes, headers: Sequence[Header], *, shared: bool) -> dict[str, Ready]:
        rest = [row for row in headers if row[0].lower() not in REPLACED]
        vary = "Accept-Encoding" if shared else "Accept-Encoding, Cookie"
        return {name: Ready(name, content, pack(content), rest, vary) for name, pack in PACK.items()}

    def _keep(self, key: str, made: dict[str, Ready]) -> None:
        with self._lock:
            if key not in self._kept:  # two threads may have made it at the same moment
                self._kept[key] = made
                self._size += sum(len(one.body) for one in made.values())
