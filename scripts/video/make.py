"""Makes the clips of the help pages: `python -m scripts.video.make` (or `make videos`).

The token clip is drawn as step cards. The Horecalonen clip is recorded in a demo portal that is started for
it, so it always shows the portal as it is now.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from scripts.video import record
from scripts.video.demo import demo_running
from scripts.video.encode import encode, write_words
from scripts.video.frames import card_frames
from scripts.video.scenes import TOKEN

MEDIA = Path(__file__).resolve().parents[2] / "static" / "assets" / "media"
SUFFIXES = (".mp4", ".webm", ".jpg", ".vtt", ".txt")


def draw_token(made: Path) -> float:
    """Write all files of the clip beside `made`; returns its length in seconds."""
    frames = card_frames(TOKEN, made.parent)
    encode(frames, max(frames[: len(frames) // 2], key=lambda frame: frame.seconds), made)
    write_words([(scene.seconds, scene.spoken) for scene in TOKEN.scenes], TOKEN.note, made)
    return sum(frame.seconds for frame in frames)


def record_horecalonen(made: Path) -> float:
    """Write all files of the clip beside `made`; returns its length in seconds."""
    with demo_running(made.parent) as base_url:
        camera = record.record(base_url, made.parent)
    frames = [frame for shot in camera.shots for frame in shot.frames]
    encode(frames, camera.poster or frames[0], made)
    write_words([(shot.seconds, shot.spoken) for shot in camera.shots], record.NOTE, made)
    return sum(frame.seconds for frame in frames)


CLIPS: dict[str, Callable[[Path], float]] = {TOKEN.name: draw_token, record.NAME: record_horecalonen}


def publish(made: Path, media: Path) -> None:
    """Move the finished files into place; a portal that starts meanwhile never meets half a clip."""
    for suffix in SUFFIXES:
        staged = media / f".{made.name}{suffix}"
        shutil.copyfile(f"{made}{suffix}", staged)
        staged.replace(media / f"{made.name}{suffix}")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", choices=sorted(CLIPS), help="only this clip")
    parser.add_argument("--media", type=Path, default=MEDIA, help="where the files go")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    asked.media.mkdir(parents=True, exist_ok=True)
    for name, make in CLIPS.items():
        if asked.clip in (None, name):
            with tempfile.TemporaryDirectory() as folder:
                made = Path(folder) / name
                seconds = make(made)
                publish(made, asked.media)
            print(f"{name}: {seconds:.1f} s")


if __name__ == "__main__":
    main()
