"""F3: how long a server asks us to wait."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from portal.kernel.remote.answer import Answer, retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        (" 30 ", 30),
        ("3601", 3600),
        ("9" * 400, 3600),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 3600),
        ("-5", 60),
        ("soon", 60),
        ("", 60),
        ("١٢", 60),
    ],
)
def test_f3_retry_after(text, seconds):
    assert retry_after(httpx.Headers({"retry-after": text.encode()}), NOW) == seconds


def test_c8_an_answer_does_not_print_its_content():
    shown = repr(Answer(200, httpx.Headers({"x": "geheim"}), b"geheim"))
    assert "geheim" not in shown
