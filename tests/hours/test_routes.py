"""The pages of hours and team, as a visitor meets them (B2, D2, D3, D4, D6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Venue
from portal.hours.models import Shift, TeamMember, Upload
from portal.kernel.work import Acting
from tests.browse import Page, Visitor, upload
from tests.factories.people import Cast
from tests.factories.setup import import_hours
from tests.hours.sheets import HEADING, csv_bytes, part, rezip, row, xlsx_bytes

pytestmark = pytest.mark.usefixtures("november")
READ_IN = "Lees het bestand in"
SignedIn = Callable[[str], Visitor]


def send(visitor: Visitor, content: bytes, name: str = "uren.csv", status: int = 303) -> Page:
    return visitor.open("/portaal/uren/importeren").submit(READ_IN, {"file": upload(content, name)}, status=status)


def rows_of(acting: Acting) -> int:
    """Everything an import may leave behind."""
    with acting.read() as work:
        return sum(work.session.scalar(select(func.count()).select_from(t)) or 0 for t in (Shift, Upload, TeamMember))


def first_id(acting: Acting, table: type[Shift | Upload | TeamMember]) -> int:
    with acting.read() as work:
        return work.session.scalars(select(table.id).order_by(table.id)).first() or 0


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_is_read_and_told_about(signed_in: SignedIn, kind: str) -> None:
    make = csv_bytes if kind == "csv" else xlsx_bytes
    bob = signed_in("bob")
    page = send(bob, make([row(), row(Datum="02-10-2026")]), f"uren.{kind}")
    assert page.path.startswith("/portaal/uren/imports/")
    assert "2 nieuwe diensten" in page.text()
    hours = page.follow("Controleer de uren")
    assert hours.text("h1") == "Uren van oktober 2026"
    assert "Noor Bakker 15:00 0:00 0:00 15:00" in hours.text()
    member = hours.follow("Noor Bakker")
    assert "1 oktober 2026 09:00 – 17:00 0:30 gewerkt 7:30 goedgekeurd" in member.text()


def test_the_same_file_twice_says_so(signed_in: SignedIn, acting: Acting) -> None:
    bob = signed_in("bob")
    send(bob, csv_bytes([row()]))
    before = rows_of(acting)
    page = send(bob, csv_bytes([row()]))
    assert "Dit bestand stond er al helemaal in. Er is niets dubbel ingelezen." in page.text("body")
    assert rows_of(acting) == before


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_the_template_comes_as_a_file_and_is_never_read_by_accident(
    signed_in: SignedIn, acting: Acting, extension: str
) -> None:
    bob = signed_in("bob")
    words = {"xlsx": "Sjabloon voor Excel", "csv": "Sjabloon als CSV"}
    link = bob.open("/portaal/uren/importeren").link(words[extension])
    answer = bob.client.get(link)
    assert answer.headers["Content-Disposition"] == f"attachment; filename=sjabloon-uren.{extension}"
    page = send(bob, answer.data, f"sjabloon.{extension}", status=422)
    assert page.text().count("Dit is een voorbeeldregel.") == 2
    assert rows_of(acting) == 0


def test_d3_every_error_has_its_row_and_column_and_nothing_is_kept(signed_in: SignedIn, acting: Acting) -> None:
    bob = signed_in("bob")
    content = csv_bytes(
        [
            row(),
            row(Datum="02-10-2026", Start="25:00"),
            row(Datum="03-10-2026", BSN="123456789"),
            row(Datum="31-02-2026", Pauze="0,5"),
            row(Datum="04-10-2026", Start="08:00", Eind="08:00"),
            [*row(Datum="05-10-2026"), "te veel"],
        ]
    )
    page = send(bob, content, status=422)
    table = page.text("main table")
    for place in ("Rij 3 Start", "Rij 4 BSN", "Rij 5 Datum", "Rij 5 Pauze", "Rij 6 Eind", "Rij 7 hele rij"):
        assert place in table, table
    assert page.codes() == {"rij-tijd", "rij-bsn", "rij-datum", "rij-pauze", "rij-kolommen"}
    assert "6 fouten in het bestand" in table
    assert "Er is niets ingelezen" in page.text(".error-summary")
    assert "123456789" not in str(page.soup)
    assert rows_of(acting) == 0


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"Start": "25:00"}, "Start"),
        ({"Eind": "24:01"}, "Eind"),
        ({"Start": "17:00", "Eind": "09:00"}, "Eind"),  # sixteen hours: no night
        ({"Start": "09:00", "Eind": "09:00"}, "Eind"),
        ({"Pauze": "480"}, "Pauze"),
        ({"Goedgekeurd": "misschien"}, "Goedgekeurd"),
        ({"BSN": "000000000"}, "BSN"),
        ({"Teamlid": ""}, "Teamlid"),
        ({"Datum": "01-10-2025"}, "Datum"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_one_wrong_cell_is_pointed_at(
    signed_in: SignedIn, acting: Acting, changes: dict[str, str], column: str
) -> None:
    page = send(signed_in("bob"), csv_bytes([row(), row(**{"Datum": "02-10-2026", **changes})]), status=422)
    assert f"Rij 3 {column} " in page.text("main table")
    assert rows_of(acting) == 0


def macro() -> bytes:
    return rezip(xlsx_bytes([row()]), {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})


def bomb() -> bytes:
    """A megabyte of zip that says it is a sheet and inflates to a gigabyte and more."""
    return rezip(xlsx_bytes([row()]), {"xl/worksheets/sheet1.xml": b"<a>" + b" " * 60_000_000})


def doctype() -> bytes:
    book = xlsx_bytes([row()])
    sheet = part(book, "xl/worksheets/sheet1.xml")
    evil = sheet.replace(b"<worksheet", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><worksheet', 1)
    return rezip(book, {"xl/worksheets/sheet1.xml": evil})


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "content",
    [bomb(), macro(), doctype(), b"", b"\x00" * 100, b"%PDF-1.7\n", b"PK\x03\x04 no zip", b"\xff\xfe" + b"\x00\xd8" * 9,
     csv_bytes([]), b"<html>hoi</html>", xlsx_bytes([row()])[:500]],
    ids=["bomb", "macro", "doctype", "empty", "nul", "pdf", "broken zip", "surrogates", "no rows", "html", "cut"],
)  # fmt: skip
def test_d2_a_file_that_is_no_list_of_hours_is_refused_in_words(
    signed_in: SignedIn, acting: Acting, content: bytes
) -> None:
    page = send(signed_in("bob"), content, "uren.xlsx", status=422)
    assert len(page.text(".error-summary")) > 40
    (code,) = page.codes()
    assert code.startswith("bestand-")
    assert rows_of(acting) == 0


def test_a_missing_file_is_asked_for(signed_in: SignedIn) -> None:
    page = signed_in("bob").open("/portaal/uren/importeren").submit(READ_IN, {}, status=422)
    assert "Kies een bestand." in page.text(".error-summary")


HOSTILE = [
    "../../../etc/passwd", "u\x00ren.csv", "\u202egpj.exe", "a" * 4000 + ".csv", "x%0d%0aSet-Cookie: a=b.csv",
    "<script>alert(1)</script>.csv", '"; filename="b.csv', "{{7*7}}.csv", "😀.csv", "%s%n.csv", "   ",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_d4_hostile_file_names_break_nothing(signed_in: SignedIn, name: str) -> None:
    page = send(signed_in("bob"), csv_bytes([row()]), name)
    assert page.status == 200
    assert "1 nieuwe dienst" in page.text()
    assert not page.has("main script")
    assert "Set-Cookie: a=b" not in str(page.answer.headers)
    overview = page.follow("Controleer de uren")
    assert "Laatste imports" in overview.text()


NAMES = ["=cmd()|' /C calc'!A1", "<script>alert(1)</script>", "Zoë 😀 O'Brien & Co", "אבג مرحبا", "{{7*7}}", "@SUM(A1)"]


def test_d6_strange_names_are_shown_as_they_are(signed_in: SignedIn) -> None:
    bob = signed_in("bob")
    rows = [row(Teamlid=name, E_mail="", Personeelsnummer=str(n), BSN="") for n, name in enumerate(NAMES)]
    overview = send(bob, xlsx_bytes(rows), "uren.xlsx").follow("Controleer de uren")
    for name in NAMES:
        assert name in overview.text()
        assert not overview.follow(name).has("main script")
    team = bob.open("/portaal/team")
    for name in NAMES:
        assert team.follow(f"Wijzig {name}").text("h1") == name


def test_an_import_is_removed_by_its_own_button(signed_in: SignedIn, acting: Acting) -> None:
    bob = signed_in("bob")
    page = send(bob, csv_bytes([row(), row(Datum="02-10-2026")]))
    after = page.submit("Verwijder de import")
    assert "2 diensten weg" in after.text("body")
    bob.open(page.path, status=404)


def test_a_bsn_that_fails_the_test_is_refused_and_not_shown_again(
    signed_in: SignedIn, acting: Acting, cast: Cast
) -> None:
    import_hours(acting, cast, [row(BSN="")])
    page = signed_in("bob").open("/portaal/team").follow("Wijzig Noor Bakker")
    for wrong in ("123456789", "000000000", "12", "١٢٣٤٥٦٧٨٢"):
        page = page.submit("Bewaar", {"bsn": wrong}, status=422)
        assert "geen geldig BSN" in page.text(".error-summary")
        assert wrong not in str(page.soup) or wrong == "12"
        assert page.soup.select_one("#bsn")["value"] == ""  # type: ignore[index]
    done = page.submit("Bewaar", {"bsn": "1234.56.782"})
    assert "Noor Bakker is bijgewerkt." in done.text("body")
    assert "ingevuld" in done.text("main table")
    assert "123456782" not in str(done.soup)


def test_a_number_of_somebody_else_is_named_at_its_field(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row(), row(Teamlid="Piet", E_mail="p@example.com", Personeelsnummer="2", BSN="")])
    page = signed_in("bob").open("/portaal/team").follow("Wijzig Piet")
    page = page.submit("Bewaar", {"personnel_number": "00101"}, status=422)
    assert "Dit hoort al bij Noor Bakker" in page.text("#personnel_number-error")


PAGES = ["/portaal/uren", "/portaal/uren/importeren", "/portaal/uren/sjabloon.csv", "/portaal/team"]


def own_pages(acting: Acting) -> list[str]:
    member, file = first_id(acting, TeamMember), first_id(acting, Upload)
    return [f"/portaal/uren/teamlid/{member}", f"/portaal/uren/imports/{file}", f"/portaal/team/{member}"]


def test_b2_another_organisation_finds_nothing(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    before, venue = rows_of(acting), cast.venue("bob")
    charlie = signed_in("charlie")
    for path in [*own_pages(acting), f"/portaal/uren?vestiging={venue}", f"/portaal/team?vestiging={venue}"]:
        charlie.open(path, status=404)
    token = charlie.open("/portaal/uren/importeren").form(READ_IN).select_one("[name=csrf_token]")
    assert token is not None
    csrf = {"csrf_token": str(token["value"])}
    charlie.post(f"/portaal/uren/imports/{first_id(acting, Upload)}/verwijderen", csrf, status=404)
    charlie.post(f"/portaal/team/{first_id(acting, TeamMember)}", {**csrf, "name": "Gestolen"}, status=404)
    foreign = {**csrf, "venue": str(venue), "file": upload(csv_bytes([row(Datum="02-10-2026")]))}
    charlie.post("/portaal/uren/importeren", foreign, status=422)
    assert rows_of(acting) == before


def test_support_has_no_pages_of_hours(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    desk = signed_in("support")
    for path in [*PAGES, *own_pages(acting)]:
        desk.open(path, status=403)


GARBAGE = ["9999-12-M", "0001-01-M", "2199-12-M", "2000-01-W", "2026-53-W", "2027-53-W", "2026-00-M", "\x00", "😀", "'"]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_d6_no_value_in_an_address_breaks_a_page(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    import_hours(acting, cast, [row()])
    bob, member = signed_in("bob"), first_id(acting, TeamMember)
    numbers = ["0", "-1", "9" * 30, "9223372036854775808", "1e3", "\x00", "😀", "1 OR 1=1"]
    for path in ("/portaal/uren", "/portaal/team", f"/portaal/uren/teamlid/{member}", "/portaal/uren/importeren"):
        queries = [{"periode": word} for word in GARBAGE] + [{"vestiging": word} for word in numbers]
        for query in queries:
            assert bob.client.get(path, query_string=query).status_code in (200, 404), (path, query)
    for path in ("/portaal/uren/teamlid/", "/portaal/uren/imports/", "/portaal/team/"):
        for number in ("0", "9" * 30, "9223372036854775808", "x"):
            assert bob.client.get(path + number).status_code == 404, (path, number)
    assert bob.client.get("/portaal/uren/sjabloon.exe").status_code == 404
    for told in ("x", "9" * 99, "-1", "\x00"):
        bob.open(f"/portaal/uren/imports/{first_id(acting, Upload)}", query={"gelijk": told})


def test_the_page_keeps_to_the_heading_of_a_file(signed_in: SignedIn, acting: Acting) -> None:
    content = csv_bytes([[*row(), "x"]], heading=(*HEADING, "Loonschaal"))
    page = send(signed_in("bob"), content, status=422)
    assert "Loonschaal" in page.text("main table")
    assert rows_of(acting) == 0


def test_a_venue_that_is_new_is_chosen_by_its_link(signed_in: SignedIn, acting: Acting, cast: Cast) -> None:
    """The hours of one venue do not land at the other because the list starts with it."""
    with acting.begin() as work:
        venue = Venue(organisation_id=cast.actors["bob"].organisation_id, name="Strandpaviljoen")
        work.session.add(venue)
        work.session.flush()
        wanted = venue.id
    bob = signed_in("bob")
    page = bob.open(f"/portaal/uren?vestiging={wanted}").follow("Uren importeren")
    done = page.submit(READ_IN, {"file": upload(csv_bytes([row()]))})
    assert "Strandpaviljoen" in done.text()
    assert "Strandpaviljoen" in done.follow("Controleer de uren").text()
