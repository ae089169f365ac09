"""One process of this machine at a time."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(file: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of this file; it ends with the process too. Raises BlockingIOError when not to wait, OSError."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with file.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
