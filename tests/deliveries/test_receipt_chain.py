"""The chain of receipts (G3): whatever is changed, added, moved or cut in the database is found by the command."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from portal.app import wire
from portal.deliveries import receipts
from portal.deliveries.receipt_chain import hash_of
from portal.deliveries.receipt_models import Receipt, ReceiptHead
from portal.settings import Settings
from tests.conftest import VAULT_KEY
from tests.deliveries.receipt_steps import Deliver, Office, reword
from tests.deliveries.stage import Stage
from tests.installation import clean_env, portal

ANOTHER = "f" * 64


@pytest.fixture
def office(nmbrs: Stage, deliver: Deliver, settings: Settings) -> Office:
    return Office(nmbrs, deliver, settings, days=2)


@pytest.fixture
def three(office: Office) -> Office:
    for _ in range(3):
        office.delivered()
    assert office.verify().exit_code == 0
    return office


def test_the_chain_runs_over_all_deliveries(three: Office) -> None:
    rows = three.chain()
    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.previous for row in rows] == ["0" * 64, rows[0].hash, rows[1].hash]
    assert len({row.code for row in rows}) == 3
    done = three.verify()
    assert done.stdout.splitlines()[0] == f"Checked 3 receipts. Head: 3 {rows[2].hash[:12]}"


def test_an_installation_without_receipts_is_sound(office: Office) -> None:
    assert office.verify().stdout.startswith("Checked 0 receipts.")


def test_the_command_as_it_is_installed(three: Office, tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), **three.env}
    assert portal(env, "audit", "verify").returncode == 0
    three.tamper("UPDATE receipt SET hours = hours + 1 WHERE seq = 2")
    done = portal(env, "audit", "verify")
    assert (done.returncode, done.stderr) == (1, "WRONG at receipt 2: changed; its hash is not that of its contents.\n")
    assert done.stdout.startswith("Checked 1 receipts.")


COLUMNS = [
    ("organisation_id = organisation_id + 1", "receipt 2: changed"),
    ("delivery_id = delivery_id + 1", "receipt 2: changed"),
    ("code = substr(code, 1, 21) || 'U'", "receipt 2: changed"),
    ("sealed_at = '2020-01-01 00:00:00.000000'", "receipt 2: changed"),
    ("state = 'geannuleerd'", "receipt 2: changed"),
    ("replaces = 1", "receipt 2: changed"),
    ("accepted = accepted + 1", "receipt 2: changed"),
    ("refused = refused + 1", "receipt 2: changed"),
    ("unclear = unclear + 1", "receipt 2: changed"),
    ("unsent = unsent + 1", "receipt 2: changed"),
    ("hours = hours - 1", "receipt 2: changed"),
    ("body_sha256 = :other", "receipt 2: changed"),
    ("previous = :other", "receipt 2: changed"),
    ("hash = :other", "receipt 2: changed"),
    ("signature = :other", "receipt 2: changed or inserted; the signature"),
    ("seq = 7", "receipt 2: missing"),
    ("body = :bytes", "receipt 2: changed; its body"),
    ("body = (SELECT body FROM receipt WHERE seq = 1)", "receipt 2: changed; its body"),
]
HEADS = ("count = 2", "count = 4", f"hash = '{ANOTHER}'", "signature = ''", f"signature = '{ANOTHER}'")


def test_a_changed_column_is_found(three: Office) -> None:
    assert {change.split(" = ")[0] for change, _ in COLUMNS} == set(Receipt.__table__.columns.keys())
    for change, words in COLUMNS:
        values = {name: value for name, value in (("other", ANOTHER), ("bytes", b"\1else")) if f":{name}" in change}
        with three.restored():
            three.tamper(f"UPDATE receipt SET {change} WHERE seq = 2", **values)
            assert words in three.wrong(), change
    assert three.verify().exit_code == 0


def test_a_changed_head_is_found(three: Office) -> None:
    for change in HEADS:
        with three.restored():
            three.tamper(f"UPDATE receipt_head SET {change}")
            assert "head: changed or gone" in three.wrong(), change
    assert three.verify().exit_code == 0


def test_a_receipt_that_is_taken_away_is_found(three: Office) -> None:
    three.tamper("DELETE FROM receipt WHERE seq = 2")
    assert "receipt 2: missing" in three.wrong()
    three.tamper("UPDATE receipt SET seq = 2 WHERE seq = 3")
    assert "receipt 2: reordered; what stands at 2 was sealed as receipt 3" in three.wrong()


def test_two_receipts_that_change_places_are_found(three: Office) -> None:
    three.tamper(*(f"UPDATE receipt SET seq = {new} WHERE seq = {old}" for old, new in ((2, 9), (3, 2), (9, 3))))
    assert "receipt 2: reordered" in three.wrong()


def test_a_tail_that_is_cut_is_found(three: Office) -> None:
    three.tamper("DELETE FROM receipt WHERE seq = 3")
    assert "receipt 3: tail cut; there must be 3 receipts" in three.wrong()


@pytest.mark.parametrize("left", [0, 2])
def test_a_tail_that_is_cut_with_its_head_is_found(office: Office, left: int) -> None:
    """An earlier head was genuine once; only the file outside the database knows of more."""
    for _ in range(left):
        office.delivered()
    with office.intruder() as connection:
        head = connection.execute(text("SELECT count, hash, signature FROM receipt_head")).one()
    for _ in range(3 - left):
        office.delivered()
    office.tamper(
        f"DELETE FROM receipt WHERE seq > {left}",
        f"UPDATE receipt_head SET count = {head.count}, hash = '{head.hash}', signature = '{head.signature}'",
    )
    assert f"receipt {left + 1}: tail cut; the note outside the database knows 3 receipts" in office.wrong()


def forged(office: Office, seq: int, copied: int) -> None:
    """Add a receipt of one's own, made like ours in everything but the signature."""
    with office.intruder() as connection, Session(connection) as session:
        before = session.get_one(Receipt, copied)
        row = Receipt(
            **{c.key: getattr(before, c.key) for c in Receipt.__table__.columns}
            | {"seq": seq, "code": "KP-0000-0000-0000-0000", "previous": before.hash}
        )
        row.hash = hash_of(row)
        session.add(row)
        session.commit()


