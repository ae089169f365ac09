"""What a visitor reads when a third party gives no usable answer. `name` is theirs, "Nmbrs"."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from stdnum.nl import bsn

from portal.kernel.codes import CODES, Code
from portal.kernel.errors import RemoteError, Unavailable, Unclear

NUMBER = re.compile(r"(?<!\d)\d(?:[ .-]?\d){7,8}(?!\d)", re.ASCII)
LATER = "Probeer het over een paar minuten opnieuw."
TELL_SUPPORT = "Er is niets verstuurd. Meld dit aan support van eitje."
UNSAFE = CODES.new("pakket-verbinding")
FORBIDDEN = CODES.new("pakket-adres")
BUSY = CODES.new("pakket-vraagt-wachten")
CROWDED = CODES.new("portaal-druk")


def not_reached(name: str, cause: str) -> Unavailable:
    return Unavailable(f"{name} is nu niet bereikbaar.", remedy=LATER, cause=cause)


def not_trusted(name: str) -> Unavailable:
    message = f"De beveiligde verbinding met {name} is niet te vertrouwen."
    return Unavailable(message, remedy=TELL_SUPPORT, code=UNSAFE, cause="tls")


def not_allowed(name: str) -> Unavailable:
    return Unavailable(
        f"Het adres van {name} wijst naar een netwerk waar het portaal niet heen mag.",
        remedy=TELL_SUPPORT,
        code=FORBIDDEN,
        cause="address",
    )


def resting(name: str) -> Unavailable:
    return Unavailable(
        f"{name} geeft al even geen antwoord. We wachten daarom met nieuwe verzoeken.",
        remedy="Probeer het over een minuut opnieuw.",
        cause="breaker",
    )


def busy(name: str, seconds: int) -> Unavailable:
    return Unavailable(f"{name} vraagt ons om even te wachten.", remedy=LATER, code=BUSY, retry_after=seconds)


def no_answer(name: str, cause: str, *, write: bool) -> RemoteError:
    if write:
        return unclear(name, f"{name} gaf geen antwoord.", cause)
    return Unavailable(f"{name} gaf niet op tijd een volledig antwoord.", remedy=LATER, cause=cause)


def unusable(name: str, what: str, cause: str, *, write: bool, **facts: object) -> RemoteError:
    """`what` completes the sentence "<name> gaf …", for example "een webpagina terug"."""
    if write:
        return unclear(name, f"{name} gaf {what}.", cause, "", code=None, **facts)
    return Unavailable(f"{name} gaf {what}.", "", LATER, code=None, cause=cause, **facts)


def unclear(
    name: str, message: str, cause: str, remote_code: str = "", *, code: Code | None = None, **facts: object
) -> Unclear:
    remedy = f"Stuur deze uren niet opnieuw. Eerst moet duidelijk zijn wat er in {name} staat."
    message = f"{message} Het is niet zeker of de uren zijn verwerkt."
    return Unclear(message, remote_code, remedy, code=code, cause=cause, **facts)


def cleaned(text: str, hidden: Iterable[str] = (), limit: int = 200) -> str:
    """Make foreign text fit to show: one line of at most `limit` characters, without control
    characters; `hidden` values and everything that passes for a BSN become ***."""
    line = " ".join("".join(_plain(sign) for sign in text).split())
    for value in sorted(filter(None, hidden), key=len, reverse=True):
        line = re.sub(re.escape(value), "***", line, flags=re.IGNORECASE)
    line = NUMBER.sub(lambda found: "***" if bsn.is_valid(found[0]) else found[0], line)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _plain(sign: str) -> str:
    if sign.isspace():
        return " "
    return "" if unicodedata.category(sign).startswith("C") else sign
