"""The page of the trail (H1): who, when, what and why; to look for; to take along as a file."""

from __future__ import annotations

import csv
import io
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

from portal.audit.models import AuditEvent
from portal.audit.service import record
from portal.audit.words import ACTIONS, GROUPS, details
from portal.integrations.service import switch_on
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.audit.archive import Archive
from tests.browse import Page, Visitor
from tests.factories.people import Cast

PAGE = "/portaal/bedrijf/logboek"
SignedIn = Callable[[str], Visitor]


def acts_of(page: Page) -> list[str]:
    return [cell.get_text(strip=True) for cell in page.soup.select('tbody td[data-label="Wat"]')]


def act(acting: Acting, cast: Cast, who: str, day: int, action: str, **facts: int) -> None:
    """Something that happened in October, a minute after midnight in the Netherlands."""
    moment = datetime(2026, 10, day - 1, 22, 1, tzinfo=UTC)
    with time_machine.travel(moment, tick=False), acting.as_actor(cast.actors[who]).begin() as work:
        record(work, action, None, **facts)


@pytest.fixture
def october(acting: Acting, cast: Cast) -> None:
    act(acting, cast, "alice", 5, "koppeling.codes", count=3)
    act(acting, cast, "bob", 6, "export.created", export=1)
    act(acting, cast, "bob", 7, "look.export", export=1)
    act(acting, cast, "charlie", 6, "export.created", export=2)


def test_h1_each_kind_of_act_can_be_looked_for() -> None:
    for action in ACTIONS:
        found = [key for key, group in GROUPS.items() if action.startswith(group.prefixes)]
        assert len(found) == 1, action


def test_h1_facts_are_told_in_dutch() -> None:
    assert (
        details({"delivery": 3, "booked": True, "why": "uren leveren"})
        == "levering: 3, geboekt: ja, reden: uren leveren"
    )


@pytest.mark.usefixtures("october")
def test_h1_the_log_can_be_looked_through_without_script(signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    first = alice.open(PAGE)
    assert acts_of(first) == ["Ingelogd", "Export bekeken", "Export gemaakt", "Urencodes gekozen"]
    assert "7 oktober 2026, 00:01" in first.text()
    for values, expected in (
        ({"soort": "exports"}, ["Export gemaakt"]),
        ({"soort": "inzage"}, ["Export bekeken"]),
        ({"wie": "bOB"}, ["Export bekeken", "Export gemaakt"]),
        ({"van": "2026-10-06", "tot": "2026-10-06"}, ["Export gemaakt"]),
        ({"van": "06-10-2026", "tot": "07-10-2026"}, ["Export bekeken", "Export gemaakt"]),
        ({"tot": "2026-10-05", "wie": "Alice"}, ["Urencodes gekozen"]),
    ):
        assert acts_of(first.submit("Zoek in het logboek", values)) == expected, values
    nothing = first.submit("Zoek in het logboek", {"wie": "%"})
    assert "Niets gevonden" in nothing.text()
    assert len(acts_of(nothing.follow("Toon alles"))) == 4


def test_h1_a_search_goes_on_over_the_pages(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    with acting.as_actor(cast.actors["alice"]).begin() as work:
        for number in range(130):
            record(work, "koppeling.codes", count=number)
            record(work, "export.created", export=number)
    page = signed_in("alice").open(PAGE, query={"soort": "exports", "wie": "alice"})
    second = page.follow("Ouder")
    assert acts_of(second) == ["Export gemaakt"] * 30
    assert set(acts_of(second.follow("Nieuwste"))) == {"Export gemaakt"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"van": "2026-02-30"}, "Vul een datum in die bestaat, zoals 22-11-2026."),
        ({"tot": "gisteren"}, "Vul een datum in die bestaat, zoals 22-11-2026."),
        ({"van": "0001-01-01"}, "Vul een datum in die bestaat"),
        ({"tot": "9999-12-31"}, "Vul een datum in die bestaat"),
        ({"van": "2026-10-07", "tot": "2026-10-06"}, "De laatste dag ligt voor de eerste. Draai de datums om."),
        ({"soort": "alles' OR 1=1"}, "Kies bij soort iets uit de lijst."),
        ({"wie": "a" * 101}, "Een naam heeft hoogstens 100 tekens."),
        ({"wie": "a\x00b"}, "Haal de onzichtbare tekens weg"),
    ],
)
def test_h1_a_wrong_search_says_what_to_do(signed_in: SignedIn, query: dict[str, str], words: str) -> None:
    alice = signed_in("alice")
    page = alice.open(PAGE, status=422, query=query)
    assert words in page.text(".error-summary")
    assert acts_of(page) == []
    assert words in alice.open(f"{PAGE}.csv", status=422, query=query).text()


def test_h1_a_page_that_cannot_be_is_not_found(signed_in: SignedIn) -> None:
    alice = signed_in("alice")
    for number in ("x", "-1", "9" * 30):
        alice.open(PAGE, status=404, query={"voor": number})


def sheet(answer: bytes) -> list[list[str]]:
    assert answer.startswith("\N{BYTE ORDER MARK}".encode())
    return list(csv.reader(io.StringIO(answer.decode("utf-8-sig")), delimiter=";"))


