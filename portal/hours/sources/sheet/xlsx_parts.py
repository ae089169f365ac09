"""The parts of an XLSX file, unpacked by counting what really comes out. Runs in the child process.

Sizes in a zip header are claims, so each part is inflated here, to a limit. What was checked is
then packed again for the parser: it never sees the file that came in, so two readers of one zip
cannot disagree about what is in it.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Mapping

MAX_INFLATED = 50 * 1024 * 1024
MAX_ENTRIES = 1000
LOCAL_HEADER = 30
END_RECORD = b"PK\x05\x06"
END_RECORD_SIZE = 22
UTF8_NAME = 0x800
UNREAD = "customxml/"  # Power Query keeps UTF-16 here; no parser of ours is given it
CHUNK = 64 * 1024
NESTED = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b\x08", b"7z\xbc\xaf", b"Rar!")
MACROS = re.compile(rb"macroenabled|vbaproject|ms-office\.vba|macrosheet", re.IGNORECASE)
DTD = re.compile(rb"<!(?:doctype|entity)", re.IGNORECASE)
ENCODING = re.compile(rb"""encoding\s*=\s*["']([^"']*)""")
CONTENT_TYPES = "[Content_Types].xml"


class Unfit(Exception):
    """The workbook cannot be taken; `code` is a key of `xlsx_file.REFUSALS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def unpack(content: bytes) -> dict[str, bytes]:
    """Return name and bytes of every part. Raises Unfit; never inflates more than 50 MB."""
    parts: dict[str, bytes] = {}
    left = MAX_INFLATED
    for entry in _entries(content):
        if entry.filename in parts:
            raise Unfit("damaged")
        part = _inflate(content, entry, left)
        left -= len(part)
        if not entry.filename.lower().startswith(UNREAD):
            _refuse_part(entry.filename.lower(), part)
            parts[entry.filename] = part
    _refuse_kind(parts)
    return parts


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return a plain zip, nothing compressed, of exactly these parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
    return buffer.getvalue()


def _entries(content: bytes) -> Iterable[zipfile.ZipInfo]:
    if content[-END_RECORD_SIZE:][:4] != END_RECORD:  # also refuses a comment, which may hide a second end
        raise Unfit("damaged")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as error:
        raise Unfit("damaged") from error
    if len(entries) > MAX_ENTRIES:
        raise Unfit("too_many_parts")
    if sum(entry.compress_size for entry in entries) > len(content):  # entries that share bytes
        raise Unfit("damaged")
    return [entry for entry in entries if not entry.is_dir()]


def _inflate(content: bytes, entry: zipfile.ZipInfo, limit: int) -> bytes:
    if entry.flag_bits & 0x1:
        raise Unfit("encrypted")
    packed = _packed(content, entry)
    if entry.compress_type == zipfile.ZIP_STORED:
        part = packed
    elif entry.compress_type == zipfile.ZIP_DEFLATED:
        part = _inflate_stream(packed, limit)
    else:
        raise Unfit("damaged")
    if len(part) > limit:
        raise Unfit("too_big_inside")
    if len(part) != entry.file_size or zlib.crc32(part) != entry.CRC:
        raise Unfit("damaged")
    return part


def _packed(content: bytes, entry: zipfile.ZipInfo) -> bytes:
    header = content[entry.header_offset : entry.header_offset + LOCAL_HEADER]
    if len(header) != LOCAL_HEADER or not header.startswith(b"PK\x03\x04"):
        raise Unfit("damaged")
    name_size, extra_size = struct.unpack("<HH", header[26:30])
    name_start = entry.header_offset + LOCAL_HEADER
    encoding = "utf-8" if entry.flag_bits & UTF8_NAME else "cp437"
    if content[name_start : name_start + name_size] != entry.orig_filename.encode(encoding):
        raise Unfit("damaged")  # two names for one part: readers would not agree
    start = name_start + name_size + extra_size
    return content[start : start + entry.compress_size]


def _inflate_stream(packed: bytes, limit: int) -> bytes:
    """Inflate, and stop as soon as there is more than `limit`, whatever the header promised."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    out = bytearray()
    try:
        while not stream.eof:
            piece = stream.decompress(packed, CHUNK)
            out += piece
            packed = stream.unconsumed_tail
            if len(out) > limit:
                raise Unfit("too_big_inside")
            if not piece and not packed:
                raise Unfit("damaged")
    except zlib.error as error:
        raise Unfit("damaged") from error
    return bytes(out)


def _refuse_part(name: str, part: bytes) -> None:
    if "vbaproject" in name or "/macrosheets/" in f"/{name}":
        raise Unfit("macro")
    if "externallinks/" in name:
        raise Unfit("links")
    if part.startswith(NESTED):
        raise Unfit("nested")
    if name.endswith((".xml", ".rels", ".vml")):
        _refuse_xml(part)


def _refuse_xml(part: bytes) -> None:
    """Refuse a DTD (and so every entity), and every encoding a DTD could hide in."""
    declared = ENCODING.search(part[:200].partition(b"?>")[0])
    if b"\0" in part[:8] or (declared and declared[1].lower() not in {b"utf-8", b"us-ascii"}):
        raise Unfit("encoding")
    if DTD.search(part):
        raise Unfit("dtd")


def _refuse_kind(parts: Mapping[str, bytes]) -> None:
    types = parts.get(CONTENT_TYPES, b"")
    if MACROS.search(types):
        raise Unfit("macro")
    if b"sheet.binary" in types:
        raise Unfit("xlsb")
    if "mimetype" in parts and "content.xml" in parts:
        raise Unfit("ods")
    if not types or "xl/workbook.xml" not in parts:
        raise Unfit("no_workbook")