def test_a_receipt_that_is_added_at_the_end_is_found(three: Office) -> None:
    forged(three, 4, 3)
    assert "receipt 4: inserted; the head counts 3" in three.wrong()


def test_a_receipt_that_is_put_in_between_is_found(three: Office) -> None:
    three.tamper("UPDATE receipt SET seq = 4 WHERE seq = 3")
    forged(three, 3, 2)
    assert "receipt 3: inserted; the signature is not of this installation" in three.wrong()


def test_a_chain_that_is_made_anew_without_the_key_is_found(three: Office) -> None:
    with three.intruder() as connection, Session(connection) as session:
        row = session.get_one(Receipt, 2)
        row.hours += 1
        row.hash = hash_of(row)
        last = session.get_one(Receipt, 3)
        last.previous = row.hash
        last.hash = hash_of(last)
        session.get_one(ReceiptHead, 1).hash = last.hash
        session.commit()
    assert "head: changed or gone" in three.wrong()
    with three.intruder() as connection:
        connection.execute(text("UPDATE receipt_head SET hash = :hash"), {"hash": three.chain()[2].hash})
    assert "head: changed or gone" in three.wrong()


def test_a_ledger_that_differs_from_its_receipt_is_found(three: Office) -> None:
    of = f"FROM delivery_line WHERE delivery_id = {three.chain()[1].delivery_id}"
    for column, value in (("state", "geweigerd"), ("remote_ref", "1"), ("hours", 1)):
        with three.intruder() as connection:
            line = connection.execute(text(f"SELECT id, {column} {of}")).first()
        assert line is not None
        change = f"UPDATE delivery_line SET {column} = :value WHERE id = {line.id}"
        three.tamper(change, value=value)
        assert "receipt 2: the ledger of delivery" in three.wrong(), column
        three.tamper(change, value=line[1])
    assert three.verify().exit_code == 0


def test_a_note_that_was_changed_is_found(three: Office) -> None:
    file = three.settings.data / "receipts.head"
    file.write_text(file.read_text().replace('"count": 3', '"count": 2'))
    assert "anchor:" in three.wrong()


def test_a_machine_without_a_note_writes_one(three: Office, tmp_path: Path) -> None:
    """A second machine knows the end from its first check on."""
    done = three.verify(DATA=str(tmp_path / "other"))
    assert done.exit_code == 0
    assert "it is written now" in done.stdout
    assert (tmp_path / "other" / "receipts.head").read_text() == (three.settings.data / "receipts.head").read_text()


