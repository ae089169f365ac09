"""Looks at personal data (H1): a row per person, thing and ten minutes; without the row there is no look."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import event, select, text

from portal.audit.models import AuditEvent
from portal.audit.service import look
from portal.exports.models import Export
from portal.hours.models import TeamMember, Upload
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.audit.archive import Archive
from tests.browse import Visitor
from tests.factories.people import Cast
from tests.factories.setup import activate_file_target, activate_nmbrs, import_hours
from tests.hours.sheets import row
from tests.integrations import flow

pytestmark = pytest.mark.usefixtures("november")
SignedIn = Callable[[str], Visitor]
NOW = datetime(2026, 11, 22, 12, 1, tzinfo=UTC)


def looks(acting: Acting) -> list[tuple[str, str, dict[str, object]]]:
    with acting.read() as work:
        query = select(AuditEvent).where(AuditEvent.action.startswith("look.")).order_by(AuditEvent.id)
        return [(one.actor, one.action, one.facts) for one in work.session.scalars(query)]


def first(acting: Acting, table: type[Export | TeamMember | Upload]) -> int:
    with acting.read() as work:
        return work.session.scalars(select(table.id).order_by(table.id)).all()[0]


@pytest.fixture
def brought(acting: Acting, cast: Cast) -> int:
    """Hours of October of one person, and horecalonen to export them to; returns the person."""
    import_hours(acting, cast, [row()])
    activate_file_target(acting, cast, "horecalonen")
    return first(acting, TeamMember)


def test_h1_every_page_with_people_on_it_leaves_a_look(
    acting: Acting, cast: Cast, signed_in: SignedIn, brought: int
) -> None:
    bob, venue, period = signed_in("bob"), cast.venue("bob"), "2026-10-M"
    preview = f"/portaal/exports/controle?vestiging={venue}&doel=horecalonen&periode={period}"
    bob.open(preview).submit("Maak export")
    export = first(acting, Export)
    place = f"vestiging={venue}&doel=horecalonen&periode={period}"
    paths = {
        "/portaal/uren": {"venue": venue, "period": period},
        f"/portaal/uren/teamlid/{brought}": {"member": brought, "period": period},
        "/portaal/team": {"venue": venue},
        f"/portaal/team/{brought}": {"member": brought},
        f"/portaal/verschil?{place}": {"venue": venue, "provider": "horecalonen", "period": period},
        f"/portaal/verschil/correctie?{place}": {"venue": venue, "provider": "horecalonen", "period": period},
    }
    for path in paths:
        bob.open(path)
    assert looks(acting) == [
        ("Bob Bes", "look.preview", {"venue": venue, "provider": "horecalonen", "period": period, "with_bsn": True}),
        ("Bob Bes", "look.export", {"export": export}),
        ("Bob Bes", "look.hours", paths["/portaal/uren"]),
        ("Bob Bes", "look.hours", paths[f"/portaal/uren/teamlid/{brought}"]),
        ("Bob Bes", "look.team", {"venue": venue}),
        ("Bob Bes", "look.member", {"member": brought}),
        ("Bob Bes", "look.difference", paths[f"/portaal/verschil?{place}"]),
        ("Bob Bes", "look.correction", paths[f"/portaal/verschil/correctie?{place}"]),
    ]
    seen = signed_in("alice").open("/portaal/bedrijf/logboek", query={"soort": "inzage"}).text()
    assert f"Export bekeken export: {export}" in seen


def test_h1_the_customer_sees_that_support_looked(
    acting: Acting, cast: Cast, signed_in: SignedIn, sandbox: str
) -> None:
    activate_nmbrs(acting, cast)
    signed_in("support").open("/support/aanvragen/1")
    assert looks(acting) == [("Sam Support", "look.request", {"request": 1})]
    seen = signed_in("alice").open("/portaal/bedrijf/logboek").text()
    assert "Sam Support Aanvraag bekeken aanvraag: 1" in seen


def test_h1_a_page_that_was_refused_or_not_found_is_no_look(
    acting: Acting, cast: Cast, signed_in: SignedIn, brought: int
) -> None:
    charlie = signed_in("charlie")
    charlie.open(f"/portaal/team/{brought}", status=404)
    charlie.open(f"/portaal/uren/teamlid/{brought}", status=404)
    charlie.open("/support/aanvragen/1", status=403)
    assert looks(acting) == []


def test_h1_one_row_per_person_thing_and_ten_minutes(acting: Acting, cast: Cast) -> None:
    alice, bob = (acting.as_actor(cast.actors[name]) for name in ("alice", "bob"))
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            look(alice, "look.delivery", delivery=1)
        assert len(looks(acting)) == 1
        look(bob, "look.delivery", delivery=1)
        look(alice, "look.delivery", delivery=2)
        assert len(looks(acting)) == 3
        clock.move_to(NOW + timedelta(minutes=10))
        look(alice, "look.delivery", delivery=1)
        assert len(looks(acting)) == 4


def test_h1_many_at_once_leave_one_row(acting: Acting, cast: Cast) -> None:
    alice = acting.as_actor(cast.actors["alice"])
    failures: list[Exception] = []

    def see() -> None:
        try:
            look(alice, "look.delivery", delivery=1)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a thread
            failures.append(error)

    with time_machine.travel(NOW, tick=False):
        threads = [threading.Thread(target=see) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []
    assert len(looks(acting)) == 1


def test_h1_a_look_that_is_known_costs_one_read_and_no_write(acting: Acting, cast: Cast) -> None:
    alice, asked = acting.as_actor(cast.actors["alice"]), []
    with time_machine.travel(NOW, tick=False):
        look(alice, "look.delivery", delivery=1)
        event.listen(acting.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        look(alice, "look.delivery", delivery=1)
    limits = ("BEGIN", "SELECT set_config")  # PostgreSQL is told which customer it is
    assert [one.split()[0] for one in asked if not one.startswith(limits)] == ["SELECT"]
    assert "BEGIN IMMEDIATE" not in asked


def test_h2_looks_are_rows_of_the_chain(acting: Acting, cast: Cast, settings: Settings) -> None:
    archive = Archive(acting.as_actor(cast.actors["alice"]), settings)
    look(archive.acting, "look.delivery", delivery=1)
    assert "Checked 1 rows of the trail" in archive.sound()


def broken(acting: Acting) -> None:
    """From now on, the database takes no row of the trail."""
    with acting.engine.begin() as connection:
        if acting.engine.dialect.name == "postgresql":
            refuse = "BEGIN RAISE EXCEPTION 'the trail is full'; END"
            connection.execute(text(f"CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$"))
            start = "CREATE TRIGGER full_ BEFORE INSERT ON audit_event"
            connection.execute(text(f"{start} FOR EACH ROW EXECUTE FUNCTION full_()"))
        else:
            refuse = "BEGIN SELECT RAISE(ABORT, 'the trail is full'); END"
            connection.execute(text(f"CREATE TRIGGER full_ BEFORE INSERT ON audit_event {refuse}"))


def counts(acting: Acting) -> dict[str, int]:
    with acting.read() as work:
        names = ("koppeling", "shift", "one_time_link", "outbox_mail", "export", "upload")
        return {name: work.session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_h2_what_cannot_be_recorded_does_not_happen(
    acting: Acting, cast: Cast, signed_in: SignedIn, brought: int
) -> None:
    """A koppeling, an export, an import that is removed, a colleague, a download, and a look."""
    alice, venue = signed_in("alice"), cast.venue("alice")
    preview = alice.open(f"/portaal/exports/controle?vestiging={venue}&doel=horecalonen&periode=2026-10-M")
    colleagues, token = alice.open("/portaal/bedrijf/gebruikers/uitnodigen"), flow.csrf(alice)
    before = counts(acting)
    broken(acting)
    alice.post(f"{flow.BASE}/connexie/activeren", token, status=500)
    preview.submit("Maak export", status=500)
    alice.post(f"/portaal/uren/imports/{first(acting, Upload)}/verwijderen", token, status=500)
    colleagues.submit("Verstuur uitnodiging", {"email": "nieuw@dezon.example"}, status=500)
    assert counts(acting) == before
    alice.open("/portaal/bedrijf/logboek.csv", status=500)
    alice.open(f"/portaal/team/{brought}", status=500)
    assert "Jansen" not in alice.client.get("/portaal/team").get_data(as_text=True)
