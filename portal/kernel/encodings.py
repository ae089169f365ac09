"""Which compression an answer gets (RFC 9110, section 12.5.3). Pure."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import lru_cache

import brotli

LONGEST_HEADER = 400
BROTLI_BEST, GZIP_BEST = 11, 9


def _brotli(content: bytes) -> bytes:
    packed: bytes = brotli.compress(content, quality=BROTLI_BEST)
    return packed


def _gzip(content: bytes) -> bytes:
    return gzip.compress(content, GZIP_BEST, mtime=0)  # the same bytes each time, so that an ETag stays true


PACK: dict[str, Callable[[bytes], bytes]] = {"br": _brotli, "gzip": _gzip, "identity": bytes}  # the best first


@lru_cache(maxsize=256)
def best(accepted: str | None) -> str:
    """Return "br", "gzip" or "identity" for an Accept-Encoding header; None or nonsense gives "identity".

    >>> best("gzip, deflate, br"), best("gzip;q=1.0, br;q=0"), best("*"), best(None)
    ('br', 'gzip', 'br', 'identity')
    """
    if not accepted or len(accepted) > LONGEST_HEADER:
        return "identity"
    weights = dict(_weight(part) for part in accepted.lower().split(","))
    usual = weights.get("*", 0.0)
    found = max(("br", "gzip"), key=lambda name: weights.get(name, usual))
    weight = weights.get(found, usual)
    return found if weight > 0 and weight >= weights.get("identity", 0.0) else "identity"


def _weight(part: str) -> tuple[str, float]:
    name, _, parameter = part.partition(";")
    key, _, value = parameter.partition("=")
    if key.strip() != "q":
        return name.strip(), 1.0
    try:
        found = float(value)
    except ValueError:
        return name.strip(), 0.0
    return name.strip(), found if 0.0 <= found <= 1.0 else 0.0
