"""C8: foreign text is bounded and cleaned before a person or a log sees it."""

from __future__ import annotations

import pytest

from portal.kernel.remote.wording import cleaned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  fout\r\n\tin  regel ", "fout in regel"),
        ("a\x00b\x1b[31mc\u202ed\u200be", "ab[31mcde"),
        ("token TOKEN-1 en token-1", "token *** en ***"),
        ("bsn 123456782.", "bsn ***."),
        ("bsn 1234.56.782 en 012345672", "bsn *** en ***"),
        ("nummer 123456789", "nummer 123456789"),
        ("nummer 1234567821", "nummer 1234567821"),
        ("", ""),
    ],
)
def test_c8_cleaned(text, shown):
    assert cleaned(text, ("token-1", "")) == shown


def test_c8_long_text_is_cut():
    assert cleaned("x" * 500) == "x" * 199 + "…"
    assert cleaned("x" * 200) == "x" * 200


def test_c8_a_secret_at_the_cut_is_hidden_whole():
    assert "geheim" not in cleaned("x" * 195 + "geheimgeheim", ("geheimgeheim",))
