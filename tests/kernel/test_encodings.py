"""Which compression an answer gets."""

from __future__ import annotations

import pytest

from portal.kernel.encodings import best


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (None, "identity"), ("", "identity"), ("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("BR", "br"),
        ("br;q=0.5, gzip;q=0.8", "gzip"), ("br;q=0, gzip;q=0", "identity"), ("*;q=0.1", "br"), ("br;q=nan", "identity"),
        ("*;q=0, gzip", "gzip"), ("identity;q=1, br;q=0.5", "identity"), ("br;q=9", "identity"),
        ("x" * 500, "identity"),
    ],
)  # fmt: skip
def test_the_encoding_is_what_was_asked(asked: str | None, found: str) -> None:
    assert best(asked) == found
