"""Takes out of a reader's text what may be about a person or may open a door. A net, not a wall (decision 0009)."""

from __future__ import annotations

import re
import unicodedata

OMITTED = "[weggelaten]"
BREAK = re.compile(r"\r\n?|[\u2028\u2029]")
SPACES = re.compile(r"[^\S\n]")
WORD = re.compile(r"\S+")
SWITCH = re.compile(r"(?<=[a-z])(?=[A-Z])")
MIXED = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
IBAN = re.compile(r"\b[A-Za-z]{2}\d{2}(?:[ .-]?[A-Za-z]{4})?(?:[ .-]?\d{2,4}){2,8}\b")
# a BSN, a phone, a date of birth: seven digits or more, also when they are written in groups
DIGITS = re.compile(r"\+?\(?\d(?:[ ./()\u2013-]{0,3}\d){6,}\)?")
TOKEN_FROM, MIXED_FROM, LONGEST_WORD = 16, 10, 45


def plain(text: str) -> str:
    r"""One form for each sign, and nothing invisible except line ends.

    >>> plain("a\u200b\x00b\r\nc")
    'ab\nc'
    """
    text = SPACES.sub(" ", BREAK.sub("\n", unicodedata.normalize("NFKC", text)))
    return "".join(sign for sign in text if sign == "\n" or unicodedata.category(sign)[0] != "C").strip()


def redacted(text: str, instead: str = OMITTED) -> str:
    """Return the text without addresses, numbers of people or accounts, and tokens.

    >>> redacted("Mail jan@dezon.example of bel 06-1234 5678 over BSN 123456782.")
    'Mail [weggelaten] of bel [weggelaten] over BSN [weggelaten].'
    """
    text = WORD.sub(lambda found: instead if _is_private(found[0]) else found[0], plain(text))
    return DIGITS.sub(instead, IBAN.sub(instead, text))


def _is_private(word: str) -> bool:
    return "@" in word or _is_token(word)


def _is_token(word: str) -> bool:
    """A Dutch word may be long and the name of an Nmbrs call holds capitals; a token holds digits or changes often.

    >>> [_is_token(w) for w in ("HourModel_GetHourCodes", "arbeidsongeschiktheidsverzekering", "a1B2c3D4e5F6")]
    [False, False, True]
    """
    has_digit = any(sign.isdigit() for sign in word)
    if len(word) >= MIXED_FROM and len(MIXED.findall(word)) > 2:
        return True
    if len(word) >= TOKEN_FROM and (has_digit or len(SWITCH.findall(word)) > len(word) / 6):
        return True
    return len(word) > LONGEST_WORD
