"""Old rows of the trail go, whole seals from the front, and what is left is as provable as before (H2, H4)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from portal.audit import retention
from portal.audit.models import AuditEvent, AuditForgotten
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.audit.archive import Archive
from tests.factories.people import Cast

TWO_YEARS = timedelta(days=730)


@pytest.fixture
def aged(acting: Acting, cast: Cast, settings: Settings) -> Archive:
    """Seals 1 and 2 (rows 1 to 4) are more than two years old; seal 3 (rows 5 and 6) is of today."""
    archive = Archive(acting.as_actor(cast.actors["alice"]), settings)
    for days in (800, 740, 0):
        with time_machine.travel(datetime.now(UTC) - timedelta(days=days), tick=True):
            archive.write()
            archive.seal()
    return archive


def forget(archive: Archive) -> int:
    return retention.forget(archive.acting, datetime.now(UTC) - TWO_YEARS)


def test_h4_rows_of_two_years_ago_go_and_the_chain_holds(aged: Archive) -> None:
    assert forget(aged) == 4
    assert [row.id for row in aged.rows()][:2] == [5, 6]
    assert aged.rows()[2].action == "trail.forgotten"
    assert "Checked 3 rows of the trail, 0 nog niet verzegeld, 4 forgotten after their time. Seals: 4" in aged.sound()
    assert forget(aged) == 0


def test_h4_a_seal_goes_as_a_whole_or_not_at_all(acting: Acting, cast: Cast, settings: Settings) -> None:
    archive = Archive(acting.as_actor(cast.actors["alice"]), settings)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=800), tick=True):
        archive.write()
    archive.write()
    archive.seal()
    assert forget(archive) == 0
    archive.sound()


def test_h4_rows_that_are_not_sealed_stay(acting: Acting, cast: Cast, settings: Settings) -> None:
    archive = Archive(acting.as_actor(cast.actors["alice"]), settings)
    with time_machine.travel(datetime.now(UTC) - timedelta(days=800), tick=True):
        archive.write()
    assert forget(archive) == 0
    assert len(archive.rows()) == 2


def test_h2_after_forgetting_every_other_loss_is_still_found(aged: Archive) -> None:
    forget(aged)
    with aged.restored():
        aged.tamper("DELETE FROM audit_event WHERE id = 5")
        assert "row 5: deleted, or taken out of seal 3" in aged.wrong()
    with aged.restored():
        aged.tamper("DELETE FROM audit_seal WHERE number = 1")
        assert "seal 1: deleted; the next one is seal 2" in aged.wrong()
    with aged.restored():
        aged.tamper("UPDATE audit_seal SET count = 9 WHERE number = 1")
        assert "seal 1: changed or moved" in aged.wrong()
    aged.sound()


def test_h2_the_front_cannot_be_cut_by_hand(aged: Archive) -> None:
    """The rows are gone, and the note is not signed by us: by itself, or with an older note that was."""
    with aged.restored():
        aged.tamper("DELETE FROM audit_event WHERE seal = 1")
        assert "row 1: deleted, or taken out of seal 1" in aged.wrong()
    forget(aged)
    with aged.restored():
        aged.tamper("DELETE FROM audit_event WHERE seal = 3", "UPDATE audit_forgotten SET upto = 3, rows = 6")
        assert "forgotten: the note of what was forgotten is gone, or not signed" in aged.wrong()
        aged.tamper("UPDATE audit_forgotten SET upto = 0, rows = 0")
        assert "row 1: deleted, or taken out of seal 1" in aged.wrong()
        aged.tamper("DELETE FROM audit_forgotten")
        assert "forgotten: the note of what was forgotten is gone" in aged.wrong()


def test_h2_a_row_that_is_put_back_is_found(aged: Archive) -> None:
    forget(aged)
    aged.tamper(
        "INSERT INTO audit_event (id, at, actor, action, facts, salt, mac, seal) "
        "SELECT 2, at, actor, action, facts, salt, 'x', 1 FROM audit_event WHERE id = 5"
    )
    assert "row 2: put back; the rows of seal 1 were forgotten" in aged.wrong()


def test_h2_what_was_tampered_with_is_kept_for_who_looks(aged: Archive) -> None:
    aged.tamper("UPDATE audit_event SET actor = 'Niemand' WHERE id = 3")
    assert forget(aged) == 2
    assert [row.id for row in aged.rows()][:2] == [3, 4]
    assert "row 3 in seal 2: changed" in aged.wrong()
    aged.tamper("UPDATE audit_seal SET count = 3 WHERE number = 2")
    assert forget(aged) == 0


REFUSED = (
    "DELETE FROM audit_event WHERE id = 5",
    "DELETE FROM audit_event",
    "UPDATE audit_forgotten SET upto = 1",
    "UPDATE audit_forgotten SET upto = 99",
    "DELETE FROM audit_forgotten",
)


def test_h2_the_database_itself_refuses_all_other_forgetting(aged: Archive) -> None:
    forget(aged)
    engine = aged.acting.engine
    more = ("TRUNCATE audit_forgotten", "TRUNCATE audit_event") if engine.dialect.name == "postgresql" else ()
    for statement in (*REFUSED, *more):
        with pytest.raises(DatabaseError, match="of the trail"), engine.begin() as connection:
            connection.execute(text(statement))
    aged.sound()


def test_h4_two_at_once_forget_each_row_once(aged: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a run that ends between two batches is continued by the next."""
    monkeypatch.setattr(retention, "BATCH", 1)
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(forget(aged))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    with aged.acting.read() as work:
        note = work.session.get_one(AuditForgotten, 1)
        left = work.session.scalar(select(func.count()).where(AuditEvent.seal <= note.upto))
    assert (note.upto, note.rows, left) == (2, 4, 0)
    aged.sound()
