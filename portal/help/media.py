"""The clips: are all their files there, do the timed texts fit, and the figure that shows them.

A clip called x has x.mp4 and x.webm (so that every browser plays one), x.vtt (Dutch captions), x.chapters.vtt
(chapters), x.txt (transcript) and x.webp, x.jpg or x.png (poster); `x.json` says what it shows (clips.py).
Requirement J6.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

from portal.help.captions import Cue, read_vtt, seconds

ADDRESS = "/assets/media"
WIDTH, HEIGHT = 683, 384
SOURCES = {".webm": "video/webm", ".mp4": "video/mp4"}
CAPTIONS, CHAPTERS, TRANSCRIPT = ".vtt", ".chapters.vtt", ".txt"
NEEDED = (".mp4", ".webm", CAPTIONS, CHAPTERS, TRANSCRIPT)
POSTERS = (".webp", ".jpg", ".png")
CHAPTER = "# "  # starts the line of the transcript that names a chapter


def figure(name: str, title: str, media_dir: Path) -> tuple[str, list[str]]:
    """Return the HTML of a clip on one line, and what is wrong with its files."""
    faults = _missing(name, media_dir) or text_faults(media_dir / name)
    return ("", faults) if faults else (_figure(name, title, media_dir), [])


def _missing(name: str, media_dir: Path) -> list[str]:
    absent = [name + end for end in NEEDED if not (media_dir / (name + end)).is_file()]
    faults = [f"video file is missing: {ADDRESS}/{file}" for file in absent]
    if _poster(name, media_dir) is None:
        faults.append(f"video file is missing: {ADDRESS}/{name}{POSTERS[0]} (or {POSTERS[1]}, {POSTERS[2]})")
    return faults


def _poster(name: str, media_dir: Path) -> str | None:
    return next((end for end in POSTERS if (media_dir / (name + end)).is_file()), None)


def _figure(name: str, title: str, media_dir: Path) -> str:
    """Nothing but the poster is asked for before somebody plays: no `preload`, and captions without `default`, which a
    browser fetches at once; video.js turns them on at the first play. The size is known without the film."""

    def at(end: str) -> str:
        return _address(media_dir / (name + end))

    sources = "".join(f'<source src="{at(end)}" type="{kind}">' for end, kind in SOURCES.items())
    return (
        f'<figure class="video"><video controls muted preload="none" playsinline width="{WIDTH}"'
        f' height="{HEIGHT}" poster="{at(_poster(name, media_dir) or "")}" aria-label="{escape(title)}">{sources}'
        f'<track kind="captions" srclang="nl" label="Nederlands" src="{at(CAPTIONS)}">'
        f'<track kind="chapters" srclang="nl" label="Hoofdstukken" src="{at(CHAPTERS)}"></video>'
        f'<figcaption><span class="video__title">{escape(title)}</span>'
        f"{_chapters(read_vtt(_text(media_dir / (name + CHAPTERS))), at('.mp4'))}"
        f'<details class="video__transcript"><summary>Lees de tekst van dit filmpje</summary>'
        f"{_transcript(_text(media_dir / (name + TRANSCRIPT)))}</details></figcaption></figure>"
    )


def _chapters(cues: list[Cue], clip: str) -> str:
    """Links into the clip, which play without a script; video.js makes buttons of them that stay on the page."""
    items = "".join(
        f'<li><a class="video__chapter" href="{clip}#t={cue.start:g}">'
        f'<span class="video__time">{_clock(cue.start)}</span> {escape(cue.text)}</a></li>'
        for cue in cues
    )
    return f'<span class="video__label">Ga meteen naar:</span><ol class="video__chapters">{items}</ol>'


def _clock(moment: float) -> str:
    return f"{int(moment) // 60}:{int(moment) % 60:02d}"


def _address(file: Path) -> str:
    """The address of a file with its content in `v`, so that it may be kept for a year."""
    return f"{ADDRESS}/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"


def _transcript(text: str) -> str:
    return "".join(_paragraph(" ".join(block.split())) for block in re.split(r"\n\s*\n", text.strip()))


def _paragraph(block: str) -> str:
    if block.startswith(CHAPTER):
        return f"<p><strong>{escape(block.removeprefix(CHAPTER))}</strong></p>"
    return f"<p>{escape(block)}</p>"


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def text_faults(clip: Path) -> list[str]:
    """Say what is wrong with the captions, chapters and transcript of a clip (a path without suffix)."""
    try:
        captions, chapters = (read_vtt(_text(clip.with_suffix(end))) for end in (CAPTIONS, CHAPTERS))
        _text(clip.with_suffix(TRANSCRIPT))
        length = seconds(clip.with_suffix(".mp4"))
    except UnicodeDecodeError:
        return [f"captions, chapters or transcript of {clip.name} are not UTF-8"]
    except ValueError as error:
        return [f"{clip.name}: {error}"]
    return [f"{clip.name}{fault}" for fault in (*_late(captions, chapters, length), *_gaps(chapters))]


def _late(captions: list[Cue], chapters: list[Cue], length: float) -> Iterator[str]:
    for end, what, cues in ((CAPTIONS, "captions", captions), (CHAPTERS, "chapters", chapters)):
        if cues[-1].end > length:
            yield f"{end}: {what} end at {cues[-1].end:.1f} s, the clip at {length:.1f} s"


def _gaps(chapters: list[Cue]) -> Iterator[str]:
    """Every moment of a clip is in one chapter."""
    if chapters[0].start > 0:
        yield f"{CHAPTERS}: the first chapter starts at {chapters[0].start} s"
    for before, after in pairwise(chapters):
        if before.end != after.start:
            yield f"{CHAPTERS}: “{before.text}” ends at {before.end} s, the next starts at {after.start} s"
