"""What a file is, by its first bytes; its name says nothing."""

from __future__ import annotations

from portal.hours.codes import WRONG_KIND
from portal.hours.sources.sheet.refusal import ImportRefused, file_refused

ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SAVE_AS = "Bewaar het bestand als .xlsx of .csv en upload het opnieuw."
OTHERS = (
    (b"%PDF", "Dit is een PDF-bestand."),
    (b"\x89PNG", "Dit is een afbeelding."),
    (b"\xff\xd8\xff", "Dit is een afbeelding."),
    (b"GIF8", "Dit is een afbeelding."),
    (b"{\\rtf", "Dit is een tekstdocument."),
    (b"\x1f\x8b", "Dit is een ingepakt bestand."),
    (b"7z\xbc\xaf", "Dit is een ingepakt bestand."),
    (b"Rar!", "Dit is een ingepakt bestand."),
    (b"<?xml", "Dit is een XML-bestand."),
    (b"<!doctype", "Dit is een webpagina."),
    (b"<html", "Dit is een webpagina."),
    (b"<table", "Dit is een webpagina."),
)
OLD_EXCEL = "Dit is een oud Excel-bestand (.xls) of een bestand met een wachtwoord."


def is_zip(content: bytes) -> bool:
    return content.startswith(ZIP)


def foreign(content: bytes) -> ImportRefused | None:
    """Return the refusal of a file that is neither a zip nor text, else None."""
    if content.startswith(OLE):
        return file_refused(OLD_EXCEL, f"Haal het wachtwoord eraf. {SAVE_AS}", WRONG_KIND)
    head = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:16]
    for signature, message in OTHERS:
        if head.lower().startswith(signature.lower()):
            return file_refused(message, SAVE_AS, WRONG_KIND)
    return None
