"""Reads timed text (WebVTT) and the length of a clip. Pure, apart from reading a file."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

STAMP = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMES = re.compile(rf"^{STAMP} --> {STAMP}(?:\s.*)?$")


@dataclass(frozen=True)
class Cue:
    """Seconds from the start, and the text that is shown."""

    start: float
    end: float
    text: str


def read_vtt(text: str) -> list[Cue]:
    """Read WebVTT (w3.org/TR/webvtt1, section 4). Raises ValueError for anything that is not in order."""
    head, *blocks = re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip())
    if not re.match(r"WEBVTT(\s|$)", head):
        raise ValueError("the captions do not start with WEBVTT")
    cues = [_cue(block) for block in blocks if not block.startswith(("NOTE", "STYLE", "REGION"))]
    if not cues:
        raise ValueError("the captions hold no text")
    for before, after in pairwise(cues):
        if after.start < before.start:
            raise ValueError(f"the caption at {after.start} s is out of order")
    return cues


def _cue(block: str) -> Cue:
    lines = block.split("\n")
    at = 0 if "-->" in lines[0] else 1
    found = TIMES.match(lines[at]) if at < len(lines) else None
    if found is None:
        raise ValueError(f"this caption has no valid times: {lines[0]}")
    start, end = _moment(*found.groups()[:4]), _moment(*found.groups()[4:])
    words = "\n".join(lines[at + 1 :]).strip()
    if end <= start or not words:
        raise ValueError(f"the caption at {start} s is empty or ends before it starts")
    return Cue(start, end, words)


def _moment(hours: str | None, minutes: str, whole: str, thousandths: str) -> float:
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + int(thousandths) / 1000


def seconds(mp4: Path) -> float:
    """The length of an MP4, from its movie header box (ISO/IEC 14496-12, 8.2.2). Raises ValueError."""
    data = mp4.read_bytes()
    at = data.find(b"mvhd")
    if at < 0 or len(data) < at + 36:
        raise ValueError(f"{mp4.name} is not an MP4 file")
    if data[at + 4] == 1:
        scale, length = struct.unpack(">IQ", data[at + 24 : at + 36])
    else:
        scale, length = struct.unpack(">II", data[at + 16 : at + 24])
    return float(length) / float(scale or 1)
