"""The PDF and the CSV of a receipt: readable, safe in a spreadsheet, the same bytes for the same receipt."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.deliveries.receipt_body import Body, Line, canonical, digest, new_code, parse, understood
from portal.deliveries.receipt_csv import to_csv
from portal.deliveries.receipt_layout import UNSHOWN, broken, fonts, shown
from portal.deliveries.receipt_pdf import to_pdf
from portal.deliveries.receipt_words import Sheet
from portal.kernel.cells import FORMULA_STARTS

NOON = datetime(2026, 11, 24, 11, 30, 12, tzinfo=UTC)
ZOE = "Zoë Łukasiewicz-Öztürk"


def line(number: int = 1, **changes: object) -> Line:
    facts: dict[str, object] = {
        "id": number, "name": ZOE, "personnel_number": "101", "kind": "gewerkt", "code": "2100", "action": "insert",
        "hours": Decimal("15.00"), "hours_before": None, "state": "geaccepteerd", "remote_ref": "7001",
        "target_ref": "", "reason": "", "started_at": NOON, "settled_at": NOON,
    }  # fmt: skip
    return Line(**{**facts, **changes})  # type: ignore[arg-type]


def sheet(*lines: Line, **changes: object) -> Sheet:
    facts: dict[str, object] = {
        "version": 1, "salt": "00", "code": "KP-7Q2M-0R5T-9XKD-3WJ8", "replaces": "", "sealed_at": NOON,
        "state": "klaar", "organisation": "Brasserie De Zon", "venue": "Noord", "company_ref": "3301",
        "provider": "nmbrs", "provider_receipt": "", "export_id": 12, "export_kind": "uren", "revision": 1,
        "reference": "KP-1", "period_kind": "month", "year": 2026, "number": 10, "book_year": 2026, "book_number": 10,
        "first_day": "2026-10-01", "last_day": "2026-10-31", "delivery_id": 8, "started_by": "Alice Appel",
        "created_at": NOON, "finished_at": NOON, "lines": tuple(lines),
    }  # fmt: skip
    body = Body(**{**facts, **changes})  # type: ignore[arg-type]
    return Sheet(body, "Nmbrs", f"https://portaal.example/ontvangstbewijs/{body.code}", digest(canonical(body)))


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


CORRECTION = (
    line(1, action="update", hours=Decimal("12.50"), hours_before=Decimal("15.00"), target_ref="7001", remote_ref=""),
    line(2, action="delete", hours=Decimal("0.00"), hours_before=Decimal("8.00"), target_ref="7002", remote_ref=""),
    line(3, hours=Decimal("-3.25"), remote_ref="7010"),
    line(4, state="geweigerd", remote_ref="", reason="Deze periode is gesloten."),
)


def test_a_negative_number_stays_a_number() -> None:
    found = rows(to_csv(sheet(*CORRECTION)))
    assert [(row["Uren"], row["Was"], row["Verschil"]) for row in found] == [
        ("12,50", "15,00", "-2,50"), ("0,00", "8,00", "-8,00"), ("-3,25", "", "-3,25"), ("15,00", "", "15,00"),
    ]  # fmt: skip
    assert [row["Kenmerk"] for row in found] == ["7001", "7002", "7010", ""]
    assert [row["Actie"] for row in found] == ["wijzigen", "verwijderen", "toevoegen", "toevoegen"]
    assert sheet(*CORRECTION).body.accepted_hours == Decimal("-13.75")


@settings(deadline=None)
@given(start=st.sampled_from(FORMULA_STARTS), rest=st.text(alphabet=st.characters(codec="utf-8"), max_size=20))
def test_no_text_is_a_formula(start: str, rest: str) -> None:
    """E3: whatever a name, a code or a reason begins with."""
    text = start + rest
    content = to_csv(sheet(line(name=text, code=text, reason=text, kind=text), organisation=text, started_by=text))
    for row in rows(content):
        texts = [value for name, value in row.items() if name not in ("Uren", "Was", "Verschil")]
        assert not [value for value in texts if value.startswith(FORMULA_STARTS)]
        assert row["Teamlid"] == f"'{text}"


def test_the_same_receipt_gives_the_same_bytes() -> None:
    found = sheet(*(line(number) for number in range(120)))
    again = Sheet(parse(canonical(found.body)), found.provider, found.check_url, found.sha256)
    assert again == found
    assert to_pdf(again) == to_pdf(found)
    assert to_csv(again) == to_csv(found)
    assert to_pdf(sheet(line(2))) != to_pdf(sheet(line(3, name="Daan Visser")))


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


@pytest.mark.parametrize(("count", "expected"), [(0, 1), (1, 1), (20, 2), (200, 9)])
def test_a_pdf_has_the_pages_it_needs(count: int, expected: int) -> None:
    content = to_pdf(sheet(*(line(number) for number in range(count))))
    assert content.startswith(b"%PDF-")
    assert pages(content) == expected
    assert b"/FontFile2" in content, "the font is inside"
    assert b"D:20261124113012+00'00'" in content


@settings(deadline=None, max_examples=40)
@given(st.text(max_size=80))
def test_any_name_can_be_drawn(name: str) -> None:
    """Signs that the font lacks become one that says so; a word without spaces is broken."""
    parts = broken(name, 60)
    assert "".join(parts).replace(" ", "") == shown(name).replace(" ", "")
    assert to_pdf(sheet(line(name=name, reason=name * 5))).startswith(b"%PDF-")


def test_names_of_europe_are_whole() -> None:
    for name in (ZOE, "Şükrü Iğdır", "Ñandú Ærøskøbing", "Дмитрий Иванов", "Ελένη Παπαδοπούλου", "Nguyễn Thị Hương"):
        assert shown(name) == name
    assert fonts()
    assert shown("李") == UNSHOWN


@settings(deadline=None)
@given(st.integers(0, 15))
def test_a_code_survives_what_people_type(place: int) -> None:
    code = new_code()
    assert understood(code) == code
    for wrong, right in (("O", "0"), ("o", "0"), ("I", "1"), ("l", "1")):
        signs = code.replace("-", "")[2:]
        meant = signs[:place] + right + signs[place + 1 :]
        typed = signs[:place] + wrong + signs[place + 1 :]
        assert understood(f"kp {typed}") == understood(meant)
    assert understood(code[:-1]) is None
    assert understood(code + "0") is None
    assert understood(code[:-1] + "U") is None
