"""Takes a token out of the memory of this process once it is stored (C2, docs/security.md).

Python and the server cannot clear what they freed: a token that came with a form stays in buffers until those are used
again, for hours on a quiet portal. So after the answer went out, every place in writable memory that holds exactly
these bytes is overwritten. Only for a token that payroll recognised (what anybody may type must not choose what is
overwritten), and never while another token is being handed over here: it may be the same one, clicked twice.
Linux only; elsewhere it does nothing.
"""

from __future__ import annotations

import ctypes
import threading
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


class Turn:
    """Counts who is handing a token over in this process; the last one to end wipes what all of them left."""

    def __init__(self) -> None:
        self._lock, self._under_way = threading.Lock(), 0
        self._left: list[Secret] = []

    def begin(self) -> None:
        with self._lock:  # held while memory is wiped: what comes next is not touched
            self._under_way += 1

    def end(self, stored: Secret | None) -> None:
        """`stored`: a token that nobody here needs any more; None when none was stored."""
        with self._lock:
            self._under_way -= 1
            self._left += [stored] if stored is not None else []
            while self._left and not self._under_way:
                wipe(self._left.pop())


def wipe(secret: Secret) -> int:
    """Overwrite every copy of a token in this process; returns how many there were. Nobody may need it any more."""
    needles = _spellings(secret.reveal())
    if not needles:
        return 0
    try:
        return _Sweep(needles).run()
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


class _Sweep:
    """One walk through the memory. Its own buffers are passed over, and cleared at the end."""

    def __init__(self, needles: Sequence[bytearray]) -> None:
        longest = max(len(needle) for needle in needles)
        self._needles, self._piece, self._again = needles, bytearray(PIECE + longest), bytearray(longest)
        self._spared = [_span(one) for one in (self._piece, self._again, *needles)]

    def run(self) -> int:
        try:
            with MEMORY.open("r+b", buffering=0) as memory:
                return sum(self._region(memory, start, end) for start, end in _writable())
        finally:
            for own in (self._piece, self._again):
                own[:] = bytes(len(own))

    def _region(self, memory: FileIO, start: int, end: int) -> int:
        found = 0
        for at in range(start, end, PIECE):
            try:
                memory.seek(at)
                size = memory.readinto(memoryview(self._piece)[: min(len(self._piece), end - at)]) or 0
                found += sum(self._clear(memory, at + place, needle) for place, needle in self._hits(size))
            except (OSError, OverflowError):  # given back to the system in the meantime
                continue
        return found

    def _hits(self, size: int) -> Iterator[tuple[int, bytearray]]:
        for needle in self._needles:
            place = self._piece.find(needle, 0, size)
            while place >= 0:
                yield place, needle
                place = self._piece.find(needle, place + 1, size)

    def _clear(self, memory: FileIO, place: int, needle: bytearray) -> bool:
        """Looks once more: the place may hold something else by now."""
        if any(low <= place < high for low, high in self._spared):
            return False
        now = memoryview(self._again)[: len(needle)]
        memory.seek(place)
        if memory.readinto(now) != len(needle) or now != needle:
            return False
        memory.seek(place)
        memory.write(bytes(len(needle)))
        return True


def _writable() -> list[Span]:
    with MAPS.open(encoding="ascii", errors="replace") as maps:
        rows = [line.split() for line in maps]
    spans = [tuple(int(part, 16) for part in row[0].split("-")) for row in rows if row[1].startswith("rw")]
    return [(start, end) for start, end in spans]


def _span(buffer: bytearray) -> Span:
    start = ctypes.addressof((ctypes.c_char * len(buffer)).from_buffer(buffer))
    return start, start + len(buffer)
