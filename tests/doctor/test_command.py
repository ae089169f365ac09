"""`portal doctor`: each thing that is wrong is named in a line of its own, with what to do (I7, C6, E2)."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text

from portal.app import wire
from portal.audit import seals
from portal.audit.service import record
from portal.doctor.command import examine
from portal.kernel.beat import beat
from portal.kernel.clock import machine_now
from portal.kernel.db import make_engine
from portal.kernel.work import Acting
from portal.keys import new_key, write_lines
from portal.migrate import downgrade
from portal.settings import load
from tests.installation import clean_env, portal

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
KEYS = {
    "PORTAL_SECRET_KEY": "Zq7-" + "abcdefghij0123456789" * 2,
    "PORTAL_VAULT_KEY": base64.b64encode(bytes(range(50, 82))).decode(),
}


@pytest.fixture
def good(database_url: str, tmp_path: Path) -> dict[str, str]:
    """A production configuration of which the doctor has nothing wrong to say; .example has no address (RFC 2606)."""
    data, backups = tmp_path / "data", tmp_path / "elsewhere"
    for folder in (data, backups):
        folder.mkdir(mode=0o700)
    (backups / "2026.backup").write_bytes(b"x")
    env = {
        **KEYS, "DATA": str(data), "DATABASE_URL": database_url, "PORTAL_BACKUP_DIR": str(backups),
        "PORTAL_BASE_URL": "https://portaal.example", "PORTAL_TRUSTED_HOSTS": "portaal.example",
        "PORTAL_PROXY_HOPS": "1", "PORTAL_SMTP_URL": "smtps://mail.example", "PORTAL_MAIL_FROM": "post@portaal.example",
        "PORTAL_NMBRS_SOAP_URL": "https://nmbrs.example/soap/v3",
        "PORTAL_WORKER_KEY_FILE": str(tmp_path / "keys" / "worker.key"),
    }  # fmt: skip
    write_lines(tmp_path / "keys" / "worker.key", [new_key()])
    (tmp_path / "portal.sqlite3").touch()
    (tmp_path / "portal.sqlite3").chmod(0o600)
    with_database(env, beat)
    return env


def with_database(env: Mapping[str, str], act: Callable[[Acting], object]) -> None:
    settings = load(env)
    engine = make_engine(settings.database_url)
    act(wire(settings, engine))
    engine.dispose()


def wrong(env: Mapping[str, str]) -> list[str]:
    return [str(one) for one in examine(env) if one.wrong]


def only(env: Mapping[str, str], said: str) -> None:
    """Exactly one thing is wrong, and this is it."""
    found = wrong(env)
    assert len(found) == 1, found
    assert said in found[0]
    assert "\n" not in found[0]


def test_i7_nothing_is_wrong_with_a_right_one(good: dict[str, str]) -> None:
    assert wrong(good) == []
    told = {one.what.split(":")[0] for one in examine(good)}
    assert told <= {"PORTAL_NMBRS_SOAP_URL", "https"} | {what for what in told if "disk" in what or "answer" in what}


ONE_WRONG = [
    ({"FLASK_DEBUG": "1"}, "Debug is on"),
    ({"PORTAL_TRUSTED_HOSTS": ""}, "PORTAL_TRUSTED_HOSTS is not set"),
    ({"PORTAL_TRUSTED_HOSTS": "ander.example"}, "PORTAL_TRUSTED_HOSTS lacks portaal.example"),
    ({"PORTAL_PROXY_HOPS": "0"}, "PORTAL_PROXY_HOPS is 0"),
    ({"PORTAL_SECOND_FACTOR": "0"}, "No second factor"),
    ({"PORTAL_ALLOW_PRIVATE_ENDPOINTS": "1"}, "Private addresses may be called"),
    ({"PORTAL_SMTP_URL": ""}, "nobody gets them"),
    ({"PORTAL_SMTP_URL": "mail.example"}, "no smtp://"),
    ({"PORTAL_CONNEXIE_URL": "https://localhost/uren"}, "PORTAL_CONNEXIE_URL: localhost is on a private network"),
    ({"PORTAL_CONNEXIE_URL": "https://10.0.0.8/uren"}, "10.0.0.8 is on a private network"),
    ({"PORTAL_SECRET_KEY": KEYS["PORTAL_VAULT_KEY"]}, "are the same"),
    ({"PORTAL_SECRET_KEY": "kort"}, "PORTAL_SECRET_KEY must be"),
    ({"PORTAL_VAULT_KEY": "c2xldXRlbA=="}, "PORTAL_VAULT_KEY must be"),
    ({"PORTAL_PROXY_HOPS": "veel", "PORTAL_BASE_URL": "http://127.0.0.1", "PORTAL_TRUSTED_HOSTS": "127.0.0.1",
      "PORTAL_SECOND_FACTOR": "1", "PORTAL_ALLOW_HTTP": "1"}, "PORTAL_PROXY_HOPS must be"),
]  # fmt: skip


@SQLITE
@pytest.mark.parametrize(("changes", "said"), ONE_WRONG, ids=lambda value: str(value)[:60])
def test_i7_each_setting_that_is_wrong_is_named(good: dict[str, str], changes: dict[str, str], said: str) -> None:
    found = wrong({**good, **changes})
    assert [one for one in found if said in one], found
    assert len(found) <= 2, found


@SQLITE
def test_c6_all_that_is_wrong_is_named_at_once(good: dict[str, str], tmp_path: Path) -> None:
    key = tmp_path / "vault.key"
    key.write_text(KEYS["PORTAL_VAULT_KEY"])
    key.chmod(0o644)
    env = {
        **good,
        "PORTAL_SECRET_KEY": "geheim123",
        "PORTAL_VAULT_KEY_FILE": str(key),
        "PORT": "veel",
        "FLASK_DEBUG": "1",
    }
    del env["PORTAL_VAULT_KEY"]
    found = " ".join(wrong(env))
    for said in ("PORTAL_SECRET_KEY must be", "PORTAL_VAULT_KEY_FILE is readable for others", "PORT must be", "Debug"):
        assert said in found
    assert "geheim123" not in found


@SQLITE
def test_c6_what_others_can_read_is_named(good: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "data").chmod(0o755)
    only(good, "data folder")
    (tmp_path / "data").chmod(0o700)
    (tmp_path / "portal.sqlite3").chmod(0o640)
    only(good, "portal.sqlite3 is open to others. chmod 600")
    (tmp_path / "portal.sqlite3").chmod(0o600)
    (tmp_path / "elsewhere").chmod(0o750)
    only(good, "backups")
    (tmp_path / "elsewhere").chmod(0o700)
    key = tmp_path / "data" / "secret.key"
    key.write_text(good["PORTAL_SECRET_KEY"])
    key.chmod(0o600)
    only({**good, "PORTAL_SECRET_KEY": "", "PORTAL_SECRET_KEY_FILE": str(key)}, "lies with the data")


@SQLITE
def test_i2_a_backup_that_is_missing_or_old_is_named(good: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "2026.backup"
    old = time.time() - 3 * 86_400
    os.utime(file, (old, old))
    only(good, "older than two days")
    file.unlink()
    only(good, "There is no backup")
    del good["PORTAL_BACKUP_DIR"]
    only(good, "There is no backup")
    assert [one for one in examine(good) if "on the disk of the data" in one.what and not one.wrong]


def test_a_worker_that_was_not_seen_is_named(good: dict[str, str]) -> None:
    with time_machine.travel(machine_now() + timedelta(minutes=6), tick=True):
        found = wrong(good)
    assert [one for one in found if "No worker was seen since" in one]
    with_database(good, lambda acting: forget(acting, "worker_beat"))
    only(good, "There was no worker")


def forget(acting: Acting, table: str) -> None:
    with acting.begin() as work:
        work.session.execute(text(f"DELETE FROM {table}"))


def test_a_schema_of_before_is_named(good: dict[str, str]) -> None:
    engine = make_engine(good["DATABASE_URL"])
    downgrade(engine, "-1")
    engine.dispose()
    only(good, "not of this version")


def test_h2_a_broken_chain_is_named(good: dict[str, str]) -> None:
    with_database(good, some_rows)
    assert wrong(good) == []
    with_database(good, cut)
    only(good, "The chain of the trail is broken")
    assert [str(one) for one in examine(good, chains=False) if one.wrong] == []


def some_rows(acting: Acting) -> None:
    with acting.begin() as work:
        record(work, "venue.added", 1, venue=1)
    seals.seal(acting)


def cut(acting: Acting) -> None:
    with acting.begin() as work:
        for statement in UNLOCK[work.session.get_bind().dialect.name]:
            work.session.execute(text(statement))
        work.session.execute(text("DELETE FROM audit_event WHERE id = (SELECT max(id) FROM audit_event)"))


UNLOCK = {
    "sqlite": ("DROP TRIGGER IF EXISTS audit_event_stays",),
    "postgresql": ("ALTER TABLE audit_event DISABLE TRIGGER USER",),
}


def test_c6_a_key_that_is_not_of_this_database_is_named(good: dict[str, str]) -> None:
    with_database(good, some_rows)
    assert wrong(good) == []
    other = base64.b64encode(bytes(range(100, 132))).decode()
    only({**good, "PORTAL_VAULT_KEY": other}, "not the key of this database")


@SQLITE
def test_i7_it_works_before_there_is_a_database_and_makes_none(good: dict[str, str], tmp_path: Path) -> None:
    env = {**clean_env(tmp_path / "nothing"), **KEYS}
    done = portal(env, "doctor")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert all(line.startswith(("WRONG  ", "WARNING")) for line in lines[:-1])
    assert "data folder" in done.stdout
    assert "There is no database" in done.stdout
    assert not (tmp_path / "nothing").exists()
    assert done.stderr == ""
    bad = portal({**env, "DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/d"}, "doctor")
    assert bad.returncode == 1
    assert "The database cannot be used" in bad.stdout
    assert "geheim" not in bad.stdout + bad.stderr


@SQLITE
def test_i7_warnings_are_not_wrong(good: dict[str, str], tmp_path: Path) -> None:
    env = {**clean_env(tmp_path / "data"), **good}
    assert portal(env, "doctor").returncode == 0
    assert portal({**env, "PORTAL_MAIL_FROM": ""}, "doctor").returncode == 0
    assert portal({**env, "PORTAL_SMTP_URL": ""}, "doctor", "--quick").returncode == 1


@SQLITE
def test_c6_the_key_that_opens_tokens_is_better_kept_apart(good: dict[str, str], tmp_path: Path) -> None:
    del good["PORTAL_WORKER_KEY_FILE"]
    assert wrong(good) == []
    assert [one for one in examine(good) if "The key of the worker" in one.what and not one.wrong]
    bad = tmp_path / "keys" / "vault.key"
    bad.write_text(KEYS["PORTAL_VAULT_KEY"] + "\nkort\n")
    bad.chmod(0o600)
    found = wrong({**good, "PORTAL_VAULT_KEY_FILE": str(bad)})
    assert any("PORTAL_VAULT_KEY" in one for one in found), found
