"""Somebody at a browser without scripts, at a portal in a process of its own."""

from __future__ import annotations

import time
from typing import Any

import httpx
from bs4 import BeautifulSoup

PATIENCE_SECONDS = 60


def browser(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=PATIENCE_SECONDS)


def token_on(client: httpx.Client, path: str) -> str:
    """The token of the form on a page. Raises RuntimeError when there is none."""
    field = BeautifulSoup(client.get(path).text, "html5lib").select_one("main [name=csrf_token]")
    if field is None:
        raise RuntimeError(f"no form on {path}")
    return str(field["value"])


def send(client: httpx.Client, path: str, data: dict[str, str], **more: Any) -> float:
    """Send the form of a page, as the page has it; the seconds that the answer took. Raises RuntimeError when it was
    not taken: a quick refusal is no speed."""
    data = {**data, "csrf_token": token_on(client, path)}
    start = time.perf_counter()
    answer = client.post(path, data=data, **more)
    seconds = time.perf_counter() - start
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return seconds


def sign_in(client: httpx.Client, email: str, password: str) -> float:
    return send(client, "/inloggen", {"email": email, "password": password})


def open_page(client: httpx.Client, path: str) -> float:
    """The seconds that a page took. Raises RuntimeError when it was not shown."""
    start = time.perf_counter()
    answer = client.get(path)
    seconds = time.perf_counter() - start
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path}: {answer.status_code}")
    return seconds
