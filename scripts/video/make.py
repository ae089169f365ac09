"""Makes the clips of the help pages: `python -m scripts.video.make` (or `make videos`).

Without arguments both clips are drawn as step cards. With `--record URL --mail M --password P` the
Horecalonen clip is recorded in a running demo portal instead: real pages, a drawn pointer.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from scripts.video.encode import encode, write_words
from scripts.video.frames import Frame, card_frames
from scripts.video.record import RECORDED_NOTE, Account, record
from scripts.video.scenes import HORECALONEN, TOKEN, Clip

MEDIA = Path(__file__).resolve().parents[2] / "static" / "assets" / "media"
SUFFIXES = (".mp4", ".webm", ".jpg", ".vtt", ".txt")
CLIPS = {clip.name: clip for clip in (TOKEN, HORECALONEN)}


def draw(clip: Clip, media: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / clip.name
        encode(card_frames(clip, Path(folder)), made)
        write_words([(scene.seconds, scene.spoken) for scene in clip.scenes], clip.note, made)
        publish(made, media)


def record_horecalonen(account: Account, media: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shots = record(account, Path(folder))
        frames: list[Frame] = [frame for shot in shots for frame in shot.frames]
        made = Path(folder) / HORECALONEN.name
        encode(frames, made)
        write_words([(shot.seconds, shot.spoken) for shot in shots], RECORDED_NOTE, made)
        publish(made, media)


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
    parser.add_argument("--record", metavar="URL", help="record the Horecalonen clip in this portal")
    parser.add_argument("--mail", default=os.environ.get("PORTAL_VIDEO_MAIL", ""))
    parser.add_argument("--password", default=os.environ.get("PORTAL_VIDEO_PASSWORD", ""))
    return parser.parse_args()


def main() -> None:
    asked = arguments()
    asked.media.mkdir(parents=True, exist_ok=True)
    if asked.record:
        record_horecalonen(Account(asked.record.rstrip("/"), asked.mail, asked.password), asked.media)
        return
    for name, clip in CLIPS.items():
        if asked.clip in (None, name):
            draw(clip, asked.media)
            print(f"{name}: {sum(scene.seconds for scene in clip.scenes):.1f} s")


if __name__ == "__main__":
    main()