def test_the_note_is_never_ahead_of_the_database(three: Office) -> None:
    """A seal that is rolled back, and a machine that died between commit and note."""
    note, delivery = three.settings.data / "receipts.head", three.chain()[0].delivery_id
    kept = note.read_text()
    with pytest.raises(ZeroDivisionError):
        seal_and_fail(three, delivery)
    assert (note.read_text(), len(three.chain())) == (kept, 3)
    three.change(delivery, "Nagekeken.")
    three.seal(delivery)
    assert '"count": 4' in note.read_text()
    note.write_text(kept)
    assert three.verify().exit_code == 0
    assert '"count": 4' in note.read_text()


def seal_and_fail(office: Office, delivery: int) -> None:
    with office.stage.acting.begin() as work:
        reword(work, delivery, "Nagekeken.")
        receipts.seal(work, delivery)
        raise ZeroDivisionError


def test_another_key_finds_nothing_of_its_own(three: Office, tmp_path: Path) -> None:
    done = three.verify(PORTAL_VAULT_KEY=VAULT_KEY[::-1].replace("=", "A")[:43] + "=", DATA=str(tmp_path / "x"))
    assert done.exit_code == 1


REFUSED = (
    "UPDATE receipt SET hours = 1 WHERE seq = 1",
    "UPDATE receipt SET body = NULL, accepted = 9 WHERE seq = 1",
    "UPDATE receipt SET body = body, hours = 1 WHERE seq = 1",
    "DELETE FROM receipt WHERE seq = 3",
    "UPDATE receipt_head SET count = 2",
    "DELETE FROM receipt_head",
)


def test_the_database_itself_refuses_a_change(three: Office) -> None:
    engine = three.stage.acting.engine
    more = ("TRUNCATE receipt CASCADE", "TRUNCATE receipt_head") if engine.dialect.name == "postgresql" else ()
    for statement in (*REFUSED, *more):
        with pytest.raises(DatabaseError, match="receipt"), engine.begin() as connection:
            connection.execute(text(statement))
    assert three.verify().exit_code == 0


def test_a_body_can_be_erased_and_the_chain_still_holds(three: Office) -> None:
    with three.stage.acting.engine.begin() as connection:
        connection.execute(text("UPDATE receipt SET body = NULL WHERE seq = 2"))
    with pytest.raises(DatabaseError, match="receipt"), three.stage.acting.engine.begin() as connection:
        connection.execute(text("UPDATE receipt SET body = 'x' WHERE seq = 2"))  # what was erased stays so
    done = three.verify()
    assert done.exit_code == 0
    assert done.stdout.startswith("Checked 3 receipts, 1 without their body (erased). Head: 3 ")
    delivery = three.chain()[1].delivery_id
    three.seal(delivery)
    assert len(three.known(delivery)) == 1
    three.tamper(f"UPDATE delivery_line SET state = 'geweigerd' WHERE delivery_id = {delivery}")
    assert "receipt 2: the ledger" in three.wrong()


def test_who_seal_at_the_same_moment_make_one_chain(three: Office, settings: Settings) -> None:
    """Each with connections of his own, as processes have, many times over."""
    deliveries = [row.delivery_id for row in three.chain()]
    others = [wire(replace(settings, data=settings.data / str(n))) for n in range(len(deliveries))]
    for turn in range(4):
        for delivery in deliveries:
            three.change(delivery, f"Keer {turn}.")
        ready = threading.Barrier(2 * len(deliveries))

        def seal(number: int, ready: threading.Barrier = ready) -> None:
            ready.wait()
            three.seal(deliveries[number % 3], others[number % 3])

        threads = [threading.Thread(target=seal, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for other in others:
        other.engine.dispose()
    assert three.verify().stdout.startswith("Checked 15 receipts.")


def test_the_check_runs_while_others_seal(three: Office) -> None:
    delivery, stop = three.chain()[0].delivery_id, threading.Event()

    def keep_sealing() -> None:
        turn = 0
        while not stop.is_set():
            turn += 1
            with three.stage.acting.begin() as work:
                reword(work, delivery, f"Keer {turn}.")
                receipts.seal(work, delivery)

    sealer = threading.Thread(target=keep_sealing)
    sealer.start()
    try:
        results = [three.verify() for _ in range(5)]
    finally:
        stop.set()
        sealer.join()
    assert [done.exit_code for done in results] == [0] * 5, [done.output for done in results]
    assert len(three.chain()) > 3
