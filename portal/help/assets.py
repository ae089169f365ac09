"""Serves the files of `/assets/`: right types, ranges for video (RFC 9110, section 14), caching.

Only the types below are served, so a stray file in the folder stays private.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Request, Response, send_from_directory
from werkzeug.exceptions import NotFound as NoFile
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from portal.help.sheets import bundles
from portal.kernel import ready
from portal.kernel.errors import NotFound

TYPES = {
    ".css": "text/css",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".vtt": "text/vtt",
    ".webm": "video/webm",
    ".webp": "image/webp",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
# The addresses of the clips on the old site. QuickTime plays nowhere but on a Mac, so these give MP4.
OLD_CLIPS = {
    "nmbrsAPIToken.mov": "media/nmbrsAPIToken.mp4",
    "horecalonenKoppeling.mov": "media/horecalonenKoppeling.mp4",
}
ONE_RANGE = re.compile(r"bytes=(?=\d|-\d)(\d{0,15})-(\d{0,15})", re.ASCII)
YEAR = 365 * 24 * 3600
SHORT = 300
TEXTS = frozenset({".css", ".js", ".svg", ".txt", ".vtt", ".webmanifest"})  # what gets smaller by compression


@dataclass(frozen=True)
class Shelf:
    """The folder of `/assets/`, what was made of it at start, and the version of each file in an address."""

    folder: Path
    made: Mapping[str, bytes]
    versions: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path) -> Shelf:
        made = bundles(folder)
        files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
        versions = {name: _digest(content) for name, content in {**files, **made}.items()}
        return cls(folder.resolve(), made, versions)

    def address(self, name: str) -> str:
        """Raises KeyError for a file that does not exist: a template is wrong then."""
        return f"/assets/{name}?v={self.versions[name]}"

    def serve(self, path: str, request: Request) -> Response:
        """Return one file; texts may be kept compressed. Raises NotFound."""
        # the whole query string, not one field of it: each other spelling would be kept as one more address
        if Path(path).suffix in TEXTS and request.query_string in (b"", f"v={self.versions.get(path)}".encode()):
            ready.same_for_everybody()
        made = self.made.get(path)
        answer = serve(self.folder, path, request) if made is None else Response(made, mimetype="text/css")
        if answer.status_code != 416:
            answer.headers["Cache-Control"] = self._cache(path, request.args.get("v"))
        return answer

    def _cache(self, path: str, asked: str | None) -> str:
        """What stands behind its own version never changes. Any other address may change with a release, and one with
        another version does: while a release is rolled out, an old process answers for new addresses too."""
        if asked and asked == (self.versions.get(path) or _version(self.folder / OLD_CLIPS.get(path, path))):
            return f"public, max-age={YEAR}, immutable"
        return f"public, max-age={SHORT}"


def serve(root: Path, path: str, request: Request) -> Response:
    """Return one file, or the part that a `Range` header asks for. Raises NotFound.

    A `Range` header with more ranges, another unit or nonsense is ignored: the answer is the whole
    file, which RFC 9110 section 14.2 allows.
    """
    file = OLD_CLIPS.get(path, path)
    kind = TYPES.get(Path(file).suffix)
    if kind is None or file.endswith("/"):
        raise NotFound
    usable = _usable(request.headers.get("Range"))
    try:
        answer = send_from_directory(root.resolve(), file, mimetype=kind, conditional=usable)
    except NoFile as error:
        raise NotFound from error
    except RequestedRangeNotSatisfiable as error:
        return Response(status=416, headers=error.get_headers(), mimetype="text/plain")
    return answer


@cache
def _version(file: Path) -> str:
    """Of a file in a folder of its own (clips), once it is asked for: a start need not read all films."""
    return _digest(file.read_bytes())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def _usable(wanted: str | None) -> bool:
    if wanted is None:
        return True
    found = ONE_RANGE.fullmatch(wanted.strip())
    if found is None:
        return False
    first, last = found.groups()
    return not (first and last) or int(first) <= int(last)
