"""The style sheets of a page as one file: small files to write in, one small request to read.

The order is that of the cascade. What only pages of the portal need is not in what a reader of the help gets.
"""

from __future__ import annotations

import re
from pathlib import Path

PORTAL = ("tokens", "base", "layout", "frame", "components", "figures", "tables", "flows", "docs", "search", "voice")
ONLY_PORTAL = frozenset({"figures", "flows", "frame"})
BUNDLES = {"public.css": tuple(name for name in PORTAL if name not in ONLY_PORTAL), "portal.css": PORTAL}
# a string stays as it is; a comment goes, and so do blanks around signs and after a colon (one before it can matter)
PARTS = re.compile(r'("[^"]*")|/\*.*?\*/|\s*([{};,>])\s*|(:)\s+', re.DOTALL)


def bundles(folder: Path) -> dict[str, bytes]:
    """Return the content of each bundle, without comments and needless blanks."""
    return {name: _joined([folder / f"{part}.css" for part in parts]) for name, parts in BUNDLES.items()}


def _joined(files: list[Path]) -> bytes:
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return PARTS.sub(lambda found: found[1] or found[2] or found[3] or "", text).strip().encode()
