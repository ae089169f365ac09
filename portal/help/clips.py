"""What a clip shows, noted when it was recorded (`x.json` beside the clip), and what is quickly seen to be old. Pure,
apart from reading files.

The whole comparison, screen by screen, needs a browser: `make old-videos`; tests/journeys/test_player.py runs it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

SUFFIX = ".json"


@dataclass(frozen=True)
class Scene:
    """One caption: `says` is its text, `screens` the lines of each screen that is shown with it."""

    says: str
    screens: list[list[str]]


@dataclass(frozen=True)
class Shown:
    """`recorded_on` is a day, `files` the digest of each file of the clip by the end of its name, `touched` the words
    of our own screens that the pointer goes to."""

    recorded_on: str
    files: dict[str, str]
    touched: list[str]
    scenes: list[Scene]


def read(media_dir: Path, name: str) -> Shown | None:
    """None when nothing (readable) was noted."""
    try:
        row = json.loads((media_dir / (name + SUFFIX)).read_text(encoding="utf-8"))
        scenes = [Scene(one["says"], one["screens"]) for one in row["scenes"]]
        return Shown(row["recorded_on"], row["files"], row["touched"], scenes)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(media_dir: Path, name: str, shown: Shown) -> None:
    text = json.dumps(asdict(shown), ensure_ascii=False, indent=1)
    (media_dir / (name + SUFFIX)).write_text(text + "\n", encoding="utf-8")


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:16]


def faults(media_dir: Path, name: str, screens: str, names: Iterable[str]) -> Iterator[str]:
    """Say why this clip has to be recorded again.

    `screens` is the source of all screens; `names` are words that a screen fills in, as the name of a koppeling.
    """
    shown = read(media_dir, name)
    if shown is None:
        yield f"nobody noted what the clip {name} shows: make videos"
        return
    for end, noted in shown.files.items():
        file = media_dir / (name + end)
        if not file.is_file() or digest(file) != noted:
            yield f"{file.name} is not of the recording of {shown.recorded_on}: make videos"
    for words in shown.touched:
        if not _written(words, screens, list(names)):
            yield f"the clip {name} shows “{words}”, which is on no screen any more: make videos"


def _written(words: str, screens: str, names: Collection[str]) -> bool:
    """Whether all parts between the names stand in the source, as whole words."""
    parts = re.split("|".join(map(re.escape, names)), words) if names else [words]
    return all(
        re.search(rf"(?<!\w){re.escape(part.strip())}(?!\w)", screens) is not None for part in parts if part.strip()
    )


def changes(before: Shown, now: list[Scene]) -> Iterator[str]:
    """Say, per scene, what stood on the screens when they were recorded and what stands there now."""
    said = [scene.says for scene in before.scenes]
    if said != [scene.says for scene in now]:
        yield "the scenes themselves have changed"
        return
    for old, new in zip(before.scenes, now, strict=True):
        if old.screens != new.screens:
            yield f"“{new.says}” {_difference(_lines(old), _lines(new))}"


def _lines(scene: Scene) -> list[str]:
    return list(dict.fromkeys(line for screen in scene.screens for line in screen))


def _difference(old: list[str], new: list[str]) -> str:
    gone = [line for line in old if line not in new]
    fresh = [line for line in new if line not in old]
    if not gone and not fresh:
        return "shows the same lines in another order"
    return f"showed {gone or 'nothing more'}, now {fresh or 'nothing more'}"
