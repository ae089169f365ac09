"""What may go, what may not, and how much it adds up to. Pure rules: no database here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.exports.preflight import Earlier, Material, examine
from portal.exports.types import Mend, Preview
from portal.hours.periods import parse
from portal.hours.queries import ShiftInfo
from portal.hours.types import Person
from portal.integrations.contract import Company, CompanyFacts, Employee, HourCode
from portal.integrations.matching import Candidate, match
from portal.integrations.providers.connexie.provider import ConnexieFile
from portal.integrations.providers.horecalonen.provider import HorecalonenFile
from portal.integrations.providers.nmbrs.provider import Nmbrs
from portal.integrations.queries import VenueSetup
from portal.secret import Secret

OCTOBER = parse("2026-10-M")
NOOR = Person(1, "Noor Bakker", "101", "noor@example.com", Secret("123456782"))
PIET = Person(2, "Piet Prins", "102", "", Secret("111222333"))
HORECALONEN: Any = HorecalonenFile()
FILE_SETUP = VenueSetup(5, None, None, None, {}, {})
NMBRS = Nmbrs("https://nmbrs.example/soap/v3", allow_private=False)


def shift(number: int, member: int = 1, minutes: int = 60, **changes: Any) -> ShiftInfo:
    start = datetime(2026, 10, 1, 8, tzinfo=UTC) + timedelta(days=number)
    plain = ShiftInfo(number, member, start.date(), start, start + timedelta(minutes=minutes), 0, minutes, "gewerkt",
                      approved=True, export_id=None)  # fmt: skip
    return replace(plain, **changes)


def material(*shifts: ShiftInfo, **changes: Any) -> Material:
    people = {person.member_id: person for person in (NOOR, PIET)}
    plain = Material(HORECALONEN, OCTOBER, people, shifts, FILE_SETUP, {})
    return replace(plain, **changes)


def nmbrs_setup(codes: dict[str, str] | None = None, period: str = "2026-10-M") -> VenueSetup:
    facts = CompanyFacts(parse(period), (HourCode("2100", "Gewerkt", 1),), (Employee("50101", "101", "Noor"),))
    matches = match([Candidate(1, "101"), Candidate(2, "102")], facts.employees, {})
    chosen = {"gewerkt": "2100"} if codes is None else codes
    return VenueSetup(5, Company("3301", "1", "De Zon"), facts, None, chosen, matches)


def titles(found: Preview) -> list[tuple[str, Mend]]:
    return [(problem.title, problem.mend) for problem in found.problems]


def test_minutes_are_added_before_they_are_rounded() -> None:
    found = examine(material(shift(1, minutes=20), shift(2, minutes=20), shift(3, minutes=20)))
    (line,) = found.lines
    assert (line.minutes, line.hours) == (60, Decimal("1.00"))
    assert (found.totals.people, found.totals.minutes, found.totals.hours) == (1, 60, Decimal("1.00"))
    assert found.shift_ids == (1, 2, 3)
    assert not found.problems


def test_a_later_export_gets_what_is_still_to_book() -> None:
    """20 + 20 + 20 minutes in three exports make one hour, not 0.99."""
    earlier: dict[tuple[int, str], Earlier] = {}
    booked = []
    for number in (1, 2, 3):
        (line,) = examine(material(shift(number, minutes=20), earlier=earlier)).lines
        booked.append(line.hours)
        before = earlier.get((1, "gewerkt"), Earlier())
        earlier[(1, "gewerkt")] = Earlier(before.minutes + line.minutes, before.hours + line.hours)
    assert booked == [Decimal("0.33"), Decimal("0.34"), Decimal("0.33")]


def test_lines_stand_in_one_order_and_kinds_with_one_code_are_one_line() -> None:
    shifts = [shift(1, 2), shift(2, 1, kind="zondag"), shift(3, 1)]
    setup = replace(FILE_SETUP, codes={"zondag": "N", "gewerkt": "N"})
    found = examine(material(*shifts, setup=setup))
    assert [(line.person.name, line.kind, line.code) for line in found.lines] == [
        ("Noor Bakker", "gewerkt, zondag", "N"), ("Piet Prins", "gewerkt", "N"),
    ]  # fmt: skip
    assert examine(material(*reversed(shifts), setup=setup)).lines == found.lines
    assert sum(minutes for _code, _kind, minutes, _hours in found.totals.by_code) == found.totals.minutes == 180


def test_every_blocker_is_named_with_its_hours() -> None:
    people = {1: NOOR, 2: replace(PIET, bsn=Secret(""))}
    shifts = (shift(1), shift(2, approved=False), shift(3, export_id=7), shift(4, 2), shift(5, 2))
    found = examine(material(*shifts, people=people))
    assert titles(found) == [
        ("Al geëxporteerd", Mend.EXPORT), ("Niet goedgekeurd", Mend.HOURS), ("Piet Prins", Mend.TEAM),
    ]  # fmt: skip
    assert [(p.shifts, p.minutes, p.target_id) for p in found.problems] == [(1, 60, 7), (1, 60, 1), (2, 120, 2)]
    assert [problem.title for problem in found.left_out] == ["Niet goedgekeurd", "Piet Prins"]
    assert found.shift_ids == (1,)
    assert not found.stopped


def test_a_wrong_bsn_stays_behind_and_is_not_repeated() -> None:
    people = {1: replace(NOOR, bsn=Secret("123456789")), 2: PIET}
    found = examine(material(shift(1), people=people))
    assert found.stopped
    assert titles(found) == [("Noor Bakker", Mend.TEAM)]
    assert "123456789" not in repr(found)


def test_connexie_wants_a_personnel_number() -> None:
    people = {1: replace(NOOR, personnel_number=""), 2: PIET}
    found = examine(material(shift(1), shift(2, 2), people=people, provider=ConnexieFile()))
    assert titles(found) == [("Noor Bakker", Mend.TEAM)]
    assert [line.person.name for line in found.lines] == ["Piet Prins"]


def test_nmbrs_without_a_company_stops() -> None:
    found = examine(material(shift(1), provider=NMBRS))
    assert ("Geen bedrijf gekozen", Mend.COMPANY) in titles(found)
    assert found.stopped


def test_nmbrs_with_another_kind_of_period_stops() -> None:
    found = examine(material(shift(1), provider=NMBRS, setup=nmbrs_setup(period="2026-10-4W")))
    assert titles(found) == [("Verkeerde soort periode", Mend.NOWHERE)]
    assert found.stopped


def test_nmbrs_names_a_missing_code_and_an_unknown_person() -> None:
    shifts = (shift(1), shift(2, kind="ziek"), shift(3, 2))
    found = examine(material(*shifts, provider=NMBRS, setup=nmbrs_setup()))
    assert titles(found) == [("Geen urencode", Mend.CODES), ("Piet Prins", Mend.LINKS)]
    assert [(line.employee_ref, line.code) for line in found.lines] == [("50101", "2100")]


def test_a_code_that_nmbrs_does_not_know_any_more_is_no_code() -> None:
    found = examine(material(shift(1), provider=NMBRS, setup=nmbrs_setup({"gewerkt": "9999"})))
    assert titles(found) == [("Geen urencode", Mend.CODES)]


def test_an_older_period_is_warned_about() -> None:
    found = examine(material(shift(1), provider=NMBRS, setup=nmbrs_setup(period="2026-11-M")))
    assert "november 2026" in found.notes[0]
    assert not found.stopped


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Noor Smit"}, {"personnel_number": "999"}, {"email": "n@example.com"},
    ],
)  # fmt: skip
def test_the_fingerprint_follows_what_is_on_the_screen(change: dict[str, str]) -> None:
    before = examine(material(shift(1)))
    people = {1: replace(NOOR, **change), 2: PIET}  # type: ignore[arg-type]
    assert examine(material(shift(1), people=people)).fingerprint != before.fingerprint
    assert examine(material(shift(1))).fingerprint == before.fingerprint


@pytest.mark.parametrize("change", [{"minutes": 61}, {"kind": "zondag"}, {"id": 9}])
def test_the_fingerprint_follows_the_hours(change: dict[str, Any]) -> None:
    assert examine(material(shift(1, **change))).fingerprint != examine(material(shift(1))).fingerprint


def test_the_fingerprint_tells_nothing_of_a_bsn() -> None:
    """C4: who sees the page could try every number."""
    people = {1: replace(NOOR, bsn=Secret("249566758")), 2: PIET}
    assert examine(material(shift(1), people=people)).fingerprint == examine(material(shift(1))).fingerprint


def test_nothing_to_export_says_so() -> None:
    found = examine(material())
    assert found.stopped
    assert found.notes == ("In deze periode staan geen uren.",)
