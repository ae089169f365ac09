"""The clips: are all their files there, do the captions fit, and the figure that shows them.

A clip called x has x.mp4 and x.webm (so that every browser plays one), x.vtt (Dutch captions),
x.txt (transcript) and x.jpg or x.png (poster). Requirement J6.
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path

ADDRESS = "/assets/media"
WIDTH, HEIGHT = 683, 384
SOURCES = {".webm": "video/webm", ".mp4": "video/mp4"}
NEEDED = (".mp4", ".webm", ".vtt", ".txt")
POSTERS = (".jpg", ".png")
STAMP = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMES = re.compile(rf"^{STAMP} --> {STAMP}(?:\s.*)?$")


@dataclass(frozen=True)
class Cue:
    """Seconds from the start, and the text that is shown."""

    start: float
    end: float
    text: str


def figure(name: str, title: str, media_dir: Path) -> tuple[str, list[str]]:
    """Return the HTML of a clip on one line, and what is wrong with its files."""
    faults = _missing(name, media_dir)
    if faults:
        return "", faults
    return _figure(name, title, media_dir), caption_faults(media_dir / name)


def _missing(name: str, media_dir: Path) -> list[str]:
    absent = [name + end for end in NEEDED if not (media_dir / (name + end)).is_file()]
    faults = [f"video file is missing: {ADDRESS}/{file}" for file in absent]
    if _poster(name, media_dir) is None:
        faults.append(f"video file is missing: {ADDRESS}/{name}{POSTERS[0]} (or {POSTERS[1]})")
    return faults


def _poster(name: str, media_dir: Path) -> str | None:
    return next((end for end in POSTERS if (media_dir / (name + end)).is_file()), None)


def _figure(name: str, title: str, media_dir: Path) -> str:
    poster = _address(media_dir / (name + (_poster(name, media_dir) or "")))
    sources = "".join(
        f'<source src="{_address(media_dir / (name + end))}" type="{kind}">' for end, kind in SOURCES.items()
    )
    return (
        f'<figure class="video"><video controls muted preload="none" playsinline width="{WIDTH}"'
        f' height="{HEIGHT}" poster="{poster}" aria-label="{escape(title)}">{sources}'
        f'<track kind="captions" srclang="nl" label="Nederlands" src="{_address(media_dir / f"{name}.vtt")}"'
        f' default></video><figcaption><span class="video__title">{escape(title)}</span>'
        f'<details class="video__transcript"><summary>Lees de tekst van dit filmpje</summary>'
        f"{_transcript(media_dir / f'{name}.txt')}</details></figcaption></figure>"
    )


def _address(file: Path) -> str:
    """The address of a file with its content in `v`, so that it may be kept for a year."""
    return f"{ADDRESS}/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"


def _transcript(file: Path) -> str:
    blocks = re.split(r"\n\s*\n", file.read_text(encoding="utf-8").strip())
    return "".join(f"<p>{escape(' '.join(block.split()))}</p>" for block in blocks)


def caption_faults(clip: Path) -> list[str]:
    """Say what is wrong with the captions and the transcript of a clip (a path without suffix)."""
    try:
        cues = read_vtt(clip.with_suffix(".vtt").read_text(encoding="utf-8"))
        clip.with_suffix(".txt").read_text(encoding="utf-8")
        length = seconds(clip.with_suffix(".mp4"))
    except UnicodeDecodeError:
        return [f"captions or transcript of {clip.name} are not UTF-8"]
    except ValueError as error:
        return [f"{clip.name}: {error}"]
    if cues[-1].end > length:
        return [f"{clip.name}.vtt: captions end at {cues[-1].end:.1f} s, the clip at {length:.1f} s"]
    return []


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
