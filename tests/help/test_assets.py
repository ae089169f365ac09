"""Files of /assets/: types, ranges (RFC 9110, section 14), caching, and nothing outside the folder."""

from __future__ import annotations

import http.client
import re

import httpx
import pytest

from tests.help.conftest import ASSETS

CLIP = "/assets/media/nmbrsAPIToken.mp4"
BYTES = (ASSETS / "media" / "nmbrsAPIToken.mp4").read_bytes()
SIZE = len(BYTES)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("media/nmbrsAPIToken.mp4", "video/mp4"),
        ("media/nmbrsAPIToken.webm", "video/webm"),
        ("media/nmbrsAPIToken.vtt", "text/vtt; charset=utf-8"),
        ("media/nmbrsAPIToken.txt", "text/plain; charset=utf-8"),
        ("media/nmbrsAPIToken.webp", "image/webp"),
        ("base.css", "text/css; charset=utf-8"),
        ("portal.js", "text/javascript; charset=utf-8"),
        ("favicon.svg", "image/svg+xml; charset=utf-8"),
    ],
)
def test_each_file_has_its_type(site: httpx.Client, path: str, kind: str) -> None:
    answer = site.get(f"/assets/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("name", ["nmbrsAPIToken", "horecalonenKoppeling"])
def test_the_old_mov_addresses_answer_with_mp4(site: httpx.Client, name: str) -> None:
    """J6: the old links keep working, in a format that every browser plays."""
    answer = site.get(f"/assets/{name}.mov")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "video/mp4")
    assert answer.content == (ASSETS / "media" / f"{name}.mp4").read_bytes()
    part = site.get(f"/assets/{name}.mov", headers={"Range": "bytes=0-7"})
    assert (part.status_code, part.content) == (206, answer.content[:8])


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, SIZE - 1),
        ("bytes=-50", SIZE - 50, SIZE - 1),
        ("bytes=0-99999999999", 0, SIZE - 1),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
    ],
)
def test_a_range_is_answered_with_206(site: httpx.Client, wanted: str, start: int, end: int) -> None:
    """J6: seekable."""
    answer = site.get(CLIP, headers={"Range": wanted})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {start}-{end}/{SIZE}"
    assert answer.content == BYTES[start : end + 1]


@pytest.mark.parametrize(("end", "kind"), [(".mp4", "video/mp4"), (".webm", "video/webm")])
def test_a_part_has_the_type_and_the_caching_of_the_whole(site: httpx.Client, end: str, kind: str) -> None:
    """J6"""
    path = f"/assets/media/horecalonenKoppeling{end}?v=abc"
    whole, part = site.get(path), site.get(path, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.headers["content-type"], part.content) == (206, kind, whole.content[1000:2000])
    for name in ("cache-control", "etag", "last-modified", "accept-ranges"):
        assert part.headers[name] == whole.headers[name]
    dated = {"Range": "bytes=1000-1999", "If-Range": whole.headers["last-modified"]}
    assert site.get(path, headers=dated).status_code == 206
    assert site.get(path, headers=dated | {"If-Range": "Mon, 01 Jan 2024 00:00:00 GMT"}).status_code == 200


def test_a_range_outside_the_file_is_416(site: httpx.Client) -> None:
    """J6"""
    answer = site.get(CLIP, headers={"Range": f"bytes={SIZE}-"})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize("wanted", ["bytes=0-9,20-29", "pages=1-2", "bytes=x-y", "bytes=9-2"])
def test_ranges_that_we_do_not_serve_give_the_whole_file(site: httpx.Client, wanted: str) -> None:
    """J6: more ranges, another unit or nonsense (RFC 9110, 14.2: a server may ignore the header)."""
    answer = site.get(CLIP, headers={"Range": wanted})
    assert (answer.status_code, len(answer.content)) == (200, SIZE)


def test_an_unchanged_file_is_304_and_if_range_guards_a_part(site: httpx.Client) -> None:
    """J6"""
    first = site.get(CLIP)
    assert first.headers["accept-ranges"] == "bytes"
    tag = first.headers["etag"]
    assert site.get(CLIP, headers={"If-None-Match": tag}).status_code == 304
    assert site.get(CLIP, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    assert site.get(CLIP, headers={"Range": "bytes=0-9", "If-Range": '"oud"'}).status_code == 200


def test_an_address_with_a_version_is_kept_for_a_year(site: httpx.Client) -> None:
    page = site.get("/koppelingen/nmbrs").text
    for address in (CLIP, "/assets/media/nmbrsAPIToken.vtt"):
        shown = re.search(rf"{address}\?v=\w+", page)
        assert shown is not None
        assert site.get(shown[0]).headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("path", [CLIP, "/assets/base.css", "/assets/public.css", "/assets/nmbrsAPIToken.mov"])
@pytest.mark.parametrize("version", ["", "?v=", "?v=abc", "?v=0123456789"])
def test_another_version_than_the_one_served_is_kept_shortly(site: httpx.Client, path: str, version: str) -> None:
    """Else what an old process answers, while a release is rolled out, would stay for a year."""
    assert site.get(path + version).headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../README.md",
        "/assets/%2e%2e/%2e%2e/content/koppelingen/nmbrs.txt",
        "/assets/..%2f..%2fscripts%2fvideo%2fstage.html",
        "/assets//etc/hostname.txt",
        "/assets/%00.css",
        "/assets/media",
        "/assets/media/",
        "/assets/media/weg.mp4",
        "/assets/base.css/",
        "/assets/" + "a" * 5000 + ".css",
    ],
)
def test_nothing_outside_the_folder_is_served(address: tuple[str, int], path: str) -> None:
    """D4, D6: the path goes over the wire as it is; a client would tidy it first."""
    link = http.client.HTTPConnection(*address)
    link.request("GET", path)
    assert link.getresponse().status in (308, 404)
    link.close()


def test_a_file_of_another_type_stays_private(site: httpx.Client) -> None:
    stray = ASSETS / "media" / ".stray-of-the-test.env"
    stray.write_text("niet voor bezoekers", encoding="utf-8")
    try:
        assert site.get(f"/assets/media/{stray.name}").status_code == 404
    finally:
        stray.unlink()
