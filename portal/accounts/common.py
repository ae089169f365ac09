"""Passwords that attackers try first (A2).

`common-passwords.txt` holds 6,000 words: from the list of Django (BSD licence; leaked passwords by frequency) and
Dutch ones of our own. A password of fifteen signs is mostly such a word with a tail, or twice: so that is what is
looked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("common-passwords.txt")
RUNS = ("01234567890123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm")
SIGNS = "0123456789!@#$%^&*()-_=+.,?;:'\"/\\~"
SHORTEST = 4


@cache
def words() -> frozenset[str]:
    return frozenset(FILE.read_text(encoding="utf-8").split())


def is_common(password: str) -> bool:
    """
    >>> is_common("Welkom123!Welkom123!"), is_common("wachtwoord2026!!"), is_common("123456789012345")
    (True, True, True)
    >>> is_common("vier rustige woorden samen")
    False
    """
    plain = "".join(password.casefold().split())
    core = plain.strip(SIGNS)
    return any(_known(form) for form in {plain, core}) or _is_run(_unit(plain))


def _known(plain: str) -> bool:
    """A word of the list, once or again and again, also when each has a tail of its own."""
    unit = _unit(plain)
    return any(form in words() for form in (plain, unit, unit.strip(SIGNS)))


def _unit(plain: str) -> str:
    """What a text repeats: "abab" is "ab" twice; the text itself when it repeats nothing."""
    sizes = range(SHORTEST, len(plain) // 2 + 1)
    return next((plain[:n] for n in sizes if len(plain) % n == 0 and plain[:n] * (len(plain) // n) == plain), plain)


def _is_run(plain: str) -> bool:
    return any(plain in run * 3 or plain in run[::-1] * 3 for run in RUNS)
