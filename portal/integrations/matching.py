"""Who a team member is in payroll: by hand first, else by personnel number. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.integrations.contract import Employee


@dataclass(frozen=True)
class Candidate:
    """A team member as far as matching goes."""

    member_id: int
    personnel_number: str


@dataclass(frozen=True)
class Match:
    """`employee` is None when `reason` says why not; `by_hand` when a person chose it."""

    member_id: int
    employee: Employee | None
    by_hand: bool = False
    reason: str = ""


def match(
    candidates: Sequence[Candidate], employees: Sequence[Employee], by_hand: Mapping[int, str]
) -> dict[int, Match]:
    """Match every candidate. An employee goes to at most one team member: a doubt is no match.

    `by_hand` maps member id to employee ref. Personnel numbers compare as numbers ("0101" is 101).
    """
    by_ref = {employee.ref: employee for employee in employees}
    numbers = Counter(_number(employee.number) for employee in employees)
    by_number = {_number(e.number): e for e in employees if numbers[_number(e.number)] == 1}
    wanted = Counter(_number(c.personnel_number) for c in candidates if c.member_id not in by_hand)
    taken = set(by_hand.values())
    return {c.member_id: _match(c, by_ref, by_number, wanted, taken, by_hand) for c in candidates}


def _match(
    candidate: Candidate, by_ref: Mapping[str, Employee], by_number: Mapping[str, Employee],
    wanted: Mapping[str, int], taken: set[str], by_hand: Mapping[int, str],
) -> Match:  # fmt: skip
    member_id = candidate.member_id
    if member_id in by_hand:
        chosen = by_ref.get(by_hand[member_id])
        return Match(member_id, chosen, by_hand=True, reason="" if chosen else "De gekozen medewerker is er niet meer.")
    number = _number(candidate.personnel_number)
    if not number:
        return Match(member_id, None, reason="Dit teamlid heeft geen personeelsnummer.")
    found = by_number.get(number)
    if found is None:
        return Match(member_id, None, reason=f"Personeelsnummer {candidate.personnel_number} is daar niet bekend.")
    if wanted[number] > 1 or found.ref in taken:
        return Match(member_id, None, reason="Nog een teamlid hoort bij deze medewerker.")
    return Match(member_id, found)


def _number(text: str) -> str:
    stripped = text.strip()
    return (stripped.lstrip("0") or "0") if stripped.isascii() and stripped.isdigit() else stripped
