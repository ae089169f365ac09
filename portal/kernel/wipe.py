"""Takes a token out of the memory of this process once it is stored (C2, docs/security.md).

Python and the server cannot clear what they freed: a token that came with a form stays in buffers until those are used
again, for hours on a quiet portal. So after the answer went out, every place in writable memory that holds exactly
these bytes is overwritten. Only for a token that payroll recognised: what anybody may type must not choose what is
overwritten. Linux only; elsewhere it does nothing.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from io import FileIO
from pathlib import Path
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from portal.kernel.logs import warn
from portal.secret import Secret

SHORTEST = 16  # shorter bytes may be anything
PIECE = 1 << 20
MEMORY, MAPS = Path("/proc/self/mem"), Path("/proc/self/maps")
Span = tuple[int, int]


def wipe(secret: Secret) -> int:
    """Overwrite every copy of a token in this process; returns how many there were. Nobody may need it any more."""
    needles = _spellings(secret.reveal())
    if not needles:
        return 0
    try:
        return _sweep(needles)
    except OSError as error:  # no /proc, or not ours to write
        warn("memory cannot be wiped here", error=type(error).__name__)
        return 0
    finally:
        for needle in needles:
            needle[:] = bytes(len(needle))


def _spellings(text: str) -> list[bytearray]:
    """As it stands in a string, in a form and in a request to payroll."""
    spelled = {text, quote(text), quote_plus(text), quote_plus(text, safe="*"), escape(text)}
    return [bytearray(one.encode()) for one in spelled if len(one) >= SHORTEST]


def _sweep(needles: Sequence[bytearray]) -> int:
    longest = max(len(needle) for needle in needles)
    piece = bytearray(PIECE + longest)
    spared = [_span(piece), *(_span(needle) for needle in needles)]
    found = 0
    try:
        with MEMORY.open("r+b", buffering=0) as memory:
            for start, end in _writable():
                found += _region(memory, start, end, piece, needles, spared)
    finally:
        piece[:] = bytes(len(piece))
    return found


def _writable() -> list[Span]:
    with MAPS.open(encoding="ascii", errors="replace") as maps:
        rows = [line.split() for line in maps]
    spans = [tuple(int(part, 16) for part in row[0].split("-")) for row in rows if row[1].startswith("rw")]
    return [(start, end) for start, end in spans]


def _region(
    memory: FileIO, start: int, end: int, piece: bytearray, needles: Sequence[bytearray], spared: Sequence[Span]
) -> int:
    found = 0
    for at in range(start, end, PIECE):
        wanted = min(len(piece), end - at)
        try:
            memory.seek(at)
            size = memory.readinto(memoryview(piece)[:wanted]) or 0
        except (OSError, OverflowError):  # given back to the system in the meantime
            continue
        for place, length in _hits(piece, size, needles):
            if not any(low <= at + place < high for low, high in spared):
                memory.seek(at + place)
                memory.write(bytes(length))
                found += 1
    return found


def _hits(piece: bytearray, size: int, needles: Sequence[bytearray]) -> Iterator[tuple[int, int]]:
    for needle in needles:
        place = piece.find(needle, 0, size)
        while place >= 0:
            yield place, len(needle)
            place = piece.find(needle, place + 1, size)


def _span(buffer: bytearray) -> Span:
    start = ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
    return start, start + len(buffer)
