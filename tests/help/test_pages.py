"""What is wrong in the content stops the build, with file and line (issue 2, item 1)."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.help.cache import open_cache
from portal.help.captions import seconds
from portal.help.pages import begin
from portal.help.types import ContentError, Library
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
        ("2026-11-22", "gisteren", "nmbrs.md:7: checked_on must be a date such as 2026-11-22"),
        ("2026-11-22", "2026-11-22 10:00:00", "nmbrs.md:7: checked_on must be a date such as 2026-11-22"),
        ("[nmbrs, token]", "nmbrs", "nmbrs.md:10: keywords must be a list of texts"),
        ("[nmbrs, token]", "[]", "nmbrs.md:10: keywords must be a list of texts"),
        (
            "provider: nmbrs",
            "provider: nmbrz",
            "nmbrs.md:4: unknown provider nmbrz; known are alle, connexie, nmbrs",
        ),
        ("---\nEerste", "Eerste", "nmbrs.md:1: front matter is missing: start with a line of three dashes"),
        (
            "Eerste alinea.",
            "[x](/koppelingen#weg)",
            "nmbrs.md:12: dead link: there is no anchor /koppelingen#weg",
        ),
        ("Eerste alinea.", "[x](#weg)", "nmbrs.md:12: dead link: there is no anchor #weg"),
        ("Eerste alinea.", "[x](/koppelingen/connexie)", "nmbrs.md:12: dead link: /koppelingen/connexie"),
        (
            "Eerste alinea.",
            "[x](/koppelingen/koppelingen)",
            "nmbrs.md:12: dead link: /koppelingen/koppelingen",
        ),
        ("Eerste alinea.", "[x](/portaal/weg)", "nmbrs.md:12: dead link: /portaal/weg"),
        ("Eerste alinea.", "[x](weg.md)", "nmbrs.md:12: dead link: weg.md"),
        ("Eerste alinea.", "![x](/assets/weg.png)", "nmbrs.md:12: dead link: no such file /assets/weg.png"),
        ("Eerste alinea.", "[x](/assets/../../content/nmbrs.md)", "nmbrs.md:12: dead link: no such file"),
        ("Eerste alinea.", "[x](http://voorbeeld.nl)", "nmbrs.md:12: this kind of link is not allowed"),
        ("Eerste alinea.", "[x](javascript:alert)", "nmbrs.md:12: this kind of link is not allowed"),
        ("Eerste alinea.", "[x](//voorbeeld.nl)", "nmbrs.md:12: this kind of link is not allowed"),
        ("Eerste alinea.", "[x](https://[voorbeeld)", "nmbrs.md:12: this is no address: https://[voorbeeld"),
        ("Eerste alinea.", "Een <script>fout</script>.", "nmbrs.md:12: this tag is not allowed: script"),
        ("Eerste alinea.", "[x](koppelingen?id=weg)", "nmbrs.md:12: dead link: there is no anchor"),
        ("Eerste alinea.", "## Uren doorzetten", "nmbrs.md:14: duplicate anchor #nmbrs-uren-doorzetten"),
        ("Eerste alinea.", "## Anders {#nmbrs}", "nmbrs.md:12: duplicate anchor #nmbrs, first at nmbrs.md:2"),
        (
            "Eerste alinea.",
            "## Anders {#koppelingen}",
            "nmbrs.md:12: duplicate anchor #koppelingen, first at _inl",
        ),
        ("Eerste alinea.", '<p id="nmbrs">Anders</p>', "nmbrs.md:12: duplicate anchor #nmbrs, first at"),
        ("Eerste alinea.", "## Anders {#Met Spatie}", "nmbrs.md:12: "),
        (
            "Eerste alinea.",
            "# Anders",
            "nmbrs.md:12: the title in the front matter is the only heading of level 1",
        ),
        ("Eerste alinea.", "### Anders", "nmbrs.md:12: a heading of level 3 cannot follow one of level 1"),
        ("Eerste alinea.", "Anders\n------", "nmbrs.md:13: write a heading with #"),
        ("Eerste alinea.", "<h2>Anders</h2>", "nmbrs.md:12: write a heading with #"),
        ("Eerste alinea.", "> ## Anders", "nmbrs.md:12: a heading in a list or quote has no stable anchor"),
        (
            "Eerste alinea.",
            "<div>\n## Binnen\n</div>",
            "nmbrs.md:13: this heading is not shown as it is written: Binnen",
        ),
        (
            "Eerste alinea.",
            "## Zie [hier][1]\n\n[1]: /inloggen",
            "nmbrs.md:12: this heading is not shown as it is written: Zie [hier][1]",
        ),
        ("Eerste alinea.", "<div><![fout[</div>", "nmbrs.md:1: cannot be rendered: AssertionError"),
        ("Eerste alinea.", "{pad: Bedrijf > }", "nmbrs.md:12: a menu path looks like"),
        ("Eerste alinea.", "{pat: Bedrijf > Uren}", "nmbrs.md:12: unknown or badly written marker {pat:"),
        (
            "Eerste alinea.",
            "{video: filmpje}",
            "nmbrs.md:12: unknown or badly written marker {video: filmpje}",
        ),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:12: video file is missing: /assets/media/anders.mp4"),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:12: video file is missing: /assets/media/anders.vtt"),
        ("Eerste alinea.", MISSING_CLIP, "nmbrs.md:12: video file is missing: /assets/media/anders.txt"),
    ],
)
def test_a_mistake_stops_the_build_with_file_and_line(folder: Folder, old: str, new: str, problem: str) -> None:
    folder.edit(old, new)
    assert [found for found in folder.problems() if found.startswith(problem)], folder.problems()


def test_a_file_that_is_not_utf8(folder: Folder) -> None:
    folder.write("nmbrs.md", NMBRS.replace("Eerste", "Eén").encode("cp1252"))
    assert "nmbrs.md:12: the file is not UTF-8" in folder.problems()


def test_two_guides_cannot_share_an_order(folder: Folder) -> None:
    folder.write("hulp.md", NMBRS)
    folder.write("zz.md", NMBRS)
    assert "zz.md:5: duplicate order 1, also in hulp.md" in folder.problems()


def test_the_page_of_a_koppeling_names_it(folder: Folder) -> None:
    folder.edit("provider: nmbrs", "provider: connexie")
    assert "nmbrs.md:4: the page of nmbrs must name it as its provider" in folder.problems()


def test_a_file_name_is_an_address(folder: Folder) -> None:
    folder.write("Mijn hulp.md", NMBRS)
    assert folder.problems() == ["Mijn hulp.md:1: a file name is an address: small letters, digits and single dashes"]


def test_a_guide_stands_on_a_page_of_its_own(folder: Folder) -> None:
    folder.write(
        "nmbrs-hulp.md", NMBRS.replace("Eerste alinea.", "Lees [verder](/koppelingen/nmbrs#nmbrs-uren-doorzetten).")
    )
    library = folder.load()
    assert [article.key for article in library.koppelingen] == ["nmbrs"]
    assert [article.path for article in library.guides("nmbrs")] == ["/koppelingen/nmbrs-hulp"]
    assert library.anchors == ("koppelingen", "nmbrs", "nmbrs-uren-doorzetten")
    folder.edit("/koppelingen/nmbrs#nmbrs-uren-doorzetten", "/koppelingen#nmbrs-hulp-uren-doorzetten", "nmbrs-hulp.md")
    assert folder.problems() == [
        "nmbrs-hulp.md:12: dead link: there is no anchor /koppelingen#nmbrs-hulp-uren-doorzetten"
    ]


CHANGES = "changes:\n  - 2026-11-22: Nieuw.\n"


@pytest.mark.parametrize(
    "bad", ["changes: nieuw\n", "changes: []\n", "changes:\n  - Nieuw.\n", "changes:\n  - nu: Nieuw.\n"]
)
def test_changes_are_days_with_a_sentence(folder: Folder, bad: str) -> None:
    folder.edit(CHANGES, bad)
    assert "nmbrs.md:8: changes must be a list such as - 2026-11-22: Wat er anders is" in folder.problems()


def test_the_newest_change_is_the_day_of_the_page(folder: Folder) -> None:
    folder.edit(CHANGES, CHANGES + "  - 2026-11-25: Stappen erbij.\n  - 2026-11-23: Foutje.\n")
    front = folder.load().articles[0].front
    assert front.updated_on.isoformat() == "2026-11-25"
    assert [change.what for change in front.changes] == ["Stappen erbij.", "Foutje.", "Nieuw."]


def test_the_introduction_is_needed_and_has_no_provider(folder: Folder) -> None:
    folder.edit("title: Koppelingen", "title: Koppelingen\nprovider: nmbrs", "_inleiding.md")
    assert "_inleiding.md:3: unknown field in front matter: provider" in folder.problems()
    (folder.content / "_inleiding.md").unlink()
    assert "_inleiding.md:1: the introduction is missing" in folder.problems()


def test_all_problems_are_named_at_once(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "[a](/een) [b](/twee)\n\n[c](/drie)")
    folder.edit("checked_on: 2026-11-22", "checked_on: nu", "_inleiding.md")
    assert [line.split(" ")[0] for line in folder.problems()] == [
        "_inleiding.md:5:", "nmbrs.md:12:", "nmbrs.md:12:", "nmbrs.md:14:",
    ]  # fmt: skip


def test_captions_later_than_the_clip_stop_the_build(folder: Folder) -> None:
    """J6"""
    late = "WEBVTT\n\n00:01.000 --> 10:00.000\nTe laat\n"
    (folder.media / "filmpje.vtt").write_text(late, encoding="utf-8")
    assert folder.problems() == [
        f"nmbrs.md:18: filmpje.vtt: captions end at 600.0 s, the clip at {seconds(folder.media / 'filmpje.mp4'):.1f} s",
    ]


def test_a_marker_in_a_code_block_is_left_alone(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "```\n{pad: Bedrijf > }\n# geen kop\n```")
    assert "{pad: Bedrijf &gt; }" in folder.load().articles[0].html


def test_windows_line_ends_and_a_byte_order_mark_are_read(folder: Folder) -> None:
    folder.write("nmbrs.md", b"\xef\xbb\xbf" + NMBRS.replace("\n", "\r\n").encode())
    assert folder.load().articles[0].front.title == "Nmbrs"


def test_pages_that_did_not_change_come_from_the_cache(folder: Folder, tmp_path: Path) -> None:
    def again() -> tuple[Library, bool]:
        cache = open_cache(tmp_path / "cache.json", folder.media)
        return folder.load(cache), cache.used

    fresh, used = again()
    assert not used
    assert again() == (fresh, True)
    folder.edit("Eerste alinea.", "Andere alinea.")
    assert "Andere alinea." in again()[0].articles[0].html
    folder.edit("Andere alinea.", "[x](#weg)")
    with pytest.raises(ContentError, match=r"nmbrs.md:12: dead link"):
        again()
    folder.edit("[x](#weg)", "Eerste alinea.")
    (folder.media / "filmpje.txt").write_text("Stap 2")
    assert "Stap 2" in again()[0].articles[0].html
    (tmp_path / "cache.json").write_text("[")
    assert again()[1] is False


def test_a_dead_link_to_a_page_that_changed_is_named_with_its_line(folder: Folder, tmp_path: Path) -> None:
    folder.write("hulp.md", NMBRS.replace("Eerste alinea.", "[x](/koppelingen/nmbrs#nmbrs-uren-doorzetten)"))
    folder.load(open_cache(tmp_path / "cache.json", folder.media))
    folder.edit("## Uren doorzetten", "## Uren verzenden")
    with pytest.raises(ContentError, match=r"hulp.md:12: dead link"):
        folder.load(open_cache(tmp_path / "cache.json", folder.media))


def test_a_page_from_the_cache_still_names_a_koppeling_that_exists(folder: Folder, tmp_path: Path) -> None:
    folder.load(open_cache(tmp_path / "cache.json", folder.media))
    cache = open_cache(tmp_path / "cache.json", folder.media)
    with pytest.raises(ContentError, match=r"nmbrs.md:4: unknown provider nmbrs"):
        begin(folder.content, folder.root / "assets", providers={"connexie"}, app_paths={"/inloggen"}, cache=cache)


def test_the_words_of_a_heading_are_known_without_its_markup(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "## Kies **`1002`** & *ga* door [verder](/inloggen) {#kies}")
    first = folder.begin().library.articles[0].headings[0]
    assert first.text == "Kies 1002 & ga door verder"
    assert folder.load().anchors[2] == "kies"


def test_loading_twice_gives_the_same(folder: Folder) -> None:
    assert folder.load() == folder.load()


def test_the_error_holds_the_problems_one_by_one(folder: Folder) -> None:
    folder.edit("Eerste alinea.", "[a](/een)")
    with pytest.raises(ContentError) as stopped:
        folder.load()
    assert [(p.file, p.line) for p in stopped.value.problems] == [("nmbrs.md", 12)]
