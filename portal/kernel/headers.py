"""Security headers on every answer, errors included. The policy is data (requirements E1, E2)."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit

from flask import Flask, Response, g

CSP = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "media-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}
POLICY = "; ".join(f"{name} {value}" for name, value in CSP.items())
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
PERMANENT_REDIRECT = HTTPStatus.PERMANENT_REDIRECT  # of the router only
HSTS = "max-age=31536000; includeSubDomains"


def protect(app: Flask, *, secure: bool) -> None:
    def finish(response: Response) -> Response:
        if response.status_code == PERMANENT_REDIRECT:
            _stay_here(response)
        for name, value in HEADERS.items():
            response.headers[name] = value
        if secure:
            response.headers["Strict-Transport-Security"] = HSTS
        if getattr(g, "no_store", False):
            response.headers["Cache-Control"] = "no-store"
        elif "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-cache"
        return response

    app.after_request(finish)


def _stay_here(response: Response) -> None:
    """The router writes the whole address of a mended path, with the host that the visitor named: `Host: a, b` made
    `http:///path`, which a browser takes for a site of that name. Its path is enough."""
    parts = urlsplit(response.headers.get("Location", ""))
    response.headers["Location"] = urlunsplit(("", "", f"/{parts.path.lstrip('/')}", parts.query, ""))
    response.set_data(b"")
