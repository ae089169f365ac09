"""Servers in processes of their own: the portal as in production, another application in the same server, and nginx
with the bytes that the portal gave."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
COMMAND = (sys.executable, "-c", "from portal.cli import main; main()")
OF_NGINX = frozenset({"content-length", "content-type", "etag", "server", "date", "connection", "last-modified"})
NGINX = """
{user}worker_processes {workers};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  open_file_cache max=100;
  types {{ }}
  default_type "{kind}";
  server {{
    listen 127.0.0.1:{port};
    root {folder}/files;
{headers}
  }}
}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def environment(data: Path, port: int, content: Path | None = None) -> dict[str, str]:
    """The settings of an installation with a folder and keys of its own; nothing of the surroundings counts."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PORTAL_", "DATABASE_"))}
    env |= {"DATA": str(data), "PORT": str(port), "PORTAL_TRUSTED_HOSTS": "127.0.0.1", "PYTHONPATH": str(ROOT)}
    if content:
        env["PORTAL_CONTENT"] = str(content)
    made = subprocess.run((*COMMAND, "keys", "new"), env=env, check=True, capture_output=True, text=True).stdout
    return env | dict(line.split("=", 1) for line in made.splitlines())


@contextmanager
def portal() -> Iterator[str]:
    """`portal serve` on an empty database in a temporary folder; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        env = environment(Path(folder), port)
        subprocess.run((*COMMAND, "db", "upgrade"), env=env, check=True, stdout=subprocess.DEVNULL)
        with _running((*COMMAND, "serve"), env, port, "/readyz") as address:
            yield address


@contextmanager
def web(environment: Mapping[str, str]) -> Iterator[str]:
    """`portal serve` on an installation that is there already; gives its address."""
    port = free_port()
    env = {**environment, "PORT": str(port), "PORTAL_BASE_URL": f"http://127.0.0.1:{port}", "PYTHONPATH": str(ROOT)}
    with _running((*COMMAND, "serve", "--port", str(port)), env, port, "/readyz") as address:
        yield address


@contextmanager
def same_server(app: str) -> Iterator[str]:
    """Another WSGI application ("module:name") in the server of the portal, with as many workers and threads."""
    port = free_port()
    code = f"from portal import serve; serve.main('127.0.0.1', {port}, app='{app}')"
    with _running((sys.executable, "-c", code), {**os.environ, "PYTHONPATH": str(ROOT)}, port, "/") as address:
        yield address


@contextmanager
def nginx(answer: httpx.Headers, body: bytes, workers: int) -> Iterator[str]:
    """nginx with one file at `/page`, given with the headers of `answer`."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        (Path(folder) / "files").mkdir()
        (Path(folder) / "files" / "page").write_bytes(body)
        rows = [(name, value) for name, value in answer.items() if name not in OF_NGINX]
        text = NGINX.format(
            folder=folder, port=port, workers=workers, kind=answer["content-type"],
            user=f"user {getpass.getuser()};\n" if os.geteuid() == 0 else "",
            headers="\n".join(f'    add_header {name} "{value}";' for name, value in rows),
        )  # fmt: skip
        (Path(folder) / "nginx.conf").write_text(text, encoding="utf-8")
        words = ("nginx", "-p", folder, "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log", "-g", "daemon off;")
        with _running(words, os.environ, port, "/page") as address:
            yield address


@contextmanager
def _running(words: Sequence[str], env: Mapping[str, str], port: int, path: str) -> Iterator[str]:
    with subprocess.Popen(words, env=env, cwd=ROOT) as process:
        try:
            _wait(f"http://127.0.0.1:{port}{path}", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server of {url} ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")