def test_h1_a_beheerder_takes_the_own_log_along(
    acting: Acting, cast: Cast, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it, however many pages; of no other; and that it was taken is a row of it."""
    monkeypatch.setattr("portal.audit.downloads.BATCH", 7)
    switch_on(acting.as_actor(cast.actors["charlie"]), "connexie")
    with acting.as_actor(cast.actors["alice"]).begin() as work:
        for number in range(20):
            record(work, "koppeling.codes", count=number, why="=1+1")
    alice = signed_in("alice")
    answer = alice.client.get(alice.open(PAGE).link("Download als CSV"))
    assert (answer.status_code, answer.mimetype, answer.is_streamed) == (200, "text/csv", True)
    assert answer.headers["Content-Disposition"] == "attachment; filename=logboek.csv"
    assert answer.headers["Cache-Control"] == "no-store"
    heads, *rows = sheet(answer.data)
    assert heads == ["Nummer", "Wanneer", "Wie", "Klant", "Wat", "Bijzonderheden"]
    assert [row[4] for row in rows] == ["Logboek gedownload", "Ingelogd", *["Urencodes gekozen"] * 20]
    assert {row[3] for row in rows} == {"Brasserie De Zon"}
    part = alice.client.get(f"{PAGE}.csv?soort=accounts").data
    assert [row[4] for row in sheet(part)[1:]] == ["Ingelogd"]
    assert "soort: accounts" in alice.open(PAGE).text()
    signed_in("bob").open(f"{PAGE}.csv", status=403)
    signed_in("support").open(f"{PAGE}.csv", status=403)


def test_e3_no_cell_of_the_log_is_a_formula(acting: Acting, cast: Cast, signed_in: SignedIn) -> None:
    eve = replace(cast.actors["alice"], name="=HYPERLINK(1)")
    with acting.as_actor(eve).begin() as work:
        record(work, "+cmd", why="x")
    found = sheet(signed_in("alice").client.get(f"{PAGE}.csv").data)
    assert [cell for row in found for cell in row if cell.startswith(("=", "+", "-", "@"))] == []
    assert "'=HYPERLINK(1)" in [row[2] for row in found]


@pytest.mark.usefixtures("october")
def test_h1_the_head_of_support_reads_all_and_a_customer_sees_when_support_took_theirs(
    cast: Cast, signed_in: SignedIn
) -> None:
    support = signed_in("lead")
    page = support.open("/support/logboek")
    assert {"Brasserie De Zon", "Café Anders"} <= {c.get_text() for c in page.soup.select('td[data-label="Klant"]')}
    own = str(cast.actors["charlie"].organisation_id)
    theirs = page.submit("Zoek in het logboek", {"klant": own})
    assert acts_of(theirs) == ["Export gemaakt"]
    rows = sheet(support.client.get(theirs.link("Download als CSV")).data)[1:]
    assert [(row[3], row[4]) for row in rows] == [
        ("Café Anders", "Logboek gedownload"),
        ("Café Anders", "Export gemaakt"),
    ]
    assert "Logboek gedownload" in acts_of(signed_in("charlie").open(PAGE))
    assert "Logboek gedownload" not in acts_of(signed_in("alice").open(PAGE))
    support.open("/support/logboek", status=422, query={"klant": "99"})
    for other in ("alice", "support"):
        signed_in(other).open("/support/logboek", status=403)
        signed_in(other).open("/support/logboek.csv", status=403)
    assert "Logboek" not in signed_in("support").open("/support/aanvragen").text(".main-nav")


def test_b2_a_customer_cannot_ask_for_another(cast: Cast, signed_in: SignedIn) -> None:
    other = str(cast.actors["alice"].organisation_id)
    signed_in("alice")
    page = signed_in("charlie").open(PAGE, query={"klant": other})
    assert "Alice" not in page.text()


def test_h1_the_log_of_a_customer_from_the_command_line(
    acting: Acting, cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    switch_on(acting.as_actor(cast.actors["alice"]), "connexie")
    switch_on(acting.as_actor(cast.actors["charlie"]), "connexie")
    archive, out = Archive(acting, settings), tmp_path / "logboek.csv"
    number = str(cast.actors["alice"].organisation_id)
    done = archive.run("export", "--organisation", number, "--out", str(out))
    assert (done.exit_code, done.stdout) == (0, f"The trail of Brasserie De Zon is in {out}.\n")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = sheet(out.read_bytes())[1:]
    assert [(row[2], row[4]) for row in rows] == [
        ("koppelportaal", "Logboek gedownload"), ("Alice Appel", "Koppeling gewijzigd"),
    ]  # fmt: skip
    again = archive.run("export", "--organisation", number, "--out", str(out))
    assert (again.exit_code, again.stderr) == (1, f"{out} cannot be made: File exists.\n")
    nobody = archive.run("export", "--organisation", "99", "--out", str(tmp_path / "x.csv"))
    assert (nobody.exit_code, nobody.stderr) == (1, "There is no customer 99.\n")
    with acting.read() as work:
        taken = work.session.scalars(select(AuditEvent.facts).where(AuditEvent.action == "trail.downloaded")).all()
    assert taken == [{"by": "opdrachtregel"}]
