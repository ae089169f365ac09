"""Frames to files: MP4 (H.264) and WebM (VP9) by ffmpeg, and a poster."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scripts.video.frames import RATE, Frame

# Cards and pages are flat and mostly stand still: high values look sharp, in about half a megabyte a file.
MP4 = ["-c:v", "libx264", "-preset", "slower", "-crf", "30", "-tune", "animation", "-movflags", "+faststart"]
WEBM = ["-c:v", "libvpx-vp9", "-b:v", "0", "-crf", "47", "-deadline", "good", "-cpu-used", "3"]
POSTER = ["-c:v", "libwebp", "-quality", "75"]  # half of a JPEG that looks the same; a phone asks for it with the page


def encode(frames: Sequence[Frame], poster: Frame, target: Path) -> None:
    """Write `target`.mp4, `target`.webm and `target`.webp (the poster)."""
    listing = frames[0].file.with_name("frames.txt")
    listing.write_text(_listing(frames), encoding="utf-8")
    source = ("-f", "concat", "-safe", "0", "-i", str(listing), "-r", str(RATE), "-pix_fmt", "yuv420p", "-an")
    _ffmpeg(*source, *MP4, f"{target}.mp4")
    _ffmpeg(*source, *WEBM, f"{target}.webm")
    _ffmpeg("-i", str(poster.file), *POSTER, f"{target}.webp")


def _listing(frames: Sequence[Frame]) -> str:
    """The list that ffmpeg's concat demuxer reads; the last file stands twice, or its time is lost."""
    lines = [f"file '{frame.file}'\nduration {frame.seconds:.4f}" for frame in frames]
    return "\n".join([*lines, f"file '{frames[-1].file}'"]) + "\n"


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(["ffmpeg", "-y", "-loglevel", "error", *arguments], check=True)
