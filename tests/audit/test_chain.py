"""The chain of the trail (H2): whatever is changed, added, moved or cut in the database is found by the command."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.audit import chain, seals
from portal.audit.models import AuditEvent, AuditHead, AuditSeal
from portal.audit.service import record
from portal.kernel.chain import Head
from portal.kernel.work import Acting
from portal.settings import Settings
from tests.audit.archive import Archive
from tests.conftest import VAULT_KEY
from tests.factories.people import Cast
from tests.installation import clean_env, portal

ANOTHER = "f" * 64


@pytest.fixture
def archive(acting: Acting, cast: Cast, settings: Settings) -> Archive:
    return Archive(acting.as_actor(cast.actors["alice"]), settings)


@pytest.fixture
def three(archive: Archive) -> Archive:
    """Three seals of two rows: 1 and 2, 3 and 4, 5 and 6."""
    for _ in range(3):
        archive.write()
        archive.seal()
    archive.sound()
    return archive


def test_h2_each_seal_covers_its_rows_and_the_seal_before(three: Archive) -> None:
    made = three.seals()
    assert [(one.number, one.ids, one.count, one.opening) for one in made] == [
        (1, "1-2", 2, False), (2, "3-4", 2, False), (3, "5-6", 2, False),
    ]  # fmt: skip
    assert [one.previous for one in made] == ["0" * 64, made[0].hash, made[1].hash]
    assert f"Checked 6 rows of the trail, 0 nog niet verzegeld. Seals: 3 {made[2].hash[:12]}\n" in three.sound()


def test_h2_the_check_seals_what_is_fresh_and_an_empty_trail_is_sound(archive: Archive) -> None:
    assert "Checked 0 rows of the trail, 0 nog niet verzegeld. Seals: 0" in archive.sound()
    archive.write(3)
    assert "Checked 3 rows of the trail, 0 nog niet verzegeld. Seals: 1" in archive.sound()


def test_h2_fresh_rows_are_only_counted(three: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    three.write(3)
    monkeypatch.setattr(seals, "seal", lambda _acting: False)
    assert "Checked 6 rows of the trail, 3 nog niet verzegeld." in three.sound()


def test_h2_the_command_as_it_is_installed(three: Archive, tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), **three.env}
    assert portal(env, "audit", "verify").returncode == 0
    three.tamper("UPDATE audit_event SET actor = 'Niemand' WHERE id = 3")
    done = portal(env, "audit", "verify")
    told = "WRONG at row 3 in seal 2: changed; it is not what was written.\n"
    assert (done.returncode, done.stderr) == (1, told)


ROWS = [
    ("at = '2020-01-01 00:00:00.000000'", "row 3 in seal 2: changed"),
    ("organisation_id = 2", "row 3 in seal 2: changed"),
    ("actor_id = 99", "row 3 in seal 2: changed"),
    ("actor = 'Niemand'", "row 3 in seal 2: changed"),
    ("action = 'koppeling.company'", "row 3 in seal 2: changed"),
    ("facts = '{\"count\": 7}'", "row 3 in seal 2: changed"),
    ("once = 'x'", "row 3 in seal 2: changed"),
    ("salt = 'x'", "row 3 in seal 2: changed"),
    ("mac = :other", "row 3 in seal 2: changed"),
    ("mac = ''", "row 3 in seal 2: changed"),
    ("seal = 1", "row 3: inserted, or put into seal 1"),
    ("seal = 9", "row 3: deleted, or taken out of seal 2"),
    ("seal = NULL", "row 3: deleted, or taken out of seal 2"),
    ("id = 77", "row 3: deleted, or taken out of seal 2"),
]
SEALS = [
    ("number = 7", "seal 2: deleted"),
    ("sealed_at = '2020-01-01 00:00:00.000000'", "seal 2: changed"),
    ("ids = '3'", "seal 2: changed"),
    ("count = 1", "seal 2: changed"),
    ("opening = true", "seal 2: changed"),
    ("rows_digest = :other", "seal 2: changed"),
    ("previous = :other", "seal 2: changed"),
    ("hash = :other", "seal 2: changed"),
    ("signature = :other", "seal 2: changed or inserted; the signature"),
]
HEADS = ("count = 2", "count = 4", f"hash = '{ANOTHER}'", "signature = ''", f"signature = '{ANOTHER}'")


def test_h2_a_changed_column_of_a_row_is_found(three: Archive) -> None:
    assert {change.split(" = ")[0] for change, _ in ROWS} == set(AuditEvent.__table__.columns.keys())
    for change, words in ROWS:
        values = {"other": ANOTHER} if ":other" in change else {}
        with three.restored():
            three.tamper(f"UPDATE audit_event SET {change} WHERE id = 3".replace(": 7", "\\: 7"), **values)
            assert words in three.wrong(), change
    three.sound()


def test_h2_a_changed_column_of_a_seal_or_the_head_is_found(three: Archive) -> None:
    assert {change.split(" = ")[0] for change, _ in SEALS} == set(AuditSeal.__table__.columns.keys())
    for change, words in SEALS:
        values = {"other": ANOTHER} if ":other" in change else {}
        with three.restored():
            three.tamper(f"UPDATE audit_seal SET {change} WHERE number = 2", **values)
            assert words in three.wrong(), change
    for change in HEADS:
        with three.restored():
            three.tamper(f"UPDATE audit_head SET {change}")
            assert "head: changed or gone" in three.wrong(), change
    three.sound()


def test_h2_a_row_that_is_deleted_is_found(three: Archive) -> None:
    three.tamper("DELETE FROM audit_event WHERE id = 4")
    assert "row 4: deleted, or taken out of seal 2" in three.wrong()


def test_h2_rows_that_change_places_are_found(three: Archive) -> None:
    swap = [f"UPDATE audit_event SET id = {new} WHERE id = {old}" for old, new in ((3, 99), (4, 3), (99, 4))]
    three.tamper(*swap)
    assert "rows 3-4 in seal 2: one was changed, or two changed places" in three.wrong()


COPY = "INSERT INTO audit_event (id, at, organisation_id, actor_id, actor, action, facts, salt, mac) "


def test_h2_a_row_that_is_forged_is_found(three: Archive) -> None:
    """With a MAC of fancy, without one, and with that of a genuine row."""
    same = "SELECT {}, at, organisation_id, actor_id, {}, action, facts, salt, {} FROM audit_event WHERE id = 2"
    for mac in (f"'{ANOTHER}'", "''", "mac"):
        with three.restored():
            three.tamper(COPY + same.format(50, "'Eve'", mac))
            assert "row 50, not sealed: changed or inserted" in three.wrong(), mac
    with three.restored():
        three.tamper(COPY + same.format(50, "'Eve'", "mac"), "UPDATE audit_event SET seal = 9 WHERE id = 50")
        assert "row 50: inserted or moved; the seal that it names does not exist" in three.wrong()
    three.tamper(COPY + same.format(50, "actor", "mac"))
    assert "row 50: inserted; it is a copy of another row" in three.wrong()


def test_h2_a_forged_row_does_not_stop_the_sealing_of_others(three: Archive) -> None:
    three.tamper(COPY + "SELECT 50, at, 1, 1, 'Eve', action, facts, salt, mac FROM audit_event WHERE id = 2")
    three.write()
    three.seal()
    assert three.seals()[3].count == 2
    assert {row.seal for row in three.rows() if row.id == 50} == {None}


def test_h2_seals_that_are_deleted_or_change_places_are_found(three: Archive) -> None:
    with three.restored():
        three.tamper("DELETE FROM audit_seal WHERE number = 2")
        assert "seal 2: deleted; the next one is seal 3" in three.wrong()
    swap = [f"UPDATE audit_seal SET number = {new} WHERE number = {old}" for old, new in ((2, 9), (3, 2), (9, 3))]
    three.tamper(*swap)
    assert "seal 2: changed or moved" in three.wrong()


def test_h2_a_seal_that_is_made_anew_without_the_key_is_found(three: Archive) -> None:
    with three.intruder() as connection, Session(connection) as session:
        made = session.get_one(AuditSeal, 3)
        made.ids, made.count = "5", 1
        made.hash = chain.hash_of(made)
        session.commit()
    three.tamper("DELETE FROM audit_event WHERE id = 6")
    assert "seal 3: changed or inserted; the signature" in three.wrong()


def cut(archive: Archive, left: int, head: AuditHead) -> None:
    """Take away everything after `left` seals, and put back the head that was genuine then."""
    archive.tamper(
        f"DELETE FROM audit_event WHERE seal > {left}",
        f"DELETE FROM audit_seal WHERE number > {left}",
        f"UPDATE audit_head SET count = {head.count}, hash = '{head.hash}', signature = '{head.signature}'",
    )


@pytest.mark.parametrize("left", [0, 1])
def test_h2_a_tail_that_is_cut_with_its_head_is_found(archive: Archive, left: int) -> None:
    """Only the file outside the database knows of more; and nothing new is sealed that would hide it."""
    for number in range(3):
        if number == left:
            head = archive.head()
        archive.write()
        archive.seal()
    cut(archive, left, head)
    for _ in range(2):
        assert f"seal {left + 1}: tail cut; the note outside the database knows 3 seals" in archive.wrong()
        archive.write()
        assert seals.tend(archive.acting) is False
    with pytest.raises(seals.Broken):
        archive.seal()


def test_h2_a_tail_that_is_cut_without_its_head_is_found(three: Archive) -> None:
    three.tamper("DELETE FROM audit_event WHERE seal = 3", "DELETE FROM audit_seal WHERE number = 3")
    assert "seal 3: tail cut; there must be 3 seals" in three.wrong()


def test_h2_a_tail_that_grew_again_on_another_machine_is_found(three: Archive, tmp_path: Path) -> None:
    """Who has no note of the end cannot know; who has one finds that it leads elsewhere now."""
    end = Head(2, three.seals()[1].hash)
    signature = chain.CHAIN.head_signature(three.acting.vault, end)
    cut(three, 2, AuditHead(count=end.count, hash=end.hash, signature=signature))
    three.write(4)
    assert three.run("verify", DATA=str(tmp_path / "other")).exit_code == 0
    assert "seal 3: replaced; the note outside the database knows another one" in three.wrong()


def test_h2_a_genuine_seal_of_another_history_is_found(three: Archive) -> None:
    """The tail was cut and grew again; then a part of the old one is put back in its place."""
    events, made = AuditEvent.__table__, AuditSeal.__table__
    with three.intruder() as connection:
        old_rows = [dict(row) for row in connection.execute(select(events).where(events.c.seal == 3)).mappings()]
        old_seals = [dict(row) for row in connection.execute(select(made).where(made.c.number == 3)).mappings()]
    end = Head(2, three.seals()[1].hash)
    cut(three, 2, AuditHead(count=2, hash=end.hash, signature=chain.CHAIN.head_signature(three.acting.vault, end)))
    (three.settings.data / "audit.head").unlink()
    for _ in range(2):
        three.write()
        three.seal()
    three.tamper("DELETE FROM audit_event WHERE seal = 3", "DELETE FROM audit_seal WHERE number = 3")
    with three.intruder() as connection:
        connection.execute(insert(AuditEvent), old_rows)
        connection.execute(insert(AuditSeal), old_seals)
    assert "seal 4: moved or replaced; it does not follow the one before" in three.wrong()


def test_h2_a_note_that_was_changed_or_is_of_another_key_is_found(three: Archive, tmp_path: Path) -> None:
    file = three.settings.data / "audit.head"
    file.write_text(file.read_text().replace('"count": 3', '"count": 2'))
    assert "anchor:" in three.wrong()
    other = VAULT_KEY[::-1].replace("=", "A")[:43] + "="
    assert three.run("verify", PORTAL_VAULT_KEY=other, DATA=str(tmp_path / "x")).exit_code == 1


REFUSED = (
    "UPDATE audit_event SET actor = 'Niemand' WHERE id = 3",
    "UPDATE audit_event SET seal = NULL WHERE id = 3",
    "UPDATE audit_event SET seal = 1 WHERE id = 3",
    "UPDATE audit_event SET seal = 3, actor = 'Niemand' WHERE id = 7",
    "UPDATE audit_event SET seal = 3, facts = '{}' WHERE id = 7",
    "DELETE FROM audit_event WHERE id = 7",
    "UPDATE audit_seal SET count = 9 WHERE number = 1",
    "DELETE FROM audit_seal WHERE number = 3",
    "UPDATE audit_head SET count = 2",
    "DELETE FROM audit_head",
)


def test_h2_the_database_itself_refuses_a_change(three: Archive) -> None:
    three.write(1)
    engine = three.acting.engine
    more = [f"TRUNCATE {name}" for name in ("audit_event", "audit_seal", "audit_head")]
    for statement in (*REFUSED, *(more if engine.dialect.name == "postgresql" else ())):
        with pytest.raises(DatabaseError, match="of the trail"), engine.begin() as connection:
            connection.execute(text(statement))
    three.sound()


def test_h2_rows_from_before_the_chain_are_sealed_first_and_never_later(archive: Archive, monkeypatch) -> None:
    monkeypatch.setattr(seals, "BATCH", 2)
    archive.write(3)
    archive.tamper("UPDATE audit_event SET mac = '', salt = ''")
    archive.write(2)
    archive.seal()
    assert [(one.ids, one.opening) for one in archive.seals()] == [("1-2", True), ("3-4", True), ("5", False)]
    archive.sound()
    with archive.restored():
        archive.tamper("UPDATE audit_event SET actor = 'Niemand' WHERE id = 1")
        assert "rows 1-2 in seal 1: one was changed" in archive.wrong()
    archive.write(1)
    archive.tamper("UPDATE audit_event SET mac = '' WHERE id = 6")
    assert "row 6, not sealed: changed or inserted" in archive.wrong()


def write_and_fail(archive: Archive) -> None:
    with archive.acting.begin() as undone:
        record(undone, "koppeling.codes", count=2)
        undone.session.flush()
        raise ZeroDivisionError


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite nobody commits late: one writer
def test_h2_rows_that_are_committed_late_go_into_the_next_seal(archive: Archive) -> None:
    """A gap of a transaction that was undone is no gap in the chain either."""
    with archive.acting.begin() as late:
        record(late, "koppeling.codes", count=1)
        late.session.flush()
        archive.write(1)
        archive.seal()
    with pytest.raises(ZeroDivisionError):
        write_and_fail(archive)
    archive.write(1)
    archive.seal()
    assert [one.ids for one in archive.seals()] == ["2", "1,4"]
    archive.sound()


def test_h2_many_who_write_and_seal_at_once_make_one_chain(archive: Archive) -> None:
    failures: list[Exception] = []

    def work() -> None:
        try:
            for _ in range(5):
                archive.write(3)
                seals.seal(archive.acting)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in a thread
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert "Checked 90 rows of the trail, 0 nog niet verzegeld." in archive.sound()
    covered = [number for one in archive.seals() for number in chain.numbers(one.ids)]
    assert sorted(covered) == [row.id for row in archive.rows()]


def test_h2_the_worker_seals(archive: Archive) -> None:
    archive.write(1)
    assert seals.tend(archive.acting) is False
    assert [row.seal for row in archive.rows()] == [1]
    assert seals.tend(archive.acting) is False
    assert len(archive.seals()) == 1
