from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from portal.help.captions import read_vtt, seconds
from portal.help.media import figure, text_faults
from tests.help.conftest import ASSETS, Folder

MEDIA = ASSETS / "media"
CLIPS = ("nmbrsAPIToken", "horecalonenKoppeling")
LIMIT, LARGEST = 3_000_000, 1_000_000


@pytest.mark.parametrize("name", CLIPS)
def test_captions_are_valid_and_end_within_the_clip(name: str) -> None:
    """J6"""
    cues = read_vtt((MEDIA / f"{name}.vtt").read_text(encoding="utf-8"))
    length = seconds(MEDIA / f"{name}.mp4")
    assert 20 <= length <= 75
    assert cues[0].start >= 0
    assert cues[-1].end <= length
    assert all(before.end <= after.start for before, after in pairwise(cues))
    assert all(len(line) <= 55 for cue in cues for line in cue.text.split("\n"))
    assert text_faults(MEDIA / name) == []


@pytest.mark.parametrize("name", CLIPS)
def test_the_transcript_says_what_the_captions_say(name: str) -> None:
    """J6"""
    cues = read_vtt((MEDIA / f"{name}.vtt").read_text(encoding="utf-8"))
    transcript = " ".join((MEDIA / f"{name}.txt").read_text(encoding="utf-8").split())
    assert [cue.text for cue in cues if " ".join(cue.text.split()) not in transcript] == []


@pytest.mark.parametrize("name", CLIPS)
def test_the_clips_are_what_they_are_called(name: str) -> None:
    """J6: H.264 in MP4 with the index in front (it starts before it is all there), and WebM."""
    mp4 = (MEDIA / f"{name}.mp4").read_bytes()
    assert mp4[4:8] == b"ftyp"
    assert b"avc1" in mp4
    assert mp4.index(b"moov") < mp4.index(b"mdat")
    webm = (MEDIA / f"{name}.webm").read_bytes()
    assert webm[:4] == b"\x1a\x45\xdf\xa3"
    assert b"V_VP9" in webm[:4096]


def test_all_media_together_are_small() -> None:
    sizes = [file.stat().st_size for file in MEDIA.iterdir()]
    assert sum(sizes) < LIMIT
    assert max(sizes) < LARGEST


@pytest.mark.parametrize(
    "text",
    [
        "",
        "00:00.000 --> 00:01.000\nStap",
        "WEBVTTX\n\n00:00.000 --> 00:01.000\nStap",
        "WEBVTT",
        "WEBVTT\n\nStap 1",
        "WEBVTT\n\n00:00 --> 00:01\nStap",
        "WEBVTT\n\n00:00.000 -> 00:01.000\nStap",
        "WEBVTT\n\n00:02.000 --> 00:01.000\nStap",
        "WEBVTT\n\n00:00.000 --> 00:01.000\n",
        "WEBVTT\n\n00:61.000 --> 00:62.000\nStap",
        "WEBVTT\n\n00:05.000 --> 00:06.000\nStap 2\n\n00:01.000 --> 00:02.000\nStap 1",
    ],
)
def test_bad_captions_are_refused(text: str) -> None:
    """J6"""
    with pytest.raises(ValueError):
        read_vtt(text)


def test_captions_may_carry_numbers_notes_hours_and_settings() -> None:
    """J6"""
    text = "WEBVTT - titel\n\nNOTE van ons\n\n1\n00:00:01.000 --> 01:00:02.500 align:start\nEen\nTwee\n"
    (cue,) = read_vtt(text)
    assert (cue.start, cue.end, cue.text) == (1.0, 3602.5, "Een\nTwee")


def test_a_file_that_is_no_mp4_is_named(tmp_path: Path) -> None:
    file = tmp_path / "x.mp4"
    file.write_bytes(b"geen film")
    with pytest.raises(ValueError, match=r"x\.mp4 is not an MP4 file"):
        seconds(file)


def test_a_title_and_a_transcript_are_text_only(folder: Folder) -> None:
    """D6"""
    (folder.media / "filmpje.txt").write_text("Stap <b>1</b>\n\nStap 2", encoding="utf-8")
    html, faults = figure("filmpje", 'Hoe "werkt" <b>dit</b>?', folder.media)
    assert faults == []
    assert "<b>" not in html
    assert "<p>Stap 2</p>" in html


def test_captions_that_are_not_utf8_are_named(folder: Folder) -> None:
    (folder.media / "filmpje.vtt").write_bytes("WEBVTT\n\n00:00.000 --> 00:01.000\nEén".encode("cp1252"))
    assert text_faults(folder.media / "filmpje") == ["captions, chapters or transcript of filmpje are not UTF-8"]


def test_the_address_changes_with_the_content(folder: Folder) -> None:
    before, _ = figure("filmpje", "Titel", folder.media)
    (folder.media / "filmpje.jpg").write_bytes(b"nieuw")
    assert figure("filmpje", "Titel", folder.media)[0] != before
