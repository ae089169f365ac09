"""The process that opens an XLSX file, with little memory and little time: run it with `-m`.

Content comes in over stdin; out goes one JSON object: {"refused": code} or
{"rows": [[row number, [cells]], …]}. Only calamine (Rust) and expat see the untrusted XML.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterator

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from portal.hours.sources.sheet.columns import looks_like_hours
from portal.hours.sources.sheet.grid import MAX_ROWS, Row, is_empty
from portal.hours.sources.sheet.xlsx_cells import Packed, pack, unpack
from portal.hours.sources.sheet.xlsx_parts import Unfit
from portal.hours.sources.sheet.xlsx_parts import pack as pack_parts
from portal.hours.sources.sheet.xlsx_parts import unpack as unpack_parts
from portal.hours.sources.sheet.xlsx_problems import find_problems

MEMORY = 1024**3
CPU_SECONDS = 15
LAST_ROW = 1_048_576  # of Excel itself; a row number above it is a trick to make a reader count
MAX_COLUMNS = 100
MAX_OUTPUT = 64 * 1024**2
EXPLANATION = "uitleg"
Numbered = tuple[int, list[Packed]]


def main() -> int:
    _limit()
    content = sys.stdin.buffer.read()
    try:
        answer = json.dumps({"rows": list(read_rows(content))}, ensure_ascii=True, separators=(",", ":"))
    except Unfit as error:
        answer = json.dumps({"refused": error.code})
    except MemoryError:
        answer = json.dumps({"refused": "too_heavy"})
    sys.stdout.write(answer if len(answer) <= MAX_OUTPUT else json.dumps({"refused": "too_heavy"}))
    return 0


def read_rows(content: bytes) -> Iterator[Numbered]:
    """Yield the rows that are not empty of the one sheet that holds hours. Raises Unfit."""
    parts = unpack_parts(content)
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(pack_parts(parts))) as workbook:
            sheet = _choose(workbook)
            problems = {(row, column): kind for row, column, kind in find_problems(parts, sheet.name)}
            problems |= _merged(sheet)
            yield from _numbered(sheet, problems)
    except PasswordError as error:
        raise Unfit("encrypted") from error
    except (CalamineError, ValueError, OverflowError) as error:
        raise Unfit("damaged") from error


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    for none in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(none, (0, 0))


def _choose(workbook: CalamineWorkbook) -> CalamineSheet:
    """Return the one sheet with an hours heading, or else the first that is not empty."""
    filled = list(_filled(workbook))
    if not filled:
        raise Unfit("empty")
    headed = [sheet for sheet in filled if looks_like_hours(_heading(sheet))]
    if len(headed) > 1:
        raise Unfit("two_sheets")
    return (headed or filled)[0]


def _filled(workbook: CalamineWorkbook) -> Iterator[CalamineSheet]:
    for place, meta in enumerate(workbook.sheets_metadata):
        if meta.typ == SheetTypeEnum.WorkSheet and meta.name.strip().casefold() != EXPLANATION:
            sheet = workbook.get_sheet_by_index(place)
            if sheet.end is not None:
                yield sheet


def _heading(sheet: CalamineSheet) -> Row:
    for number, values in enumerate(sheet.iter_rows(), start=1):
        row = Row(number, [unpack(pack(value)) for value in values[:MAX_COLUMNS]])
        if not row.is_empty:
            return row
    return Row(0, [])


def _merged(sheet: CalamineSheet) -> dict[tuple[int, int], str]:
    """Mark each row of a merged range below the first row; only its first cell holds the value."""
    last = sheet.end[0] if sheet.end else 0
    ranges = sheet.merged_cell_ranges or []
    return {
        (row, left): "merged"
        for (top, left), (bottom, _) in ranges
        for row in range(max(top, 1), min(bottom, last) + 1)
    }


def _numbered(sheet: CalamineSheet, problems: dict[tuple[int, int], str]) -> Iterator[Numbered]:
    if sheet.end is None or sheet.end[1] >= MAX_COLUMNS:
        raise Unfit("too_wide")
    if sheet.end[0] >= LAST_ROW:
        raise Unfit("too_many_rows")
    count = 0
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), kind in problems.items():
        by_row.setdefault(row, {})[column] = kind
    for index, values in enumerate(sheet.iter_rows()):
        cells = [pack(value) for value in values]
        for column, kind in by_row.get(index, {}).items():
            cells += [""] * (column + 1 - len(cells))
            cells[column] = ["problem", kind]
        if any(not isinstance(cell, str) or not is_empty(cell) for cell in cells):
            count += 1
            if count > MAX_ROWS + 1:
                raise Unfit("too_many_rows")
            yield index + 1, cells


if __name__ == "__main__":
    sys.exit(main())
