"""The journal of erasures: nobody can add to it, and half a line harms nobody (H5)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.kernel.vault import Vault
from portal.privacy import journal
from portal.privacy.journal import Entry, Kind
from portal.secret import Secret
from portal.settings import load
from tests.conftest import SECRET_KEY, VAULT_KEY

ENTRY = Entry(Kind.MEMBER, "a" * 32, datetime(2026, 11, 26, 12, tzinfo=UTC))
OTHER = Entry(Kind.ORGANISATION, "b" * 32, datetime(2026, 11, 27, 12, tzinfo=UTC))


@pytest.fixture
def vault() -> Vault:
    return Vault.of(Secret(VAULT_KEY))


def test_h5_what_is_noted_is_read_in_order(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert list(journal.read(vault, folder)) == []
    journal.note(vault, folder, ENTRY)
    journal.note(vault, folder, OTHER, ENTRY)
    assert list(journal.read(vault, folder)) == [ENTRY, OTHER, ENTRY]


@pytest.mark.parametrize("change", ["kind", "ref", "at", "mac"])
def test_h5_a_changed_line_is_not_ours(vault: Vault, tmp_path: Path, change: str) -> None:
    journal.note(vault, tmp_path, ENTRY)
    file = tmp_path / journal.NAME
    line = json.loads(file.read_text())
    line[change] = {"kind": "account", "ref": "c" * 32, "at": "2026-11-28T12:00:00+00:00", "mac": "0" * 64}[change]
    file.write_text(json.dumps(line) + "\n")
    assert list(journal.read(vault, tmp_path)) == []


def test_h5_a_line_of_another_installation_or_of_nobody_is_passed_over(vault: Vault, tmp_path: Path) -> None:
    key = VAULT_KEY[::-1].replace("=", "A")[:43] + "="
    journal.note(Vault.of(Secret(key)), tmp_path, ENTRY)
    with (tmp_path / journal.NAME).open("ab") as file:
        file.write(
            b'{"kind": "member"}\n\n[]\n7\nnull\n\xff\xfe\n{"at": "2026-11-26T12:00:00+00:00", "kind": "x", "mac": 1}\n'
        )
    journal.note(vault, tmp_path, OTHER)
    assert list(journal.read(vault, tmp_path)) == [OTHER]


def test_h5_half_a_line_of_a_power_cut_does_not_swallow_the_next(vault: Vault, tmp_path: Path) -> None:
    journal.note(vault, tmp_path, ENTRY)
    file = tmp_path / journal.NAME
    os.truncate(file, file.stat().st_size - 20)
    journal.note(vault, tmp_path, OTHER)
    assert list(journal.read(vault, tmp_path)) == [OTHER]


def test_the_folder_is_a_setting(tmp_path: Path) -> None:
    keys = {"PORTAL_SECRET_KEY": SECRET_KEY, "PORTAL_VAULT_KEY": VAULT_KEY, "DATA": str(tmp_path)}
    assert load(keys).backups == tmp_path / "backups"
    assert load({**keys, "PORTAL_BACKUP_DIR": str(tmp_path / "else")}).backups == tmp_path / "else"
