"""I2: a backup is made while everything goes on, opens only with the key, and is put back whole or not at all."""

from __future__ import annotations

import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from portal.audit.models import AuditEvent
from portal.audit.service import record
from portal.backup import postgres, service
from portal.hours.models import TeamMember
from portal.keys import new_key
from portal.settings import Settings
from tests.backup.machine import Machine, again
from tests.conftest import VAULT_KEY
from tests.deliveries.stage import Stage
from tests.installation import COMMAND, clean_env

MakeApp = Callable[..., Flask]


@pytest.fixture
def machine(stage: Stage, settings: Settings) -> Machine:
    return Machine(stage, settings)


def people(stage: Stage) -> list[str]:
    with stage.acting.read() as work:
        return sorted(work.session.scalars(select(TeamMember.name)))


def test_i2_made_while_others_write(machine: Machine, nmbrs: Stage, make_app: MakeApp) -> None:
    """What is in it is of one moment: the trail hangs together, and each act is whole."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with nmbrs.alice.begin() as work:
                for half in (1, 2):
                    record(work, "koppeling.codes", half=half)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    taken = [machine.backup() for _ in range(3)]
    stop.set()
    for writer in writers:
        writer.join()
    for file in taken:
        machine.restore(file)
        machine.run("audit", "verify")
        put_back = again(machine, make_app).acting
        with put_back.read() as work:
            acts = work.session.scalars(select(AuditEvent.facts).where(AuditEvent.action == "koppeling.codes"))
            halves = [facts.get("half") for facts in acts if "half" in facts]
        assert halves.count(1) == halves.count(2) > 0
        put_back.engine.dispose()


def test_it_can_be_read_by_nobody_without_the_key(machine: Machine, nmbrs: Stage) -> None:
    taken = machine.backup()
    content = taken.read_bytes()
    assert taken.stat().st_mode & 0o077 == 0
    for name in (*people(nmbrs), "123456782", VAULT_KEY, "SQLite format"):
        assert name.encode() not in content


@pytest.mark.parametrize("harm", ["flipped", "cut", "empty", "longer", "other"])
def test_a_harmed_backup_changes_nothing(
    machine: Machine, nmbrs: Stage, make_app: MakeApp, tmp_path: Path, harm: str
) -> None:
    content = machine.backup().read_bytes()
    middle = len(content) // 2
    harmed = {
        "flipped": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "cut": content[:-100], "empty": b"", "longer": content + b"\0" * 40, "other": b"PK\x03\x04" + content,
    }[harm]  # fmt: skip
    file = tmp_path / "harmed.backup"
    file.write_bytes(harmed)
    before = people(nmbrs)
    said = machine.restore(file, code=1).stderr
    assert said.strip()
    assert "Traceback" not in said
    assert people(again(machine, make_app)) == before


def test_another_key_does_not_open_it(machine: Machine, nmbrs: Stage) -> None:
    taken = machine.backup()
    said = machine.restore(taken, code=1, PORTAL_VAULT_KEY=new_key()).stderr
    assert "is not here" in said


def test_a_key_that_was_replaced_still_opens_it(machine: Machine, nmbrs: Stage) -> None:
    taken = machine.backup()
    machine.restore(taken, PORTAL_VAULT_KEY=new_key(), PORTAL_VAULT_KEY_OLD=VAULT_KEY)


def test_what_is_there_is_not_replaced_by_accident(machine: Machine, nmbrs: Stage) -> None:
    taken = machine.backup()
    nmbrs.acting.engine.dispose()
    assert "Add --replace" in machine.run("restore", str(taken), code=1).stderr


def test_a_database_in_use_is_left_alone(machine: Machine, nmbrs: Stage) -> None:
    taken = machine.backup()
    nmbrs.acting.engine.dispose()
    with nmbrs.acting.engine.connect():
        assert "Stop `portal serve`" in machine.run("restore", str(taken), "--replace", code=1).stderr


def test_only_the_newest_stay(machine: Machine, nmbrs: Stage) -> None:
    for _ in range(3):
        machine.run("backup", "--keep", "2")
    assert len(service.backups(machine.settings.backups)) == 2


def test_a_folder_that_cannot_be_written_is_said(machine: Machine, nmbrs: Stage, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = machine.run("backup", code=1, PORTAL_BACKUP_DIR=str(tmp_path / "file" / "x"))
    assert "cannot be written" in done.stderr


def test_i2_killed_while_restoring_nothing_starts_half(machine: Machine, nmbrs: Stage) -> None:
    """On SQLite the old database stands until the last step; on PostgreSQL the new one says that it is not done."""
    taken, before = machine.backup(), people(nmbrs)
    nmbrs.acting.engine.dispose()
    env = clean_env(machine.settings.data, **machine.env)
    for wait in (0.9, 1.1, 1.3, 1.5, 1.8):
        child = subprocess.Popen([*COMMAND, "restore", str(taken), "--replace"], env=env, stdout=subprocess.PIPE)
        time.sleep(wait)
        child.kill()
        child.communicate()
        _whole_or_refused(machine, before)
    machine.restore(taken)
    assert people(nmbrs) == before


def _whole_or_refused(machine: Machine, before: list[str]) -> None:
    engine = machine.stage.acting.engine
    if engine.dialect.name == "postgresql" and postgres.is_unfinished(engine):
        engine.dispose()
        assert "put back half" in machine.run("worker", code=2).stderr
        return
    assert people(machine.stage) == before
    engine.dispose()


def test_c7_deleted_rows_leave_no_trace_in_the_file(machine: Machine, nmbrs: Stage) -> None:
    """A data key that was destroyed is not in the free pages of the database either."""
    if nmbrs.acting.engine.dialect.name != "sqlite":
        return
    with nmbrs.acting.begin() as work:
        (closed,) = work.session.execute(text("SELECT closed FROM credential_key")).one()
        work.session.execute(text("DELETE FROM credential_key"))
    nmbrs.acting.engine.dispose()
    file = service.sqlite_file(machine.settings)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert bytes(closed) not in file.read_bytes()
