"""Preflight: which hours can go to a target, and why the others cannot. Pure: no database, no network."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from portal.exports import codes
from portal.exports.types import Mend, Preview, Problem, Totals
from portal.hours.periods import label
from portal.hours.queries import ShiftInfo
from portal.hours.rounding import supplement
from portal.hours.types import BatchLine, Period, Person
from portal.integrations.contract import LineSender, Provider
from portal.integrations.line_codes import NO_HOUR_CODE, UNKNOWN_MEMBER
from portal.integrations.queries import VenueSetup
from portal.kernel.codes import Reason
from portal.kernel.filters import meervoud


@dataclass(frozen=True)
class Earlier:
    """What went before for one person and code in this period and to this target."""

    minutes: int = 0
    hours: Decimal = Decimal(0)


@dataclass(frozen=True)
class Material:
    """Everything preflight looks at."""

    provider: Provider
    period: Period
    people: Mapping[int, Person]
    shifts: Sequence[ShiftInfo]
    setup: VenueSetup
    earlier: Mapping[tuple[int, str], Earlier]


def examine(material: Material) -> Preview:
    """Return lines that can go and problems of those that cannot.

    A problem holds back only the hours it is about; they stay for a later export.
    """
    problems: list[Problem] = []
    notes: list[str] = []
    ready = _sorted_out(material, problems, notes)
    problems += _company_problems(material)
    notes += _period_note(material)
    lines, shift_ids = _lines(material, ready, problems)
    return Preview(
        venue_id=material.setup.venue_id, provider=material.provider.key, period=material.period,
        company_ref=material.setup.company.ref if material.setup.company else "",
        lines=tuple(lines), shift_ids=tuple(sorted(shift_ids)), problems=tuple(problems), notes=tuple(notes),
        totals=totals(lines), fingerprint=_fingerprint(material, lines, shift_ids),
    )  # fmt: skip


def _sorted_out(material: Material, problems: list[Problem], notes: list[str]) -> list[ShiftInfo]:
    """Take out what was exported before and what nobody approved; name both."""
    done: dict[tuple[int, int], list[ShiftInfo]] = defaultdict(list)
    waiting: dict[int, list[ShiftInfo]] = defaultdict(list)
    ready = []
    for shift in material.shifts:
        if shift.export_id is not None:
            done[(shift.export_id, shift.taken_back_by or 0)].append(shift)
        elif not shift.approved:
            waiting[shift.member_id].append(shift)
        else:
            ready.append(shift)
    problems += [
        _leaving(material.provider.name, *key, shifts) if key[1] else _exported(key[0], shifts)
        for key, shifts in sorted(done.items())
    ]
    problems += [_unapproved(material.people[member], shifts) for member, shifts in waiting.items()]
    if not ready and not waiting and not done:
        notes.append("In deze periode staan geen uren.")
    return ready


def _exported(export_id: int, shifts: Sequence[ShiftInfo]) -> Problem:
    count, goes = meervoud(len(shifts), "dienst zit", "diensten zitten"), "gaat" if len(shifts) == 1 else "gaan"
    return Problem(
        title="Al geëxporteerd",
        detail=f"{count} al in export {export_id} en {goes} niet nog een keer mee.",
        mend=Mend.EXPORT, minutes=_minutes(shifts), shifts=len(shifts), target_id=export_id, leave_out=False,
        code=codes.EXPORTED,
    )  # fmt: skip


def _leaving(target: str, export_id: int, correction_id: int, shifts: Sequence[ShiftInfo]) -> Problem:
    count = meervoud(len(shifts), "dienst zit", "diensten zitten")
    return Problem(
        title="Wordt teruggedraaid",
        detail=f"{count} nog in export {export_id}. Correctie {correction_id} draait die terug. De uren komen vrij "
        f"zodra {target} de correctie heeft verwerkt.",
        mend=Mend.EXPORT, minutes=_minutes(shifts), shifts=len(shifts), target_id=correction_id, leave_out=False,
        code=codes.LEAVING,
    )  # fmt: skip


def _unapproved(person: Person, shifts: Sequence[ShiftInfo]) -> Problem:
    count = meervoud(len(shifts), "dienst", "diensten")
    return Problem(
        title="Niet goedgekeurd",
        detail=f"{person.name}: {count} zonder goedkeuring. Keur ze goed in eitje en lees het bestand opnieuw in.",
        mend=Mend.HOURS, minutes=_minutes(shifts), shifts=len(shifts), target_id=person.member_id,
        code=codes.UNAPPROVED,
    )  # fmt: skip


def _company_problems(material: Material) -> list[Problem]:
    if not isinstance(material.provider, LineSender):
        return []
    facts = material.setup.facts
    if facts is None:
        text = f"Kies eerst welk bedrijf in {material.provider.name} bij deze vestiging hoort."
        return [Problem("Geen bedrijf gekozen", text, Mend.COMPANY, codes.NO_COMPANY, stops=True)]
    if facts.period.kind is not material.period.kind:
        text = f"Dit bedrijf werkt in {material.provider.name} met een andere soort periode. Kies die bij Periode."
        return [Problem("Verkeerde soort periode", text, Mend.NOWHERE, codes.PERIOD_KIND, stops=True)]
    return []


def _period_note(material: Material) -> list[str]:
    facts = material.setup.facts
    if not isinstance(material.provider, LineSender) or facts is None or facts.period == material.period:
        return []
    name = material.provider.name
    return [
        f"{name} verwerkt nu {label(facts.period)}. Uren voor een periode die daarvóór ligt, weigert {name} meestal."
    ]


def _lines(
    material: Material, ready: Iterable[ShiftInfo], problems: list[Problem]
) -> tuple[list[BatchLine], list[int]]:
    grouped: dict[tuple[int, str], list[ShiftInfo]] = defaultdict(list)
    uncoded: dict[str, list[ShiftInfo]] = defaultdict(list)
    for shift in ready:
        code = _code(material, shift.kind)
        if code:
            grouped[(shift.member_id, code)].append(shift)
        else:
            uncoded[shift.kind].append(shift)
    problems += [_no_code(material.provider.name, kind, shifts) for kind, shifts in sorted(uncoded.items())]
    return _good_lines(material, grouped, problems)


def _code(material: Material, kind: str) -> str:
    known = material.setup.codes.get(kind, "")
    if not isinstance(material.provider, LineSender):
        return known or kind
    codes = {code.code for code in material.setup.facts.codes} if material.setup.facts else set()
    return known if known in codes else ""


def _no_code(target: str, kind: str, shifts: Sequence[ShiftInfo]) -> Problem:
    return Problem(
        title="Geen urencode", detail=f"Kies voor ‘{kind}’ een urencode van {target}.", mend=Mend.CODES,
        minutes=_minutes(shifts), shifts=len(shifts), code=NO_HOUR_CODE,
    )  # fmt: skip


def _good_lines(
    material: Material, grouped: Mapping[tuple[int, str], list[ShiftInfo]], problems: list[Problem]
) -> tuple[list[BatchLine], list[int]]:
    lines: list[BatchLine] = []
    shift_ids: list[int] = []
    bad: dict[tuple[int, Reason], list[ShiftInfo]] = defaultdict(list)
    where: dict[tuple[int, Reason], Mend] = {}
    for (member_id, code), shifts in sorted(grouped.items(), key=lambda g: _order(material, g[0])):
        line = _line(material, member_id, code, shifts)
        reasons = _reasons(material, line)
        if not reasons:
            lines.append(line)
            shift_ids += [shift.id for shift in shifts]
        for reason, mend in reasons:
            bad[(member_id, reason)] += shifts
            where[(member_id, reason)] = mend
    problems += [
        _bad_line(material.people[member], reason, where[(member, reason)], shifts)
        for (member, reason), shifts in bad.items()
    ]
    return lines, shift_ids


def _order(material: Material, key: tuple[int, str]) -> tuple[str, int, str]:
    member_id, code = key
    return (material.people[member_id].name.casefold(), member_id, code)


def _line(material: Material, member_id: int, code: str, shifts: Sequence[ShiftInfo]) -> BatchLine:
    minutes, kinds = _minutes(shifts), tuple(sorted({shift.kind for shift in shifts}))
    earlier = material.earlier.get((member_id, code), Earlier())
    found = material.setup.matches.get(member_id)
    employee = found.employee if found else None
    return BatchLine(
        line_id=0, person=material.people[member_id], kind=", ".join(kinds), kinds=kinds,
        code=code, minutes=minutes, hours=supplement(earlier.minutes, earlier.hours, minutes),
        employee_ref=employee.ref if employee else "",
    )  # fmt: skip


def _reasons(material: Material, line: BatchLine) -> list[tuple[Reason, Mend]]:
    if isinstance(material.provider, LineSender):
        if material.setup.facts is None:
            return []  # "Geen bedrijf gekozen" stops everything and says so once
        found = material.setup.matches.get(line.person.member_id)
        if found is None or found.employee is None:
            why = found.reason if found else "Dit teamlid is nieuw."
            return [(Reason(f"Onbekend in {material.provider.name}. {why}", UNKNOWN_MEMBER), Mend.LINKS)]
    return [(reason, Mend.TEAM) for reason in material.provider.preflight_line(line)]


def _bad_line(person: Person, reason: Reason, mend: Mend, shifts: Sequence[ShiftInfo]) -> Problem:
    return Problem(
        title=person.name, detail=reason.text, mend=mend, minutes=_minutes(shifts), shifts=len(shifts),
        target_id=person.member_id, code=reason.code,
    )  # fmt: skip


def _minutes(shifts: Iterable[ShiftInfo]) -> int:
    return sum(shift.minutes for shift in shifts)


def totals(lines: Sequence[BatchLine]) -> Totals:
    """Add up per code; hours are the sum of what is paid, not a new rounding."""
    by_code: dict[tuple[str, str], list[BatchLine]] = defaultdict(list)
    for line in lines:
        by_code[(line.code, line.kind)].append(line)
    rows = tuple(
        (code, kind, sum(line.minutes for line in group), sum((line.hours for line in group), Decimal(0)))
        for (code, kind), group in sorted(by_code.items())
    )
    people = len({line.person.member_id for line in lines})
    hours = sum((line.hours for line in lines), Decimal("0.00"))
    return Totals(people, sum(line.minutes for line in lines), hours, rows)


def _fingerprint(material: Material, lines: Sequence[BatchLine], shift_ids: Sequence[int]) -> str:
    """Of everything on the screen. Not of a BSN: it is not shown, and could be guessed from a hash (C4)."""
    company = material.setup.company.ref if material.setup.company else ""
    rows = [f"{material.provider.key}|{material.period}|{company}"]
    rows += [
        f"{line.person.member_id}|{line.person.name}|{line.person.personnel_number}|{line.person.email}"
        f"|{line.code}|{line.minutes}|{line.hours}|{line.employee_ref}|{line.kind}"
        for line in lines
    ]
    rows += [str(shift_id) for shift_id in sorted(shift_ids)]
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:32]
