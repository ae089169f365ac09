"""Reading an answer that may be endless, or small on the wire and huge in memory (F3)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

LONGEST_WAIT = 3600
USUAL_WAIT = 60
GZIP = 16 + zlib.MAX_WBITS


class AnswerBrokenError(Exception):
    """The answer cannot be used: too large, or encoded in a way that we did not ask for."""


@dataclass(frozen=True)
class Answer:
    """`content` is kept out of the repr: it may hold personal data."""

    status: int
    headers: httpx.Headers = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_answer(response: httpx.Response, limit: int) -> Answer:
    """Read at most `limit` bytes, counted on the wire and after unpacking.

    Raises AnswerBrokenError, and whatever the wire raises.
    """
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise AnswerBrokenError("The answer has an encoding that was not asked for.")
    raw = _capped(response, limit)
    content = _unzipped(raw, limit) if "gzip" in encoding else b"".join(raw)
    return Answer(response.status_code, response.headers, content)


def _capped(response: httpx.Response, limit: int) -> Iterator[bytes]:
    size = 0
    for chunk in response.iter_raw():
        size += len(chunk)
        if size > limit:
            raise AnswerBrokenError("The answer is too large.")
        yield chunk


def _unzipped(chunks: Iterator[bytes], limit: int) -> bytes:
    unpack = zlib.decompressobj(wbits=GZIP)
    content = bytearray()
    try:
        for chunk in chunks:
            content += unpack.decompress(chunk, limit + 1 - len(content))
            if len(content) > limit:
                raise AnswerBrokenError("The answer is too large.")
    except zlib.error:
        raise AnswerBrokenError("The answer is not valid gzip.") from None
    if not unpack.eof and content:
        raise AnswerBrokenError("The answer stops halfway.")
    return bytes(content)


def retry_after(headers: httpx.Headers, now: datetime | None = None) -> int:
    """Return the seconds to wait, 0 to 3600 (RFC 9110 section 10.2.3); 60 when they do not say."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return USUAL_WAIT
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return max(0, min(int(seconds), LONGEST_WAIT))
