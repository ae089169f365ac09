"""An XLSX file to a grid, read by a child process that may be killed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import portal
from portal.hours import codes
from portal.hours.sources.sheet.grid import Grid, Row
from portal.hours.sources.sheet.refusal import ImportRefused, file_refused
from portal.hours.sources.sheet.signatures import SAVE_AS
from portal.hours.sources.sheet.xlsx_cells import unpack

CHILD = "portal.hours.sources.sheet.xlsx_child"
OPEN_AND_SAVE = "Open het in Excel, bewaar het opnieuw als .xlsx en upload dat bestand."
COPY_HOURS = "Kopieer alleen de uren naar een nieuw bestand en upload dat."
REFUSALS = {
    "damaged": ("Dit Excel-bestand is beschadigd.", OPEN_AND_SAVE, codes.DAMAGED),
    "encrypted": (
        "Dit Excel-bestand heeft een wachtwoord.",
        "Haal het wachtwoord eraf en upload het opnieuw.",
        codes.PASSWORD,
    ),
    "too_many_parts": ("Dit Excel-bestand heeft te veel onderdelen.", COPY_HOURS, codes.TOO_BIG),
    "too_big_inside": ("Dit Excel-bestand is uitgepakt groter dan 50 MB.", COPY_HOURS, codes.TOO_BIG),
    "too_heavy": ("Dit Excel-bestand is te groot om te lezen.", COPY_HOURS, codes.TOO_BIG),
    "too_wide": ("Dit Excel-bestand heeft meer dan 100 kolommen.", COPY_HOURS, codes.TOO_BIG),
    "too_many_rows": ("Het bestand heeft meer dan 50.000 rijen.", "Splits het bestand per periode.", codes.TOO_BIG),
    "macro": ("Dit Excel-bestand heeft een macro.", SAVE_AS, codes.WRONG_KIND),
    "links": ("Dit Excel-bestand haalt waarden uit een ander bestand.", COPY_HOURS, codes.CONTENT),
    "nested": (
        "In dit Excel-bestand zit een ander bestand.",
        "Haal dat bestand eruit en upload het opnieuw.",
        codes.CONTENT,
    ),
    "dtd": ("Dit Excel-bestand bevat een DTD; dat lezen we niet.", OPEN_AND_SAVE, codes.DAMAGED),
    "encoding": ("Dit Excel-bestand heeft een onbekende tekencodering.", OPEN_AND_SAVE, codes.DAMAGED),
    "xlsb": ("Dit is een binair Excel-bestand (.xlsb).", SAVE_AS, codes.WRONG_KIND),
    "ods": ("Dit is een OpenDocument-bestand (.ods).", SAVE_AS, codes.WRONG_KIND),
    "no_workbook": ("Dit is geen Excel-bestand.", SAVE_AS, codes.WRONG_KIND),
    "empty": ("Het bestand is leeg.", "Upload een bestand met een kopregel en uren.", codes.EMPTY),
    "two_sheets": ("Meer dan één tabblad bevat uren.", "Bewaar één tabblad per bestand.", codes.SHEETS),
}


@dataclass(frozen=True)
class Limits:
    """`seconds` of the wall clock, after which the child is killed."""

    seconds: float = 30.0


def read_xlsx(content: bytes, limits: Limits = Limits()) -> Grid:
    """Return the rows of the one sheet with hours. Raises ImportRefused for all that is unfit."""
    try:
        answer = json.loads(_run(content, limits))
        if "refused" in answer:
            raise file_refused(*REFUSALS[answer["refused"]])
        rows = [Row(number, [unpack(cell) for cell in cells]) for number, cells in answer["rows"]]
    except (ValueError, ArithmeticError, KeyError, TypeError):
        raise file_refused(*REFUSALS["damaged"]) from None
    return Grid(rows[0], rows[1:])


def _run(content: bytes, limits: Limits) -> bytes:
    """Start the child with an empty environment and no files of ours. Raises ImportRefused."""
    try:
        done = subprocess.run(
            [sys.executable, "-s", "-P", "-m", CHILD],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=limits.seconds,
            env={"PYTHONPATH": str(_source_root()), "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C.UTF-8"},
            cwd="/",
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _too_heavy() from None
    if done.returncode != 0:
        raise _too_heavy()
    return done.stdout


def _too_heavy() -> ImportRefused:
    return file_refused(*REFUSALS["too_heavy"])


def _source_root() -> Path:
    return Path(portal.__path__[0]).parent
