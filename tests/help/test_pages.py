"""What is wrong in the content stops the build, with file and line (issue 2, item 1)."""

from __future__ import annotations

import pytest

from portal.help.types import ContentError
from tests.help.conftest import NMBRS, Folder

MISSING_CLIP = "{video: anders | Iets anders}"


def test_good_content_loads(folder: Folder) -> None:
    library = folder.load()
    assert [article.key for article in library.articles] == ["nmbrs"]
    assert library.anchors == ("koppelingen", "nmbrs", "nmbrs-uren-doorzetten")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("title: Nmbrs\n", "", "nmbrs.md:1: field is missing in front matter: title"),
        ("title: Nmbrs", "title: 12", "nmbrs.md:2: title must be a text"),
        ("title: Nmbrs", "title: [Nmbrs", "nmbrs.md:3: front matter is not valid YAML"),
        ("order: 1", "order: een", "nmbrs.md:5: order must be a whole number above 0"),
        ("order: 1", "order: true", "nmbrs.md:5: order must be a whole number above 0"),
        ("order: 1", "order: 1\norder: 2", "nmbrs.md:5: field stands twice in front matter: order"),
        ("order: 1", "order: 1\nvolgorde: 2", "nmbrs.md:6: unknown field in front matter: volgorde"),
        ("2026-11-22", "gisteren", "nmbrs.md:6: checked_on must be a date such as 2026-11-22"),
        ("2026-11-22", "2026-11-22 10:00:00", "nmbrs.md:6: checked_on must be a date such as 2026-11-22"),
        ("[nmbrs, token]", "nmbrs", "nmbrs.md:7: keywords must be a list of texts"),
        ("[nmbrs, token]", "[]", "nmbrs.md:7: keywords must be a list of texts"),
        (
            "provider: nmbrs",
            "provider: nmbrz",
            "nmbrs.md:4: unknown provider nmbrz; known are connexie, nmbrs",
        ),
        ("---\nEerste", "Eerste", "nmbrs.md:1: front matter is missing: start with a line of three dashes"),
        (
            "Eerste alinea.",
            "[x](/koppelingen#weg)",
            "nmbrs.md:9: dead link: there is no anchor /koppelingen#weg",
        ),
        ("Eerste alinea.", "[x](#weg)", "nmbrs.md:9: dead link: there is no anchor #weg"),
        ("Eerste alinea.", "[x](/koppelingen/connexie)", "nmbrs.md:9: dead link: /koppelingen/connexie"),
        (
            "Eerste alinea.",
            "[x](/koppelingen/koppelingen)",
            "nmbrs.md:9: dead link: /koppelingen/koppelingen",
        ),
        ("Eerste alinea.", "[x](/portaal/weg)", "nmbrs.md:9: dead link: /portaal/weg"),
        ("Eerste alinea.", "[x](weg.md)", "nmbrs.md:9: dead link: weg.md"),
        ("Eerste alinea.", "![x](/assets/weg.png)", "nmbrs.md:9: dead link: no such file /assets/weg.png"),
        ("Eerste alinea.", "[x](/assets/../../content/nmbrs.md)", "nmbrs.md:9: dead link: no such file"),
        ("Eerste alinea.", "[x](http://voorbeeld.nl)", "nmbrs.md:9: this kind of link is not allowed"),
        ("Eerste alinea.", "[x](javascript:alert)", "nmbrs.md:9: this kind of link is not allowed"),
        ("Eerste alinea.", "[x](//voorbeeld.nl)", "nmbrs.md:9: this kind of link is not allowed"),
        ("Eerste alinea.", "Een <script>fout</script>.", "nmbrs.md:9: this tag is not allowed: script"),
        ("Eerste alinea.", "[x](koppelingen?id=weg)", "nmbrs.md:9: dead link: there is no anchor"),
        ("Eerste alinea.", "## Uren doorzetten", "nmbrs.md:11: duplicate anchor #nmbrs-uren-doorzetten"),
        ("Eerste alinea.", "## Anders {#nmbrs}", "nmbrs.md:9: duplicate anchor #nmbrs, first at nmbrs.md:2"),
        (
            "Eerste alinea.",
            "## Anders {#koppelingen}",
            "nmbrs.md:9: duplicate anchor #koppelingen, first at _inl",
        ),
        ("Eerste alinea.", '<p id="nmbrs">Anders</p>', "nmbrs.md:9: duplicate anchor #nmbrs, first at"),
        ("Eerste alinea.", "## Anders {#Met Spatie}", "nmbrs.md:9: "),
        (
            "Eerste alinea.",
            "# Anders",
            "nmbrs.md:9: the title in the front matter is the only heading of level 1",
        ),
        ("Eerste alinea.", "### Anders", "nmbrs.md:9: a heading of level 3 cannot follow one of level 1"),
        ("Eerste alinea.", "Anders\n------", "nmbrs.md:10: write a heading with #"),
        ("Eerste alinea.", "<h2>Anders</h2>", "nmbrs.md:9: write a heading with #"),
        ("Eerste alinea.", "> ## Anders", "nmbrs.md:9: a heading in a list or quote has no stable anchor"),
        ("Eerste alinea.", "{pad: Bedrijf > }", "nmbrs.md:9: a menu path looks like"),
        ("Eerste alinea.", "{pat: Bedrijf > Uren}", "nmbrs.md:9: unknown or badly written marker {pat:"),
        (
            "Eerste alinea.",
            "{video: filmpje}",
            "nmbrs.md:9: unknown or badly written marker {video: filmpje}",
        ),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:9: video file is missing: /assets/media/anders.mp4"),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:9: video file is missing: /assets/media/anders.vtt"),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:9: video file is missing: /assets/media/anders.txt"),
    ],
)
def test_a_mistake_stops_the_build_with_file_and_line(folder: Folder, old: str, new: str, problem: str) -> None:
    folder.edit(old, new)
    assert [found for found in folder.problems() if found.startswith(problem)], folder.problems()


