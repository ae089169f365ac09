"""What was noted about a clip when it was recorded, and how one finds out that it is old (issue 4, item 4)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import httpx
import pytest

from portal.help import check, clips
from portal.help.captions import Cue, read_vtt, seconds
from portal.help.clips import Scene, Shown
from portal.help.media import figure
from scripts.video.words import Piece, write_words
from tests.help.conftest import ASSETS, ROOT, Folder

MEDIA = ASSETS / "media"
CLIPS = ("nmbrsAPIToken", "horecalonenKoppeling")
SITUATIONS = ["Zelf de salarissen doen", "Met een accountant"]
SCREENS = "<button>Maak export</button> Versturen naar {{ provider.name }}"
TODAY = date(2026, 11, 25)


def cues(name: str, end: str) -> list[Cue]:
    return read_vtt((MEDIA / (name + end)).read_text(encoding="utf-8"))


def noted(name: str) -> Shown:
    shown = clips.read(MEDIA, name)
    assert shown is not None
    return shown


@pytest.mark.parametrize("name", CLIPS)
def test_each_situation_has_its_chapter(name: str) -> None:
    chapters = cues(name, ".chapters.vtt")
    assert [one.text for one in chapters if one.text in SITUATIONS] == SITUATIONS
    assert chapters[0].start == 0
    assert seconds(MEDIA / f"{name}.mp4") - 1 < chapters[-1].end <= seconds(MEDIA / f"{name}.mp4")
    starts = {one.start for one in cues(name, ".vtt")}
    assert {one.start for one in chapters} <= starts  # a chapter starts with a caption, not halfway one


@pytest.mark.parametrize("name", CLIPS)
def test_captions_and_transcript_are_what_the_scenes_say(name: str) -> None:
    said = [scene.says for scene in noted(name).scenes]
    assert [" ".join(cue.text.split()) for cue in cues(name, ".vtt")] == said
    _note, *blocks = (MEDIA / f"{name}.txt").read_text(encoding="utf-8").strip().split("\n\n")
    assert [block for block in blocks if not block.startswith("# ")] == said
    titles = [block.removeprefix("# ") for block in blocks if block.startswith("# ")]
    assert titles == [cue.text for cue in cues(name, ".chapters.vtt")]


@pytest.mark.parametrize("name", CLIPS)
def test_all_files_of_a_clip_are_of_one_recording(name: str) -> None:
    assert set(noted(name).files) == {".mp4", ".webm", ".webp", ".vtt", ".chapters.vtt", ".txt"}
    names = ["Nmbrs", "Horecalonen", "Connexie"]
    assert list(clips.faults(MEDIA, name, check.read_screens(ROOT), names)) == []


def test_the_notes_are_not_served(site: httpx.Client) -> None:
    assert site.get("/assets/media/nmbrsAPIToken.json").status_code == 404


def test_the_words_of_a_clip_have_one_source(tmp_path: Path) -> None:
    write_words([Piece(2.0, "Een.", "Eerst"), Piece(1.5, "Twee."), Piece(3.0, "Drie.", "Dan")], "Noot.", tmp_path / "x")
    assert read_vtt((tmp_path / "x.vtt").read_text()) == [
        Cue(0.0, 1.9, "Een."), Cue(2.0, 3.4, "Twee."), Cue(3.5, 6.4, "Drie."),
    ]  # fmt: skip
    assert read_vtt((tmp_path / "x.chapters.vtt").read_text()) == [Cue(0.0, 3.5, "Eerst"), Cue(3.5, 6.4, "Dan")]
    assert (tmp_path / "x.txt").read_text() == "Noot.\n\n# Eerst\n\nEen.\n\nTwee.\n\n# Dan\n\nDrie.\n"
    with pytest.raises(ValueError, match="starts with a chapter"):
        write_words([Piece(2.0, "Een.")], "Noot.", tmp_path / "x")


@pytest.mark.parametrize(
    ("chapters", "fault"),
    [
        ("00:01.000 --> 00:02.000\nEerst", "the first chapter starts at 1.0 s"),
        ("00:00.000 --> 00:01.000\nEerst\n\n00:01.500 --> 00:02.000\nDan", "“Eerst” ends at 1.0 s"),
        ("00:00.000 --> 09:00.000\nEerst", "chapters end at 540.0 s"),
    ],
)
def test_chapters_that_do_not_fit_stop_the_build(folder: Folder, chapters: str, fault: str) -> None:
    (folder.media / "filmpje.chapters.vtt").write_text(f"WEBVTT\n\n{chapters}\n", encoding="utf-8")
    assert [line for line in folder.problems() if "filmpje.chapters.vtt: " in line and fault in line]


def test_a_chapter_is_a_link_into_the_clip(folder: Folder) -> None:
    html, faults = figure("filmpje", "Titel", folder.media)
    assert faults == []
    assert '#t=1.5"><span class="video__time">0:01</span> Dan</a>' in html


def complaints(folder: Folder, **changed: object) -> list[str]:
    """What `portal help check` says about the clip of the folder, after a recording of today with these changes."""
    files = {end: clips.digest(folder.media / f"filmpje{end}") for end in (".mp4", ".vtt")}
    row = {"recorded_on": "2026-11-25", "files": files, "touched": ["Maak export"], "scenes": [], **changed}
    (folder.media / "filmpje.json").write_text(json.dumps(row), encoding="utf-8")
    found = [str(one) for one in check.check(folder.load(), {}, SCREENS, TODAY)]
    return [one for one in found if "make videos" in one]


def test_a_clip_as_recorded_is_in_order(folder: Folder) -> None:
    assert complaints(folder, touched=["Maak export", "Versturen naar Nmbrs", "Nmbrs"]) == []


def test_a_word_that_is_on_no_screen_any_more_is_named(folder: Folder) -> None:
    (found,) = complaints(folder, touched=["Maak export", "Maak bestand"])
    assert found.startswith("nmbrs.md:")
    assert "the clip filmpje shows “Maak bestand”, which is on no screen any more: make videos" in found
    (found,) = complaints(folder, touched=["Maak ex"])  # half a word is another word
    assert "“Maak ex”" in found


def test_a_file_of_another_recording_is_named(folder: Folder) -> None:
    (found,) = complaints(folder, files={".vtt": "0" * 16})
    assert "filmpje.vtt is not of the recording of 2026-11-25" in found


@pytest.mark.parametrize("notes", ["", "{}", "[]", '{"scenes": [1]}'])
def test_a_clip_of_which_nothing_was_noted_is_named(folder: Folder, notes: str) -> None:
    (folder.media / "filmpje.json").write_text(notes, encoding="utf-8")
    found = [str(one) for one in check.check(folder.load(), {}, SCREENS, TODAY)]
    assert [one for one in found if "nobody noted what the clip filmpje shows" in one]


@pytest.mark.parametrize(
    ("now", "difference"),
    [
        ([["OK", "Annuleren"]], []),
        ([["OK", "Terug"]], ["“Stap 1” showed ['Annuleren'], now ['Terug']"]),
        ([["OK"]], ["“Stap 1” showed ['Annuleren'], now nothing more"]),
        ([["OK", "Annuleren"], ["Klaar"]], ["“Stap 1” showed nothing more, now ['Klaar']"]),
        ([["Annuleren", "OK"]], ["“Stap 1” shows the same lines in another order"]),
    ],
)
def test_a_changed_screen_is_named_with_what_changed(now: list[list[str]], difference: list[str]) -> None:
    before = Shown("2026-11-25", {}, [], [Scene("Stap 1", [["OK", "Annuleren"]])])
    assert list(clips.changes(before, [Scene("Stap 1", now)])) == difference


def test_other_scenes_are_another_clip() -> None:
    before = Shown("2026-11-25", {}, [], [Scene("Stap 1", [])])
    assert list(clips.changes(before, [Scene("Stap 2", [])])) == ["the scenes themselves have changed"]
