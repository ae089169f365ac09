"""The pages of exports, as a visitor meets them (B2, D5, D6, E3, E4)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import select

from portal.exports.models import Export
from portal.hours.models import Shift, TeamMember, Upload
from portal.kernel.work import Acting
from tests.browse import Page, Visitor, upload
from tests.exports.at import everything, make
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, activate_nmbrs, import_hours
from tests.hours.sheets import csv_bytes, row

pytestmark = pytest.mark.usefixtures("november")
SignedIn = Callable[[str], Visitor]
SANNE = {"Teamlid": "Sanne de Boer", "E_mail": "sanne@example.com", "Personeelsnummer": "101"}
DAAN = {"Teamlid": "Daan Visser", "E_mail": "daan@example.com", "Personeelsnummer": "103", "BSN": ""}
OMAR = {"Teamlid": "Omar Onbekend", "E_mail": "omar@example.com", "Personeelsnummer": "999", "BSN": ""}


def ids(acting: Acting, table: Any) -> list[int]:
    with acting.read() as work:
        return list(work.session.scalars(select(table.id).order_by(table.id)))


def check(visitor: Visitor, cast: Cast, key: str = "horecalonen", period: str = "2026-10-M", status: int = 200) -> Page:
    query = {"doel": key, "vestiging": str(cast.venue("bob")), "periode": period}
    return visitor.open("/portaal/exports/controle", query=query, status=status)


def test_from_choosing_to_two_files(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(), row(Datum="02-10-2026", Soort_uren="vakantie")])
    activate_file_target(acting, cast, "horecalonen")
    page = signed_in("bob").open("/portaal/exports").follow("Maak je eerste export")
    page = page.submit("Toon periodes").follow("Oktober 2026")
    assert page.text("h1") == "Controle van oktober 2026 voor Horecalonen"
    assert "1 teamlid en 15,00 uren" in page.text()
    assert "123456782" not in str(page.soup)
    page = page.submit("Maak export")
    assert page.text("h1").endswith("oktober 2026 voor Horecalonen")
    csv = page.visitor.client.get(page.link("Download CSV"))
    xlsx = page.visitor.client.get(page.link("Download Excel"))
    name = f"uren-horecalonen-2026-10-vestiging{cast.venue('bob')}-r1"
    assert csv.headers["Content-Disposition"] == f"attachment; filename={name}.csv"
    assert xlsx.headers["Content-Disposition"] == f"attachment; filename={name}.xlsx"
    assert csv.headers["Cache-Control"] == xlsx.headers["Cache-Control"] == "no-store"
    assert csv.data.decode("utf-8-sig").splitlines()[1] == "123456782;Noor Bakker;2026-10-M;gewerkt;gewerkt;7,50"
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.data)).active
    assert [cell.value for cell in sheet[2]] == ["123456782", "Noor Bakker", "2026-10-M", "gewerkt", "gewerkt", 7.5]


def test_a_target_appears_only_while_its_koppeling_is_active(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    alice = signed_in("alice")
    assert "Er is nog geen koppeling actief" in alice.open("/portaal/exports").text()
    assert "Er is nog geen koppeling actief" in alice.open("/portaal/exports/nieuw", query={"doel": "connexie"}).text()
    check(alice, cast, status=409)
    activate_file_target(acting, cast, "connexie")
    options = alice.open("/portaal/exports/nieuw").soup.select("#doel option")
    assert [option.get_text() for option in options] == ["Connexie"]


def test_every_blocker_of_a_file_leads_to_its_mend(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(), row(**DAAN), row(Datum="02-10-2026", Goedgekeurd="nee")])
    activate_file_target(acting, cast, "horecalonen")
    bob = signed_in("bob")
    page = check(bob, cast)
    assert "Daan Visser" in page.text()
    assert page.codes() == {"controle-bsn", "controle-niet-goedgekeurd"}
    assert page.follow("Bekijk de uren").text("h1") == "Uren van Noor Bakker in oktober 2026"
    refused = page.submit("Maak export", status=422)
    assert "Vink aan dat de genoemde uren achterblijven" in refused.text(".error-summary")
    assert not ids(acting, Export)
    mended = page.follow("Gegevens aanvullen").submit("Bewaar", {"bsn": "249566758"})
    assert "Daan Visser is bijgewerkt." in mended.text("body")
    page = check(bob, cast)
    assert "Gegevens aanvullen" not in page.text()
    made = page.submit("Maak export", {"leave_out": "y"})
    assert made.path == f"/portaal/exports/{ids(acting, Export)[0]}"
    assert check(bob, cast).follow(f"Bekijk export {ids(acting, Export)[0]}").path == made.path


def test_every_blocker_of_nmbrs_leads_to_its_mend(
    signed_in: SignedIn, acting: Acting, cast: Cast, sandbox: str
) -> None:
    import_hours(acting, cast, [row(**SANNE), row(**OMAR), row(Datum="02-10-2026", Soort_uren="ziek", **SANNE)])
    activate_nmbrs(acting, cast, company=None)
    alice = signed_in("alice")
    page = check(alice, cast, "nmbrs")
    assert "Je kunt nu geen export maken" in page.text()
    assert "controle-geen-bedrijf" in page.codes()
    assert page.follow("Kies een bedrijf").text("h1")
    assert "Vraag een beheerder" in check(signed_in("bob"), cast, "nmbrs").text()


def test_the_rest_of_nmbrs_is_mended_from_the_check(
    signed_in: SignedIn, acting: Acting, cast: Cast, sandbox: str
) -> None:
    import_hours(acting, cast, [row(**SANNE), row(**OMAR), row(Datum="02-10-2026", Soort_uren="ziek", **SANNE)])
    activate_nmbrs(acting, cast)
    alice = signed_in("alice")
    page = check(alice, cast, "nmbrs")
    assert "Personeelsnummer 999 is daar niet bekend." in page.text()
    assert "‘ziek’" in page.text()
    assert page.codes() == {"controle-teamlid-onbekend", "controle-geen-urencode"}
    assert "urencode" in page.follow("Kies urencodes").text().lower()
    assert "Omar Onbekend" in page.follow("Koppel teamlid").text("h1")
    week = check(alice, cast, "nmbrs", "2026-40-W")
    assert "controle-soort-periode" in week.codes()
    assert week.follow("Kies een andere periode").path == "/portaal/exports/nieuw"
    made = page.submit("Maak export", {"leave_out": "y"})
    assert "Sanne de Boer 101 gewerkt 2100 7:30 7,50" in made.text()


def test_an_old_page_gets_a_clear_answer(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    page = check(signed_in("bob"), cast)
    import_hours(acting, cast, [row(Datum="02-10-2026")])
    stale = page.submit("Maak export", status=409)
    assert "intussen veranderd" in stale.text()
    fresh = check(page.visitor, cast)
    fresh.submit("Maak export")
    assert fresh.submit("Maak export", status=409).status == 409
    assert len(ids(acting, Export)) == 1


def test_e4_downloads_are_equal_also_after_a_restart(
    signed_in: SignedIn, acting: Acting, cast: Cast, make_app: Callable[..., Flask]
) -> None:
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    number = make(acting, cast)
    again = Visitor(make_app().test_client())
    again.sign_in(cast.mail("bob"), cast.password)
    for extension in ("csv", "xlsx"):
        path = f"/portaal/exports/{number}/bestand.{extension}"
        visitors = (signed_in("bob"), signed_in("alice"), again)
        hashes = {hashlib.sha256(visitor.client.get(path).data).hexdigest() for visitor in visitors}
        assert len(hashes) == 1
        assert next(iter(hashes))[:12] in again.open(f"/portaal/exports/{number}").text()


def test_e3_a_csv_with_a_formula_is_explained(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(Teamlid="=cmd()"), row(**{**DAAN, "BSN": "111222333"}, Datum="02-10-2026")])
    activate_file_target(acting, cast, "horecalonen")
    bob = signed_in("bob")
    page = bob.open(f"/portaal/exports/{make(acting, cast)}")
    assert "Van deze export is geen CSV gemaakt" in page.text()
    assert page.codes() == bob.open(f"{page.path}/bestand.csv", status=409).codes() == {"export-geen-csv"}
    workbook = openpyxl.load_workbook(io.BytesIO(bob.client.get(f"{page.path}/bestand.xlsx").data))
    assert "=cmd()" in [cell.value for cell in workbook.active["B"]]
    assert {cell.data_type for line in workbook.active.iter_rows() for cell in line} == {"s", "n"}


def test_withdrawing_frees_the_hours_and_keeps_the_page(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    bob = signed_in("bob")
    page = bob.open(f"/portaal/exports/{make(acting, cast)}")
    page = page.submit("Trek de export in", {"sure": "y"})
    assert "Deze export is ingetrokken" in page.text()
    again = check(bob, cast).submit("Maak export")
    assert "2, zonder eerdere export" in again.text()
    assert "7,50" in again.text()


def own(cast: Cast, number: int, extra: dict[str, int]) -> list[str]:
    """Every page of both areas that a customer can open."""
    venue = cast.venue("bob")
    query = f"doel=horecalonen&vestiging={venue}&periode="
    return [
        "/portaal/exports", "/portaal/exports/nieuw", f"/portaal/exports/nieuw?{query}",
        f"/portaal/exports/controle?{query}2026-10-M", f"/portaal/exports/controle?{query}2026-40-W",
        f"/portaal/exports/{number}", "/portaal/uren", f"/portaal/uren?vestiging={venue}&periode=2026-10-M",
        "/portaal/uren/importeren", "/portaal/uren/sjabloon.csv", "/portaal/uren/sjabloon.xlsx", "/portaal/team",
        f"/portaal/team/{extra['member']}", f"/portaal/uren/teamlid/{extra['member']}",
        f"/portaal/uren/imports/{extra['upload']}",
    ]  # fmt: skip


def prepared(acting: Acting, cast: Cast) -> tuple[int, dict[str, int]]:
    import_hours(acting, cast, [row(), row(Datum="02-10-2026", Goedgekeurd="nee"), row(**DAAN)])
    activate_file_target(acting, cast, "horecalonen")
    number = make(acting, cast)
    return number, {"member": ids(acting, TeamMember)[0], "upload": ids(acting, Upload)[0]}


def test_d5_looking_at_every_page_leaves_only_its_record(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    pages = own(cast, *prepared(acting, cast))
    bob = signed_in("bob")
    before = everything(acting, but=("web_session", "audit_event"))
    for path in pages:
        bob.open(path)
        assert bob.client.head(path).status_code == 200
    assert everything(acting, but=("web_session", "audit_event")) == before


def test_d5_a_download_leaves_only_its_record(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    number, _extra = prepared(acting, cast)
    bob = signed_in("bob")
    before = everything(acting, but=("web_session", "audit_event"))
    for extension in ("csv", "xlsx"):
        assert bob.client.get(f"/portaal/exports/{number}/bestand.{extension}").status_code == 200
    assert everything(acting, but=("web_session", "audit_event")) == before


def test_b2_another_organisation_finds_nothing_anywhere(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    number, _extra = prepared(acting, cast)
    activate_file_target(acting, cast, "horecalonen", who="charlie")
    charlie, venue = signed_in("charlie"), cast.venue("bob")
    before = everything(acting)
    query = f"?doel=horecalonen&vestiging={venue}&periode=2026-10-M"
    token = charlie.open("/portaal/uren/importeren").form("Lees het bestand in").select_one("[name=csrf_token]")
    assert token is not None
    csrf = {"csrf_token": str(token["value"]), "fingerprint": "x", "leave_out": "y", "sure": "y"}
    missing = "9" * 9
    for mine, nobodys in (
        (f"/portaal/exports/{number}", f"/portaal/exports/{missing}"),
        (f"/portaal/exports/{number}/bestand.csv", f"/portaal/exports/{missing}/bestand.csv"),
        (f"/portaal/exports/{number}/bestand.xlsx", f"/portaal/exports/{missing}/bestand.xlsx"),
        (f"/portaal/exports/nieuw{query}", f"/portaal/exports/nieuw?doel=horecalonen&vestiging={missing}"),
        (
            f"/portaal/exports/controle{query}",
            f"/portaal/exports/controle{query}".replace(f"={venue}&", f"={missing}&"),
        ),
    ):
        strange, absent = charlie.client.get(mine), charlie.client.get(nobodys)
        assert (strange.status_code, strange.data) == (404, absent.data), mine
    charlie.post(f"/portaal/exports/controle{query}", csrf, status=404)
    for path in ("intrekken", "versturen"):
        charlie.post(f"/portaal/exports/{number}/{path}", csrf, status=404)
    assert everything(acting) == before


def test_support_has_no_pages_of_exports(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    number, extra = prepared(acting, cast)
    desk = signed_in("support")
    files = [f"/portaal/exports/{number}/bestand.{extension}" for extension in ("csv", "xlsx")]
    for path in [*own(cast, number, extra), *files]:
        desk.open(path, status=403)


PERIODS = ["9999-12-M", "0001-01-M", "2200-01-M", "2199-12-M", "2199-13-4W", "2000-01-W", "1999-12-M", "2026-53-W",
           "2027-53-W", "2026-14-4W", "", "x", "\x00", "😀", "2026-10-M\n", "２０２６-10-M"]  # fmt: skip
NUMBERS = ["", "0", "-1", "9223372036854775807", "9223372036854775808", "9" * 30, "1.0", "\x00", "x", "١"]
TARGETS = ["", "x", "\x00", "nmbrs", "😀", "horecalonen'--", "../nmbrs"]


def test_d6_no_value_in_an_address_breaks_a_page(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    bob = signed_in("bob")
    good = {"doel": "horecalonen", "vestiging": str(cast.venue("bob")), "periode": "2026-10-M"}
    strange = {"doel": TARGETS, "vestiging": NUMBERS, "periode": PERIODS}
    for path in ("/portaal/exports/controle", "/portaal/exports/nieuw"):
        for name, words in strange.items():
            for word in words:
                status = bob.client.get(path, query_string={**good, name: word}).status_code
                assert status in (200, 404, 409), (path, name, word)
    for number in NUMBERS[1:]:
        assert bob.client.get(f"/portaal/exports/{number}").status_code == 404
        assert bob.client.get(f"/portaal/exports/{number}/bestand.csv").status_code == 404


@pytest.mark.parametrize("today", ["2027-01-15T09:00:00Z"])
def test_nights_clock_changes_and_week_53_from_upload_to_check(
    signed_in: SignedIn, acting: Acting, cast: Cast, today: str, time_machine: Any
) -> None:
    time_machine.move_to("2026-04-10T09:00:00Z", tick=True)  # what is older than 88 days is not read in
    import_hours(acting, cast, [row(Datum="28-03-2026", Start="22:00", Eind="06:00", Pauze="")])  # summer time: 7 hours
    time_machine.move_to(today, tick=True)
    activate_file_target(acting, cast, "horecalonen")
    bob = signed_in("bob")
    times = [
        ("24-10-2026", "22:00", "06:00"),  # winter time starts: 9 hours
        ("25-10-2026", "02:30 A", "02:30 B"),  # the hour that comes twice
        ("28-12-2026", "09:00", "10:00"),  # Monday of week 53
        ("31-12-2026", "22:00", "06:00"),  # starts in December
        ("03-01-2027", "22:00", "06:00"),  # Sunday of week 53, ends in week 1
        ("04-01-2027", "09:00", "12:00"),  # week 1 of 2027
    ]
    rows = [row(Datum=day, Start=start, Eind=end, Pauze="") for day, start, end in times]
    rows[1] = row(Datum="25-10-2026", Start="02:30 A", Eind="02:30 B", Pauze="", Teamlid="Piet", E_mail="p@example.com",
                  Personeelsnummer="2", BSN="111222333")  # fmt: skip
    page = bob.open("/portaal/uren/importeren").submit("Lees het bestand in", {"file": upload(csv_bytes(rows))})
    assert "6 nieuwe diensten" in page.text()
    for period, shown in (
        ("2026-03-M", "7,00 uren"), ("2026-10-M", "10,00 uren"), ("2026-12-M", "9,00 uren"),
        ("2027-01-M", "11,00 uren"), ("2026-53-W", "17,00 uren"), ("2027-01-W", "3,00 uren"),
        ("2026-13-4W", "17,00 uren"), ("2027-01-4W", "3,00 uren"),
    ):  # fmt: skip
        assert f"{shown} vast" in check(bob, cast, period=period).text(), period
    assert "(5 weken)" in check(bob, cast, period="2026-13-4W").text("h1")
    with acting.read() as work:
        minutes = list(work.session.scalars(select(Shift.minutes).order_by(Shift.starts_at)))
    assert minutes == [420, 540, 60, 60, 480, 480, 180]
