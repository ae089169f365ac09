"""What was exported and is no longer right: approved hours against what the exports hold. Pure: no database.

A correction holds the signed difference, so the sum over all exports of a period is what was sent. Rounding is that
of `hours.rounding.supplement`: the sum of all bookings is the rounded total, so no cent of an hour drifts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from portal.hours.rounding import hours as as_hours

ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Frozen:
    """A line of an export. `counts`: its export stands and the line was not given free."""

    line_id: int
    export_id: int
    member_id: int
    code: str
    kind: str
    kinds: tuple[str, ...]
    minutes: int
    hours: Decimal
    is_correction: bool
    counts: bool


@dataclass(frozen=True)
class Bound:
    """A shift as it is now, bound to the export that took it."""

    member_id: int
    export_id: int
    kind: str
    minutes: int
    approved: bool


@dataclass(frozen=True)
class Coding:
    """How a kind is coded today. `any_kind`: the target takes the kind itself where no code was chosen."""

    codes: Mapping[str, str] = field(default_factory=dict)
    any_kind: bool = True

    def code(self, kind: str) -> str:
        return self.codes.get(kind, "") or (kind if self.any_kind else "")


@dataclass(frozen=True)
class Difference:
    """Hours of a person and code that changed after their export. `line_id`: the line that says who it is.

    `hours` and `minutes` are signed: what a correction must hold. `code` "" means that no code is chosen for `kind`.
    """

    member_id: int
    code: str
    kind: str
    kinds: tuple[str, ...]
    minutes: int
    hours: Decimal
    was: Decimal
    becomes: Decimal
    line_id: int


def differences(lines: Sequence[Frozen], shifts: Iterable[Bound], mapping: Coding) -> list[Difference]:
    """Return what differs, by member and code; what is equal is left out.

    `lines` are all lines of a venue, target and period, `shifts` those that are bound to its standing exports.
    A shift keeps the code under which it was exported. Unapproved after the export counts as nothing.
    """
    now: dict[tuple[int, str], int] = defaultdict(int)
    kinds: dict[tuple[int, str], set[str]] = defaultdict(set)
    coder = Coder(lines, mapping)
    for shift in shifts:
        if shift.approved:
            code = coder.code(shift)
            # without a code the kind itself keeps two unknown kinds apart
            key = (shift.member_id, code or f"\0{shift.kind}")
            now[key] += shift.minutes
            kinds[key].add(shift.kind)
    before: dict[tuple[int, str], list[Frozen]] = defaultdict(list)
    for line in lines:
        if line.counts:
            before[(line.member_id, line.code)].append(line)
    newest = _newest(lines)
    found = [
        _difference(key, now[key], before[key], sorted(kinds[key]), newest) for key in sorted({*now, *before})
    ]  # fmt: skip
    return [one for one in found if one.hours]


class Coder:
    """The code of a shift: of its export, else of a later correction, else as it is chosen today."""

    def __init__(self, lines: Sequence[Frozen], mapping: Coding) -> None:
        self.mapping = mapping
        self.own: dict[tuple[int, int, str], str] = {}
        self.corrected: dict[tuple[int, str], str] = {}
        for line in sorted(lines, key=lambda one: one.line_id):
            for kind in line.kinds:
                self.own[(line.export_id, line.member_id, kind)] = line.code
                if line.is_correction and line.counts:
                    self.corrected[(line.member_id, kind)] = line.code

    def code(self, shift: Bound) -> str:
        own = self.own.get((shift.export_id, shift.member_id, shift.kind), "")
        return own or self.corrected.get((shift.member_id, shift.kind), "") or self.mapping.code(shift.kind)


def _newest(lines: Iterable[Frozen]) -> dict[tuple[int, str], Frozen]:
    """The newest line of a member and code, and under code "" of the member; one that counts goes first."""
    found: dict[tuple[int, str], Frozen] = {}
    for line in sorted(lines, key=lambda one: (one.counts, one.line_id)):
        found[(line.member_id, line.code)] = found[(line.member_id, "")] = line
    return found


def _difference(
    key: tuple[int, str],
    minutes: int,
    before: Sequence[Frozen],
    kinds: Sequence[str],
    newest: Mapping[tuple[int, str], Frozen],
) -> Difference:
    member_id, code = key
    code = "" if code.startswith("\0") else code
    was = sum((line.hours for line in before), ZERO)
    source = newest.get(key) or newest[(member_id, "")]
    becomes = as_hours(minutes)
    return Difference(
        member_id, code, ", ".join(kinds) or source.kind, tuple(kinds), minutes - sum(line.minutes for line in before),
        becomes - was, was, becomes, source.line_id,
    )  # fmt: skip


def without(shifts: Iterable[Bound], export_id: int, members: Collection[int]) -> list[Bound]:
    """The shifts when those of these people in this export would be free again."""
    return [shift for shift in shifts if shift.export_id != export_id or shift.member_id not in members]
