"""When the network may be used: not inside a transaction, and not after a lease has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

last_moment: ContextVar[float] = ContextVar("last_moment", default=inf)
behalf: ContextVar[object] = ContextVar("behalf", default=None)
transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


@contextmanager
def in_transaction() -> Iterator[None]:
    """Mark this thread (context) as inside a transaction. May be nested."""
    token = transaction_open.set(True)
    try:
        yield
    finally:
        transaction_open.reset(token)


@contextmanager
def finish_by(moment: float) -> Iterator[None]:
    """Let no byte leave after `moment` (monotonic clock), however long this process stood still before it.

    A call that comes too late is Unavailable: certainly not processed.
    """
    token = last_moment.set(moment)
    try:
        yield
    finally:
        last_moment.reset(token)


@contextmanager
def on_behalf_of(key: object) -> Iterator[None]:
    """Say whose calls these are (an organisation): the failures of one must not stop another's."""
    token = behalf.set(key)
    try:
        yield
    finally:
        behalf.reset(token)


def refuse_in_transaction() -> None:
    """Raise RuntimeError, a mistake of ours, when a transaction is open in this thread."""
    if transaction_open.get():
        raise RuntimeError("No call to a third party inside a database transaction.")
