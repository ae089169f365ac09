"""Rules of hours that need no file and no database. Pure.

* `clean_bsn`        the 11-test
* `shown`            a value of a file, fit to be repeated in a message
* `check_together`   what only shows when rows are seen side by side: who is who, what overlaps
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from stdnum.nl import bsn as stdnum_bsn

from portal.hours import codes
from portal.hours.types import ImportedShift, RowError
from portal.kernel.codes import Code
from portal.kernel.errors import InvalidInput

LIKE_A_BSN = re.compile(r"(?:[0-9][-. ]?){8}[0-9]|(?:[0-9][. ]?){7}[0-9]")
CHECK_ROW = "Controleer beide rijen en verbeter de fout."


class Unusable(InvalidInput):
    """One value that cannot be used. `remedy` is one Dutch sentence that says how to mend it.

    `special` is a code of its own; None: that of the column.
    """

    def __init__(self, message: str, remedy: str, field: str = "", *, special: Code | None = None) -> None:
        super().__init__(message, field=field)
        self.remedy = remedy
        self.special = special


def clean_bsn(text: str) -> str | None:
    """Return nine digits, or None when this is no BSN (11-test; 000000000 is none).

    Dots, dashes and spaces are dropped. Eight digits get a leading zero, because a spreadsheet
    that takes a BSN for a number loses it.

    >>> clean_bsn("12345672")
    '012345672'
    >>> clean_bsn("123456789") is None
    True
    """
    digits = text.translate(str.maketrans("", "", " .-"))
    if not (digits.isascii() and digits.isdigit() and len(digits) in (8, 9)):
        return None
    number = digits.zfill(9)
    return number if stdnum_bsn.is_valid(number) else None


def shown(text: str) -> str:
    """Return `text` fit for a message: short, printable, and never a BSN that slipped a column.

    >>> shown("123456782 is geen datum")
    '••• is geen datum'
    >>> shown("31-13-2026")
    '31-13-2026'
    """
    hidden = LIKE_A_BSN.sub("•••", text)
    plain = "".join(char if char.isprintable() else " " for char in unicodedata.normalize("NFC", hidden))
    return plain if len(plain) <= 40 else f"{plain[:39]}…"


def check_together(shifts: Sequence[ImportedShift]) -> list[RowError]:
    """Return what is wrong between rows: one person under two identities, double or overlapping shifts.

    The first row is taken as right, so the error is at the later one and names the first.
    Shifts of people whose identity is in doubt are not compared: every overlap would be a guess.
    """
    errors: list[RowError] = []
    for person in _people(shifts):
        errors += _identity_errors(person) or _time_errors(person)
    return sorted(errors, key=lambda error: error.row)


def _people(shifts: Sequence[ImportedShift]) -> Iterable[list[ImportedShift]]:
    """Group the rows that share any identifier, directly or through another row."""
    parent = list(range(len(shifts)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    seen: dict[tuple[str, str], int] = {}
    for index, shift in enumerate(shifts):
        for identifier in _identifiers(shift):
            parent[root(index)] = root(seen.setdefault(identifier, index))
    groups: dict[int, list[ImportedShift]] = defaultdict(list)
    for index, shift in enumerate(shifts):
        groups[root(index)].append(shift)
    return groups.values()


def _identifiers(shift: ImportedShift) -> list[tuple[str, str]]:
    pairs = [(fact.column, fact.value(shift)) for fact in FACTS if fact.identifies]
    return [(column, value) for column, value in pairs if value]


@dataclass(frozen=True)
class _Fact:
    """Something a row says of a person; the value itself never lands in a message."""

    column: str
    words: str
    value: Callable[[ImportedShift], str]
    identifies: bool = True


FACTS = (
    _Fact("Personeelsnummer", "personeelsnummer", lambda shift: shift.personnel_number.casefold()),
    _Fact("E-mail", "e-mailadres", lambda shift: shift.email.casefold()),
    _Fact("BSN", "BSN", lambda shift: shift.bsn.reveal()),
    _Fact("Teamlid", "naam", lambda shift: " ".join(shift.name.casefold().split()), identifies=False),
)


def _identity_errors(person: Sequence[ImportedShift]) -> list[RowError]:
    errors: dict[int, RowError] = {}
    for key in FACTS:
        for other in FACTS:
            if key.identifies and key is not other:
                for error in _conflicts(person, key, other):
                    errors.setdefault(error.row, error)
    return list(errors.values())


def _conflicts(person: Sequence[ImportedShift], key: _Fact, other: _Fact) -> Iterable[RowError]:
    """Find rows with the same `key` and another `other`; an empty value says nothing."""
    first: dict[str, ImportedShift] = {}
    for shift in person:
        if not (key.value(shift) and other.value(shift)):
            continue
        known = first.setdefault(key.value(shift), shift)
        if other.value(known) != other.value(shift):
            yield RowError(
                shift.row,
                other.column,
                f"Rij {known.row} heeft hetzelfde {key.words}, maar {_another(other)}.",
                "Controleer van wie deze rij is en maak beide rijen gelijk.",
                codes.TWO_MEMBERS,
            )


def _another(fact: _Fact) -> str:
    return "een andere naam" if fact.words == "naam" else f"een ander {fact.words}"


def _time_errors(person: Sequence[ImportedShift]) -> list[RowError]:
    errors: list[RowError] = []
    latest: ImportedShift | None = None
    for shift in sorted(person, key=lambda one: (one.starts_at, one.row)):
        if latest is not None and shift.starts_at < latest.ends_at:
            errors.append(_clash(latest, shift))
        if latest is None or shift.ends_at > latest.ends_at:
            latest = shift
    return errors


def _clash(one: ImportedShift, other: ImportedShift) -> RowError:
    first, second = sorted((one, other), key=lambda shift: shift.row)
    if one.starts_at == other.starts_at:
        message = f"Rij {first.row} en rij {second.row} zijn dezelfde dienst van hetzelfde teamlid."
        return RowError(second.row, "", message, "Haal een van de twee rijen weg.", codes.OVERLAP)
    message = f"Deze dienst overlapt met de dienst in rij {first.row} van hetzelfde teamlid."
    return RowError(second.row, "", message, CHECK_ROW, codes.OVERLAP)