def test_a_file_that_is_not_utf8(folder: Folder) -> None:
    folder.write("nmbrs.md", NMBRS.replace("Eerste", "Eén").encode("cp1252"))
    assert "nmbrs.md:9: the file is not UTF-8" in folder.problems()


def test_two_files_cannot_share_order_or_provider(folder: Folder) -> None:
    folder.write("zz.md", NMBRS.replace("## Uren doorzetten", "## Nog iets"))
    assert "zz.md:5: duplicate order 1, also in nmbrs.md" in folder.problems()
    assert "zz.md:4: duplicate provider nmbrs, also in nmbrs.md" in folder.problems()


def test_the_introduction_is_needed_and_has_no_provider(folder: Folder) -> None:
    folder.edit("title: Koppelingen", "title: Koppelingen\nprovider: nmbrs", "_inleiding.md")
    assert "_inleiding.md:3: unknown field in front matter: provider" in folder.problems()
    (folder.content / "_inleiding.md").unlink()
    assert "_inleiding.md:1: the introduction is missing" in folder.problems()


def test_all_problems_are_named_at_once(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "[a](/een) [b](/twee)\n\n[c](/drie)")
    folder.edit("checked_on: 2026-11-22", "checked_on: nu", "_inleiding.md")
    assert [line.split(" ")[0] for line in folder.problems()] == [
        "_inleiding.md:4:", "nmbrs.md:9:", "nmbrs.md:9:", "nmbrs.md:11:",
    ]  # fmt: skip


def test_captions_later_than_the_clip_stop_the_build(folder: Folder) -> None:
    """J6"""
    late = "WEBVTT\n\n00:01.000 --> 10:00.000\nTe laat\n"
    (folder.media / "filmpje.vtt").write_text(late, encoding="utf-8")
    assert folder.problems() == [
        "nmbrs.md:15: filmpje.vtt: captions end at 600.0 s, the clip at 40.0 s",
    ]


def test_a_marker_in_a_code_block_is_left_alone(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "```\n{pad: Bedrijf > }\n# geen kop\n```")
    assert "{pad: Bedrijf &gt; }" in folder.load().articles[0].html


def test_windows_line_ends_and_a_byte_order_mark_are_read(folder: Folder) -> None:
    folder.write("nmbrs.md", b"\xef\xbb\xbf" + NMBRS.replace("\n", "\r\n").encode())
    assert folder.load().articles[0].front.title == "Nmbrs"


def test_loading_twice_gives_the_same(folder: Folder) -> None:
    assert folder.load() == folder.load()


def test_the_error_holds_the_problems_one_by_one(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "[a](/een)")
    with pytest.raises(ContentError) as stopped:
        folder.load()
    assert [(p.file, p.line) for p in stopped.value.problems] == [("nmbrs.md", 9)]
