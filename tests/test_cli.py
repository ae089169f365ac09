"""The commands: exit codes, messages, and that they do what they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal import settings
from portal.kernel.db import make_engine
from portal.migrate import is_current
from tests.installation import clean_env, new_keys, portal


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return new_keys(clean_env(tmp_path_factory.mktemp("keys")))


def test_new_keys_are_taken_and_differ(keys: dict[str, str], tmp_path: Path) -> None:
    found = settings.load(keys)
    assert found.secret_key.reveal() == keys["PORTAL_SECRET_KEY"]
    assert new_keys(clean_env(tmp_path)) != keys


@pytest.mark.parametrize(
    ("words", "changes", "message"),
    [
        (("db", "upgrade"), {"PORTAL_SECRET_KEY": ""}, "PORTAL_SECRET_KEY"),
        (("worker",), {"PORTAL_VAULT_KEY": "c2xldXRlbA=="}, "PORTAL_VAULT_KEY"),
        (("worker",), {"PORTAL_LEASE_SECONDS": "2", "PORTAL_REMOTE_SECONDS": "1"}, "must be 60 or more together"),
        (("serve",), {"PORTAL_NMBRS_SOAP_URL": "http://127.0.0.1:1"}, "PORTAL_ALLOW_PRIVATE_ENDPOINTS"),
        (("serve",), {}, "portal db upgrade"),
        (("worker",), {}, "portal db upgrade"),
        (("invite", "a@b.nl", "--role", "support"), {}, "portal db upgrade"),
        (("db", "upgrade"), {"DATABASE_URL": "postgres://u:geheim@127.0.0.1:1/d"}, "DATABASE_URL"),
        (("db", "upgrade"), {"DATABASE_URL": "mysql://u:geheim@h/d"}, "DATABASE_URL"),
        (("db", "upgrade"), {"DATABASE_URL": "postgres://u:geheim@h:poort/d"}, "DATABASE_URL"),
        (("db", "upgrade"), {"DATA": "/dev/null/x"}, "DATA"),
    ],
)
def test_c6_exit_code_2_and_one_clear_line(
    keys: dict[str, str], tmp_path: Path, words: tuple[str, ...], changes: dict[str, str], message: str
) -> None:
    done = portal({**clean_env(tmp_path), **keys, **changes}, *words)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "geheim" not in done.stderr + done.stdout
    assert done.stdout == ""


def test_upgrade_twice(keys: dict[str, str], database_url: str, tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), **keys, "DATABASE_URL": database_url}
    for _ in range(2):
        done = portal(env, "db", "upgrade")
        assert (done.returncode, done.stdout) == (0, "The database is up to date.\n")
    engine = make_engine(database_url)
    assert is_current(engine)
    engine.dispose()


def test_invitations_from_the_command_line_are_checked(keys: dict[str, str], tmp_path: Path) -> None:
    env = {**clean_env(tmp_path), **keys}
    assert portal(env, "db", "upgrade").returncode == 0
    bad = portal(env, "invite", "geen adres", "--role", "support")
    assert (bad.returncode, bad.stdout) == (2, "")
    lonely = portal(env, "invite", "a@b.nl", "--role", "beheerder")
    assert lonely.returncode == 1
    assert "organisatie" in lonely.stderr
    assert portal(env, "invite", "a@b.nl", "--role", "baas").returncode == 2
    good = portal(env, "invite", "a@b.nl", "--role", "beheerder", "--organisation", "De Zon")
    assert good.returncode == 0
    assert good.stdout.startswith("http://127.0.0.1:8000/uitnodiging/")
