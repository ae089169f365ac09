"""How an upload is refused: all or nothing, every error at once."""

from __future__ import annotations

from collections.abc import Sequence

from portal.hours import codes
from portal.hours.types import RowError
from portal.kernel.codes import Code
from portal.kernel.errors import InvalidInput

SHOWN_AT_MOST = 200


class ImportRefused(InvalidInput):
    """The file is not taken, and nothing of it is kept.

    `errors` are the first 200 in the order of the rows, `total` counts all of them. `field` is "file".
    """

    def __init__(self, errors: Sequence[RowError], **facts: object) -> None:
        ordered = sorted(errors, key=lambda error: error.row)
        super().__init__(_summary(ordered), field="file", code=codes.FILE, **facts)
        self.errors = tuple(ordered[:SHOWN_AT_MOST])
        self.total = len(ordered)


def file_refused(message: str, remedy: str, code: Code) -> ImportRefused:
    """Make the refusal of a whole file (row 0)."""
    return ImportRefused([RowError(0, "", message, remedy, code)])


def _summary(errors: Sequence[RowError]) -> str:
    if len(errors) == 1 and errors[0].row == 0:
        return f"{errors[0].message} {errors[0].remedy}"
    count = "1 fout" if len(errors) == 1 else f"{len(errors)} fouten"
    return f"Er is niets ingelezen: {count} in het bestand."
