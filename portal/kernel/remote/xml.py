"""XML of a stranger: no DOCTYPE, no entities, nothing fetched, bounded depth (F4)."""

from __future__ import annotations

from typing import Any

from lxml import etree

DOCTYPE = tuple("<!DOCTYPE".encode(name) for name in ("ascii", "utf-16-le", "utf-16-be"))


class XmlRefusedError(Exception):
    """The text is no XML, or XML that we do not touch."""


def parse_untrusted(content: bytes) -> etree._Element:
    """Return the root. Raises XmlRefusedError for a DOCTYPE in any encoding, for XML that is not
    well-formed, and for nesting deeper than libxml2's own limit (256)."""
    if any(mark in content for mark in DOCTYPE):
        raise XmlRefusedError("doctype")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise XmlRefusedError("syntax") from None
    # The net under the search above, for encodings that it does not know (UTF-32, EBCDIC, UTF-7).
    document: Any = root.getroottree().docinfo
    if document.doctype or document.internalDTD is not None:
        raise XmlRefusedError("doctype")
    return root
