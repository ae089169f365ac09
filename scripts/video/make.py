"""Makes the clips of the help pages: `python -m scripts.video.make` (or `make videos`).

The token clip is drawn as step cards. The Horecalonen clip is recorded in a demo portal that is started for
it, so it always shows the portal as it is now. With `--check` nothing is made: it says which clips are older than what
they show.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from portal.help import clips
from portal.help.clips import Scene, Shown
from portal.help.media import CAPTIONS, CHAPTERS, TRANSCRIPT
from portal.kernel.filters import AMSTERDAM
from scripts.video import record
from scripts.video.camera import Camera
from scripts.video.demo import demo_running
from scripts.video.encode import encode
from scripts.video.frames import card_frames, card_screens
from scripts.video.scenes import TOKEN
from scripts.video.words import Piece, write_words

MEDIA = Path(__file__).resolve().parents[2] / "static" / "assets" / "media"
SUFFIXES = (".mp4", ".webm", ".webp", CAPTIONS, CHAPTERS, TRANSCRIPT)


def draw_token(made: Path) -> float:
    """Write all files of the clip beside `made`; returns its length in seconds."""
    frames = card_frames(TOKEN, made.parent)
    encode(frames, max(frames[: len(frames) // 2], key=lambda frame: frame.seconds), made)
    write_words([Piece(scene.seconds, scene.spoken, scene.chapter) for scene in TOKEN.scenes], TOKEN.note, made)
    _note(made, list(TOKEN.touched), card_screens(TOKEN))
    return sum(frame.seconds for frame in frames)


def record_horecalonen(made: Path) -> float:
    """Write all files of the clip beside `made`; returns its length in seconds."""
    camera = _walked(made.parent, made.parent)
    frames = [frame for shot in camera.shots for frame in shot.frames]
    encode(frames, camera.poster or frames[0], made)
    write_words([shot.piece for shot in camera.shots], record.NOTE, made)
    _note(made, list(dict.fromkeys(camera.touched)), [shot.scene for shot in camera.shots])
    return sum(frame.seconds for frame in frames)


def _walked(data: Path, pictures: Path | None) -> Camera:
    with demo_running(data) as base_url:
        return record.record(base_url, pictures)


def _note(made: Path, touched: list[str], scenes: list[Scene]) -> None:
    files = {end: clips.digest(made.with_name(made.name + end)) for end in SUFFIXES}
    today = datetime.now(AMSTERDAM).date().isoformat()
    clips.write(made.parent, made.name, Shown(today, files, touched, scenes))


def token_now(_folder: Path) -> list[Scene]:
    return card_screens(TOKEN)


def horecalonen_now(folder: Path) -> list[Scene]:
    return [shot.scene for shot in _walked(folder, None).shots]


CLIPS: dict[str, Callable[[Path], float]] = {TOKEN.name: draw_token, record.NAME: record_horecalonen}
NOW: dict[str, Callable[[Path], list[Scene]]] = {TOKEN.name: token_now, record.NAME: horecalonen_now}


def publish(made: Path, media: Path) -> None:
    """Move the finished files into place; a portal that starts meanwhile never meets half a clip."""
    for suffix in (*SUFFIXES, clips.SUFFIX):
        staged = media / f".{made.name}{suffix}"
        shutil.copyfile(f"{made}{suffix}", staged)
        staged.replace(media / f"{made.name}{suffix}")


def older(name: str, media: Path) -> list[str]:
    """Walk through what the clip shows and say what is different now; empty when it is as recorded."""
    before = clips.read(media, name)
    if before is None:
        return ["nobody noted what it shows"]
    with tempfile.TemporaryDirectory() as folder:
        return list(clips.changes(before, NOW[name](Path(folder))))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", choices=sorted(CLIPS), help="only this clip")
    parser.add_argument("--media", type=Path, default=MEDIA, help="where the files go")
    parser.add_argument("--check", action="store_true", help="only say which clips are older than what they show")
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    names = [name for name in CLIPS if asked.clip in (None, name)]
    if asked.check:
        faults = [f"{name}: {fault}" for name in names for fault in older(name, asked.media)]
        sys.exit("\n".join([*faults, "Record them again: make videos"]) if faults else 0)
    asked.media.mkdir(parents=True, exist_ok=True)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / name
            seconds = CLIPS[name](made)
            publish(made, asked.media)
        print(f"{name}: {seconds:.1f} s")


if __name__ == "__main__":
    main()
