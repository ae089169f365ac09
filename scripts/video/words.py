"""The words of a clip, once: captions, chapters and transcript are written from the same pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.help.media import CAPTIONS, CHAPTER, CHAPTERS, TRANSCRIPT

GAP = 0.1  # seconds without a caption, so that one sees that the next is another
ONE_LINE = 46  # characters


@dataclass(frozen=True)
class Piece:
    """`chapter` is the name of the chapter that starts here, or nothing."""

    seconds: float
    spoken: str
    chapter: str = ""


def write_words(pieces: Sequence[Piece], note: str, target: Path) -> None:
    """Write captions, chapters and transcript beside `target`. Raises ValueError without a first chapter."""
    if not pieces[0].chapter:
        raise ValueError("a clip starts with a chapter")
    _write(target, CAPTIONS, ["WEBVTT", *_captions(pieces)])
    _write(target, CHAPTERS, ["WEBVTT", *_chapters(pieces)])
    _write(target, TRANSCRIPT, [note, *_transcript(pieces)])


def _write(target: Path, end: str, blocks: list[str]) -> None:
    target.with_name(target.name + end).write_text("\n\n".join(blocks) + "\n", encoding="utf-8")


def _captions(pieces: Sequence[Piece]) -> Iterator[str]:
    for start, piece in _timed(pieces):
        yield f"{_stamp(start)} --> {_stamp(start + piece.seconds - GAP)}\n{_wrapped(piece.spoken)}"


def _chapters(pieces: Sequence[Piece]) -> Iterator[str]:
    """Each ends where the next starts; the last ends with the last caption, which is never after the clip."""
    starts = [(start, piece.chapter) for start, piece in _timed(pieces) if piece.chapter]
    ends = [start for start, _ in starts[1:]] + [sum(piece.seconds for piece in pieces) - GAP]
    for (start, chapter), end in zip(starts, ends, strict=True):
        yield f"{_stamp(start)} --> {_stamp(end)}\n{chapter}"


def _transcript(pieces: Sequence[Piece]) -> Iterator[str]:
    for piece in pieces:
        if piece.chapter:
            yield f"{CHAPTER}{piece.chapter}"
        yield piece.spoken


def _timed(pieces: Sequence[Piece]) -> Iterator[tuple[float, Piece]]:
    start = 0.0
    for piece in pieces:
        yield start, piece
        start += piece.seconds


def _stamp(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    return f"{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _wrapped(text: str) -> str:
    """Two lines of about the same length, as captions are read best."""
    if len(text) < ONE_LINE:
        return text
    middle = len(text) // 2
    cut = min((n for n, sign in enumerate(text) if sign == " "), key=lambda n: abs(n - middle))
    return f"{text[:cut]}\n{text[cut + 1 :]}"
