"""D2: workbooks made to harm. Each is refused with its own Dutch words, none costs the portal anything."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.hours.sources.sheet.refusal import ImportRefused
from portal.hours.sources.sheet.xlsx_file import Limits, read_xlsx
from tests.hours.sheets import part, read, refusal, rezip, row, xlsx_bytes

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"
MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def good() -> bytes:
    return xlsx_bytes([row()])


def test_d2_the_good_file_is_taken(good):
    assert len(read(rezip(good))) == 1
    assert len(read(rezip(good, compression=zipfile.ZIP_STORED))) == 1


def test_d2_a_bomb_is_stopped_while_inflating(good):
    bomb = rezip(good, {"xl/media/image1.png": bytes(51 * MEGABYTE)})
    assert len(bomb) < MEGABYTE
    assert "uitgepakt groter dan 50 MB" in refusal(bomb).message


def test_d2_a_bomb_of_gigabytes_is_never_held_in_memory():
    stream = zlib.compressobj(9, wbits=-15)
    packed = b"".join(stream.compress(bytes(MEGABYTE)) for _ in range(400)) + stream.flush()
    code = (
        "import resource, sys; from portal.hours.sources.sheet import xlsx_parts as parts\n"
        "resource.setrlimit(resource.RLIMIT_AS, (300 * 1024**2,) * 2)\n"
        "try: parts._inflate_stream(sys.stdin.buffer.read(), parts.MAX_INFLATED)\n"
        "except parts.Unfit as error: print(error.code)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=packed, capture_output=True, check=False)
    assert done.stdout.decode().strip() == "too_big_inside"


def test_d2_many_small_bombs_count_together(good):
    bomb = rezip(good, {f"xl/media/image{number}.png": bytes(6 * MEGABYTE) for number in range(9)})
    assert "uitgepakt groter dan 50 MB" in refusal(bomb).message


def lie(content: bytes, name: str, size: int) -> bytes:
    """Claim another size for a part in both headers."""
    out = bytearray(content)
    for signature, at_size, at_name in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            if content[start + at_name :].startswith(name.encode()):
                out[start + at_size : start + at_size + 4] = struct.pack("<I", size)
            start += 1
    assert bytes(out) != content
    return bytes(out)


def test_d2_a_header_that_lies_about_a_bomb(good):
    name = "xl/media/image1.png"
    assert "uitgepakt groter dan 50 MB" in refusal(lie(rezip(good, {name: bytes(51 * MEGABYTE)}), name, 10)).message
    assert "beschadigd" in refusal(lie(rezip(good, {name: bytes(9 * MEGABYTE)}), name, 10)).message
    assert "beschadigd" in refusal(lie(rezip(good, {name: b"small"}), name, 2**31)).message


def test_d2_too_many_parts(good):
    assert "te veel onderdelen" in refusal(rezip(good, {f"xl/media/{n}.png": b"" for n in range(1001)})).message


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 macro", "macro"),
        ("xl/macrosheets/sheet1.xml", b"<x/>", "macro"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "ander bestand"),
        ("xl/embeddings/book.xlsx", b"PK\x03\x04 nested", "zit een ander bestand"),
        ("xl/embeddings/oleObject1.bin", b"\xd0\xcf\x11\xe0 nested", "zit een ander bestand"),
        ("docProps/x.xml", b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', "DTD"),
        ("docProps/x.xml", b"<x/><!ENTITY y 'z'>", "DTD"),
        ("docProps/x.xml", "<!DOCTYPE x><x/>".encode("utf-16"), "tekencodering"),
        ("docProps/x.xml", b"<?xml version='1.0' encoding='utf-7'?><x/>", "tekencodering"),
    ],
)
def test_d2_parts_that_are_refused_by_name(good, name, content, words):
    assert words in refusal(rezip(good, {name: content})).message


def test_d2_what_power_query_leaves_behind_is_not_read(good):
    mashup = "<?xml version='1.0' encoding='utf-16'?><DataMashup/>".encode("utf-16")
    assert len(read(rezip(good, {"customXml/item1.xml": mashup}))) == 1


def test_d2_a_macro_workbook_by_its_content_type(good):
    types = part(good, TYPES).replace(b"spreadsheetml.sheet.main", b"x").replace(b"sheet.main", b"x")
    macro = types.replace(
        b"</Types>", b'<Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
    )
    assert "macro" in refusal(rezip(good, {TYPES: macro})).message


def test_d2_xxe_and_billion_laughs_in_the_sheet(good):
    sheet = part(good, SHEET)
    head, _, tail = sheet.partition(b"?>")
    xxe = b'<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    for dtd in (xxe, laughs):
        assert "DTD" in refusal(rezip(good, {SHEET: head + b"?>" + dtd + tail})).message


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}, ".ods"),
        ({TYPES: b"<Types sheet.binary.macro/>", "xl/workbook.bin": b""}, ".xlsb"),
        ({TYPES: b"<Types/>", "word/document.xml": b"<x/>"}, "geen Excel-bestand"),
        ({"hallo.txt": b"hallo"}, "geen Excel-bestand"),
    ],
)
def test_d2_other_zips_say_what_they_are(parts, words):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    refused = refusal(buffer.getvalue())
    assert words in refused.message
    assert ".csv" in refused.errors[0].remedy


def test_d2_one_far_cell_does_not_cost_gigabytes(good):
    far = part(good, SHEET).replace(
        b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    refused = refusal(rezip(good, {SHEET: far}))
    assert refused.total == 1
    assert "te groot om te lezen" in refused.message or "100 kolommen" in refused.message


def test_d2_a_text_repeated_a_million_times_does_not_cost_gigabytes(good):
    strings = part(good, "xl/sharedStrings.xml").replace(b"Teamlid", b"T" * 32_000)
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(3, 49_000))
    sheet = part(good, SHEET).replace(b"</sheetData>", cells + b"</sheetData>")
    assert "te groot om te lezen" in refusal(rezip(good, {"xl/sharedStrings.xml": strings, SHEET: sheet})).message


def test_d2_a_child_that_takes_too_long_is_killed(good):
    with pytest.raises(ImportRefused, match="te groot om te lezen"):
        read_xlsx(good, Limits(seconds=0.001))


def test_d2_the_child_sees_no_environment_and_has_limits():
    code = (
        "import resource as r; from portal.hours.sources.sheet import xlsx_child as c; c._limit();"
        "print(r.getrlimit(r.RLIMIT_AS)[1], r.getrlimit(r.RLIMIT_CPU)[1], r.getrlimit(r.RLIMIT_FSIZE)[1])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(1024**3), "15", "0"]


@given(st.binary(max_size=300))
@settings(max_examples=8, deadline=None)
def test_d3_any_bytes_behind_a_zip_signature(content):
    assert "beschadigd" in refusal(b"PK\x03\x04" + content).message


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_d3_a_damaged_workbook_raises_nothing_else(good, data):
    place = data.draw(st.integers(4, len(good) - 1))
    broken = good[:place] + bytes([good[place] ^ data.draw(st.integers(1, 255))]) + good[place + 1 :]
    try:
        assert read(broken) == read(good)
    except ImportRefused as refused:
        assert refused.errors[0].remedy  # noqa: PT017


def test_d3_a_zip_that_stops_halfway(good):
    for length in (30, len(good) // 2, len(good) - 1):
        assert "beschadigd" in refusal(good[:length]).message


def test_d2_a_row_number_beyond_excel_is_not_counted_up_to(good: bytes) -> None:
    """One cell at row 20,000,000: a few bytes that would keep a reader busy for half a minute."""
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    far = b'<row r="20000000"><c r="A20000000"><v>1</v></c></row></sheetData></worksheet>'
    assert refusal(rezip(good, {SHEET: head + far})).errors[0].row == 0
