"""What no request may exceed: the size of its body (D1), and numbers that no database row can have (D6)."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask, current_app, request
from flask.typing import ResponseReturnValue

from portal.kernel.access import LARGEST_ID
from portal.kernel.errors import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

View = TypeVar("View", bound=Callable[..., ResponseReturnValue])
PIECE = 65_536


def takes(size: int) -> Callable[[View], View]:
    """Give a view a cap of its own, in bytes of the whole body. Goes under the route."""

    def declare(view: View) -> View:
        view.__body_limit__ = size  # type: ignore[attr-defined]
        return view

    return declare


def guard(app: Flask) -> None:
    """Let the caps of the views hold before anything reads the body, CSRF included."""
    app.url_value_preprocessor(_own_cap)


def _own_cap(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    own = getattr(current_app.view_functions.get(endpoint or ""), "__body_limit__", None)
    if own is not None:
        request.max_content_length = own


def number_asked(name: str) -> int | None:
    """Return a number from the query string, None when it is not there.

    Raises NotFound for text and for a number that no row can have: a guess would show another page.
    """
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= LARGEST_ID):
        raise NotFound
    return int(text)


class Counted:
    """Gives a body without a length the length it has, so that the caps count it too (D1).

    More than `most` bytes, the largest cap, is not kept: the length alone then makes the answer 413.
    """

    def __init__(self, inner: WSGIApplication, most: int) -> None:
        self.inner, self.most = inner, most

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = environ["wsgi.input"].read(self.most + 1)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
            del environ["HTTP_TRANSFER_ENCODING"]
        return self.inner(environ, start_response)


class Drained:
    """Reads what the application left of a body before the answer goes out.

    Without it the server closes the connection while the client is still sending, and a browser
    shows "connection reset" in place of the page that says what is wrong. Stops at `most` bytes.
    """

    def __init__(self, app: WSGIApplication, most: int = 32_000_000) -> None:
        self.app, self.most = app, most

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        source = environ["wsgi.input"]  # taken now: the application may put another in its place
        answer = self.app(environ, start_response)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            left = self.most
            while left > 0 and (piece := source.read(min(left, PIECE))):
                left -= len(piece)
        return answer
