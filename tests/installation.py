"""A portal as it is installed: the command line, its own processes, a folder of data."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from bs4 import BeautifulSoup

COMMAND = (sys.executable, "-c", "from portal.cli import main; main()")
ROOT = Path(__file__).parents[1]


def clean_env(data: Path, **more: str) -> dict[str, str]:
    """The environment without any setting of this machine's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE"))}
    return {**kept, "DATA": str(data), "PYTHONPATH": str(ROOT), **more}


def portal(env: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], env=dict(env), capture_output=True, text=True, timeout=120, check=False)


def new_keys(env: Mapping[str, str]) -> dict[str, str]:
    return dict(line.split("=", 1) for line in portal(env, "keys", "new").stdout.splitlines())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def processes(env: Mapping[str, str], port: int, logs: Path) -> Iterator[int]:
    """The web process and the worker, with what they print in `logs`; both stop at the end. Gives the number of the
    web process."""
    with _started(env, port, logs, ("serve", "--port", str(port), "--workers", "1"), ("worker",)) as number:
        yield number


@contextmanager
def web(env: Mapping[str, str], port: int, logs: Path, *, workers: int) -> Iterator[None]:
    """Only the web process, with this many workers."""
    with _started(env, port, logs, ("serve", "--port", str(port), "--workers", str(workers))):
        yield


@contextmanager
def _started(env: Mapping[str, str], port: int, logs: Path, *wanted: tuple[str, ...]) -> Iterator[int]:
    with (logs / "out.log").open("ab") as out:
        children = [subprocess.Popen([*COMMAND, *words], env=dict(env), stdout=out, stderr=out) for words in wanted]
        try:
            _wait(port, children)
            yield children[0].pid
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(timeout=60)


def _wait(port: int, children: list[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and all(child.poll() is None for child in children):
        try:
            httpx.get(f"http://127.0.0.1:{port}/livez").raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the portal did not start")


@dataclass
class Person:
    """Somebody at a browser without scripts; keeps every answer that was seen."""

    client: httpx.Client
    seen: list[bytes]

    def open(self, path: str, **more: Any) -> httpx.Response:
        answer = self.client.get(path, follow_redirects=True, **more)
        self.seen.append(answer.content + str(answer.headers).encode())
        return answer

    def send(self, path: str, values: Mapping[str, str], *, form: str = "", **more: Any) -> httpx.Response:
        """Post to `path` with the token of the page `form` (the same page when empty)."""
        soup = BeautifulSoup(self.open(form or path).text, "html5lib")
        token = soup.select_one("input[name=csrf_token]")
        assert token is not None, form or path
        data = {**values, "csrf_token": str(token["value"])}
        answer = self.client.post(path, data=data, follow_redirects=True, **more)
        self.seen.append(answer.content + str(answer.headers).encode())
        return answer
