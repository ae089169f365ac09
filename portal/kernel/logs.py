"""Structured logs. Only listed fields leave the process (requirement C8); redaction is a second net."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event", "level", "timestamp", "logger", "action", "audience", "attempt", "code", "count", "delivery",
        "duration_ms", "endpoint", "error", "export", "job", "line", "mail", "method", "organisation", "port",
        "provider", "reason", "reference", "remote_code", "request", "role", "state", "status", "upload",
        "user", "venue", "where", "worker",
    }
)  # fmt: skip
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
LONG_DIGITS = re.compile(r"(?<!\d)\d{8,9}(?!\d)", re.ASCII)
TOKEN_LIKE = re.compile(r"[A-Za-z0-9_\-+/=]{24,}")
LIMIT = 300
READ = 10_000


def clean(value: object) -> object:
    r"""Return `value` as it may stand in a log: one line, short, without anything like a BSN or a key.

    >>> clean("a\nb 123456782")
    'a b [nummer]'
    """
    if value is None or isinstance(value, bool | int | float):
        return value
    text = CONTROL.sub(" ", str(value)[:READ])
    # cut last: half a number or token is no longer recognised as one
    return TOKEN_LIKE.sub("[lang]", LONG_DIGITS.sub("[nummer]", text))[:LIMIT]


def _listed(_logger: Any, _name: str, fields: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: clean(value) if name != "timestamp" else value for name, value in fields.items() if name in ALLOWED}


def configure() -> None:
    """Set up logging for a process; safe to call twice. Libraries log warnings only, through the same net."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _listed,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(logging.WARNING)
    for noisy in ("zeep", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


class _Forward(logging.Handler):
    """Hands records of libraries to structlog: the name and level, never the formatted values."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        where = f"{record.module}:{record.lineno}"
        structlog.get_logger().warning(str(record.msg), logger=record.name, error=error, where=where)


def log(event: str, **fields: object) -> None:
    structlog.get_logger().info(event, **fields)


def warn(event: str, **fields: object) -> None:
    structlog.get_logger().warning(event, **fields)
