"""Cells that calamine shows as empty although they are not. Runs in the child process.

python-calamine 0.9 returns "" for an error (#N/A) and for a formula that was never calculated
(measured). An empty break would be paid as work, so these cells are found in the sheet's own XML
(ECMA-376 part 1, 18.3.1.4: `c` has a reference `r` and a type `t`). A negative number is marked
too: as a time it would be read as 00:00.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import normpath
from xml.parsers import expat

from portal.hours.sources.sheet.xlsx_parts import Unfit

REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
Found = tuple[int, int, str]  # row and column from 0, kind of problem


def find_problems(parts: Mapping[str, bytes], sheet: str) -> list[Found]:
    """Return the problem cells of the sheet with this name. Raises Unfit ("damaged")."""
    try:
        return _Scan().run(parts[_part_of(parts, sheet)])
    except (expat.ExpatError, KeyError) as error:
        raise Unfit("damaged") from error


def _part_of(parts: Mapping[str, bytes], sheet: str) -> str:
    """Follow workbook.xml and its relations to the part that holds the sheet."""
    ids = {
        one["name"]: value
        for one in _elements(parts["xl/workbook.xml"], "sheet")
        for key, value in one.items()
        if key.rpartition(":")[2] == "id"
    }
    relations = _elements(parts["xl/_rels/workbook.xml.rels"], "Relationship")
    target = {one["Id"]: one["Target"] for one in relations}[ids[sheet]]
    return target.lstrip("/") if target.startswith("/") else normpath(f"xl/{target}")


def _elements(part: bytes, wanted: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == wanted:
            found.append(attributes)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.Parse(part, True)
    return found


class _Scan:
    """Reads one worksheet; rows and cells without a reference count on from the one before."""

    def __init__(self) -> None:
        self.found: list[Found] = []
        self.row, self.column = -1, -1
        self.type, self.value = "n", ""
        self.has_formula = self.in_value = False

    def run(self, part: bytes) -> list[Found]:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.Parse(part, True)
        return self.found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if name == "row":
            self.row = int(attributes["r"]) - 1 if attributes.get("r", "").isdecimal() else self.row + 1
            self.column = -1
        elif name == "c":
            self._open_cell(attributes)
        elif name == "f":
            self.has_formula = True
        elif name == "v":
            self.in_value = True

    def _open_cell(self, attributes: dict[str, str]) -> None:
        reference = REFERENCE.fullmatch(attributes.get("r", ""))
        if reference is None:
            self.column += 1
        else:
            self.row, self.column = int(reference[2]) - 1, _column(reference[1])
        self.type, self.value = attributes.get("t", "n"), ""
        self.has_formula = False

    def _text(self, text: str) -> None:
        if self.in_value:
            self.value += text

    def _end(self, tag: str) -> None:
        name = tag.rpartition(":")[2]
        if name == "v":
            self.in_value = False
        elif name == "c":
            kind = self._problem()
            if kind:
                self.found.append((self.row, self.column, kind))

    def _problem(self) -> str:
        if self.type == "e":
            return "error"
        if self.has_formula and not self.value and self.type != "str":  # ="" is an honest empty text
            return "formula"
        return "negative" if self.type == "n" and self.value.lstrip().startswith("-") else ""


def _column(letters: str) -> int:
    number = 0
    for char in letters:
        number = number * 26 + ord(char) - ord("A") + 1
    return number - 1
