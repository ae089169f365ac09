"""No network while a database transaction is open: a slow third party would hold its locks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


@contextmanager
def in_transaction() -> Iterator[None]:
    """Mark this thread (context) as inside a transaction. May be nested."""
    token = transaction_open.set(True)
    try:
        yield
    finally:
        transaction_open.reset(token)


def refuse_in_transaction() -> None:
    """Raise RuntimeError, a mistake of ours, when a transaction is open in this thread."""
    if transaction_open.get():
        raise RuntimeError("No call to a third party inside a database transaction.")
