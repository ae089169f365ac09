"""C2: a token that was stored is taken out of memory, and not while somebody still hands it over."""

from __future__ import annotations

import secrets
from urllib.parse import quote_plus

from portal.kernel.wipe import SHORTEST, Turn, wipe
from portal.secret import Secret


def test_every_copy_goes_in_every_spelling() -> None:
    token = f"{secrets.token_hex(8)}+/&{secrets.token_hex(8)}"
    plain, form = bytearray(token.encode()), bytearray(f"token={quote_plus(token)}&email=x".encode())
    assert wipe(Secret(token)) >= 2
    assert set(plain) == {0}
    assert form.startswith(b"token=\0")
    assert form.endswith(b"\0&email=x")


def test_short_bytes_may_be_anything_and_stay() -> None:
    word = secrets.token_hex(SHORTEST)[: SHORTEST - 1]
    copy = bytearray(word.encode())
    assert wipe(Secret(word)) == 0
    assert copy == word.encode()


def test_nothing_goes_while_another_hands_a_token_over() -> None:
    """A double click: the second still needs it when the first is done."""
    turn, token = Turn(), secrets.token_hex(20)
    second = bytearray(token.encode())
    turn.begin()
    turn.begin()
    turn.end(Secret(token))
    assert second.decode() == token
    turn.end(None)
    assert set(second) == {0}
